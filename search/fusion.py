"""Fusing the signals of a question into one ranking: a convex combination of scores.

Each signal scores the same candidates. Lexical and semantic scores have no common scale, so
each is brought to [0, 1] over the candidates first (Bruch, Gai and Ingber 2023, ACM TOIS 42(1),
find this better than reciprocal ranks, and less sensitive to its parameters). The concept
signal is a fraction by itself and is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionWeights:
    """What each signal is worth; only their proportions matter."""

    lexical: float
    semantic: float
    concepts: float


def fuse(
    weights: FusionWeights,
    *,
    lexical: Scores | None = None,
    semantic: Scores | None = None,
    concepts: Scores | None = None,
) -> Scores:
    """The fused score in [0, 1] of each candidate; a signal that is not given takes no part.

    All arrays have one entry per candidate. Raises ValueError where no signal is given.
    """
    parts = [
        (weight, score)
        for weight, score in (
            (weights.lexical, None if lexical is None else from_zero(lexical)),
            (weights.semantic, None if semantic is None else between_extremes(semantic)),
            (weights.concepts, concepts),
        )
        if score is not None and weight > 0
    ]
    if not parts:
        raise ValueError("there is no signal to fuse")
    total = sum(weight for weight, _ in parts)
    fused = np.zeros_like(parts[0][1], dtype=np.float64)
    for weight, score in parts:
        fused += weight / total * score
    return fused


def from_zero(scores: Scores) -> Scores:
    """Scores divided by the best: 0 stays 0, which is what no word in common scores."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else np.zeros_like(scores)


def between_extremes(scores: Scores) -> Scores:
    """Scores moved so that the worst candidate has 0 and the best 1; all 1 where they are equal."""
    if len(scores) == 0:
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
