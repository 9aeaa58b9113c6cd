"""How text becomes terms: folding, one regular expression, stemming.

A text, made plain (`index.fold`), is read as *chunks* (`C7-T1`, `anti-inflammatory`, `10/325mg`,
`patient's`); a chunk is split into *pieces*, each with a term and its place. Pieces take
successive positions, so a chunk is found whole (as a phrase of its terms) and by part. A word
has the same pieces in each of its spellings (`index.spellings`), its inflections share a term
(`index.inflections`). Chunks repeat endlessly, so what a chunk yields is remembered; that is
what makes analysis fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from whoosh.analysis import Analyzer, Token

from index.fold import Plain, plain
from index.fold import fold as fold  # offered from here too
from index.inflections import stem
from index.spellings import in_full, is_one, parts

MOST_POSITIONS = 65_535
"""Terms of one field beyond this many are not indexed: positions are 16 bits wide."""
MOST_REPEATS = 255
"""Occurrences of one term in one field beyond this many are not indexed: counts are 8 bits."""

_NUMBER = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)*|\d+(?:\.\d+)*"
_LETTERS = r"[^\W\d_]+"
_CHUNK = re.compile(r"\w+(?:(?:[-/']|\.(?<=\d.)(?=\d)|,(?<=\d,)(?=\d{3}(?!\d)))\w+)*")
_PIECE = re.compile(rf"{_NUMBER}|x(?=\d)|{_LETTERS}(?:'{_LETTERS})*\d*", re.IGNORECASE)
_LEVEL = re.compile(r"[ctls]\d{1,2}")
_LOWEST = {"c": 8, "t": 12, "l": 6, "s": 5}
_LONGEST_TERM = 64
_MOST_REMEMBERED = 300_000


class Piece(NamedTuple):
    """A part of a chunk: its term, its word as written, folded, and its character offsets."""

    term: str
    word: str
    start: int
    end: int


@cache
def stop_words() -> frozenset[str]:
    """The folded words of `data/stopwords.txt`."""
    lines = (Path(__file__).parent / "data" / "stopwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _term(word: str) -> str:
    """The term of a folded word: the stem of one in Latin letters, else itself."""
    word = word[:_LONGEST_TERM].removesuffix("'s").replace("'", "")
    if not word.isascii() or not word.isalpha():
        return word
    term = stem(word)
    return word if term in stop_words() or word in stop_words() else term


def _word(written: str) -> str:
    return fold(written).replace(",", "")  # of 1,000


def _piece(word: str, start: int, end: int) -> Piece:
    return Piece(_term(word), word, start, end)


def _joined(pieces: list[Piece], chunk: str) -> list[Piece]:
    """`pieces`, those made one between which a hyphen means nothing (`bi-lateral`, `L-5`)."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and chunk[joined[-1].end : piece.start] == "-":
            before = joined[-1]
            whole = before.word + piece.word
            if _is_level(whole) or (
                whole.isalpha() and is_one(before.word, piece.word) and len(parts(whole)) == 1
            ):
                joined[-1] = _piece(whole, before.start, piece.end)
                continue
        joined.append(piece)
    return joined


def _parted(piece: Piece) -> Iterator[Piece]:
    """The pieces of a word that is also written as several."""
    words = parts(piece.word)
    if len(words) == 1 or len(piece.word) != piece.end - piece.start:
        yield piece
        return
    start = piece.start
    for word in words:
        yield _piece(word, start, start + len(word))
        start += len(word)


def _is_level(word: str) -> bool:
    return _LEVEL.fullmatch(word) is not None and 0 < int(word[1:]) <= _LOWEST[word[0]]


def _levels(pieces: list[Piece], chunk: str) -> list[Piece]:
    """`pieces` with spinal shorthand completed: 4, 5 of `L4-5` become l4, l5 (`C5-6-7` too)."""
    complete: list[Piece] = []
    for piece in pieces:
        if complete and piece.word.isdigit() and len(piece.word) <= 2:
            before = complete[-1]
            adjoins = piece.start == before.end + 1 and chunk[before.end] not in ".,'"
            if adjoins and _LEVEL.fullmatch(before.word):
                level = before.word[0] + piece.word
                if int(before.word[1:]) < int(piece.word) and _is_level(level):
                    piece = Piece(level, level, piece.start, piece.end)
        complete.append(piece)
    return complete


def _analyse(chunk: str) -> tuple[Piece, ...]:
    if full := in_full(fold(chunk)):
        return (_piece(full, 0, len(chunk)),)
    read = [_piece(_word(match[0]), *match.span()) for match in _PIECE.finditer(chunk)]
    apart = [part for piece in _joined(read, chunk) for part in _parted(piece)]
    return tuple(_levels(apart, chunk))


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


def forget() -> None:
    """Forget what chunks yield: for measuring, where something else is to become of them."""
    _pieces.clear()


def chunks(text: str) -> list[str]:
    """The chunks of `text` in order, plain, in the case they are written in."""
    return _CHUNK.findall(plain(text))


def pieces(chunk: str) -> tuple[Piece, ...]:
    """The pieces of one chunk, with offsets into it."""
    return _pieces[chunk]


def terms(some_chunks: Iterable[str]) -> list[str]:
    """The terms of `some_chunks`, one for each position."""
    of = _pieces
    return [piece[0] for chunk in some_chunks for piece in of[chunk]]


def tokens(text: str) -> list[str]:
    """The terms of `text`, one for each position."""
    return terms(chunks(text))


def placed(text: str) -> list[Piece]:
    """The pieces of `text`, with offsets into it as it is, not as it is folded."""
    made = Plain.of(text)
    return [
        Piece(piece.term, piece.word, *made.span(at + piece.start, at + piece.end))
        for match in _CHUNK.finditer(made.text)
        for at in (match.start(),)
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
