"""One opened generation of an index: its segments, numbered through, and what reads them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.letter import Outcome
from index.manifest import IndexUnusable, Manifest, read_manifest
from index.segments.postings import IndexDamaged
from index.segments.segment import open_segment
from index.store import Store, StoredIssue
from search.concepts import ConceptArm
from search.facets import Catalogue
from search.lexical import LexicalArm
from search.semantic import SemanticArm

Documents = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Snapshot:
    """A generation as a reader sees it, unchanged until it is let go; safe across threads.

    Documents are numbered 0 to `size` - 1 over the segments in order, dead ones included;
    `numbers` are their issue numbers in the store, `live` tells which are not dead, `days` is the
    ordinal of the decision date (0: none), `wordings` are equal where the reviewer's words are;
    `base` counts the overturned and the decided among all live issues.
    """

    def __init__(self, directory: Path) -> None:
        """Open the published generation. Raises IndexUnusable where that is not possible."""
        self.directory = directory
        self.manifest: Manifest = read_manifest(directory)
        try:
            segments = [open_segment(directory, name) for name in self.manifest.segments]
            dead = np.load(directory / self.manifest.deleted)
        except (OSError, RuntimeError, IndexDamaged, ValueError) as error:
            raise IndexUnusable(
                f"the index in {directory} is damaged ({error}): run `precedent verify --index "
                f"{directory}` for what is wrong, or delete the directory and index again"
            ) from error
        self.numbers: Documents = np.concatenate(
            [np.zeros(0, np.int64), *(segment.issues for segment in segments)]
        )
        self.live: Mask = ~np.isin(self.numbers, dead)
        self.size = len(self.numbers)
        self._by_number = np.argsort(self.numbers, kind="stable")
        starts = np.cumsum([0, *(len(segment.issues) for segment in segments)])
        deleted = [~self.live[start:end] for start, end in pairwise(starts)]
        self.lexical = LexicalArm([segment.impacts for segment in segments], deleted)
        self.semantic = SemanticArm([segment.vectors for segment in segments])
        self.catalogue = Catalogue([segment.attributes for segment in segments])
        self.concepts = ConceptArm(self.catalogue)
        self.wordings = np.concatenate(
            [np.zeros(0, np.uint64), *(segment.attributes.wordings for segment in segments)]
        )
        self.days = np.concatenate(
            [np.zeros(0, np.int32), *(segment.attributes.days for segment in segments)]
        )
        self.overturned = self.catalogue.mask("outcome", [Outcome.OVERTURNED])
        self.decided = self.overturned | self.catalogue.mask("outcome", [Outcome.UPHELD])
        self.base = (
            int(np.count_nonzero(self.overturned & self.live)),
            int(np.count_nonzero(self.decided & self.live)),
        )
        self._stores = threading.local()

    @property
    def generation(self) -> int:
        """The number of the generation."""
        return self.manifest.generation

    @property
    def encoder_path(self) -> Path:
        """Where the query encoder of this generation lies."""
        return self.directory / self.manifest.encoder

    def stored(self, documents: Sequence[int] | Documents) -> list[StoredIssue]:
        """The issues of these documents, in the order given."""
        return self.store.issues([int(self.numbers[document]) for document in documents])

    def ids(self, documents: Sequence[int] | Documents) -> list[str]:
        """Their public ids."""
        return self.store.ids([int(self.numbers[document]) for document in documents])

    def document_of(self, number: int) -> int:
        """The document of an issue number. Raises KeyError for one that is not live here."""
        at = np.searchsorted(self.numbers, number, sorter=self._by_number)
        if at < self.size:
            document = int(self._by_number[at])
            if self.numbers[document] == number and self.live[document]:
                return document
        raise KeyError(f"no issue of number {number} in generation {self.generation}")

    @property
    def store(self) -> Store:
        """A connection to the store that belongs to the calling thread."""
        store: Store | None = getattr(self._stores, "store", None)
        if store is None:
            store = self._stores.store = Store(self.directory, read_only=True)
        return store
