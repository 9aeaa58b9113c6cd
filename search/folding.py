"""Folding near-identical issues under the best of them."""

from __future__ import annotations

from collections.abc import Iterable

FOLDED = 1_000
"""Near-identical issues are looked for among the first so many of a ranking."""


def fold(wordings: Iterable[int]) -> list[list[int]]:
    """The places (from 0) of equal wordings, grouped under the first, in the order of the first."""
    groups: dict[int, list[int]] = {}
    for place, wording in enumerate(wordings):
        groups.setdefault(wording, []).append(place)
    return list(groups.values())
