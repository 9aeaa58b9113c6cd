"""Meaning: k-NN over the vectors of passages, each issue by its best one and its request."""

from __future__ import annotations

from dataclasses import dataclass

from index.encoder import Vectors
from search.local.asked import Asked
from search.local.signals import Documents, Mask, Scores


@dataclass(frozen=True, slots=True)
class Meaning:
    """The vectors of the texts of a query, (1 or 2, dimensions)."""

    queries: Vectors
    asked: Asked

    def candidates(self, allowed: Mask, most: int) -> Documents:
        """As the protocol says; of codes that are not exact, nearly the best."""
        snapshot = self.asked.snapshot
        if allowed is not snapshot.live:
            return snapshot.vectors.nearest(self.queries, most, allowed)
        # Few are dead: they are dropped from the answer rather than looked for with a filter.
        nearest = snapshot.vectors.nearest(self.queries, most)
        return nearest[allowed[nearest]]

    def scores(self, documents: Documents) -> Scores:
        """As the protocol says, in [-1, 1]."""
        return self.asked.snapshot.vectors.scores(self.queries, documents)


def scorer(asked: Asked) -> Meaning | None:
    """The scorer of a query whose texts have vectors."""
    return None if asked.vectors is None else Meaning(asked.vectors, asked)
