"""What understanding yields, whether words, a text or an issue was understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.analysis import stop_words, tokens
from index.letter import Concepts
from search.backend import Query
from search.query import Prefix, Wildcard
from search.results import Expansion, Understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """A query, and what a person is told of how they were understood.

    `terms` are the analysed words to mark in a text, `exact` those to mark as they are written,
    `patterns` the parts of words. `typed` are the
    words as they were typed, empty for a case.
    """

    query: Query
    understood: Understood
    terms: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    patterns: tuple[Prefix | Wildcard, ...] = ()
    typed: str = ""
    notes: tuple[str, ...] = ()
    expansions: tuple[Expansion, ...] = ()


def describe(requested: str, concepts: Concepts) -> Understood:
    """What was understood to be requested, for a person to check."""
    return Understood(
        requested=requested,
        treatments=concepts.treatments,
        regions=concepts.regions,
        levels=concepts.levels,
        sides=concepts.sides,
        drugs=concepts.drugs,
        visits=concepts.visits,
    )


def meaning_terms(active: Sequence[Expansion]) -> frozenset[str]:
    """The analysed words of the meanings in force, to be marked like what was typed."""
    meanings = " ".join(meaning for expansion in active for meaning in expansion.meanings)
    return frozenset(tokens(meanings)) - stop_words()
