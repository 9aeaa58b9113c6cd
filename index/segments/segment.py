"""The segments of an index: what each consists of, and the steps that write one.

A segment is a directory that holds everything about one batch of issues: Whoosh index and
impact arrays (`index.segments.codec`), attributes (`index.segments.attributes`) and vectors
(`index.segments.vectors`). It is written once and never changed; a generation lists segments and
the issues of them that have died since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern

import numpy as np
from numpy.typing import NDArray

from index.concepts.closeness import features
from index.concepts.reasons import read_reasons
from index.encoder import DocumentEncoder
from index.files import sync_directory
from index.folder import mark
from index.passages import passages, without_verdict
from index.progress import Reporter
from index.segments import attributes, codec, postings, vectors
from index.segments.attributes import (
    Attributes,
    issue_values,
    open_attributes,
    wording,
    write_attributes,
)
from index.segments.codec import LexicalDocument, write_segment
from index.segments.vectors import (
    OFFSETS,
    PART,
    SegmentVectors,
    embed_segment,
    open_vectors,
    write_vectors,
)
from index.store import Store, StoredIssue

FOLDER = "segments"
NAME = re.compile(r"s(\d{6,})(\.tmp)?")
"""The name of a segment's folder, and of one that is still being written."""

_NAMED = (*postings.FILES, *attributes.FILES, *vectors.FILES)
FILES = re.compile(f"{'|'.join(map(re.escape, _NAMED))}|{codec.FILES}")
"""The paths of a segment's files below its folder."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An opened segment. `issues` (int64) are the store's numbers of its documents, ascending."""

    name: str
    issues: NDArray[np.int64]
    impacts: postings.Segment
    attributes: Attributes
    vectors: SegmentVectors


def open_segment(directory: Path, name: str) -> Segment:
    """Open a segment, memory-mapped. Raises OSError or ValueError where it is damaged."""
    path = directory / FOLDER / name
    arrays = postings.Segment.open(path)
    vectors = open_vectors(path)
    return Segment(name, arrays.issues, arrays, open_attributes(path), vectors)


def write_words(directory: Path, name: str, numbers: Sequence[int]) -> str:
    """Write the lexical part and the attributes of the segment `name`; returns the name.

    Runs in a process of its own: it reads the issues from the store itself.
    """
    store = Store(directory, read_only=True)
    final = directory / FOLDER / name
    aside = final.with_name(f"{name}.tmp")
    aside.mkdir(parents=True)
    mark(aside)
    values: list[tuple[str, ...]] = []
    rows: list[int] = []
    wordings: list[int] = []
    days: list[int] = []

    def documents() -> Iterator[LexicalDocument]:
        for stored in store.stream(numbers):
            signs = [f"reason:{reason}" for reason in read_reasons(stored.issue.rationale)]
            known = [*features(stored.issue.concepts), *signs]
            found = issue_values(stored.letter, stored.issue, known)
            values.append(tuple(map(intern, found)))  # the same few thousand, again and again
            rows.append(stored.row)
            wordings.append(wording(stored.letter, stored.issue))
            decided = stored.letter.decision_date
            days.append(decided.toordinal() if decided else 0)
            yield lexical_document(stored)

    write_segment(aside, documents())
    write_attributes(aside, values, rows, wordings, days)
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
    return postings.Segment.open(directory / FOLDER / name).issues


def has_vectors(directory: Path, name: str) -> bool:
    """Whether the vectors of a segment are complete."""
    path = directory / FOLDER / name
    return (path / OFFSETS).exists() and not (path / PART).exists()


def write_meaning(
    directory: Path,
    name: str,
    store: Store,
    encoder: DocumentEncoder,
    reporter: Reporter,
) -> None:
    """Embed a segment whose words are written, going on where an earlier run stopped."""
    path = directory / FOLDER / name
    texts = [issue_passages(i) for i in store.stream(issue_numbers(directory, name).tolist())]
    with reporter.stage("embedding", sum(map(len, texts)), "passages") as stage:
        embed_segment(path, texts, encoder, stage.tick)
    sync_directory(path)


def copy_meaning(directory: Path, name: str, old: Sequence[str]) -> None:
    """Give the merged segment `name` its vectors, gathered from the segments it replaces."""
    path = directory / FOLDER / name
    where: dict[int, tuple[SegmentVectors, int]] = {}
    for old_name in old:
        segment = open_segment(directory, old_name)
        for document, number in enumerate(segment.issues.tolist()):
            where[number] = (segment.vectors, document)
    blocks = []
    for number in issue_numbers(directory, name).tolist():
        vectors, document = where[number]
        start, end = vectors.offsets[document : document + 2]
        blocks.append(vectors.rows[start:end])
    write_vectors(path, np.concatenate(blocks))
    lengths = np.fromiter((len(block) for block in blocks), dtype=np.int64, count=len(blocks))
    np.save(path / OFFSETS, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    sync_directory(path)
