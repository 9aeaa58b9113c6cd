"""A lexical query resolved against the segments of a generation: what finds and scores documents.

Each part answers for one segment at a time: `run(segment, allowed)` -> its matching documents,
ascending, and their scores. Statistics (idf, averages) are those of the whole generation and
are already in the weights, so scores from different segments compare.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.segments.postings import Postings
from search.local import kernels

Array = npt.NDArray[Any]
Found = tuple[Array, Array]
"""Documents (int32, ascending, numbered within their segment) and scores (float64)."""

ALL = np.empty(0, bool)
"""The filter that allows every document."""
_NO_SCORES = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A segment as the parts of a plan see it, and its arrays as kernels take them."""

    number: int
    postings: Postings
    arrays: kernels.SegmentArrays
    occurrences: kernels.Occurrences
    terms: kernels.TermArrays

    def __len__(self) -> int:
        return len(self.postings)


def mapped(number: int, postings: Postings, norms: Array, table: Array) -> Mapped:
    """The segment of a number; `norms` and `table` as in `SegmentArrays`."""
    arrays = kernels.SegmentArrays(
        postings.documents, postings.counts, postings.lengths, norms, table
    )
    occurrences = kernels.Occurrences(postings.blocks, postings.positions, postings.forms)
    terms = kernels.TermArrays(
        postings.terms.text, postings.terms.ends, postings.rows, postings.frequencies
    )
    return Mapped(number, postings, arrays, occurrences, terms)


class Part(Protocol):
    """A node of a plan."""

    @property
    def cost(self) -> int:
        """About how many postings it reads; the rarest is done first."""
        ...

    def documents(self, mapped: Mapped, allowed: Array) -> Array:
        """The allowed documents of a segment that match, ascending."""
        ...

    def run(self, mapped: Mapped, allowed: Array) -> Found:
        """The same documents, and their scores."""
        ...


class _Scratch(threading.local):
    """Zeroed sums for one segment, kept between queries, an array for each thread."""

    def __init__(self) -> None:
        self._sums = np.zeros(0)

    def take(self, size: int) -> Array:
        """Zeros, which the user gives back zeroed, or not at all if it failed."""
        sums, self._sums = self._sums, np.zeros(0)
        return sums if len(sums) >= size else np.zeros(size)

    def give_back(self, sums: Array) -> None:
        self._sums = sums


_scratch = _Scratch()


def _nothing() -> Found:
    return np.empty(0, np.int32), np.empty(0)


