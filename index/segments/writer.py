"""The writer of an index on disk: a store, segments, and a manifest that publishes them.

Readers see the old generation until the rename of the manifest that publishes the new one.
"""

from __future__ import annotations

import fcntl
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from index import digests, upgrade
from index import manifest as manifests
from index.encoder import (
    ENCODER_FILES,
    DocumentEncoder,
    Model,
    export_query_encoder,
    find_model,
)
from index.files import write_atomically
from index.folder import NotOurs, claim
from index.manifest import IndexUnusable, Manifest
from index.progress import Reporter
from index.provenance import Conflict, Quarantined
from index.segments.segment import FILES, FOLDER, average_lengths, issue_numbers
from index.segments.upkeep import Encoder, Segments
from index.store import Store
from index.writer import Given, Published

_DELETED = re.compile(r"deleted-\d{6,}\.npy(\.tmp)?")


@contextmanager
def open_writer(directory: Path, reporter: Reporter) -> Iterator[LocalWriter]:
    """Hold the index in `directory` for writing; it is made where there is none.

    Raises IndexUnusable for an index of another format or model, one that another run is writing,
    or a directory that is not ours, ModelUnavailable.
    """
    model = find_model()
    with _holding(directory):
        old = _published(directory, model)
        with closing(Store(directory)) as store:
            upgrade.upgrade(directory, store, reporter)
            yield LocalWriter(directory, store, model, old, reporter)


