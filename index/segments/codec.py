"""Segments: one batch of issues as a Whoosh index of one segment, with impact arrays beside it.

A segment is written once, by one writer, and never changed; deleting is the business of the
generation that lists it. So several processes can each write a segment.

The arrays are made of the very postings Whoosh writes: `Postings` stands in for the pool in
which a Whoosh writer collects and sorts them (a private part of it, hence the exact version
in pyproject.toml). It keeps them in flat arrays, a tenth of the memory, and never spills.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from whoosh.codec.whoosh3 import W3Codec
from whoosh.fields import STORED, TEXT, Schema
from whoosh.index import FileIndex, create_in, open_dir
from whoosh.util.numeric import byte_to_length

from index.analysis import IssueAnalyzer, TermPositions, chunks, pieces
from index.files import sync_directory
from index.segments.postings import BLOCK, FIELDS, RANKED, Array, packed, save

LENGTHS: Array = np.array([byte_to_length(byte) for byte in range(256)], np.int64)
"""The field length that each byte of a segment's `lengths` stands for, ascending."""

WHOOSH = "whoosh"
"""The folder of a segment that holds its Whoosh index."""

FILES = r"whoosh/(MAIN\.tmp/[^/]*|_?MAIN_[^/]+|)"
"""A pattern of the paths that Whoosh writes below a segment, and of its folder."""

