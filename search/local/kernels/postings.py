"""The inner loops of lexical ranking, compiled by numba; they hold no lock, so threads run them
side by side.

Throughout: `of` are the arrays of a segment and a row is `start:end` of its postings; `fields`
masks the bytes of a count that may match; `weights` is boost * idf * (K1 + 1) for each field;
`allowed` is a bool for each document of the segment, or empty for all. Document lists are
ascending int32.

Loops run over slices from 0: there numba need not ask whether an index is negative.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from index.compiled import Array, byte, compiled, seek
from index.segments.postings import RANKED
from search.local.kernels.phrases import SegmentArrays


class TermArrays(NamedTuple):
    """The dictionary of a segment's terms: `text`, `ends`, `rows`, `frequencies` as on disk."""

    text: Array
    ends: Array
    rows: Array
    frequencies: Array


@compiled
def locate(of: TermArrays, keys: Array, key_ends: Array, spans: Array, totals: Array) -> None:
    """Finds keys, packed as the terms are: sets their rows in `spans`, adds to `totals`.

    `spans` is [key, 2], left as it is for a key that is not there; `totals` is [key].
    """
    text, text_ends, rows, frequencies = of.text, of.ends, of.rows, of.frequencies
    for number in range(len(key_ends) - 1):
        key = keys[key_ends[number] : key_ends[number + 1]]
        low, high = 0, len(text_ends) - 1
        while low < high:
            middle = (low + high) // 2
            if _compare(text[text_ends[middle] : text_ends[middle + 1]], key) < 0:
                low = middle + 1
            else:
                high = middle
        if low == len(text_ends) - 1:
            continue
        if _compare(text[text_ends[low] : text_ends[low + 1]], key) == 0:
            spans[number, 0], spans[number, 1] = rows[low], rows[low + 1]
            totals[number] += frequencies[low]


@compiled
def _compare(left: Array, right: Array) -> int:
    for at in range(min(len(left), len(right))):
        if left[at] != right[at]:
            return -1 if left[at] < right[at] else 1
    return len(left) - len(right)


# BM25F of one posting, the sum over the ranked fields of weight * tf / (tf + norm), in two
# functions: where every tf is below 16, from the table, and where not (a count has one of the
# bits `_MANY`). The loops choose between them: a function that did would be too large for the
# compiler to inline, and passing arrays on costs seven times the work. A field without the term
# adds 0; leaving it out by a branch costs more.
_MANY = np.uint32(0xF0F0F0F0)
_RANKED = len(RANKED)


@compiled
def _score(count: int, length: int, weights: Array, table: Array) -> float:
    score = 0.0
    for field in range(_RANKED):
        at = np.uint32(field << 12) | byte(count, field) << np.uint32(8)
        score += weights[field] * table[at | byte(length, field)]
    return score


@compiled
def _score_many(count: int, length: int, weights: Array, norms: Array) -> float:
    score = 0.0
    for field in range(_RANKED):
        tf = np.float64(byte(count, field))
        score += weights[field] * (tf / (tf + norms[field, byte(length, field)]))
    return score


@compiled
def row(of: SegmentArrays, start: int, end: int, fields: int, allowed: Array) -> Array:
    """The documents of a row that match in one of `fields` and are allowed."""
    found = np.empty(end - start, np.int32)
    size = 0
    some, counted, mask = of.documents[start:end], of.counts[start:end], np.uint32(fields)
    for at in range(len(some)):
        document = some[at]
        found[size] = document
        size += (counted[at] & mask != 0) & (len(allowed) == 0 or allowed[document])
    return found[:size]


@compiled
def scored_row(
    of: SegmentArrays, start: int, end: int, fields: int, weights: Array, allowed: Array
) -> tuple[Array, Array]:
    """The same documents, and their scores."""
    lengths, norms, table = of.lengths, of.norms, of.table
    found, scores = np.empty(end - start, np.int32), np.empty(end - start, np.float64)
    size = 0
    some, counted, mask = of.documents[start:end], of.counts[start:end], np.uint32(fields)
    for at in range(len(some)):
        document, count = some[at], counted[at] & mask
        if count != 0 and (len(allowed) == 0 or allowed[document]):
            found[size] = document
            if count & _MANY:
                scores[size] = _score_many(count, lengths[document], weights, norms)
            else:
                scores[size] = _score(count, lengths[document], weights, table)
            size += 1
    return found[:size], scores[:size]


