"""Whether the arrays of a segment say what they may: read through once, by compiled kernels.

What passes cannot take a kernel or a look-up out of bounds. An altered value that could as well be
true (a position, a date) is found by the checksums of the manifest only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from index.analysis import MOST_POSITIONS
from index.compiled import byte, compiled
from index.segments.arrays import Array
from index.segments.layout import BLOCK, FIELDS, RANKED
from index.segments.lengths import encoded

_RANKED = len(RANKED)
_DICTIONARIES = {"term_ends": "terms", "word_ends": "words"}
_ENDS = {
    **_DICTIONARIES,
    "rows": "documents",
    "sentence_ends": "sentences",
    "paragraph_ends": "paragraphs",
}


Fault = tuple[str, str]
"""The name of an array, and what is wrong with it."""


class _Arrays(NamedTuple):
    """The arrays that are read through together."""

    rows: Array
    documents: Array
    counts: Array
    blocks: Array
    positions: Array
    forms: Array
    frequencies: Array


_DOCUMENTS, _COUNTS, _BLOCKS, _POSITIONS, _FORMS, _FREQUENCIES = range(1, 7)  # of those
_SOUND = -1


def postings_fault(arrays: Mapping[str, Array]) -> Fault | None:
    """The name of an array of a segment that cannot be right, and what is wrong with it."""
    for check in (_ends_fault, _words_fault, _occurrences_fault, _boundaries_fault):
        if fault := check(arrays):
            return fault
    return None


def _ends_fault(arrays: Mapping[str, Array]) -> Fault | None:
    for name, of in _ENDS.items():
        if not _ascend(arrays[name], len(arrays[of])):
            return name, f"does not divide {of}"
    return None


def _words_fault(arrays: Mapping[str, Array]) -> Fault | None:
    for name, of in _DICTIONARIES.items():
        text, ends = arrays[of], arrays[name]
        if not _is_text(text) or not _characters_begin(text, ends) or not _sorted(text, ends):
            return of, "is no sorted list of words"
    words = np.zeros(len(arrays["frequencies"]), np.int64)
    if not _number_words(arrays["word_terms"], arrays["word_forms"], words):
        return "word_terms", "does not number the words of each term"
    if int(arrays["word_documents"].max(initial=0)) > len(arrays["issues"]):
        return "word_documents", "counts more documents than there are"
    return None


def _occurrences_fault(arrays: Mapping[str, Array]) -> Fault | None:
    words = np.bincount(arrays["word_terms"], minlength=len(arrays["frequencies"]))
    lengths = np.zeros((len(arrays["issues"]), len(FIELDS)), np.int64)
    at_fault = _read_through(_Arrays(*(arrays[n] for n in _Arrays._fields)), words, lengths)
    if at_fault != _SOUND:
        return _Arrays._fields[at_fault], "holds what the other arrays do not allow"
    if (lengths.sum(axis=0) != arrays["totals"]).any():
        return "totals", "are not the sums of the counts"
    if (encoded(lengths) != arrays["lengths"].view(np.uint8).reshape(lengths.shape)).any():
        return "lengths", "are not the sums of the counts"
    return None


def _boundaries_fault(arrays: Mapping[str, Array]) -> Fault | None:
    for name in ("sentence", "paragraph"):
        if not _begin_within(arrays[f"{name}s"], arrays[f"{name}_ends"]):
            return f"{name}s", "do not ascend"
    return None


@compiled
def _ascend(ends: Array, size: int) -> bool:
    """Whether ends begin with 0, never descend, and end with `size`."""
    if len(ends) == 0 or ends[0] != 0 or ends[-1] != size:
        return False
    sound = True
    for at in range(1, len(ends)):
        sound &= ends[at] >= ends[at - 1]
    return sound


def _is_text(text: Array) -> bool:
    try:
        text.tobytes().decode()
    except UnicodeDecodeError:
        return False
    return True


@compiled
def _characters_begin(text: Array, ends: Array) -> bool:
    """Whether no end is inside a character of UTF-8."""
    sound = True
    for end in ends:
        sound &= end == len(text) or text[end] & 0xC0 != 0x80
    return sound


@compiled
def _sorted(text: Array, ends: Array) -> bool:
    """Whether each string is above the one before it."""
    for number in range(1, len(ends) - 1):
        first, second, end = ends[number - 1], ends[number], ends[number + 1]
        shorter = min(second - first, end - second)
        at = 0
        while at < shorter and text[first + at] == text[second + at]:
            at += 1
        if at == shorter:
            if second - first >= end - second:
                return False
        elif text[first + at] > text[second + at]:
            return False
    return True


@compiled
def _number_words(word_terms: Array, word_forms: Array, words: Array) -> bool:
    """Counts the words of each term into `words`; whether they are numbered in their order."""
    for word in range(len(word_terms)):
        term = word_terms[word]
        if term < 0 or term >= len(words) or word_forms[word] != words[term]:
            return False
        words[term] += 1
    return True


@compiled
def _read_through(of: _Arrays, words: Array, lengths: Array) -> int:
    """The number in `_Arrays` of an array at fault, or _SOUND; adds up the field lengths.

    `words` is how many words each term has.
    """
    place = 0
    for term in range(len(of.rows) - 1):
        before, ranked = -1, 0
        for posting in range(of.rows[term], of.rows[term + 1]):
            document, count = of.documents[posting], of.counts[posting]
            if document <= before or document >= len(lengths):
                return _DOCUMENTS
            before = document
            if posting % BLOCK == 0 and of.blocks[posting // BLOCK] != place:
                return _BLOCKS
            at_fault = _read_posting(of, place, count, words[term])
            if at_fault != _SOUND:
                return at_fault
            for field in range(len(FIELDS)):
                lengths[document, field] += byte(count, field)
                place += byte(count, field)
            ranked += count & np.uint32((1 << 8 * _RANKED) - 1) != 0
        if of.frequencies[term] != ranked:
            return _FREQUENCIES
    return _SOUND if place == len(of.positions) else _COUNTS


@compiled
def _read_posting(of: _Arrays, place: int, count: int, words: int) -> int:
    """The same for one posting, whose positions start at `place`."""
    if count == 0:
        return _COUNTS
    for field in range(len(FIELDS)):
        end = place + byte(count, field)
        if end > len(of.positions):
            return _COUNTS
        if not _ascending(of.positions[place:end]):
            return _POSITIONS
        for at in range(place, end):
            if of.forms[at] >= words:
                return _FORMS
        place = end
    return _SOUND


@compiled
def _ascending(numbers: Array) -> bool:
    """Whether each number is above the one before it."""
    sound = True
    for at in range(1, len(numbers)):
        sound &= numbers[at] > numbers[at - 1]
    return sound


@compiled
def _begin_within(starts: Array, ends: Array) -> bool:
    """Whether the starts in each field ascend, from 1 to below the most positions there can be."""
    for cell in range(len(ends) - 1):
        some = starts[ends[cell] : ends[cell + 1]]
        if len(some) and (some[0] == 0 or some[-1] >= MOST_POSITIONS or not _ascending(some)):
            return False
    return True
