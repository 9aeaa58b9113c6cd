"""The documents that a lexical question matches, with their scores, and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search import plan

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Documents that match (int32, ascending) and their scores (float32).

    Scores are summed in float64; narrowed, sums that differ only by rounding are equal, and
    equal scores rank by document.
    """

    docs: Array
    scores: Array

    @classmethod
    def none(cls) -> Matches:
        """No document at all."""
        return cls(np.empty(0, np.int32), np.empty(0, np.float32))

    def __len__(self) -> int:
        return len(self.docs)

    def of(self, kept: Array) -> Matches:
        """Those that `kept`, a mask or places, chooses."""
        return Matches(self.docs[kept], self.scores[kept])

    def among(self, allowed: Array) -> Matches:
        """Those with True in `allowed`, which has an entry for each document there is."""
        kept = allowed[self.docs]
        return self if kept.all() else self.of(kept)

    def holds(self, documents: Array) -> Array:
        """Which of `documents` are among these."""
        if not len(self):
            return np.zeros(len(documents), np.bool_)
        held: Array = self.docs[self._places(documents)] == documents
        return held

    def scores_of(self, documents: Array) -> Array:
        """The scores (float64) of `documents`, 0 for those that are not among these."""
        if not len(self):
            return np.zeros(len(documents))
        at = self._places(documents)
        return np.where(self.docs[at] == documents, self.scores[at].astype(np.float64), 0.0)

    def less(self, documents: Array) -> Matches:
        """These without `documents`."""
        kept = np.ones(len(self), np.bool_)
        kept[self._places(documents[self.holds(documents)])] = False
        return self.of(kept)

    def _places(self, documents: Array) -> Array:
        return np.minimum(np.searchsorted(self.docs, documents), len(self) - 1)

    def top(self, k: int) -> Matches:
        """The best `k`, best first; equal scores in the order of documents."""
        chosen = plan.kernels.best(self.scores, k)
        return Matches(self.docs[chosen], self.scores[chosen])