def _filtered(documents: Array, allowed: Array) -> Array:
    return documents[allowed[documents]] if len(allowed) else documents


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The postings of one term. `spans` are its rows by segment; `fields` masks counts."""

    spans: Sequence[tuple[int, int]]
    fields: int
    weights: Array
    cost: int

    def documents(self, mapped: Mapped, allowed: Array) -> Array:
        start, end = self.spans[mapped.number]
        if self.fields == 0xFFFFFFFF and not len(allowed):
            return mapped.arrays.documents[start:end]
        return kernels.row(mapped.arrays, start, end, self.fields, allowed)

    def score(self, mapped: Mapped, documents: Array, scores: Array) -> None:
        """Adds to `scores` what the term gives to each of `documents`."""
        start, end = self.spans[mapped.number]
        kernels.add_scores(mapped.arrays, start, end, self.fields, self.weights, documents, scores)

    def accumulate(self, mapped: Mapped, sums: Array) -> None:
        """Adds to `sums`, which hold all documents of the segment."""
        start, end = self.spans[mapped.number]
        kernels.accumulate(mapped.arrays, start, end, self.fields, self.weights, sums)

    def run(self, mapped: Mapped, allowed: Array) -> Found:
        start, end = self.spans[mapped.number]
        return kernels.scored_row(mapped.arrays, start, end, self.fields, self.weights, allowed)


def _by_size(rows: Sequence[Row], mapped: Mapped) -> list[Row]:
    """`rows`, the one with fewest postings in the segment first."""

    def size(row: Row) -> int:
        start, end = row.spans[mapped.number]
        return end - start

    return sorted(rows, key=size)


def _common(rows: Sequence[Row], mapped: Mapped, allowed: Array) -> Array:
    """The allowed documents that are in all rows."""
    ordered = _by_size(rows, mapped)
    documents = ordered[0].documents(mapped, allowed)
    for row in ordered[1:]:
        if not len(documents):
            break
        documents = kernels.intersect(documents, row.documents(mapped, ALL))
    return documents


@dataclass(frozen=True, slots=True, eq=False)
class Consecutive:
    """Terms in order within a field, the last at most `span` positions after the first.

    `wanted` tells for each segment which forms of each term count, [term, form] (bool), and is
    None where all do.
    """

    rows: Sequence[Row]
    span: int
    wanted: Sequence[Array | None]
    cost: int

    def documents(self, mapped: Mapped, allowed: Array) -> Array:
        return self.run(mapped, allowed)[0]

    def run(self, mapped: Mapped, allowed: Array) -> Found:
        return self.within(mapped, _by_size(self.rows, mapped)[0].documents(mapped, allowed))

    def within(self, mapped: Mapped, documents: Array) -> Found:
        """Those of `documents` that match, and their scores."""
        wanted = self.wanted[mapped.number]
        if not len(documents) or (wanted is not None and not wanted.any(axis=1).all()):
            return _nothing()
        spans = np.array([row.spans[mapped.number] for row in self.rows], np.int64)
        starts, ends = spans[:, 0].copy(), spans[:, 1].copy()
        weights = np.array([row.weights for row in self.rows])
        fields = self.rows[0].fields
        of, placed = mapped.arrays, mapped.occurrences
        if wanted is None:
            return kernels.phrase(of, placed, documents, starts, ends, fields, self.span, weights)
        return kernels.exact_phrase(
            of, placed, wanted, documents, starts, ends, fields, self.span, weights
        )


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts, and none of `excluded`. With no parts, everything but those."""

    rows: Sequence[Row]
    others: Sequence[Part]
    excluded: Sequence[Part]
    cost: int

    def documents(self, mapped: Mapped, allowed: Array) -> Array:
        def unscored(part: Part, among: Array) -> Found:
            return part.documents(mapped, among), _NO_SCORES

        documents, _ = self._positive(mapped, allowed, unscored)
        return self._less(documents, mapped)

    def run(self, mapped: Mapped, allowed: Array) -> Found:
        documents, answers = self._positive(
            mapped, allowed, lambda part, among: part.run(mapped, among)
        )
        documents = self._less(documents, mapped)
        scores = np.zeros(len(documents))
        for row in self.rows:
            row.score(mapped, documents, scores)
        for found, given in answers:
            scores += given[np.searchsorted(found, documents)]
        return documents, scores

    def _less(self, documents: Array, mapped: Mapped) -> Array:
        """`documents` without those excluded."""
        for part in self.excluded:
            if not len(documents):
                break
            documents = kernels.subtract(documents, part.documents(mapped, ALL))
        return documents

    def _positive(
        self, mapped: Mapped, allowed: Array, ask: Callable[[Part, Array], Found]
    ) -> tuple[Array, list[Found]]:
        """The documents in all parts, and what those parts that are not rows answer when asked."""
        answers: dict[int, Found] = {}
        documents = _common(self.rows, mapped, allowed) if self.rows else None
        for part in sorted(self.others, key=lambda part: part.cost):
            if documents is None:
                answer = ask(part, allowed)
                documents = answer[0]
            elif isinstance(part, Consecutive):
                answer = part.within(mapped, documents)
                documents = answer[0]
            else:
                answer = ask(part, ALL)
                documents = kernels.intersect(documents, answer[0])
            answers[id(part)] = answer
        if documents is None:
            documents = _filtered(np.arange(len(mapped), dtype=np.int32), allowed)
        return documents, [answers[id(part)] for part in self.others]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """`least` or more of the parts."""

    rows: Sequence[Row]
    others: Sequence[Part]
    least: int
    cost: int

    def documents(self, mapped: Mapped, allowed: Array) -> Array:
        hits = self.hits(mapped)
        found = np.flatnonzero(hits >= self.least).astype(np.int32)
        return _filtered(found, allowed)

    def run(self, mapped: Mapped, allowed: Array) -> Found:
        answers = [part.run(mapped, allowed) for part in self.others]
        whole = _scratch.take(len(mapped))
        sums, hits = whole[: len(mapped)], np.zeros(0, np.uint16)
        for row in self.rows:
            row.accumulate(mapped, sums)
        for documents, scores in answers:
            kernels.scatter(documents, scores, sums)
        if self.least > 1:
            hits = _counted(
                len(mapped), [*self._documents(mapped), *(found for found, _ in answers)]
            )
        found = kernels.collect(sums, hits, self.least, allowed)
        _scratch.give_back(whole)
        return found

    def hits(self, mapped: Mapped) -> Array:
        """How many of the parts match each document of the segment (uint16)."""
        others = (part.documents(mapped, ALL) for part in self.others)
        return _counted(len(mapped), [*self._documents(mapped), *others])

    def _documents(self, mapped: Mapped) -> Iterator[Array]:
        """The documents of each row."""
        return (row.documents(mapped, ALL) for row in self.rows)


def _counted(size: int, lists: Sequence[Array]) -> Array:
    """How many of the lists hold each of `size` documents (uint16)."""
    hits = np.zeros(size, np.uint16)
    for documents in lists:
        hits[documents] += 1
    return hits


def score(mapped: Mapped, rows: Sequence[Row], allowed: Array, scores: Array) -> None:
    """Sets `scores` (float32) of all documents of a segment by `rows`; 0 where not allowed."""
    whole = _scratch.take(len(mapped))
    for row in rows:
        row.accumulate(mapped, whole[: len(mapped)])
    kernels.narrow(whole[: len(mapped)], allowed, scores)
    _scratch.give_back(whole)


NOTHING = Some((), (), 1, 0)
"""The plan that matches no document."""
EVERYTHING = Every((), (), (), 0)
"""The plan that matches every document, with a score of nothing."""
