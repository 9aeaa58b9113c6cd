"""The semantic arm: issues by how near their passages are in meaning.

A question has one vector or two: the `focus` (what is asked for) and the `whole` text. An
issue scores by its request and by its best passage:

    (max cos(focus, passage) + HEAD * cos(focus, request) + WHOLE * max cos(whole, passage))
        / (1 + HEAD + WHOLE)

Passages include the request itself. Without a whole the last term is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.semantic import SegmentVectors, nearest_rows
from search.plan import kernels

HEAD = 0.5
WHOLE = 0.5
_ROWS_PER_ISSUE = 3  # about as many passages as an issue has: so many more rows are asked for

Documents = NDArray[np.int64]
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Nearest:
    """Documents (best first) and their scores in [-1, 1]."""

    documents: Documents
    scores: Scores


class SemanticArm:
    """Ranks the documents of all segments; safe to share between threads."""

    def __init__(self, segments: Sequence[SegmentVectors]) -> None:
        """`segments` in order; documents are numbered through over them."""
        self._segments = tuple(segments)
        sizes = [len(vectors.offsets) - 1 for vectors in segments]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def rank(self, queries: Vectors, k: int, allowed: Mask | None = None) -> Nearest:
        """The `k` best documents of those `allowed`; `queries` is (1 or 2, dimensions)."""
        candidates = [np.zeros(0, np.int64)]
        # Of several segments each holds a part of the nearest: twice its share is enough.
        share = min(1.0, 2 / max(len(self._segments), 1))
        wanted = int(np.ceil(share * k * _ROWS_PER_ISSUE))
        for number, vectors in enumerate(self._segments):
            start, end = self._starts[number : number + 2]
            rows_allowed = None
            if allowed is not None:
                rows_allowed = np.repeat(allowed[start:end], np.diff(vectors.offsets))
            _, rows = nearest_rows(vectors, queries, wanted, rows_allowed)
            found = np.unique(rows[rows >= 0])
            candidates.append(np.unique(vectors.owners(found)) + start)
        documents = np.concatenate(candidates)
        scores = self.scores(queries, documents)
        order = np.argsort(-scores, kind="stable")[:k]
        return Nearest(documents[order], scores[order])

    def scores(self, queries: Vectors, documents: Documents) -> Scores:
        """The score of each of `documents` (ascending), computed exactly from its rows."""
        parts = [np.zeros(0)]
        for number, vectors in enumerate(self._segments):
            first, last = np.searchsorted(documents, self._starts[number : number + 2])
            if last > first:
                local = documents[first:last] - self._starts[number]
                parts.append(_scores(vectors, queries, local))
        return np.concatenate(parts)

    def best_passage(self, queries: Vectors, document: int) -> int:
        """Which passage of `document` is nearest to the focus; 0 is its request."""
        number = int(np.searchsorted(self._starts, document, side="right")) - 1
        vectors = self._segments[number]
        local = document - int(self._starts[number])
        start, end = vectors.offsets[local : local + 2]
        return int(np.argmax(vectors.rows[start:end].astype(np.float32) @ queries[0]))

    def vectors_of(self, document: int) -> Vectors:
        """The passage vectors of `document`, float32, its request first."""
        number = int(np.searchsorted(self._starts, document, side="right")) - 1
        vectors = self._segments[number]
        local = document - int(self._starts[number])
        start, end = vectors.offsets[local : local + 2]
        return vectors.rows[start:end].astype(np.float32)


def _scores(vectors: SegmentVectors, queries: Vectors, documents: Documents) -> Scores:
    first, best = kernels.passage_scores(
        vectors.rows.view(np.uint16),
        vectors.offsets[documents],
        vectors.offsets[documents + 1],
        queries,
    )
    score: Scores = best[:, 0].astype(np.float64) + HEAD * first[:, 0]
    total = 1 + HEAD
    if len(queries) > 1:
        score = score + WHOLE * best[:, 1]
        total += WHOLE
    return score / total
