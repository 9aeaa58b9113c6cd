"""How text becomes terms: one regular expression, folding, stemming; and how Whoosh stores them.

A text is read as *chunks* (`C7-T1`, `anti-inflammatory`, `10/325mg`, `patient's`); a chunk is
split into *pieces*, each with a term and its place. Pieces take successive positions, so a
chunk is found whole (as a phrase of its terms) and by part. Chunks repeat endlessly, so what
a chunk yields is remembered; that is what makes analysis fast.

Whoosh pickles schemas: `IssueAnalyzer` and `TermPositions` must stay importable from here.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import Stemmer
from whoosh.analysis import Analyzer, Token
from whoosh.formats import Positions

MOST_POSITIONS = 65_535
"""Terms of one field beyond this many are not indexed: positions are 16 bits wide."""
MOST_REPEATS = 255
"""Occurrences of one term in one field beyond this many are not indexed: counts are 8 bits."""

_IN_WORD = "\\w\u0300-\u036f\u00ad"  # combining accents and soft hyphens sit inside words
_HYPHENS = "\\-\u2010\u2011\u2012\u2013\u2212"
_CHUNK = re.compile(f"[{_IN_WORD}]+(?:(?:[{_HYPHENS}/'\u2019]|(?<=\\d)\\.(?=\\d))[{_IN_WORD}]+)*")
_LETTERS = "(?:[^\\W\\d_]|[\u0300-\u036f\u00ad])+"
_PIECE = re.compile(f"\\d+(?:\\.\\d+)*|{_LETTERS}(?:['\u2019]{_LETTERS})*\\d*")
_LEVEL = re.compile(r"[ctls]\d{1,2}")
_LOWEST = {"c": 8, "t": 12, "l": 6, "s": 5}
_LONGEST_TERM = 64
_MOST_REMEMBERED = 300_000


class Piece(NamedTuple):
    """A part of a chunk: its term, the word it stands for, and its character offsets."""

    term: str
    word: str
    start: int
    end: int


@cache
def stop_words() -> frozenset[str]:
    """The folded words of `data/stopwords.txt`."""
    lines = (Path(__file__).parent / "data" / "stopwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def fold(text: str) -> str:
    """`text` in lower case, without accents, soft hyphens, ligatures and curly apostrophes."""
    if text.isascii():
        return text.lower()
    straight = text.replace("\u2019", "'").replace("\u00ad", "")
    parts = unicodedata.normalize("NFKD", straight).casefold()
    return "".join(part for part in parts if not unicodedata.combining(part))


_stemmer = Stemmer.Stemmer("english", 0)
_stemmer_lock = threading.Lock()  # a PyStemmer object must not be used by two threads at once


def _term(word: str) -> str:
    """The term of a folded word: its stem where it is made of letters, else itself."""
    if word.isalnum() and not word.isalpha():
        return word[:_LONGEST_TERM]
    with _stemmer_lock:
        stem: str = _stemmer.stemWord(word[:_LONGEST_TERM])
    return stem.replace("'", "") or word


def _levels(pieces: list[Piece], chunk: str) -> list[Piece]:
    """`pieces` with spinal shorthand completed: 4, 5 of `L4-5` become l4, l5 (`C5-6-7` too)."""
    complete: list[Piece] = []
    for piece in pieces:
        if complete and piece.word.isdigit() and len(piece.word) <= 2:
            before = complete[-1]
            adjoins = piece.start == before.end + 1 and chunk[before.end] not in ".'"
            if adjoins and _LEVEL.fullmatch(before.word):
                letter, above = before.word[0], int(before.word[1:])
                if above < int(piece.word) <= _LOWEST[letter]:
                    level = letter + piece.word
                    piece = Piece(level, level, piece.start, piece.end)
        complete.append(piece)
    return complete


def _analyse(chunk: str) -> tuple[Piece, ...]:
    found = [
        Piece(_term(word), word, match.start(), match.end())
        for match in _PIECE.finditer(chunk)
        for word in _PIECE.findall(fold(match[0]))  # folding can make two: one half is 1, 2
    ]
    return tuple(_levels(found, chunk))


class _Remembered(dict[str, tuple[Piece, ...]]):
    """What each chunk yields; emptied when full, so a stream of odd text cannot fill memory."""

    def __missing__(self, chunk: str) -> tuple[Piece, ...]:
        pieces = _analyse(chunk)
        if len(chunk) <= _LONGEST_TERM:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[chunk] = pieces
        return pieces


_pieces = _Remembered()


def chunks(text: str) -> list[str]:
    """The chunks of `text` in order, as written."""
    return _CHUNK.findall(text)


def pieces(chunk: str) -> tuple[Piece, ...]:
    """The pieces of one chunk, with offsets into it."""
    return _pieces[chunk]


def terms(some_chunks: Iterable[str]) -> list[str]:
    """The terms of `some_chunks`, one for each position."""
    of = _pieces
    return [piece[0] for chunk in some_chunks for piece in of[chunk]]


def tokens(text: str) -> list[str]:
    """The terms of `text`, one for each position."""
    return terms(_CHUNK.findall(text))


def placed(text: str) -> list[Piece]:
    """The pieces of `text`, with offsets into it."""
    return [
        Piece(piece.term, piece.word, match.start() + piece.start, match.start() + piece.end)
        for match in _CHUNK.finditer(text)
        for piece in _pieces[match[0]]
    ]


def spans(text: str) -> list[tuple[str, int, int]]:
    """The terms of `text` with the character offsets (start, end) of each in it."""
    return [(piece.term, piece.start, piece.end) for piece in placed(text)]


class IssueAnalyzer(Analyzer):  # type: ignore[misc]
    """The analysis above as Whoosh wants it: an iterator over one Token, changed at each step."""

    def __call__(
        self, value: str, start_pos: int = 0, start_char: int = 0, mode: str = "", **wanted: Any
    ) -> Iterator[Token]:
        """Yields the terms of `value`; `wanted` are Whoosh's flags (positions, chars, ...)."""
        token = Token(mode=mode, **wanted)
        for position, (term, start, end) in enumerate(spans(value), start_pos):
            token.text = token.original = term
            token.boost = 1.0
            token.stopped = False
            token.pos = position
            token.startchar = start_char + start
            token.endchar = start_char + end
            yield token


class TermPositions(Positions):  # type: ignore[misc]
    """Whoosh's posting format with positions as plain 16-bit numbers instead of pickled lists.

    The value of a posting is its ascending positions as uint16 in the machine's byte order, so
    Whoosh writes it faster and arrays are read from it without decoding. What it indexes is the
    list of the chunks of a field.
    """

    def word_values(
        self, value: Sequence[str], _analyzer: Analyzer, **_wanted: Any
    ) -> Iterator[tuple[str, int, float, bytes]]:
        """Yields (term, count, weight, positions) for each distinct term of the chunks `value`."""
        found: dict[str, list[int]] = {}
        for position, term in enumerate(terms(value)[:MOST_POSITIONS]):
            if term in found:
                found[term].append(position)
            else:
                found[term] = [position]
        for term, positions in found.items():
            kept = positions[:MOST_REPEATS]
            yield term, len(kept), float(len(kept)), self.encode(kept)

    def encode(self, positions: Sequence[int]) -> bytes:
        """`positions` as the value of a posting."""
        return array("H", positions).tobytes()

    def decode_positions(self, value: bytes) -> list[int]:
        """The positions in the value of a posting."""
        return array("H", value).tolist()

    def decode_frequency(self, value: bytes) -> int:
        """The number of positions in the value of a posting."""
        return len(value) // 2
