"""Turning documents into postings: pieces numbered as they come, then sorted by term in one pass.

Documents are kept as runs of numbers, one for each piece of text, which is a tenth of the memory
of postings as objects; a counting sort over the numbers makes the arrays of
`index.segments.postings`.
"""

from __future__ import annotations

import re
from array import array
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from index.analysis import MOST_POSITIONS, MOST_REPEATS, chunks, pieces
from index.compiled import byte, compiled
from index.passages import sentence_starts
from index.segments.arrays import Array
from index.segments.lengths import encoded
from index.segments.postings import BLOCK, FIELDS, RANKED, packed

_LINE_END = re.compile(r"\n\s*")
_RANKED = len(RANKED)
_MOST_REMEMBERED = 64  # texts


class _Numbers(dict[str, bytes]):
    """The numbers (int32) of the pieces of each chunk; a piece is numbered at first sight.

    `terms` and `words` are the term and the word as written of each number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.terms: list[str] = []
        self.words: list[str] = []
        self._numbers: dict[str, int] = {}

    def __missing__(self, chunk: str) -> bytes:
        numbers = array("i")
        for term, word, _, _ in pieces(chunk):
            number = self._numbers.setdefault(word, len(self.words))
            if number == len(self.words):
                self.terms.append(term)
                self.words.append(word)
            numbers.append(number)
        self[chunk] = made = numbers.tobytes()
        return made


class _Read(NamedTuple):
    """A field: the numbers (int32) of its pieces, and where sentences and paragraphs begin."""

    numbers: bytes
    sentences: list[int]
    paragraphs: list[int]


class _Boundaries:
    """Positions at which sentences or paragraphs begin, for each field of each document."""

    def __init__(self) -> None:
        self.starts = array("H")
        self.ends = array("I", [0])

    def add(self, starts: list[int]) -> None:
        """Takes the starts in the next field."""
        self.starts.extend(starts)
        self.ends.append(len(self.starts))


class PostingsWriter:
    """Collects the documents of a segment, field by field, and makes its arrays of them."""

    def __init__(self) -> None:
        self._numbers = _Numbers()
        self._last: dict[str, _Read] = {}  # the issues of a letter share a summary
        self._pieces = array("i")
        self._ends = array("q", [0])
        self._sentences, self._paragraphs = _Boundaries(), _Boundaries()

    def add(self, text: str) -> None:
        """Takes the text of the next field: all fields of a document, in the order of FIELDS."""
        read = self._last.get(text)
        if read is None:
            if len(self._last) >= _MOST_REMEMBERED:
                self._last.clear()
            read = self._last[text] = self._read(text)
        self._pieces.frombytes(read.numbers)
        self._ends.append(len(self._pieces))
        self._sentences.add(read.sentences)
        self._paragraphs.add(read.paragraphs)

    def _read(self, text: str) -> _Read:
        paragraphs = [match.end() for match in _LINE_END.finditer(text)]
        sentences = sentence_starts(text)
        numbers, length = [], 0
        position_of = {}
        for start, end in pairwise(sorted({0, len(text), *paragraphs, *sentences})):
            position_of[start] = length
            if length >= MOST_POSITIONS:
                break
            numbers.append(b"".join(map(self._numbers.__getitem__, chunks(text[start:end]))))
            length += len(numbers[-1]) // 4
        length = min(length, MOST_POSITIONS)
        starts = (
            sorted({at for cut in cuts if 0 < (at := position_of.get(cut, 0)) < length})
            for cuts in (sentences, paragraphs)
        )
        return _Read(b"".join(numbers)[: 4 * length], *starts)

    def arrays(self) -> dict[str, Array]:
        """The arrays of all documents, but for `issues`."""
        names, term_of = _ranked([term.encode() for term in self._numbers.terms])
        words, place_of = _ranked([word.encode() for word in self._numbers.words])
        in_order = np.argsort(place_of)
        word_terms = term_of[in_order]
        word_forms = _numbered(word_terms)
        runs, ends = np.array(self._pieces), np.array(self._ends)
        counted = _count(runs, ends, term_of, len(names))
        documents, counts, positions, forms = _fill(
            runs, ends, term_of, word_forms[place_of], counted.rows, counted.starts
        )
        terms, term_ends = packed(names)
        text, word_ends = packed(words)
        return {
            "lengths": encoded(counted.lengths).view(np.uint32).ravel(),
            "totals": counted.lengths.sum(axis=0),
            "terms": terms,
            "term_ends": term_ends,
            "rows": counted.rows,
            "frequencies": counted.frequencies,
            "documents": documents,
            "counts": counts,
            "blocks": _blocks(counts),
            "positions": positions,
            "forms": forms,
            "words": text,
            "word_ends": word_ends,
            "word_terms": word_terms,
            "word_forms": word_forms,
            "word_documents": counted.in_documents[in_order],
            "sentences": np.array(self._sentences.starts),
            "sentence_ends": np.array(self._sentences.ends),
            "paragraphs": np.array(self._paragraphs.starts),
            "paragraph_ends": np.array(self._paragraphs.ends),
        }


def _ranked(strings: list[bytes]) -> tuple[list[bytes], Array]:
    """The distinct strings, sorted, and the place of each of `strings` among them (int32)."""
    distinct = sorted(set(strings))
    places = {string: place for place, string in enumerate(distinct)}
    return distinct, np.array([places[string] for string in strings], np.int32)


def _numbered(word_terms: Array) -> Array:
    """The number of each word among those of its term, in the smallest type that holds them."""
    by_term = np.argsort(word_terms, kind="stable")
    ordered = word_terms[by_term]
    numbers = np.empty(len(word_terms), np.int64)
    numbers[by_term] = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


class _Counted(NamedTuple):
    """What a first reading counts: by term where its postings and occurrences start, and in how
    many documents it ranks; the lengths [document, field]; by piece in how many documents it is.
    """

    rows: Array
    starts: Array
    frequencies: Array
    lengths: Array
    in_documents: Array


@compiled
def _count(pieces: Array, ends: Array, term_of: Array, terms: int) -> _Counted:
    """Counts in documents whose field f is pieces[ends[F * d + f] : ends[F * d + f + 1]]."""
    width, cells = len(FIELDS), len(ends) - 1
    rows, starts = np.zeros(terms + 1, np.int64), np.zeros(terms + 1, np.int64)
    frequencies = np.zeros(terms, np.uint32)
    lengths = np.zeros((cells // width, width), np.int64)
    in_documents = np.zeros(len(term_of), np.uint32)
    last, repeats = np.full(terms, -1), np.zeros(terms, np.uint8)
    ranked, seen = np.full(terms, -1), np.full(len(term_of), -1)
    for cell in range(cells):
        document, field = cell // width, cell % width
        for at in range(ends[cell], ends[cell + 1]):
            piece = pieces[at]
            term = term_of[piece]
            rows[term + 1] += last[term] // width != document
            if last[term] != cell:
                last[term] = cell
                repeats[term] = 0
            if field < _RANKED and ranked[term] != document:
                ranked[term] = document
                frequencies[term] += 1
            if repeats[term] < MOST_REPEATS:
                repeats[term] += 1
                starts[term + 1] += 1
                lengths[document, field] += 1
                in_documents[piece] += seen[piece] != document
                seen[piece] = document
    return _Counted(np.cumsum(rows), np.cumsum(starts), frequencies, lengths, in_documents)


@compiled
def _fill(
    pieces: Array, ends: Array, term_of: Array, form_of: Array, rows: Array, starts: Array
) -> tuple[Array, Array, Array, Array]:
    """Documents, counts, positions and forms: each term's in order of document and field, in which
    the text comes.
    """
    documents, counts = np.empty(rows[-1], np.int32), np.empty(rows[-1], np.uint32)
    positions = np.empty(starts[-1], np.uint16)
    forms = np.empty(starts[-1], form_of.dtype)
    filled, placed = rows[:-1].copy(), starts[:-1].copy()
    for cell in range(len(ends) - 1):
        document, shift = cell // len(FIELDS), np.uint32(8 * (cell % len(FIELDS)))
        for at in range(ends[cell], ends[cell + 1]):
            piece = pieces[at]
            term = term_of[piece]
            if filled[term] == rows[term] or documents[filled[term] - 1] != document:
                documents[filled[term]] = document
                counts[filled[term]] = 0
                filled[term] += 1
            posting = filled[term] - 1
            if counts[posting] >> shift & np.uint32(255) < MOST_REPEATS:
                counts[posting] += np.uint32(1) << shift
                positions[placed[term]] = at - ends[cell]
                forms[placed[term]] = form_of[piece]
                placed[term] += 1
    return documents, counts, positions, forms


@compiled
def _blocks(counts: Array) -> Array:
    """Where the occurrences of every BLOCK-th posting start."""
    blocks = np.empty((len(counts) + BLOCK - 1) // BLOCK, np.int64)
    start = 0
    for posting in range(len(counts)):
        if posting % BLOCK == 0:
            blocks[posting // BLOCK] = start
        for field in range(len(FIELDS)):
            start += byte(counts[posting], field)
    return blocks
