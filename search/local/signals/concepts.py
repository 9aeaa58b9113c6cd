"""Concepts: issues by treatment, drug, region, level, side and the reasons given.

Scores are those of `index.concepts.closeness`, computed for all documents at once, with one more
group: the reasons a question turns on, weighed by the share of them that a rationale gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.concepts.closeness import GROUP_WEIGHTS
from search.backend import Features
from search.local import kernels
from search.local.asked import Asked
from search.local.best import pick_best
from search.local.catalogue import Catalogue
from search.local.signals import Documents, Mask, Scores

REASON_WEIGHT = 0.15
"""What the reasons count for beside the groups of `GROUP_WEIGHTS`."""
STEP = 2.0**-20
"""Every part of a score is a multiple of this, so that sums are exact in any order."""


@dataclass(frozen=True, slots=True)
class ConceptScores:
    """The score of each document there is (float32)."""

    alike: NDArray[np.float32]
    asked: Asked

    def candidates(self, allowed: Mask, most: int) -> Documents:
        """As the protocol says."""
        scores = self.alike
        if not allowed.all():
            scores = np.where(allowed, scores, np.float32(0))
        return pick_best(scores, most, self.asked.snapshot.ids)

    def scores(self, documents: Documents) -> Scores:
        """As the protocol says, in [0, 1]."""
        return self.alike[documents].astype(np.float64)


def scorer(asked: Asked) -> ConceptScores | None:
    """The scorer of a query that looks for something."""
    features = asked.query.features
    return ConceptScores(score_all(asked.snapshot.catalogue, features), asked) if features else None


def parts_of(features: Features) -> dict[str, dict[str, float]]:
    """What each value adds to a score, by group, in multiples of STEP.

    Of a group the largest counts that a document has; of reasons all that it gives.
    """
    weights = {
        group: REASON_WEIGHT if group == "reason" else GROUP_WEIGHTS[group] for group in features
    }
    total = sum(weights.values())
    return {
        group: {
            value: round(weights[group] * closeness / total / STEP) * STEP
            for value, closeness in values.items()
        }
        for group, values in features.items()
    }


def score_all(catalogue: Catalogue, features: Features) -> NDArray[np.float32]:
    """The score in [0, 1] of every document."""
    scores = np.zeros(catalogue.size, np.float32)
    parts = parts_of(features)
    for number, (start, end) in enumerate(catalogue.spans):  # which the caches hold
        sums, best = scores[start:end], np.zeros(end - start, np.float32)
        for group, values in parts.items():
            best.fill(0)
            for value, part in sorted(values.items(), key=lambda item: item[1]):
                documents = catalogue.documents_in(number, value)
                # In ascending order: the largest is written last.
                kernels.spread(documents, part, group == "reason", best)
            sums += best
    return np.minimum(scores, np.float32(1), out=scores)
