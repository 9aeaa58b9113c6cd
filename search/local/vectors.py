"""k-NN over the passages of all segments: issues by how near they are in meaning.

A question has one vector or two: the `focus` (what is asked for) and the `whole` text. An
issue scores by its request and by its best passage:

    (max cos(focus, passage) + HEAD * cos(focus, request) + WHOLE * max cos(whole, passage))
        / (1 + HEAD + WHOLE)

Passages include the request itself. Without a whole the last term is left out. The rows of
passages nearest to a question give the issues that are scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.segments.vectors import SegmentVectors
from search.local import kernels

HEAD = 0.5
WHOLE = 0.5
_ROWS_PER_ISSUE = 2  # of an issue's three passages or so; so many more rows are asked for
_FEW = 0.05  # a filter that leaves this share of the rows is answered from these rows alone
_LEAST_CANDIDATES = 400  # codes are not quite in the order of the rows they stand for

Documents = NDArray[np.int64]
Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Passages:
    """The vectors of the documents of all segments; safe to share between threads."""

    def __init__(self, segments: Sequence[SegmentVectors], ids: NDArray[np.bytes_]) -> None:
        """`segments` in order; documents are numbered through over them, as `ids` names them."""
        self._ids = ids
        self.segments = tuple(segments)
        sizes = [len(vectors.offsets) - 1 for vectors in segments]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def nearest(self, queries: Vectors, k: int, allowed: Mask | None = None) -> Documents:
        """The `k` best documents of those `allowed`, best first, equal ones by id.

        `queries` is (1 or 2, dimensions).
        """
        candidates = [np.zeros(0, np.int64)]
        # Of several segments each holds a part of the nearest: twice its share is enough.
        share = min(1.0, 2 / max(len(self.segments), 1))
        wanted = int(np.ceil(share * k * _ROWS_PER_ISSUE))
        for number, vectors in enumerate(self.segments):
            start, end = self._starts[number : number + 2]
            rows_allowed = None
            if allowed is not None:
                rows_allowed = np.repeat(allowed[start:end], np.diff(vectors.offsets))
            found = np.unique(np.concatenate(nearest_rows(vectors, queries, wanted, rows_allowed)))
            candidates.append(np.unique(vectors.owners(found)) + start)
        documents = np.concatenate(candidates)
        scores = self.scores(queries, documents)
        best: Documents = documents[np.lexsort((self._ids[documents], -scores))[:k]]
        return best

    def scores(self, queries: Vectors, documents: Documents) -> Scores:
        """The score of each of `documents` (ascending), computed exactly from its rows."""
        parts = [np.zeros(0)]
        for number, vectors in enumerate(self.segments):
            first, last = np.searchsorted(documents, self._starts[number : number + 2])
            if last > first:
                local = documents[first:last] - self._starts[number]
                parts.append(_scores(vectors, queries, local))
        return np.concatenate(parts)

    def best_passage(self, queries: Vectors, document: int) -> int:
        """Which passage of `document` is nearest to the focus; 0 is its request."""
        number = int(np.searchsorted(self._starts, document, side="right")) - 1
        vectors = self.segments[number]
        local = document - int(self._starts[number])
        start, end = vectors.offsets[local : local + 2]
        return int(np.argmax(vectors.rows[start:end].astype(np.float32) @ queries[0]))

    def vectors_of(self, document: int) -> Vectors:
        """The passage vectors of `document`, float32, its request first."""
        number = int(np.searchsorted(self._starts, document, side="right")) - 1
        vectors = self.segments[number]
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


def nearest_rows(
    vectors: SegmentVectors, queries: Vectors, k: int, allowed: Mask | None
) -> list[Rows]:
    """For each query the `k` nearest of the `allowed` rows by inner product, best first.

    Exact, but for codes without a filter or under a wide one, which are near enough.
    """
    faiss.omp_set_num_threads(1)  # per calling thread; a page must not take every core
    everything = len(vectors.rows)
    count = everything if allowed is None else int(np.count_nonzero(allowed))
    k = min(k, count)
    if k == 0:
        return [np.zeros(0, np.int64) for _ in queries]
    if allowed is not None and count <= _FEW * everything:
        few = np.flatnonzero(allowed)
        return [_nearest_of(few, vectors, query, k) for query in queries]
    if not vectors.coarse:
        return list(vectors.index.search(queries, k, params=_only(allowed))[1])
    candidates = max(k + k // 4, _LEAST_CANDIDATES) * everything // count
    _, rows = vectors.index.search(queries, min(candidates, everything))
    return [
        _nearest_of(_permitted(of_query, allowed, k), vectors, query, k)
        for of_query, query in zip(rows, queries, strict=True)
    ]


def _only(allowed: Mask | None) -> faiss.SearchParameters:
    if allowed is None:
        return faiss.SearchParameters()
    bits = np.packbits(allowed, bitorder="little")
    return faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))


def _permitted(rows: Rows, allowed: Mask | None, k: int) -> Rows:
    """Those of `rows` that are allowed; all that are, where it would be fewer than `k`."""
    if allowed is None:
        return rows
    permitted = rows[allowed[rows]]
    # The filter goes against the question: what is near is not allowed.
    return permitted if len(permitted) >= k else np.flatnonzero(allowed)


def _nearest_of(among: Rows, vectors: SegmentVectors, query: Vectors, k: int) -> Rows:
    """The `k` nearest rows of `among`, by their exact scores."""
    bits = vectors.rows.view(np.uint16)
    scores, _ = kernels.passage_scores(bits, among, among + 1, query[np.newaxis])
    nearest: Rows = among[np.argsort(-scores[:, 0], kind="stable")[:k]]
    return nearest
