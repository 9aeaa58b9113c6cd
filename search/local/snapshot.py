"""One opened generation of an index: its segments, numbered through, and what reads them."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.letter import Outcome
from index.manifest import IndexUnusable, Manifest, check_files, damaged, read_manifest
from index.segments.arrays import IndexDamaged, map_array
from index.segments.segment import open_segment
from index.store import FILE, Store
from search.backend import Determination, Holdings, NotFound, Query, Reply, Tally, View
from search.local.catalogue import Catalogue
from search.local.encoder import Encoder
from search.local.lexical import LexicalArm
from search.local.vectors import Passages
from search.request import Filters

Documents = NDArray[np.int64]
Mask = NDArray[np.bool_]


class LocalSnapshot:
    """A generation as a reader sees it, unchanged until it is let go; safe across threads.

    Documents are numbered 0 to `size` - 1 over the segments in order, dead ones included; `ids` are
    their public ids, `live` tells which are not dead, `days` is the ordinal of the decision date
    (0: none), `wordings` are equal where the reviewer's words and the treatment are. `encoder`
    embeds the texts of queries.
    """

    def __init__(self, directory: Path) -> None:
        """Open the published generation. Raises IndexUnusable where that is not possible."""
        self.directory = directory
        self.manifest: Manifest = read_manifest(directory)
        touched = check_files(directory, self.manifest)
        try:
            segments = [
                open_segment(directory, name, thorough=any(f"/{name}/" in file for file in touched))
                for name in self.manifest.segments
            ]
            dead = map_array(directory / self.manifest.deleted, np.int64)
        except (OSError, RuntimeError, IndexDamaged, ValueError) as error:
            raise damaged(directory, error) from error
        attributes = [segment.attributes for segment in segments]
        self._numbers = _joined(np.int64, (segment.issues for segment in segments))
        self.ids: NDArray[np.bytes_] = np.concatenate(
            [np.zeros(0, "S1"), *(part.ids for part in attributes)]
        )
        self.days = _joined(np.int32, (part.days for part in attributes))
        self.wordings = _joined(np.uint64, (part.wordings for part in attributes))
        self.live: Mask = ~np.isin(self._numbers, dead)
        self.size = len(self._numbers)
        self._by_number = np.argsort(self._numbers, kind="stable")
        self._readings = [segment.readings for segment in segments]
        starts = np.cumsum([0, *(len(segment.issues) for segment in segments)])
        self._starts = starts
        deleted = [~self.live[start:end] for start, end in pairwise(starts)]
        self.words = LexicalArm(
            [segment.postings for segment in segments], deleted, averages=self.manifest.averages
        )
        self.vectors = Passages([segment.vectors for segment in segments], self.ids)
        self.catalogue = Catalogue(attributes)
        self.overturned = self.catalogue.mask("outcome", [Outcome.OVERTURNED])
        self.decided = self.overturned | self.catalogue.mask("outcome", [Outcome.UPHELD])
        self.encoder = Encoder(self.encoder_path)
        self._stores = threading.local()
        self._stores.store = _open_store(directory, self.manifest)

    @property
    def build(self) -> str:
        """Which index this is, however often it was updated."""
        return self.manifest.build

    @property
    def generation(self) -> int:
        """The number of the generation."""
        return self.manifest.generation

    @property
    def encoder_path(self) -> Path:
        """Where the query encoder of this generation lies."""
        return self.directory / self.manifest.encoder

    # -- what the protocol asks for ------------------------------------------------------------

    def search(self, query: Query, *views: View) -> Reply:
        """A result set for each of `views`."""
        from search.local.answering import answer

        return answer(self, query, views)

    def issues(self, ids: Sequence[str]) -> list[Determination]:
        """The issues of these ids, in order. Raises NotFound."""
        return self._determinations(self.documents(ids))

    def letter(self, letter_id: str) -> tuple[list[Determination], str]:
        """The issues of a letter in its order, and the path of its file. Raises NotFound."""
        row_and_letter = self.store.letter(letter_id, self.generation)
        if row_and_letter is None:
            raise NotFound("letter", letter_id)
        row, letter = row_and_letter
        ids = [f"{letter_id}#{issue.number}" for issue in letter.issues]
        return self.issues(ids), os.fsdecode(self.store.sources.of_row(row))

    def tally(self, filters: Filters) -> Tally:
        """How all issues that have these values fared."""
        allowed = self.catalogue.allowed(filters)
        return self._base if allowed is None else self.tally_of(np.flatnonzero(self.live & allowed))

    def values(self, facet: str) -> Mapping[str, int]:
        """The values of a facet, and in how many issues each is."""
        named = self.catalogue.counts_of(facet, self._counts, self._counts)
        return {value: count.n for value, count in named.items()}

    def holdings(self) -> Holdings:
        """What the index holds."""
        treatments = [value for value in self.values("treatment") if " > " in value]
        return Holdings(
            letters=self.manifest.letters,
            issues=self.manifest.issues,
            years=tuple(sorted(int(year) for year in self.values("year"))),
            tally=self.tally({}),
            treatments={name: self.tally({"treatment": (name,)}) for name in treatments},
        )

    # -- documents ------------------------------------------------------------------------------

    def documents(self, ids: Iterable[str]) -> Documents:
        """The documents of issues by their public ids. Raises NotFound."""
        return np.array([self._document(one) for one in ids], np.int64)

    def mask(self, documents: NDArray[np.integer[Any]]) -> Mask:
        """Which of all documents are among `documents`."""
        mask = np.zeros(self.size, np.bool_)
        mask[documents] = True
        return mask

    def tally_of(self, documents: Documents) -> Tally:
        """How `documents` (ascending) fared; those without an outcome are not counted."""
        decided = documents
        if not (kept := self.decided[documents]).all():
            decided = documents[kept]
        return Tally(
            n=len(decided),
            overturned=int(np.count_nonzero(self.overturned[decided])),
            letters=self.catalogue.letters_among(decided),
        )

    @cached_property
    def _base(self) -> Tally:
        return self.tally_of(np.flatnonzero(self.live))

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        return self.catalogue.count(np.flatnonzero(self.live))

    def outcome(self, document: int) -> Outcome:
        """How a document was decided."""
        if self.overturned[document]:
            return Outcome.OVERTURNED
        return Outcome.UPHELD if self.decided[document] else Outcome.UNKNOWN

    @property
    def store(self) -> Store:
        """A connection to the store that belongs to the calling thread.

        Raises IndexUnusable where the store has been replaced by that of another index.
        """
        store: Store | None = getattr(self._stores, "store", None)
        if store is None:
            store = self._stores.store = _open_store(self.directory, self.manifest)
        return store

    def _determinations(self, documents: Documents) -> list[Determination]:
        numbers = self._numbers[documents].tolist()
        segments = (np.searchsorted(self._starts, documents, side="right") - 1).tolist()
        readings = (
            self._readings[segment][document - int(self._starts[segment])]
            for segment, document in zip(segments, documents.tolist(), strict=True)
        )
        return [
            Determination(
                id=stored.id,
                letter=stored.letter,
                issue=stored.issue,
                concepts=reading.concepts,
                reasons=reading.reasons,
            )
            for stored, reading in zip(self.store.issues(numbers), readings, strict=True)
        ]

    def _document(self, issue: str) -> int:
        letter_id, _, n = issue.partition("#")
        number = None
        if n.isascii() and n.isdigit() and len(n) < 10:
            number = self.store.number_of(letter_id, int(n), self.generation)
        if number is not None:
            place = int(np.searchsorted(self._numbers, number, sorter=self._by_number))
            document = int(self._by_number[min(place, self.size - 1)])
            if self._numbers[document] == number and self.live[document]:
                return document
        raise NotFound("issue", issue)


def _joined(kind: type[np.generic], parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts])


def _open_store(directory: Path, manifest: Manifest) -> Store:
    """The store that `manifest` was published with. Raises IndexUnusable where it is not there."""
    again = f"run `precedent index PATH... --index {directory}`"
    try:
        store = Store(directory, read_only=True)
        build = store.build
    except sqlite3.Error as error:
        raise IndexUnusable(f"{directory / FILE} cannot be opened ({error}): {again}") from error
    if build != manifest.build:
        store.close()
        raise IndexUnusable(
            f"{directory / FILE} belongs to another index than the segments beside it: {again}, "
            "or wait for the run that does"
        )
    return store
