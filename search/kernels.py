"""The inner loops of lexical ranking, compiled by numba; they hold no lock, so threads run them
side by side. `plain_kernels` has the same functions in numpy, with the same results to the bit.

Throughout: `documents` and `counts` are a segment's postings and a row is `start:end` of them;
`fields` masks the bytes of a count that may match; `lengths` has the length bytes of a document
as `counts` has its frequencies; `weights` is boost * idf * (K1 + 1) for each field. `norms` is
K1 * (1 - B + B * length / average) for each field and length byte, and `table` is
tf / (tf + norm) for each field, tf below 16 and length byte, flat. `allowed` is a bool for each
document of the segment, or empty for all. Document lists are ascending int32.

Loops run over slices from 0: there numba need not ask whether an index is negative.
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
def locate(
    text: Array,
    text_ends: Array,
    rows: Array,
    frequencies: Array,
    keys: Array,
    key_ends: Array,
    spans: Array,
    totals: Array,
) -> None:
    """Finds keys in a segment's dictionary: sets their rows in `spans`, adds to `totals`.

    `spans` is [key, 2], left as it is for a key that is not there; `totals` is [key, field].
    """
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
            for field in range(4):
                totals[number, field] += frequencies[low, field]


@_compiled
def _compare(left: Array, right: Array) -> int:
    for at in range(min(len(left), len(right))):
        if left[at] != right[at]:
            return -1 if left[at] < right[at] else 1
    return len(left) - len(right)


@_compiled
def _byte(packed: int, field: int) -> int:
    """One field of a count or a length. Unsigned throughout, which spares checks of indices."""
    return np.uint32(packed) >> np.uint32(8 * field) & np.uint32(255)  # type: ignore[return-value]


# BM25F of one posting, the sum over fields of weight * tf / (tf + norm), in two functions: where
# every tf is below 16, from the table, and where not (a count has one of the bits `_MANY`). The
# loops choose between them: a function that did would be too large for the compiler to inline,
# and passing arrays on costs seven times the work. Fields without the term add 0.
_MANY = np.uint32(0xF0F0F0F0)


@_compiled
def _score(count: int, length: int, weights: Array, table: Array) -> float:
    score = 0.0
    for field in range(4):
        at = np.uint32(field << 12) | _byte(count, field) << np.uint32(8)
        score += weights[field] * table[at | _byte(length, field)]
    return score


@_compiled
def _score_many(count: int, length: int, weights: Array, norms: Array) -> float:
    score = 0.0
    for field in range(4):
        tf = np.float64(_byte(count, field))
        score += weights[field] * (tf / (tf + norms[field, _byte(length, field)]))
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
    some, counted, mask = documents[start:end], counts[start:end], np.uint32(fields)
    for at in range(len(some)):
        document = some[at]
        found[size] = document
        size += (counted[at] & mask != 0) & (len(allowed) == 0 or allowed[document])
    return found[:size]


@_compiled
def scored_row(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    allowed: Array,
    lengths: Array,
    weights: Array,
    norms: Array,
    table: Array,
) -> tuple[Array, Array]:
    """The same documents, and their scores."""
    found, scores = np.empty(end - start, np.int32), np.empty(end - start, np.float64)
    size = 0
    some, counted, mask = documents[start:end], counts[start:end], np.uint32(fields)
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


@_compiled
def intersect(left: Array, right: Array) -> Array:
    """The documents in both lists; quickest with the shorter one first."""
    found = np.empty(min(len(left), len(right)) + 1, np.int32)
    size = at = other = 0
    if len(right) > 8 * len(left):
        for document in left:
            other = _seek(right, other, len(right), document)
            if other == len(right):
                break
            found[size] = document
            size += right[other] == document
        return found[:size]
    while at < len(left) and other < len(right):  # no branch to mispredict within
        a, b = left[at], right[other]
        found[size] = a
        size += a == b
        at += a <= b
        other += b <= a
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
    table: Array,
    scores: Array,
) -> None:
    """Adds the scores of a row to `scores`, one for each of `targets`."""
    some, counted, mask = documents[start:end], counts[start:end], np.uint32(fields)
    at = 0
    for index in range(len(targets)):
        document = targets[index]
        at = _seek(some, at, len(some), document)
        if at == len(some):
            break
        if some[at] == document:
            count = counted[at] & mask
            if count & _MANY:
                scores[index] += _score_many(count, lengths[document], weights, norms)
            else:
                scores[index] += _score(count, lengths[document], weights, table)


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
    table: Array,
    sums: Array,
    hits: Array,
) -> None:
    """Adds the scores of a row to `sums`, and one to `hits`, at each of its documents."""
    some, counted, mask = documents[start:end], counts[start:end], np.uint32(fields)
    for at in range(len(some)):
        count = counted[at] & mask
        if count:
            document = some[at]
            hits[document] += 1
            if count & _MANY:
                sums[document] += _score_many(count, lengths[document], weights, norms)
            else:
                sums[document] += _score(count, lengths[document], weights, table)


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
    found, scores = np.empty(len(hits), np.int32), np.empty(len(hits), np.float64)
    size = 0
    for document in range(len(hits)):
        if hits[document]:
            if hits[document] >= least and (len(allowed) == 0 or allowed[document]):
                found[size] = document
                scores[size] = sums[document]
                size += 1
            hits[document] = 0
            sums[document] = 0.0
    return found[:size], scores[:size]


@_compiled
def _move(at: int, place: int, posting: int, counts: Array, blocks: Array, block: int) -> int:
    """Where the positions of `posting` start, given where those of `at`, not after it, do."""
    first = posting // block * block
    if at < first:
        at, place = first, blocks[posting // block]
    for before in range(at, posting):
        count = counts[before]
        pairs = (count & 0x00FF00FF) + (count >> 8 & 0x00FF00FF)
        place += (pairs & 0xFFFF) + (pairs >> 16)
    return place


@_compiled
def _consecutive(firsts: Array, sizes: Array, positions: Array, slop: int, reached: Array) -> bool:
    """Whether words with these ranges of positions in a field follow one another.

    `reached` is room for two lists of 255: what the words so far reach, and the next one.
    """
    now, size, last = 0, sizes[0], len(sizes) - 1
    for at in range(size):
        reached[0, at] = positions[firsts[0] + at]
    for word in range(1, len(sizes)):
        found = before = 0
        for at in range(firsts[word], firsts[word] + sizes[word]):
            position = np.int32(positions[at])
            while before < size and reached[now, before] < position - slop:
                before += 1
            if before == size:
                break
            if reached[now, before] < position:
                reached[1 - now, found] = position
                found += 1
                if word == last:
                    break
        if found == 0:
            return False
        now, size = 1 - now, found
    return True


@_compiled
def _in_all(document: int, documents: Array, postings: Array, ends: Array, order: Array) -> bool:
    """Whether a document is in all rows; moves `postings` on to it, the rarest row first."""
    for word in order:
        at = _seek(documents, postings[word], ends[word], document)
        postings[word] = at
        if at == ends[word] or documents[at] != document:
            return False
    return True


@_compiled
def _in_field(
    field: int, postings: Array, counts: Array, places: Array, firsts: Array, sizes: Array
) -> bool:
    """Whether all words are in a field; sets the ranges of their positions in it."""
    for word in range(len(postings)):
        count = counts[postings[word]]
        sizes[word] = _byte(count, field)
        if sizes[word] == 0:
            return False
        firsts[word] = places[word]
        for other in range(field):
            firsts[word] += _byte(count, other)
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

    Each word follows the one before it, in the same field, by 1 to `slop` positions; a field
    scores the sum over its words (`weights` is [word, field]).
    """
    words, order = len(starts), np.argsort(ends - starts)
    postings, counted, places = starts.copy(), starts.copy(), np.full(words, -1)
    firsts, sizes = np.empty(words, np.int64), np.empty(words, np.int64)
    reached = np.empty((2, 256), np.int32)
    found, scores = np.empty(len(candidates), np.int32), np.empty(len(candidates), np.float64)
    size = 0
    for document in candidates:
        if not _in_all(document, documents, postings, ends, order):
            continue
        for word in range(words):
            at = counted[word] if places[word] >= 0 else -1
            places[word] = _move(at, places[word], postings[word], counts, blocks, block)
            counted[word] = postings[word]
        score, matched = 0.0, False
        for field in range(4):
            if not _byte(fields, field):
                continue
            if not _in_field(field, postings, counts, places, firsts, sizes):
                continue
            if _consecutive(firsts, sizes, positions, slop, reached):
                matched = True
                norm = norms[field, _byte(lengths[document], field)]
                for word in range(words):
                    score += weights[word, field] * (sizes[word] / (sizes[word] + norm))
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
