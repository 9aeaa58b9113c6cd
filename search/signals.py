"""The signals: each scored view of relevance once, with its weight and its normalisation.

A backend has a module of the same name for each (`search.local.signals.words`), which finds its
candidates and scores them. Fusion, results, exports and the API follow this list, so one more
signal is its module and an entry here.

The weights were chosen on the judged topics; DECISIONS.md has the table of what was tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.request import Mode

Scores = NDArray[np.float64]
Normalisation = Callable[[Scores], Callable[[Scores], Scores]]


def from_zero(pool: Scores) -> Callable[[Scores], Scores]:
    """Scores divided by the best of the pool: 0 stays 0, which no word in common scores."""
    best = pool.max(initial=0.0)
    return lambda scores: np.minimum(scores / best, 1.0) if best > 0 else np.zeros_like(scores)


def between_extremes(pool: Scores) -> Callable[[Scores], Scores]:
    """Scores moved so that the worst of the pool has 0 and the best 1; all 1 where they are equal.

    What lies outside the pool's range is taken for the nearer end.
    """
    if len(pool) == 0 or pool.max() == pool.min():
        return np.ones_like
    low, high = pool.min(), pool.max()
    return lambda scores: np.clip((scores - low) / (high - low), 0.0, 1.0)


def as_it_is(_pool: Scores) -> Callable[[Scores], Scores]:
    """A score that is a fraction by itself."""
    return lambda scores: scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A view of relevance. `label` names it on pages ("2nd by meaning").

    `weight` is what it is worth beside the others, `candidates` how many of its best issues enter
    the pool that is fused, `modes` where it takes part. `normalisation` is fitted on the scores of
    the pool. `floor` is the least score with which an issue that does not hold the words is still
    called near; None where this signal never says so.
    """

    name: str
    label: str
    weight: float
    candidates: int
    modes: frozenset[Mode]
    normalisation: Normalisation
    floor: float | None = None


SIGNALS = (
    Signal(
        name="words",
        label="by words",
        weight=0.7,
        candidates=1_000,
        modes=frozenset({Mode.HYBRID, Mode.LEXICAL}),
        normalisation=from_zero,
    ),
    Signal(
        name="meaning",
        label="by meaning",
        weight=1.0,
        candidates=300,
        modes=frozenset({Mode.HYBRID, Mode.SEMANTIC}),
        normalisation=between_extremes,
        floor=0.25,
    ),
    Signal(
        name="concepts",
        label="by concepts",
        weight=2.0,
        candidates=300,
        modes=frozenset({Mode.HYBRID}),
        normalisation=as_it_is,
        floor=0.5,  # of what is asked for; a reason is given in many ways
    ),
)
