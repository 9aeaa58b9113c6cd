"""Fusing the signals into one ranking: a convex combination of normalised scores.

Each signal scores the same pool of candidates. Scores of words and of meaning have no common
scale, so each is brought to [0, 1] over the pool first (Bruch, Gai and Ingber 2023, ACM TOIS
42(1), find this better than reciprocal ranks, and less sensitive to its parameters).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from search.signals import SIGNALS, Scores

NEAREST = 1_000
"""So many of the best candidates can be near without holding the words."""


class Fusion:
    """How scores are fused, fitted on a pool; the same scale holds for issues outside of it."""

    def __init__(self, pool: Mapping[str, Scores]) -> None:
        """`pool` has the scores of the candidates by signal. Raises ValueError for no signal."""
        self._signals = [signal for signal in SIGNALS if signal.name in pool]
        if not self._signals:
            raise ValueError("there is no signal to fuse")
        self._total = sum(signal.weight for signal in self._signals)
        self._normalised: dict[str, Callable[[Scores], Scores]] = {
            signal.name: signal.normalisation(pool[signal.name]) for signal in self._signals
        }

    def scores(self, of: Mapping[str, Scores]) -> Scores:
        """The fused scores in [0, 1] of issues with these scores by signal."""
        fused = np.zeros(len(next(iter(of.values()))))
        for signal in self._signals:
            fused += signal.weight / self._total * self._normalised[signal.name](of[signal.name])
        return fused


def are_near(scores: Mapping[str, Scores]) -> NDArray[np.bool_]:
    """Which issues are near enough by one of the signals to be shown for that alone.

    Where no signal that could say so takes part, all are.
    """
    telling = [
        scores[signal.name] >= signal.floor
        for signal in SIGNALS
        if signal.floor is not None and signal.name in scores
    ]
    size = len(next(iter(scores.values()), ()))
    return np.logical_or.reduce(telling) if telling else np.ones(size, np.bool_)
