"""The segments of an index: what each consists of, and the steps that write one.

A segment is a directory that holds everything about one batch of issues: postings
(`index.segments.postings`), attributes (`index.segments.attributes`), what we read into the issues
(`index.segments.readings`) and vectors (`index.segments.vectors`). It is written once and never
changed; a generation lists segments and the issues of them that have died since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern

import numpy as np
from numpy.typing import NDArray

from index.concepts.reading import read_issue
from index.files import sync_directory
from index.folder import mark
from index.letter import Reading
from index.passages import passages, without_verdict
from index.segments import attributes, codec, embedding, postings, readings, vectors
from index.segments.arrays import IndexDamaged, map_array
from index.segments.attributes import (
    Attributes,
    issue_values,
    open_attributes,
    wording,
    write_attributes,
)
from index.segments.codec import LexicalDocument
from index.segments.embedding import Rows, passage_hash, write_passages
from index.segments.postings import Postings
from index.segments.readings import Readings, open_readings, write_readings
from index.segments.vectors import OFFSETS, SegmentVectors, open_vectors
from index.store import Store, StoredIssue

FOLDER = "segments"
NAME = re.compile(r"s(\d{6,})(\.tmp)?")
"""The name of a segment's folder, and of one that is still being written."""

DERIVED = "derived.txt"
"""Holds the digest of what the parts of a segment were derived with; see `index.digests`."""

_PARTS = (postings, attributes, readings, embedding, vectors)
_NAMED = (DERIVED, *(name for part in _PARTS for name in part.FILES))
FILES = re.compile("|".join(map(re.escape, _NAMED)))
"""The paths of a segment's files below its folder."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An opened segment. `issues` (int64) are the store's numbers of its documents, ascending."""

    name: str
    issues: NDArray[np.int64]
    postings: Postings
    attributes: Attributes
    readings: Readings
    vectors: SegmentVectors


def open_segment(directory: Path, name: str, *, thorough: bool = True) -> Segment:
    """Open a segment, memory-mapped. Raises IndexDamaged where its files are not whole.

    A `thorough` opening reads postings, attributes and vectors through.
    """
    path = directory / FOLDER / name
    arrays = Postings.open(path, thorough=thorough)
    attributes = open_attributes(path, thorough=thorough)
    read = open_readings(path)
    vectors = open_vectors(path, thorough=thorough)
    sizes = {
        "attributes": len(attributes.letters),
        "readings": len(read),
        "vectors": len(vectors.offsets) - 1,
    }
    for part, size in sizes.items():
        if size != len(arrays):
            raise IndexDamaged(path, f"{part} hold {size} issues instead of {len(arrays)}")
    return Segment(name, arrays.issues, arrays, attributes, read, vectors)


def write_segment(directory: Path, name: str, numbers: Sequence[int], digest: str) -> str:
    """Write all of the segment `name` but its vectors; returns the name.

    `digest` is that of the code and tables at work. Runs in a process of its own: it reads the
    issues from the store itself.
    """
    store = Store(directory, read_only=True)
    final = directory / FOLDER / name
    aside = final.with_name(f"{name}.tmp")
    aside.mkdir(parents=True)
    mark(aside)
    values: list[tuple[str, ...]] = []
    read: list[Reading] = []
    hashes: list[list[int]] = []
    rows: list[int] = []
    wordings: list[int] = []
    days: list[int] = []
    ids: list[str] = []

    def documents() -> Iterator[LexicalDocument]:
        for stored in store.stream(numbers):
            reading = read_issue(stored.letter, stored.issue)
            read.append(reading)
            hashes.append(list(map(passage_hash, issue_passages(stored))))
            found = issue_values(stored.letter, stored.issue, reading)
            values.append(tuple(map(intern, found)))  # the same few thousand, again and again
            rows.append(stored.row)
            wordings.append(wording(stored.letter, stored.issue, reading.concepts))
            decided = stored.letter.decision_date
            days.append(decided.toordinal() if decided else 0)
            ids.append(stored.id)
            yield lexical_document(stored)

    codec.write_segment(aside, documents())
    write_attributes(aside, values, rows, wordings, days, ids)
    write_readings(aside, read)
    write_passages(aside, hashes)
    (aside / DERIVED).write_text(digest)
    store.close()
    sync_directory(aside)
    aside.rename(final)
    return name


def lexical_document(stored: StoredIssue) -> LexicalDocument:
    """The words of an issue by field.

    Sentences that state the verdict stand with the guidelines: that field can be searched and
    has no weight in ranking, which must not see which way an issue was decided.
    """
    issue = stored.issue
    reasoning, verdict = without_verdict(issue.rationale)
    formal = (issue.claims_administrator_guideline, issue.reviewer_guideline, verdict)
    return LexicalDocument(
        issue=stored.number,
        request=issue.request,
        summary=stored.letter.summary,
        rationale=reasoning,
        guidelines="\n".join(formal),
    )


def issue_passages(stored: StoredIssue) -> list[str]:
    """What is embedded of an issue; see `index.passages`."""
    return passages(stored.issue.disputed or stored.issue.request, stored.issue.rationale)


def issue_numbers(directory: Path, name: str) -> NDArray[np.int64]:
    """The store's numbers of the documents of a segment, ascending."""
    return map_array(directory / FOLDER / name / "issues.npy", np.int64)


def derived_with(directory: Path, name: str) -> str:
    """The digest of what the parts of a segment were derived with; empty where it is not known."""
    path = directory / FOLDER / name / DERIVED
    return path.read_text() if path.exists() else ""


def passages_at(directory: Path, name: str, store: Store, rows: Rows) -> Iterator[str]:
    """The passages of some rows (ascending) of a segment."""
    offsets = np.load(directory / FOLDER / name / OFFSETS)
    owners = np.searchsorted(offsets, rows, side="right") - 1
    documents, starts = np.unique(owners, return_index=True)
    stream = store.stream(issue_numbers(directory, name)[documents].tolist())
    groups = np.split(rows, starts[1:])
    for stored, document, group in zip(stream, documents, groups, strict=True):
        texts = issue_passages(stored)
        yield from (texts[row - offsets[document]] for row in group)


def average_lengths(directory: Path, names: Sequence[str]) -> tuple[float, ...]:
    """The mean lengths of the ranked fields over the documents of segments, in words."""
    opened = [Postings.open(directory / FOLDER / name, thorough=False) for name in names]
    words = sum((each.totals for each in opened), np.zeros(len(postings.FIELDS)))
    means = words / max(sum(map(len, opened)), 1)
    return tuple(means[: len(postings.RANKED)].tolist())