@compiled
def intersect(left: Array, right: Array) -> Array:
    """The documents in both lists; quickest with the shorter one first."""
    found = np.empty(min(len(left), len(right)) + 1, np.int32)
    size = at = other = 0
    if len(right) > 8 * len(left):
        for document in left:
            other = seek(right, other, len(right), document)
            if other == len(right):
                break
            found[size] = document
            size += right[other] == document
        return found[:size]
    if len(left) == 0:
        return found[:0]
    numbers = max(left[-1], right[-1]) + 1
    if len(right) > numbers // 16:  # dense: the shorter list as marks, the other read against them
        marked = np.zeros(numbers, np.bool_)
        for document in left:
            marked[document] = True
        kept = np.empty(len(right) + 1, np.int32)
        for document in right:
            kept[size] = document
            size += marked[document]
        return kept[:size]
    while at < len(left) and other < len(right):  # no branch to mispredict within
        a, b = left[at], right[other]
        found[size] = a
        size += a == b
        at += a <= b
        other += b <= a
    return found[:size]


@compiled
def subtract(left: Array, right: Array) -> Array:
    """The documents of `left` that are not in `right`."""
    found = np.empty(len(left), np.int32)
    size = at = 0
    for document in left:
        at = seek(right, at, len(right), document)
        if at == len(right) or right[at] != document:
            found[size] = document
            size += 1
    return found[:size]


@compiled
def add_scores(
    of: SegmentArrays,
    start: int,
    end: int,
    fields: int,
    weights: Array,
    targets: Array,
    scores: Array,
) -> None:
    """Adds the scores of a row to `scores`, one for each of `targets`."""
    lengths, norms, table = of.lengths, of.norms, of.table
    some, counted, mask = of.documents[start:end], of.counts[start:end], np.uint32(fields)
    at = 0
    for index in range(len(targets)):
        document = targets[index]
        at = seek(some, at, len(some), document)
        if at == len(some):
            break
        if some[at] == document:
            count = counted[at] & mask
            if count & _MANY:
                scores[index] += _score_many(count, lengths[document], weights, norms)
            else:
                scores[index] += _score(count, lengths[document], weights, table)


# What a match adds to a sum besides its score: too little to change one, but a document that
# scores nothing is told from one that does not match.
_TRACE = 1e-300


@compiled
def accumulate(
    of: SegmentArrays, start: int, end: int, fields: int, weights: Array, sums: Array
) -> None:
    """Adds the scores of a row to `sums` at each of its documents."""
    lengths, norms, table = of.lengths, of.norms, of.table
    some, counted, mask = of.documents[start:end], of.counts[start:end], np.uint32(fields)
    for at in range(len(some)):
        count = counted[at] & mask
        if count:
            document = some[at]
            if count & _MANY:
                sums[document] += _score_many(count, lengths[document], weights, norms) + _TRACE
            else:
                sums[document] += _score(count, lengths[document], weights, table) + _TRACE


@compiled
def scatter(found: Array, scores: Array, sums: Array) -> None:
    """Adds `scores` to `sums` at the documents `found`."""
    for index in range(len(found)):
        sums[found[index]] += scores[index] + _TRACE


@compiled
def collect(sums: Array, hits: Array, least: int, allowed: Array) -> tuple[Array, Array]:
    """The allowed documents with a sum, and `least` hits if hits are given; leaves sums zero."""
    most = 0
    for at in range(len(sums)):
        most += sums[at] != 0.0
    found, scores = np.empty(most, np.int32), np.empty(most, np.float64)
    size = 0
    for document in range(len(sums)):
        if sums[document] != 0.0:
            enough = len(hits) == 0 or hits[document] >= least
            if enough and (len(allowed) == 0 or allowed[document]):
                found[size] = document
                scores[size] = sums[document]
                size += 1
            sums[document] = 0.0
    return found[:size], scores[:size]


@compiled
def narrow(sums: Array, allowed: Array, scores: Array) -> None:
    """Sets `scores` (float32) to the sums, 0 where not allowed; leaves `sums` zero."""
    for document in range(len(sums)):
        kept = len(allowed) == 0 or allowed[document]
        scores[document] = sums[document] if kept else 0.0
        sums[document] = 0.0


@compiled
def _sink(heap: Array, scores: Array, at: int, size: int) -> None:
    """Moves an index down the heap, whose root is the worst: lowest score, then highest index."""
    while True:
        worst = at
        for child in (2 * at + 1, 2 * at + 2):
            if child < size:
                a, b = heap[child], heap[worst]
                if scores[a] < scores[b] or (scores[a] == scores[b] and a > b):
                    worst = child
        if worst == at:
            return
        heap[at], heap[worst] = heap[worst], heap[at]
        at = worst


@compiled
def best(scores: Array, k: int) -> Array:
    """The indices of the `k` highest scores, highest first, the lower index first among equals."""
    size = max(min(k, len(scores)), 0)
    heap = np.arange(size)
    for at in range(size // 2 - 1, -1, -1):
        _sink(heap, scores, at, size)
    for index in range(size, len(scores)):
        if size and scores[index] > scores[heap[0]]:
            heap[0] = index
            _sink(heap, scores, 0, size)
    for last in range(size - 1, 0, -1):
        heap[0], heap[last] = heap[last], heap[0]
        _sink(heap, scores, 0, last)
    return heap
