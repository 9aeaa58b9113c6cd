"""Postings through Whoosh: written by a Whoosh writer, and open to Whoosh's own searcher.

A segment is written once, by one writer, and never changed; deleting is the business of the
generation that lists it. So several processes can each write a segment.

Whoosh's writer hands on the text of each field whole (`FieldText`) to a `PostingsWriter`, in place
of the pool in which it would collect and sort postings one by one (a private part of it, hence the
exact version in pyproject.toml). What it keeps of its own is in memory, and goes with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from whoosh.codec.base import Codec, FieldWriter, PerDocumentReader, PerDocumentWriter, TermsReader
from whoosh.codec.base import Segment as WhooshSegment
from whoosh.fields import STORED, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.formats import Positions
from whoosh.reading import SegmentReader

from index.analysis import IssueAnalyzer
from index.files import sync_directory
from index.segments.arrays import Array
from index.segments.postings import FIELDS, Postings, save
from index.segments.whoosh_reader import Documents, Terms

_SORTED_FIELDS = tuple(sorted(FIELDS))  # the order in which Whoosh reads a document


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalDocument:
    """The words of one issue as they are indexed; `issue` is its number in the store."""

    issue: int
    request: str = ""
    summary: str = ""
    rationale: str = ""
    guidelines: str = ""


class FieldText(Positions):  # type: ignore[misc]
    """Whoosh's format of a field: on the way in its text as it is, on the way out positions.

    The value of a posting is its ascending positions as uint16 in the machine's byte order.
    """

    def word_values(
        self, value: str, _analyzer: object, **_wanted: object
    ) -> Iterator[tuple[str, int, float, str]]:
        """Yields one item for the whole field, in the place of one for each term."""
        yield "", 1, 1.0, value

    def decode_positions(self, value: bytes) -> list[int]:
        """The positions in the value of a posting."""
        return array("H", value).tolist()

    def decode_frequency(self, value: bytes) -> int:
        """The number of positions in the value of a posting."""
        return len(value) // 2


def schema() -> Schema:
    """Four text fields with positions, and the issue number, the only thing stored."""
    fields = {}
    for name in FIELDS:
        fields[name] = TEXT(analyzer=IssueAnalyzer())
        fields[name].format = FieldText()
    return Schema(issue=STORED(), **fields)


def write_segment(directory: Path, documents: Iterable[LexicalDocument]) -> int:
    """Writes `documents` as a segment into `directory`, new or empty; returns their number.

    When it returns, everything is on the disk (fsync). Memory: some 6 KB for each issue of
    550 words. Raises ValueError where there are no documents.
    """
    directory.mkdir(parents=True, exist_ok=True)
    index = _Memory().create_index(schema())
    codec = PostingsCodec(directory)
    writer = index.writer(codec=codec)
    writer.pool = _Pool()
    try:
        for document in documents:
            writer.add_document(
                issue=document.issue, **{name: getattr(document, name) for name in FIELDS}
            )
        if not codec.issues:
            raise ValueError(f"no documents for the segment {directory}; write no segment for none")
    except BaseException:
        writer.cancel()
        raise
    writer.commit(merge=False)
    sync_directory(directory)
    return len(codec.issues)


def whoosh_reader(directory: Path) -> SegmentReader:
    """The segment in `directory` as Whoosh reads it. Raises IndexDamaged."""
    codec = PostingsCodec(directory)
    return SegmentReader(None, schema(), _Segment(), codec=codec)


class PostingsCodec(Codec):  # type: ignore[misc]
    """Whoosh's view of the postings in a directory: it writes them, or opens what is there."""

    length_stats = False

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.issues = array("q")

    def new_segment(self, _storage: object, _name: str) -> WhooshSegment:
        """The segment of a writer."""
        return _Segment()

    def per_document_writer(self, _storage: object, _segment: object) -> PerDocumentWriter:
        """Keeps the issue numbers."""
        return _PerDocumentWriter(self.issues)

    def field_writer(self, _storage: object, _segment: object) -> FieldWriter:
        """Writes the files."""
        return _FieldWriter(self)

    def per_document_reader(self, _storage: object, _segment: object) -> PerDocumentReader:
        """Reads field lengths and issue numbers."""
        return Documents(Postings.open(self.directory))

    def terms_reader(self, _storage: object, _segment: object) -> TermsReader:
        """Reads terms and their postings."""
        return Terms(Postings.open(self.directory))


class _Memory(RamStorage):  # type: ignore[misc]
    """What a Whoosh writer keeps besides postings: a table of contents, and a temporary folder."""

    def temp_storage(self, name: str | None = None) -> RamStorage:  # noqa: ARG002
        """A folder in memory too."""
        return RamStorage()


class _Pool:
    """Hands the fields of each document on to a PostingsWriter in the order of FIELDS."""

    def __init__(self) -> None:
        # Where it is used: it takes numba, whose import a run that finds nothing new can do without
        from index.segments.inversion import PostingsWriter

        self.postings = PostingsWriter()
        self._texts: dict[str, str] = {}

    def add(self, item: tuple[str, bytes, int, float, str]) -> None:
        """Takes (field, nothing, document, weight, text); fields come in order of their names."""
        field, _, _, _, text = item
        self._texts[field] = text
        if field == _SORTED_FIELDS[-1]:
            for name in FIELDS:
                self.postings.add(self._texts.pop(name))

    def iter_postings(self) -> dict[str, Array]:
        """The arrays of all documents."""
        return self.postings.arrays()

    def cleanup(self) -> None:
        """Does nothing: there are no temporary files."""


class _PerDocumentWriter(PerDocumentWriter):  # type: ignore[misc]
    is_closed = False

    def __init__(self, issues: array[int]) -> None:
        self._issues = issues

    def start_doc(self, docnum: int) -> None:
        """Nothing is kept before its fields come."""

    def add_field(self, fieldname: str, _field: object, value: int, _length: int) -> None:
        """Keeps the issue number; lengths are counted with the postings."""
        if fieldname == "issue":
            self._issues.append(value)

    def cancel_doc(self) -> None:
        """Nothing: the whole segment is given up."""

    def close(self) -> None:
        """Nothing to close."""
        self.is_closed = True


class _FieldWriter(FieldWriter):  # type: ignore[misc]
    is_closed = False

    def __init__(self, codec: PostingsCodec) -> None:
        self._codec = codec

    def add_postings(self, _schema: Schema, _lengths: object, items: dict[str, Array]) -> None:
        """Writes the arrays that the pool has made."""
        save(self._codec.directory, {"issues": np.array(self._codec.issues), **items})

    def close(self) -> None:
        """Nothing to close."""
        self.is_closed = True


class _Segment(WhooshSegment):  # type: ignore[misc]
    """A segment of which Whoosh need know no more than that it is there, undeleted."""

    def __init__(self) -> None:
        super().__init__("postings")
        self._count = 0

    def should_assemble(self) -> bool:
        return False

    def set_doc_count(self, count: int) -> None:
        self._count = count

    def doc_count_all(self) -> int:
        return self._count

    def deleted_count(self) -> int:
        return 0
