"""The concept arm: issues by treatment, drug, region, level, side and the reasons given.

Scores are those of `index.concepts.closeness`, computed for all documents at once, with one more
group: the reasons a question turns on, weighed by the share of them that a rationale gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.concepts.closeness import GROUP_WEIGHTS, query_features
from index.letter import Concepts
from search.facets import Catalogue
from search.plan import kernels

REASON_WEIGHT = 0.15
# A question about what goes with an operation is answered by ancillary items.
_OPERATION_REASON = "Rests on the operation"
_ANCILLARY = "ancillary"

Features = Mapping[str, Mapping[str, float]]


def wanted(concepts: Concepts, reasons: Sequence[str]) -> dict[str, dict[str, float]]:
    """What a question looks for: group -> value -> weight; `reason` beside those of closeness."""
    features = {group: dict(weights) for group, weights in query_features(concepts).items()}
    if _OPERATION_REASON in reasons and not concepts.levels:
        # What goes with an operation is asked for in general; items named are examples of it.
        features["treatment"] = {**features.get("treatment", {}), _ANCILLARY: 1.0}
    if reasons:
        features["reason"] = {f"reason:{reason}": 1.0 / len(reasons) for reason in reasons}
    return features


class ConceptArm:
    """Scores the documents of a catalogue; safe to share between threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        """`catalogue` of the generation searched."""
        self._catalogue = catalogue

    def scores(self, features: Features) -> NDArray[np.float32]:
        """The score in [0, 1] of every document; all 0 where nothing is looked for."""
        scores = np.zeros(self._catalogue.size, np.float32)
        weights = {
            group: REASON_WEIGHT if group == "reason" else GROUP_WEIGHTS[group]
            for group in features
        }
        total = sum(weights.values())
        if not total:
            return scores
        for part, (start, end) in enumerate(self._catalogue.spans):  # which the caches hold
            reached, best = scores[start:end], np.zeros(end - start, np.float32)
            for group, wanted_values in features.items():
                best.fill(0)
                for value, closeness in sorted(wanted_values.items(), key=lambda item: item[1]):
                    documents = self._catalogue.documents_in(part, value)
                    # In ascending order of closeness: the largest is written last.
                    kernels.spread(documents, closeness, group == "reason", best)
                best *= np.float32(weights[group] / total)
                reached += best
        return np.minimum(scores, np.float32(1), out=scores)
