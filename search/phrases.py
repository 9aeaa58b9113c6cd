"""The compiled kernel for words in order: phrases and proximity, from the positions of a segment.

Arguments are as in `kernels`, which offers `phrase` among its own.
"""

from __future__ import annotations

import numpy as np

from search.compiled import Array, byte, compiled, seek


@compiled
def _sum(count: int) -> int:
    """The sum of the bytes of a count."""
    pairs = (count & 0x00FF00FF) + (count >> 8 & 0x00FF00FF)
    return (pairs & 0xFFFF) + (pairs >> 16)


@compiled
def _move(at: int, place: int, posting: int, counts: Array, blocks: Array, block: int) -> int:
    """Where the positions of `posting` start, given where those of `at`, not after it, do."""
    first = posting // block * block
    if at < first:
        at, place = first, blocks[posting // block]
    for before in range(at, posting):
        place += _sum(counts[before])
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
def _before(count: int, field: int) -> int:
    """How many positions of a posting stand before those of a field."""
    below = (np.uint32(1) << np.uint32(8 * field)) - np.uint32(1)
    return _sum(np.uint32(count) & below)  # type: ignore[arg-type]


@compiled
def _present(count: int) -> int:
    """The high bit of each byte of a count that is not zero."""
    low = np.uint32(0x7F7F7F7F)
    word = np.uint32(count)
    return ((word & low) + low | word) & np.uint32(0x80808080)  # type: ignore[return-value]


@compiled
def _fields_of_all(postings: Array, counts: Array, fields: int) -> int:
    """The high bit of each byte of `fields` that all of `postings` have an occurrence in."""
    every = fields
    for posting in postings:
        every &= _present(counts[posting])
    return every


@compiled
def _follows(
    first: int, size: int, other: int, other_size: int, positions: Array, slop: int
) -> bool:
    """Whether a word with the second range of positions follows one with the first."""
    at, after = first, other
    while at < first + size and after < other + other_size:
        position, next_position = np.int32(positions[at]), np.int32(positions[after])
        if next_position <= position:
            after += 1
        elif next_position - position > slop:
            at += 1
        else:
            return True
    return False


@compiled
def _pair(
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
    """`phrase` for two words: in one pass, without lists."""
    found, scores = np.empty(len(candidates), np.int32), np.empty(len(candidates), np.float64)
    size = 0
    at, after = starts[0], starts[1]
    counted = counted_after = -1
    place = place_after = 0
    for document in candidates:
        at = seek(documents, at, ends[0], document)
        after = seek(documents, after, ends[1], document)
        if at == ends[0] or after == ends[1]:
            break
        if documents[at] != document or documents[after] != document:
            continue
        count, count_after = counts[at], counts[after]
        both = _present(count) & _present(count_after) & fields
        if not both:
            continue
        place = _move(counted, place, at, counts, blocks, block)
        place_after = _move(counted_after, place_after, after, counts, blocks, block)
        counted, counted_after = at, after
        score, matched = 0.0, False
        for field in range(4):
            if not byte(both, field):
                continue
            here, there = byte(count, field), byte(count_after, field)
            first = place + _before(count, field)
            other = place_after + _before(count_after, field)
            if _follows(first, here, other, there, positions, slop):
                matched = True
                norm = norms[field, byte(lengths[document], field)]
                score += weights[0, field] * (here / (here + norm))
                score += weights[1, field] * (there / (there + norm))
        if matched:
            found[size] = document
            scores[size] = score
            size += 1
    return found[:size], scores[:size]


@compiled
def _score(weights: Array, sizes: Array, norm: float) -> float:
    """BM25 of words with so many occurrences in a field, as in `kernels`."""
    score = 0.0
    for word in range(len(sizes)):
        score += weights[word] * (sizes[word] / (sizes[word] + norm))
    return score


@compiled
def _run(
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
    """`phrase` for any number of words."""
    words, order = len(starts), np.argsort(ends - starts)
    postings, counted, places = starts.copy(), starts.copy(), np.full(words, -1)
    firsts, sizes = np.empty(words, np.int64), np.empty(words, np.int64)
    reached = np.empty((2, 256), np.int32)
    found, scores = np.empty(len(candidates), np.int32), np.empty(len(candidates), np.float64)
    size = 0
    for document in candidates:
        if not _in_all(document, documents, postings, ends, order):
            continue
        every = _fields_of_all(postings, counts, fields)
        if not every:
            continue
        for word in range(words):
            at = counted[word] if places[word] >= 0 else -1
            places[word] = _move(at, places[word], postings[word], counts, blocks, block)
            counted[word] = postings[word]
        score, matched = 0.0, False
        for field in range(4):
            if not byte(every, field):
                continue
            for word in range(words):
                count = counts[postings[word]]
                sizes[word] = byte(count, field)
                firsts[word] = places[word] + _before(count, field)
            if _consecutive(firsts, sizes, positions, slop, reached):
                matched = True
                norm = norms[field, byte(lengths[document], field)]
                score += _score(weights[:, field], sizes, norm)
        if matched:
            found[size] = document
            scores[size] = score
            size += 1
    return found[:size], scores[:size]


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
    if len(starts) == 2:
        return _pair(
            candidates, documents, counts, positions, blocks, block, starts, ends, fields, slop,
            lengths, weights, norms,
        )  # fmt: skip
    return _run(
        candidates, documents, counts, positions, blocks, block, starts, ends, fields, slop,
        lengths, weights, norms,
    )  # fmt: skip
