"""The compiled kernel for words in order: phrases and proximity, from the positions of a segment.

Arguments are as in `kernels`, which offers `phrase` among its own.
"""

from __future__ import annotations

import numpy as np

from search.compiled import Array, byte, compiled, seek


@compiled
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


@compiled
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


@compiled
def _in_all(document: int, documents: Array, postings: Array, ends: Array, order: Array) -> bool:
    """Whether a document is in all rows; moves `postings` on to it, the rarest row first."""
    for word in order:
        at = seek(documents, postings[word], ends[word], document)
        postings[word] = at
        if at == ends[word] or documents[at] != document:
            return False
    return True


@compiled
def _in_field(
    field: int, postings: Array, counts: Array, places: Array, firsts: Array, sizes: Array
) -> bool:
    """Whether all words are in a field; sets the ranges of their positions in it."""
    for word in range(len(postings)):
        count = counts[postings[word]]
        sizes[word] = byte(count, field)
        if sizes[word] == 0:
            return False
        firsts[word] = places[word]
        for other in range(field):
            firsts[word] += byte(count, other)
    return True


@compiled
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
            if not byte(fields, field):
                continue
            if not _in_field(field, postings, counts, places, firsts, sizes):
                continue
            if _consecutive(firsts, sizes, positions, slop, reached):
                matched = True
                norm = norms[field, byte(lengths[document], field)]
                for word in range(words):
                    score += weights[word, field] * (sizes[word] / (sizes[word] + norm))
        if matched:
            found[size] = document
            scores[size] = score
            size += 1
    return found[:size], scores[:size]
