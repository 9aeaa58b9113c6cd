"""Words: BM25F over the postings of all segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.local.asked import Asked
from search.local.best import pick_best
from search.local.signals import Documents, Mask, Scores
from search.query import Everything


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a query are worth in each document there is (float32)."""

    worth: NDArray[np.float32]
    asked: Asked

    def candidates(self, allowed: Mask, most: int) -> Documents:
        """As the protocol says: whatever holds one of the words, however few of them."""
        scores = self.worth
        if allowed is not self.asked.snapshot.live:  # of what is dead the score is 0
            scores = np.where(allowed, scores, np.float32(0))
        return pick_best(scores, most, self.asked.snapshot.ids)

    def scores(self, documents: Documents) -> Scores:
        """As the protocol says."""
        return self.worth[documents].astype(np.float64)


def scorer(asked: Asked) -> Words | None:
    """The scorer of a query that has words."""
    if isinstance(asked.query.match, Everything):
        return None
    return Words(asked.worth, asked)