class LocalWriter:
    """Writes one index on disk; a `Writer`."""

    def __init__(
        self,
        directory: Path,
        store: Store,
        model: Model,
        old: Manifest | None,
        reporter: Reporter,
    ) -> None:
        """`old` is the generation that is published, if any."""
        self._directory = directory
        self._store = store
        self._model = model
        self._old = old
        self._generation = old.generation + 1 if old else 1
        self._reporter = reporter
        self._encoder = _loaded_once(model, reporter)
        self._segments = Segments(directory, store, self._encoder, reporter)

    def known(self) -> Mapping[bytes, str]:
        """The digest of the bytes last read of every source, by its name."""
        return self._store.sources.hashes()

    def quarantined(self) -> Mapping[bytes, Quarantined]:
        """The refusal of every source that could not be read, by its name."""
        return self._store.sources.quarantined()

    def add(self, batch: Sequence[Given]) -> Counter[str]:
        """Keep what sources gave, in one transaction; what became of letters."""
        became = Counter[str]()
        with self._store.transaction():
            for one in batch:
                name, digest, at = one.source, one.digest, self._generation
                if one.refusal is not None:
                    became.update(self._store.quarantine(name, digest, one.refusal, at))
                elif one.letter is not None:
                    became.update(self._store.put_source(name, digest, one.letter, at))
        return became

    def set_aside(self, sources: Collection[bytes]) -> Counter[str]:
        """As if none of these sources could be read; what became of letters."""
        with self._store.transaction():
            return Counter(self._store.put_aside(sources, self._generation))

    def remove(self, sources: Collection[bytes]) -> Counter[str]:
        """Forget sources, and every letter that none gives; what became of letters."""
        with self._store.transaction():
            became = Counter(self._store.prune(sources, self._generation))
            became.update(self._store.remove_orphans(self._generation))
        return became

    def conflicts(self) -> Sequence[Conflict]:
        """Every letter of which sources give different records, by id."""
        return self._store.sources.conflicts()

    def publish(self) -> Published:
        """Write, embed and merge segments, and publish them where anything is new."""
        self._segments.write_pending()
        self._segments.derive_anew()
        if self._old is None or self._has_news(self._old):
            precision = self._embed()
            self._segments.merge()
            new = self._manifest(precision)
            manifests.publish(self._directory, new)
            self._clean_up(new)
            self._old, self._generation = new, new.generation + 1
        else:
            self._segments.keep(self._old.segments)
        now = self._old
        return Published(letters=now.letters, issues=now.issues, generation=now.generation)

    def _has_news(self, old: Manifest) -> bool:
        made_with = (old.reader_digest, old.derive_digest)
        return (
            set(self._store.segments()) != set(old.segments)
            or self._store.died_since(old.generation)
            or made_with != (digests.reader_digest(), digests.derive_digest())
        )

    def _embed(self) -> str:
        """Embed the segments that have no vectors; returns the precision of the index."""
        folder = self._directory / _encoder_name(self._model)
        if not folder.exists():
            self._reporter.say("preparing the encoder of questions, once for each index")
            export_query_encoder(self._model, folder)
        if not self._segments.embed() and self._old and self._old.precision:
            return self._old.precision
        return self._encoder().precision if self._store.segments() else ""

    def _manifest(self, precision: str) -> Manifest:
        """The new generation, its list of dead issues written."""
        old, segments = self._old, self._store.segments()
        letters, issues = self._store.counts(self._generation)
        averages, averages_of = (old.averages, old.averages_of) if old else ((), 0)
        derived_anew = old is None or old.derive_digest != digests.derive_digest()
        if derived_anew or not averages_of / 2 < issues < averages_of * 2:
            averages, averages_of = average_lengths(self._directory, segments), issues
        deleted = self._write_deleted(segments)
        files = [deleted, *self._files(segments)]
        return Manifest(
            format=manifests.FORMAT,
            build=self._store.build,
            generation=self._generation,
            model=self._model.name,
            model_digest=self._model.digest,
            precision=precision,
            reader_digest=digests.reader_digest(),
            derive_digest=digests.derive_digest(),
            letters=letters,
            issues=issues,
            averages=averages,
            averages_of=averages_of,
            segments=tuple(segments),
            deleted=deleted,
            encoder=_encoder_name(self._model),
            files=manifests.describe(self._directory, files, old.files if old else {}),
        )

    def _write_deleted(self, segments: Sequence[str]) -> str:
        """Write down the dead issues of segments; returns the name of the file."""
        name = f"deleted-{self._generation:06}.npy"
        dead = [
            np.setdiff1d(issue_numbers(self._directory, each), self._store.live_numbers(each))
            for each in segments
        ]
        with io.BytesIO() as buffer:
            np.save(buffer, np.concatenate([np.zeros(0, np.int64), *dead]))
            write_atomically(self._directory / name, buffer.getvalue())
        return name

    def _files(self, segments: Sequence[str]) -> list[str]:
        """The files of segments and of the encoder, relative to the index."""
        ours = {f"{FOLDER}/{name}": FILES for name in segments}
        return [
            str(path.relative_to(self._directory))
            for folder, pattern in (ours | {_encoder_name(self._model): ENCODER_FILES}).items()
            for path in sorted((self._directory / folder).rglob("*"))
            if path.is_file()
            and pattern.fullmatch(path.relative_to(self._directory / folder).as_posix())
        ]

    def _clean_up(self, new: Manifest) -> None:
        """Drop what neither the new generation nor the one before it needs."""
        old = self._old
        self._segments.keep({*new.segments, *(old.segments if old else ())})
        for path in self._directory.iterdir():
            named = _DELETED.fullmatch(path.name)
            if named and path.name not in {new.deleted, old.deleted if old else ""}:
                path.unlink()
        with self._store.transaction():
            self._store.purge(new.generation - 1)


@contextmanager
def _holding(directory: Path) -> Iterator[None]:
    """Hold the index for writing; IndexUnusable where another run does, or it is not ours."""
    try:
        claim(directory)
    except NotOurs as error:
        raise IndexUnusable(str(error)) from error
    (directory / FOLDER).mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise IndexUnusable(
                f"another run is writing the index in {directory}: wait for it to end"
            ) from None
        yield


def _published(directory: Path, model: Model) -> Manifest | None:
    if not (directory / manifests.FILE).exists():
        return None
    old = upgrade.published(directory)
    if old.model_digest != model.digest:
        raise IndexUnusable(
            f"the index in {directory} was built with the model {old.model} and this run would "
            f"use {model.name}: delete the directory, or index into another one"
        )
    return old


def _loaded_once(model: Model, reporter: Reporter) -> Encoder:
    """The encoder of letters, loaded when it is first asked for: that takes seconds."""

    @cache
    def encoder() -> DocumentEncoder:
        reporter.say("loading the encoder of letters")
        return DocumentEncoder(model)

    return encoder


def _encoder_name(model: Model) -> str:
    return f"encoder-{model.digest[:12]}"
