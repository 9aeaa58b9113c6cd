"""A segment's postings as Whoosh's searcher reads them: documents, terms, and a matcher for each.

Made for comparison and for what the kernels do not do, not for speed: there are no columns,
vectors, cursors or spelling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from whoosh.codec.base import PerDocumentReader, TermsReader
from whoosh.formats import Positions
from whoosh.matching import ListMatcher, NullMatcher
from whoosh.reading import TermInfo

from index.segments.arrays import Array
from index.segments.lengths import LENGTHS
from index.segments.postings import BLOCK, FIELDS, Postings


def byte_of(numbers: Array, fieldname: str) -> Array:
    """What counts or lengths say of one field."""
    found: Array = numbers >> np.uint32(8 * FIELDS.index(fieldname)) & np.uint32(255)
    return found


class Documents(PerDocumentReader):  # type: ignore[misc]
    """Lengths and issue numbers of the documents, none of them deleted."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings

    def doc_count(self) -> int:
        return len(self._postings)

    def doc_count_all(self) -> int:
        return len(self._postings)

    def has_deletions(self) -> bool:
        return False

    def is_deleted(self, docnum: int) -> bool:  # noqa: ARG002
        return False

    def deleted_docs(self) -> Iterator[int]:
        return iter(())

    def stored_fields(self, docnum: int) -> dict[str, int]:
        return {"issue": int(self._postings.issues[docnum])}

    def field_length(self, fieldname: str) -> int:
        return int(self._postings.totals[FIELDS.index(fieldname)])

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:  # noqa: ARG002
        return int(LENGTHS[byte_of(self._postings.lengths[docnum], fieldname)])

    def min_field_length(self, fieldname: str) -> int:
        return int(LENGTHS[byte_of(self._postings.lengths, fieldname).min()])

    def max_field_length(self, fieldname: str) -> int:
        return int(LENGTHS[byte_of(self._postings.lengths, fieldname).max()])


class _Row(NamedTuple):
    """The postings of a term in one field: its documents, how often it is in each, and positions
    (a value of `FieldText` for each).
    """

    documents: Array
    counts: Array
    positions: list[bytes]


class Terms(TermsReader):  # type: ignore[misc]
    """The terms of each field, and a matcher over the postings of each."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._rows: dict[tuple[str, bytes], _Row] = {}  # Whoosh asks for each several times

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return bool(len(self._row(*term).documents))

    def indexed_field_names(self) -> tuple[str, ...]:
        return FIELDS

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return (pair for field in sorted(FIELDS) for pair in self.terms_from(field, b""))

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        names = self._postings.terms
        for number in range(names.place(prefix), len(names)):
            if (fieldname, names[number]) in self:
                yield fieldname, names[number]

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        row = self._row(fieldname, text)
        if not len(row.documents):
            raise KeyError((fieldname, text))
        lengths = LENGTHS[byte_of(self._postings.lengths[row.documents], fieldname)]
        return TermInfo(
            weight=int(row.counts.sum()),
            df=len(row.documents),
            minlength=int(lengths.min()),
            maxlength=int(lengths.max()),
            maxweight=int(row.counts.max()),
            minid=int(row.documents[0]),
            maxid=int(row.documents[-1]),
        )

    def frequency(self, fieldname: str, text: bytes) -> int:
        return int(self._row(fieldname, text).counts.sum())

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        return len(self._row(fieldname, text).documents)

    def matcher(
        self, fieldname: str, text: bytes, format_: Positions, scorer: Any = None
    ) -> ListMatcher:
        row = self._row(fieldname, text)
        if not len(row.documents):
            return NullMatcher()
        return ListMatcher(
            row.documents.tolist(),
            row.counts.astype(float).tolist(),
            row.positions,
            format_,
            scorer=scorer,
            term=(fieldname, text),
            terminfo=self.term_info(fieldname, text),
        )

    def _row(self, fieldname: str, text: bytes) -> _Row:
        if (fieldname, text) not in self._rows:
            self._rows[fieldname, text] = self._read(fieldname, text)
        return self._rows[fieldname, text]

    def _read(self, fieldname: str, text: bytes) -> _Row:
        postings, number = self._postings, self._postings.terms.find(text)
        if number < 0 or fieldname not in FIELDS:
            return _Row(np.empty(0, np.int32), np.empty(0, np.uint32), [])
        first, last = postings.rows[number : number + 2]
        base = first // BLOCK * BLOCK  # from here on it is known where positions start
        by_field = [byte_of(postings.counts[base:last], field) for field in FIELDS]
        counts = np.array(by_field, np.int64).T
        ends = postings.blocks[base // BLOCK] + counts.cumsum().reshape(counts.shape)
        field = FIELDS.index(fieldname)
        ends, counts = ends[first - base :, field], counts[first - base :, field]
        spans = zip((ends - counts)[counts > 0].tolist(), ends[counts > 0].tolist(), strict=True)
        positions = [postings.positions[start:end].tobytes() for start, end in spans]
        return _Row(postings.documents[first:last][counts > 0], counts[counts > 0], positions)
