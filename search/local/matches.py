"""The documents that a lexical question matches, with their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from search.local import kernels

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Documents that match (int32, ascending) and their scores (float32).

    Scores are summed in float64; narrowed, sums that differ only by rounding are equal, and
    equal scores rank by document.
    """

    docs: Array
    scores: Array

    def __len__(self) -> int:
        return len(self.docs)

    def top(self, k: int) -> Matches:
        """The best `k`, best first; equal scores in the order of documents."""
        chosen = kernels.best(self.scores, k)
        return Matches(self.docs[chosen], self.scores[chosen])