_SLAB = 100_000  # postings handed on at a time: as Python objects they take much memory
_FIELD_NUMBERS = {field: number for number, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalDocument:
    """The words of one issue as they are indexed; `issue` is its number in the store."""

    issue: int
    request: str = ""
    summary: str = ""
    rationale: str = ""
    guidelines: str = ""


class SegmentFault(RuntimeError):
    """Whoosh did not store what it was given."""


def schema() -> Schema:
    """Four text fields with positions, and the issue number, the only thing stored."""
    fields = {}
    for name in FIELDS:
        fields[name] = TEXT(analyzer=IssueAnalyzer())
        fields[name].format = TermPositions()
    return Schema(issue=STORED(), **fields)


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's own codec without the field lengths in posting blocks, which nothing here reads.

    They would take a look-up for every posting. It is named in the index: keep it importable.
    """

    length_stats = False


class Postings:
    """Collects the postings of a segment, as Whoosh's pool does, and sorts them for both readers.

    One entry for each (field, term, document); as columns `fields`, `terms` (numbers in
    order of first sight), `documents`, `counts`, and all `positions` one after the other.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._fields = array("B")
        self._terms = array("i")
        self._documents = array("i")
        self._counts = array("B")
        self._positions = array("H")

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        """Takes (field, term, document, weight, positions), in any order of terms."""
        field, term, document, _, value = posting
        numbers = self._numbers
        number = numbers.get(term)
        if number is None:
            number = numbers[term] = len(numbers)
        self._terms.append(number)
        self._fields.append(_FIELD_NUMBERS[field])
        self._documents.append(document)
        self._counts.append(len(value) // 2)
        self._positions.frombytes(value)

    def cleanup(self) -> None:
        """Does nothing: there are no temporary files. Part of what a Whoosh writer calls."""

    def sort(self) -> None:
        """Puts entries in the order of term, document, field; to be called once, at the end."""
        self.names = sorted(self._numbers)
        rank = np.empty(len(self.names), np.int64)
        numbers = np.fromiter((self._numbers[name] for name in self.names), np.int64)
        rank[numbers] = np.arange(len(self.names))
        self.fields = np.array(self._fields)
        self.terms = rank[np.array(self._terms, np.int64)]
        self.documents = np.array(self._documents)
        self.counts = np.array(self._counts)
        key = self.terms << 34 | self.documents.astype(np.int64) << 2 | self.fields
        order = np.argsort(key, kind="stable")
        starts = np.cumsum(self.counts, dtype=np.int64) - self.counts
        self.fields, self.terms = self.fields[order], self.terms[order]
        self.documents, self.counts = self.documents[order], self.counts[order]
        self.starts = np.cumsum(self.counts, dtype=np.int64) - self.counts
        moved = np.repeat(starts[order] - self.starts, self.counts)
        self.positions = np.array(self._positions)[moved + np.arange(len(moved))]

    def iter_postings(self) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        """Yields what `add` took, by field name, term and document: the order Whoosh writes."""
        self.sort()
        value = self.positions.tobytes()
        names = self.names
        for field, number in sorted(_FIELD_NUMBERS.items()):
            of_field = np.flatnonzero(self.fields == number)
            for at in range(0, len(of_field), _SLAB):
                chosen = of_field[at : at + _SLAB]
                columns = (self.terms, self.documents, self.counts, self.starts)
                rows = zip(*(column[chosen].tolist() for column in columns), strict=True)
                for term, document, count, start in rows:
                    positions = value[2 * start : 2 * (start + count)]
                    yield field, names[term], document, float(count), positions

    def arrays(self, documents: int) -> dict[str, Array]:
        """The part of the impact arrays that is made of postings, for a number of documents."""
        width = len(FIELDS)
        counts, fields = self.counts.astype(np.int64), self.fields.astype(np.int64)
        shifts = 8 * np.arange(width)
        cells = np.bincount(self.documents * width + fields, counts, documents * width)
        lengths = cells.astype(np.int64).reshape(documents, width)
        firsts = _firsts(self.terms, self.documents)
        ranked = np.flatnonzero(self.fields < len(RANKED))
        terms = self.terms[ranked][_firsts(self.terms[ranked], self.documents[ranked])]
        text, ends = packed(self.names)
        return {
            "lengths": (np.searchsorted(LENGTHS, lengths) << shifts).sum(axis=1),
            "totals": lengths.sum(axis=0),
            "terms": text,
            "term_ends": ends,
            "rows": np.searchsorted(self.terms[firsts], np.arange(len(self.names) + 1)),
            "frequencies": np.bincount(terms, minlength=len(self.names)),
            "documents": self.documents[firsts],
            "counts": np.add.reduceat(counts << shifts[fields], firsts) if len(firsts) else counts,
            "positions": self.positions,
            "blocks": self.starts[firsts][::BLOCK],
        }


def _firsts(terms: Array, documents: Array) -> Array:
    """Where in sorted columns another term or document begins."""
    new = np.ones(len(terms), bool)
    new[1:] = (np.diff(terms) != 0) | (np.diff(documents) != 0)
    return np.flatnonzero(new)


def write_segment(directory: Path, documents: Iterable[LexicalDocument]) -> int:
    """Writes `documents` as a segment into `directory`, new or empty; returns their number.

    When it returns, everything is on the disk (fsync). Memory: some 6 KB for each issue of
    550 words. Raises ValueError where there are no documents, SegmentFault where Whoosh did not
    store every one.
    """
    whoosh = directory / WHOOSH
    whoosh.mkdir(parents=True)
    issues, seen = array("q"), set[str]()
    postings = Postings()
    index = create_in(str(whoosh), schema())
    writer = index.writer(codec=Codec())
    writer.pool = postings
    try:
        for document in documents:
            fields = {name: chunks(getattr(document, name)) for name in FIELDS}
            seen.update(*fields.values())
            writer.add_document(issue=document.issue, **fields)
            issues.append(document.issue)
    except BaseException:
        writer.cancel()
        raise
    if not issues:
        writer.cancel()
        raise ValueError(f"no documents for the segment {directory}; write no segment for none")
    writer.commit(merge=False)
    _check_count(index, len(issues))
    arrays = postings.arrays(len(issues)) | _words(seen, postings.names)
    save(directory, {"issues": np.array(issues), **arrays})
    sync_directory(directory)
    return len(issues)


def whoosh_index(directory: Path) -> FileIndex:
    """The Whoosh index of the segment in `directory`. Its files are pickles: open only your own."""
    return open_dir(str(directory / WHOOSH), readonly=True)


def _check_count(index: FileIndex, expected: int) -> None:
    stored = index.doc_count()
    index.close()
    if stored != expected:
        raise SegmentFault(f"Whoosh stored {stored} of {expected} documents in {index.storage}")


def _words(seen: Iterable[str], terms: list[bytes]) -> dict[str, Array]:
    """The words as written in the chunks `seen`, sorted, each with the number of its term."""
    numbers = {term: number for number, term in enumerate(terms)}
    found = {
        piece.word.encode(): numbers[piece.term.encode()]
        for chunk in seen
        for piece in pieces(chunk)
        if piece.term.encode() in numbers  # not where the text was cut for its length
    }
    words = sorted(found)
    text, ends = packed(words)
    return {"words": text, "word_ends": ends, "word_terms": np.array([found[w] for w in words])}
