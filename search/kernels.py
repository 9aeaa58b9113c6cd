"""The inner loops of lexical ranking, compiled by numba; they hold no lock, so threads run them
side by side. `plain_kernels` has the same functions in numpy, with the same results to the bit.

Throughout: `documents` and `counts` are a segment's postings and a row is `start:end` of them;
`fields` masks the bytes of a count that may match; `lengths` is [document, field] in bytes of
the length table; `weights` is boost * idf * (K1 + 1) for each field and `norms` is
K1 * (1 - B + B * length / average) for each field and length byte. `allowed` is a bool for
each document of the segment, or empty for all. Document lists are ascending int32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]
_F = TypeVar("_F", bound=Callable[..., Any])


def _compiled(function: _F) -> _F:
    return cast(_F, njit(nogil=True, cache=True)(function))


@_compiled
def _score(count: int, document: int, lengths: Array, weights: Array, norms: Array) -> float:
    """BM25F of one posting: the sum over fields of weight * tf / (tf + norm)."""
    score = 0.0
    for field in range(4):
        tf = (count >> (8 * field)) & 255
        if tf:
            score += weights[field] * tf / (tf + norms[field, lengths[document, field]])
    return score


@_compiled
def _seek(documents: Array, at: int, end: int, target: int) -> int:
    """The first place in at:end whose document is not below `target`, by doubling steps."""
    if at >= end or documents[at] >= target:
        return at
    step = 1
    while at + step < end and documents[at + step] < target:
        at += step
        step *= 2
    low, high = at + 1, min(at + step, end)
    while low < high:
        middle = (low + high) // 2
        if documents[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def row(
    documents: Array, counts: Array, start: int, end: int, fields: int, allowed: Array
) -> Array:
    """The documents of a row that match in one of `fields` and are allowed."""
    found = np.empty(end - start, np.int32)
    size = 0
    for at in range(start, end):
        document = documents[at]
        if counts[at] & fields and (len(allowed) == 0 or allowed[document]):
            found[size] = document
            size += 1
    return found[:size]


@_compiled
def intersect(left: Array, right: Array) -> Array:
    """The documents in both lists; quickest with the shorter one first."""
    found = np.empty(min(len(left), len(right)), np.int32)
    size = at = 0
    for document in left:
        at = _seek(right, at, len(right), document)
        if at == len(right):
            break
        if right[at] == document:
            found[size] = document
            size += 1
    return found[:size]


@_compiled
def subtract(left: Array, right: Array) -> Array:
    """The documents of `left` that are not in `right`."""
    found = np.empty(len(left), np.int32)
    size = at = 0
    for document in left:
        at = _seek(right, at, len(right), document)
        if at == len(right) or right[at] != document:
            found[size] = document
            size += 1
    return found[:size]


@_compiled
def add_scores(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    targets: Array,
    lengths: Array,
    weights: Array,
    norms: Array,
    scores: Array,
) -> None:
    """Adds the scores of a row to `scores`, one for each of `targets`."""
    at = start
    for index in range(len(targets)):
        document = targets[index]
        at = _seek(documents, at, end, document)
        if at == end:
            break
        if documents[at] == document:
            scores[index] += _score(counts[at] & fields, document, lengths, weights, norms)


@_compiled
def accumulate(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    lengths: Array,
    weights: Array,
    norms: Array,
    sums: Array,
    hits: Array,
) -> None:
    """Adds the scores of a row to `sums`, and one to `hits`, at each of its documents."""
    for at in range(start, end):
        count = counts[at] & fields
        if count:
            document = documents[at]
            sums[document] += _score(count, document, lengths, weights, norms)
            hits[document] += 1


@_compiled
def scatter(found: Array, scores: Array, sums: Array, hits: Array) -> None:
    """Adds `scores` to `sums`, and one to `hits`, at the documents `found`."""
    for index in range(len(found)):
        document = found[index]
        sums[document] += scores[index]
        hits[document] += 1


@_compiled
def collect(sums: Array, hits: Array, least: int, allowed: Array) -> tuple[Array, Array]:
    """The allowed documents with `least` hits or more, and their sums; leaves both arrays zero."""
    size = 0
    for document in range(len(hits)):
        if hits[document] >= least and (len(allowed) == 0 or allowed[document]):
            size += 1
    found, scores = np.empty(size, np.int32), np.empty(size, np.float64)
    size = 0
    for document in range(len(hits)):
        if hits[document]:
            if hits[document] >= least and (len(allowed) == 0 or allowed[document]):
                found[size] = document
                scores[size] = sums[document]
                size += 1
            hits[document] = 0
            sums[document] = 0.0
    return found, scores


@_compiled
def _occurrences(count: int) -> int:
    return (count & 255) + (count >> 8 & 255) + (count >> 16 & 255) + (count >> 24)


@_compiled
def _place(counts: Array, blocks: Array, block: int, posting: int) -> int:
    """Where the positions of a posting start."""
    place = blocks[posting // block]
    for before in range(posting // block * block, posting):
        place += _occurrences(counts[before])
    return int(place)


@_compiled
def _follow(reached: Array, size: int, positions: Array, start: int, end: int, slop: int) -> int:
    """Keeps in `reached` the positions start:end that follow a reached one by 1 to `slop`.

    `reached` has room for `size` before and as many found, in its two rows.
    """
    found = before = 0
    for at in range(start, end):
        position = np.int32(positions[at])
        while before < size and reached[0, before] < position - slop:
            before += 1
        if before < size and reached[0, before] < position:
            reached[1, found] = position
            found += 1
    reached[0, :found] = reached[1, :found]
    return found


@_compiled
def _consecutive(
    postings: Array, counts: Array, places: Array, positions: Array, field: int, slop: int
) -> bool:
    """Whether the words at `postings` of one document follow one another in a field."""
    reached = np.empty((2, 256), np.int32)
    size = 0
    for word in range(len(postings)):
        count = counts[postings[word]]
        tf = (count >> (8 * field)) & 255
        if tf == 0:
            return False
        start = places[word]
        for other in range(field):
            start += (count >> (8 * other)) & 255
        if word == 0:
            size = tf
            for at in range(tf):
                reached[0, at] = positions[start + at]
        else:
            size = _follow(reached, size, positions, start, start + tf, slop)
        if size == 0:
            return False
    return True


@_compiled
def phrase(
    candidates: Array,
    documents: Array,
    counts: Array,
    positions: Array,
    blocks: Array,
    block: int,
    starts: Array,
    ends: Array,
    fields: int,
    slop: int,
    lengths: Array,
    weights: Array,
    norms: Array,
) -> tuple[Array, Array]:
    """The candidates in which the words of rows starts:ends follow one another, and scores.

    Every candidate is in every row. Each word follows the one before it, in the same field, by
    1 to `slop` positions; a field scores the sum over its words (`weights` is [word, field]).
    """
    words = len(starts)
    postings, places = starts.copy(), np.empty(words, np.int64)
    found, scores = np.empty(len(candidates), np.int32), np.empty(len(candidates), np.float64)
    size = 0
    for document in candidates:
        for word in range(words):
            postings[word] = _seek(documents, postings[word], ends[word], document)
            places[word] = _place(counts, blocks, block, postings[word])
        score, matched = 0.0, False
        for field in range(4):
            searched = (fields >> (8 * field)) & 255
            if searched and _consecutive(postings, counts, places, positions, field, slop):
                matched = True
                norm = norms[field, lengths[document, field]]
                for word in range(words):
                    tf = (counts[postings[word]] >> (8 * field)) & 255
                    score += weights[word, field] * tf / (tf + norm)
        if matched:
            found[size] = document
            scores[size] = score
            size += 1
    return found[:size], scores[:size]


@_compiled
def count_codes(documents: Array, codes: Array, offsets: Array, values: int) -> Array:
    """In how many of `documents` each code below `values` is.

    codes[offsets[d]:offsets[d + 1]] are the distinct codes of document d.
    """
    found = np.zeros(values, np.int64)
    for document in documents:
        for at in range(offsets[document], offsets[document + 1]):
            found[codes[at]] += 1
    return found


@_compiled
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


@_compiled
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
