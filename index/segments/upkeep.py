"""The segments of an index: written, derived anew when stale, embedded, merged when small.

Each step leaves on disk what it has done: a run that is stopped goes on from there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from index import digests
from index.encoder import DocumentEncoder
from index.folder import remove_folder
from index.progress import Reporter
from index.segments.embedding import KnownVectors, embed_segment, is_embedded, known_vectors
from index.segments.segment import (
    FILES,
    FOLDER,
    NAME,
    derived_with,
    passages_at,
    write_segment,
)
from index.store import Store
from index.upgrade import FILES_OF_FORMAT_2
from index.workers import process_pool

SEGMENT_ISSUES = 200_000  # what a segment is cut at: bounds the memory of writing one
MERGE_AT = 8  # this many small segments become one
SMALL_SEGMENT = 20_000
_PARALLEL_FROM = 2_000  # issues; fewer are written faster than processes start
_REMOVABLE = re.compile(f"{FILES.pattern}|{FILES_OF_FORMAT_2}")

Encoder = Callable[[], DocumentEncoder]


class Segments:
    """The segments in which the issues of a store stand, while they are written."""

    def __init__(self, directory: Path, store: Store, encoder: Encoder, reporter: Reporter) -> None:
        """`encoder` is called where a passage has to be embedded."""
        self._directory = directory
        self._store = store
        self._encoder = encoder
        self._reporter = reporter

    def write_pending(self) -> None:
        """Write the issues that stand in no segment yet."""
        self._write("indexing words", self._store.pending())

    def derive_anew(self) -> None:
        """Write the segments again that were derived with other code or tables than today's."""
        digest, names = digests.derive_digest(), self._store.segments()
        stale = [name for name in names if derived_with(self._directory, name) != digest]
        live = (number for name in stale for number in self._store.live_numbers(name))
        self._write("deriving anew", sorted(live))

    def embed(self) -> int:
        """Write the vectors of the segments that have none; returns how many texts it embedded."""
        paths = [(name, self._directory / FOLDER / name) for name in self._store.segments()]
        waiting = [name for name, path in paths if not is_embedded(path)]
        known = self._known() if waiting else []
        embedded = 0
        for name in waiting:
            embedded += self._embed(name, known)
            known += self._known(name)
        return embedded

    def merge(self) -> None:
        """Make one segment of the small ones where there are many."""
        live = {name: self._store.live_numbers(name) for name in self._store.segments()}
        small = [name for name, numbers in live.items() if len(numbers) < SMALL_SEGMENT]
        if len(small) < MERGE_AT:
            return
        numbers = sorted(number for name in small for number in live[name])
        (merged,) = self._new_names(1)
        with self._reporter.stage("merging segments", len(numbers), "issues") as stage:
            write_segment(self._directory, merged, numbers, digests.derive_digest())
            self._embed(merged, self._known(*small))
            self._assign(merged, numbers)
            stage.tick(len(numbers))

    def keep(self, wanted: Collection[str]) -> None:
        """Remove all other segments that we have made: left half-written, or listed no more."""
        for path in (self._directory / FOLDER).iterdir():
            if path.name not in wanted and NAME.fullmatch(path.name):
                remove_folder(path, _REMOVABLE)

    def _write(self, said: str, numbers: Sequence[int]) -> None:
        """Let these issues stand in new segments, several at once; `said` names the stage."""
        if not numbers:
            return
        workers = len(os.sched_getaffinity(0)) if len(numbers) >= _PARALLEL_FROM else 1
        rounds = -(-len(numbers) // (workers * SEGMENT_ISSUES))
        size = -(-len(numbers) // (workers * rounds))  # every process writes as many
        parts = [numbers[at : at + size] for at in range(0, len(numbers), size)]
        named = list(zip(self._new_names(len(parts)), parts, strict=True))
        digest = digests.derive_digest()
        with self._reporter.stage(said, len(numbers), "issues") as stage:
            if workers == 1:
                for name, part in named:
                    write_segment(self._directory, name, part, digest)
                    self._assign(name, part)
                    stage.tick(len(part))
                return
            with process_pool(workers) as pool:
                jobs = [
                    pool.submit(write_segment, self._directory, name, part, digest)
                    for name, part in named
                ]
                for job, (name, part) in zip(jobs, named, strict=True):
                    job.result()
                    self._assign(name, part)
                    stage.tick(len(part))

    def _assign(self, name: str, numbers: Sequence[int]) -> None:
        with self._store.transaction():
            self._store.assign(name, numbers)

    def _new_names(self, count: int) -> list[str]:
        named = (NAME.fullmatch(path.name) for path in (self._directory / FOLDER).iterdir())
        taken = [int(match[1]) for match in named if match]
        first = max(taken, default=0) + 1
        return [f"s{number:06}" for number in range(first, first + count)]

    def _embed(self, name: str, known: Sequence[KnownVectors]) -> int:
        texts = partial(passages_at, self._directory, name, self._store)
        path = self._directory / FOLDER / name
        return embed_segment(path, texts, known, self._encoder, self._reporter)

    def _known(self, *names: str) -> list[KnownVectors]:
        """The vectors in these segments; else in all there are, also those nobody lists now."""
        there = sorted(path.name for path in (self._directory / FOLDER).iterdir())
        paths = [self._directory / FOLDER / name for name in names or filter(NAME.fullmatch, there)]
        return [known for path in paths if (known := known_vectors(path)) is not None]
