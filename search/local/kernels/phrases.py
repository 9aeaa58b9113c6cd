"""The compiled kernels for words in order: phrases and proximity, from the positions of a segment.

Arguments are as in `kernels`, which offers these among its own. Words stand within a window of
`span` where the last of them follows the first by at most so many positions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from index.compiled import Array, byte, compiled, seek
from index.segments.postings import BLOCK, FIELDS


class SegmentArrays(NamedTuple):
    """What ranking reads of a segment, as on disk, and what it takes from the whole index.

    `norms` is K1 * (1 - B + B * length / average) for each field and length byte, and `table`
    is tf / (tf + norm) for each field, tf below 16 and length byte, flat.
    """

    documents: Array
    counts: Array
    lengths: Array
    norms: Array
    table: Array


class Occurrences(NamedTuple):
    """Where the words of a segment's postings stand, and in which form, as on disk."""

    blocks: Array
    positions: Array
    forms: Array


@compiled
def _sum(count: int) -> int:
    """The sum of the bytes of a count."""
    pairs = (count & 0x00FF00FF) + (count >> 8 & 0x00FF00FF)
    return (pairs & 0xFFFF) + (pairs >> 16)


@compiled
def _move(at: int, place: int, posting: int, counts: Array, blocks: Array) -> int:
    """Where the positions of `posting` start, given where those of `at`, not after it, do."""
    first = posting // BLOCK * BLOCK
    if at < first:
        at, place = first, blocks[posting // BLOCK]
    for before in range(at, posting):
        place += _sum(counts[before])
    return place


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
    first: int, size: int, other: int, other_size: int, positions: Array, span: int
) -> bool:
    """Whether a word with the second range of positions follows one with the first."""
    at, after = first, other
    while at < first + size and after < other + other_size:
        position, next_position = np.int32(positions[at]), np.int32(positions[after])
        if next_position <= position:
            after += 1
        elif next_position - position > span:
            at += 1
        else:
            return True
    return False


@compiled
def _within(firsts: Array, sizes: Array, positions: Array, span: int, at: Array) -> bool:
    """Whether words with these ranges of positions stand in order within a window of `span`.

    `at` is room for a number for each word. The window that begins at each occurrence of the first
    word ends soonest with the first occurrence of each word after the one before it, so none of
    these numbers ever goes back.
    """
    words = len(sizes)
    at[:] = 0
    while at[0] < sizes[0]:
        start = before = np.int32(positions[firsts[0] + at[0]])
        for word in range(1, words):
            first, size = firsts[word], sizes[word]
            while at[word] < size and np.int32(positions[first + at[word]]) <= before:
                at[word] += 1
            if at[word] == size:
                return False
            before = np.int32(positions[first + at[word]])
        if before - start <= span:
            return True
        while at[0] < sizes[0] and np.int32(positions[firsts[0] + at[0]]) < before - span:
            at[0] += 1
    return False


@compiled
def _pair(
    of: SegmentArrays,
    placed: Occurrences,
    candidates: Array,
    starts: Array,
    ends: Array,
    fields: int,
    span: int,
    weights: Array,
) -> tuple[Array, Array]:
    """`phrase` for two words, by far the most phrases: without loops over words."""
    documents, counts, blocks, positions = of.documents, of.counts, placed.blocks, placed.positions
    lengths, norms = of.lengths, of.norms
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
        place = _move(counted, place, at, counts, blocks)
        place_after = _move(counted_after, place_after, after, counts, blocks)
        counted, counted_after = at, after
        score, matched = 0.0, False
        for field in range(len(FIELDS)):
            if not byte(both, field):
                continue
            here, there = byte(count, field), byte(count_after, field)
            first = place + _before(count, field)
            other = place_after + _before(count_after, field)
            if _follows(first, here, other, there, positions, span):
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
    of: SegmentArrays,
    placed: Occurrences,
    candidates: Array,
    starts: Array,
    ends: Array,
    fields: int,
    span: int,
    weights: Array,
) -> tuple[Array, Array]:
    """`phrase` for any number of words."""
    documents, counts, blocks, positions = of.documents, of.counts, placed.blocks, placed.positions
    lengths, norms, words, order = of.lengths, of.norms, len(starts), np.argsort(ends - starts)
    postings, counted, places = starts.copy(), starts.copy(), np.full(words, -1)
    firsts, sizes, room = np.empty_like(starts), np.empty_like(starts), np.empty_like(starts)
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
            places[word] = _move(at, places[word], postings[word], counts, blocks)
            counted[word] = postings[word]
        score, matched = 0.0, False
        for field in range(len(FIELDS)):
            if not byte(every, field):
                continue
            for word in range(words):
                count = counts[postings[word]]
                sizes[word] = byte(count, field)
                firsts[word] = places[word] + _before(count, field)
            if _within(firsts, sizes, positions, span, room):
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
    of: SegmentArrays,
    placed: Occurrences,
    candidates: Array,
    starts: Array,
    ends: Array,
    fields: int,
    span: int,
    weights: Array,
) -> tuple[Array, Array]:
    """The candidates in which the words of rows starts:ends stand in order within `span`, scored.

    They stand in the same field; a field scores the sum over its words (`weights` is
    [word, field]).
    """
    if len(starts) == 2:
        return _pair(of, placed, candidates, starts, ends, fields, span, weights)
    return _run(of, placed, candidates, starts, ends, fields, span, weights)


@compiled
def _keep(positions: Array, forms: Array, first: int, size: int, wanted: Array, kept: Array) -> int:
    """Copies the positions whose form is wanted to `kept`; returns how many they are."""
    count = 0
    for at in range(first, first + size):
        kept[count] = positions[at]
        count += wanted[forms[at]]
    return count


@compiled
def exact_phrase(
    of: SegmentArrays,
    placed: Occurrences,
    wanted: Array,
    candidates: Array,
    starts: Array,
    ends: Array,
    fields: int,
    span: int,
    weights: Array,
) -> tuple[Array, Array]:
    """As `phrase`, for one word or more, of each of which only some of the forms count.

    wanted[w, f] (bool) tells whether form f of word w counts.
    A word scores by how often it stands in a field in one of these forms.
    """
    documents, counts, blocks, positions = of.documents, of.counts, placed.blocks, placed.positions
    lengths, norms, words, order = of.lengths, of.norms, len(starts), np.argsort(ends - starts)
    forms = placed.forms
    postings, counted, places = starts.copy(), starts.copy(), np.full(words, -1)
    sizes, room = np.empty_like(starts), np.empty_like(starts)
    firsts = np.arange(words) * 256
    kept = np.empty(words * 256, np.uint16)
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
            places[word] = _move(at, places[word], postings[word], counts, blocks)
            counted[word] = postings[word]
        score, matched = 0.0, False
        for field in range(len(FIELDS)):
            if not byte(every, field):
                continue
            for word in range(words):
                count = counts[postings[word]]
                first = places[word] + _before(count, field)
                size_here = byte(count, field)
                room_here = kept[firsts[word] : firsts[word] + 256]
                sizes[word] = _keep(positions, forms, first, size_here, wanted[word], room_here)
            if sizes.min() > 0 and _within(firsts, sizes, kept, span, room):
                matched = True
                norm = norms[field, byte(lengths[document], field)]
                score += _score(weights[:, field], sizes, norm)
        if matched:
            found[size] = document
            scores[size] = score
            size += 1
    return found[:size], scores[:size]
