"""An index run: read the letters, write segments, embed them, publish a generation.

Every stage leaves on disk what it has done, so a run that was stopped at any instant is
finished by running the same command again; readers see the old generation until the rename
of the manifest that publishes the new one.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import manifest as manifests
from index.encoder import (
    ENCODER_FILES,
    DocumentEncoder,
    Model,
    export_query_encoder,
    find_model,
)
from index.extract.reader import Readers
from index.files import write_atomically
from index.folder import NotOurs, claim, remove_folder
from index.manifest import IndexUnusable, Manifest
from index.passages import RECIPE
from index.progress import Reporter
from index.reading import full_name, read_sources
from index.segments.segment import (
    FILES,
    FOLDER,
    NAME,
    copy_meaning,
    has_vectors,
    issue_numbers,
    write_meaning,
    write_words,
)
from index.store import Quarantined, Store
from index.workers import process_pool

SEGMENT_ISSUES = 200_000  # what a segment is cut at: bounds the memory of writing one
MERGE_AT = 8  # this many small segments become one
SMALL_SEGMENT = 20_000
_DELETED = re.compile(r"deleted-\d{6,}\.npy(\.tmp)?")
_PARALLEL_FROM = 2_000  # issues; fewer are written faster than processes start


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an index run did: counts of files read and of letters, and the index after it."""

    read: int
    new: int
    changed: int
    same: int
    removed: int
    quarantined: tuple[Quarantined, ...]
    letters: int
    issues: int
    generation: int


def build(
    paths: Sequence[Path],
    directory: Path,
    reporter: Reporter,
    *,
    prune: bool = False,
    readers: Readers | None = None,
) -> Summary:
    """Add or update the letters under `paths` in the index in `directory`.

    With `prune`, letters whose files under `paths` are gone are removed. Files are read by
    `readers`, which a caller that runs again may keep. Raises FileNotFoundError for a path that
    does not exist, IndexUnusable for an index of another format or model, or one that another run
    is writing, ReaderUnavailable where no process can be started.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FileNotFoundError(f"there is no {missing[0]}: give a file or folder that exists")
    model = find_model()
    with _writing(directory):
        old = _published(directory, model)
        generation = old.generation + 1 if old else 1
        _sweep(directory, old)
        with closing(Store(directory)) as store:
            with nullcontext(readers) if readers else Readers() as reading_with:
                reading = read_sources(paths, store, generation, reporter, reading_with)
            removed = _prune(paths, reading.names, store, generation) if prune else 0
            _write_segments(directory, store, reporter, len(os.sched_getaffinity(0)))
            if old is None or _has_news(store, old):
                precision = _embed(directory, store, model, reporter, old.precision if old else "")
                _merge(directory, store, reporter)
                old = _publish(directory, store, model, generation, old, precision)
    return Summary(
        read=reading.read,
        new=reading.new,
        changed=reading.changed,
        same=reading.same,
        removed=removed,
        quarantined=tuple(reading.quarantined),
        letters=old.letters,
        issues=old.issues,
        generation=old.generation,
    )


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
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
    old = manifests.read_manifest(directory)
    if old.model_digest != model.digest or old.recipe != RECIPE:
        raise IndexUnusable(
            f"the index in {directory} was built with the model {old.model} and this run would "
            f"use {model.name} in another way: delete the directory, or index into another one"
        )
    return old


def _sweep(directory: Path, old: Manifest | None) -> None:
    """Remove segments that an interrupted run left half-written or nobody lists any more."""
    store = Store(directory)
    wanted = {*store.segments(), *(old.segments if old else ())}
    store.close()
    _keep_segments(directory, wanted)


def _keep_segments(directory: Path, wanted: Collection[str]) -> None:
    """Remove all other segments that we have made."""
    for path in (directory / FOLDER).iterdir():
        if path.name not in wanted and NAME.fullmatch(path.name):
            remove_folder(path, FILES)


def _prune(paths: Sequence[Path], found: set[str], store: Store, generation: int) -> int:
    """Remove letters whose files stood under `paths` before and are not there now."""
    roots = [full_name(path) for path in paths]
    gone = [
        name
        for name in store.source_hashes()
        if name not in found and any(_is_under(name, root) for root in roots)
    ]
    with store.transaction():
        return store.prune(gone, generation)


def _is_under(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root.rstrip('/')}/")


def _write_segments(directory: Path, store: Store, reporter: Reporter, workers: int) -> None:
    """Write the words of all issues that stand in no segment yet, several segments at once."""
    pending = store.pending()
    if not pending:
        return
    workers = workers if len(pending) >= _PARALLEL_FROM else 1
    rounds = -(-len(pending) // (workers * SEGMENT_ISSUES))
    size = -(-len(pending) // (workers * rounds))  # every process writes as many
    parts = [pending[at : at + size] for at in range(0, len(pending), size)]
    names = _new_names(directory, len(parts))
    with reporter.stage("indexing words", len(pending), "issues") as stage:
        if workers == 1:
            for name, part in zip(names, parts, strict=True):
                write_words(directory, name, part)
                _assign(store, name, part)
                stage.tick(len(part))
            return
        with process_pool(workers) as pool:
            jobs = [
                pool.submit(write_words, directory, name, part)
                for name, part in zip(names, parts, strict=True)
            ]
            for job, name, part in zip(jobs, names, parts, strict=True):
                job.result()
                _assign(store, name, part)
                stage.tick(len(part))


def _assign(store: Store, name: str, numbers: Sequence[int]) -> None:
    with store.transaction():
        store.assign(name, numbers)


def _new_names(directory: Path, count: int) -> list[str]:
    named = (NAME.fullmatch(path.name) for path in (directory / FOLDER).iterdir())
    taken = [int(match[1]) for match in named if match]
    first = max(taken, default=0) + 1
    return [f"s{number:06}" for number in range(first, first + count)]


def _has_news(store: Store, old: Manifest) -> bool:
    return set(store.segments()) != set(old.segments) or bool(store.died_since(old.generation))


def _embed(directory: Path, store: Store, model: Model, reporter: Reporter, known: str) -> str:
    """Embed the segments that have no vectors; returns the precision used, else the `known` one."""
    if not (directory / _encoder_name(model)).exists():
        reporter.say("preparing the encoder of questions, once for each index")
        export_query_encoder(model, directory / _encoder_name(model))
    names = store.segments()
    waiting = [name for name in names if not has_vectors(directory, name)]
    if not waiting and (known or not names):
        return known
    reporter.say("loading the encoder of letters")
    encoder = DocumentEncoder(model)
    for name in waiting:
        write_meaning(directory, name, store, encoder, reporter)
    return encoder.precision


def _encoder_name(model: Model) -> str:
    return f"encoder-{model.digest[:12]}"


def _merge(directory: Path, store: Store, reporter: Reporter) -> None:
    """Make one segment of the small ones where there are many."""
    live = {name: store.live_numbers(name) for name in store.segments()}
    small = [name for name, numbers in live.items() if len(numbers) < SMALL_SEGMENT]
    if len(small) < MERGE_AT:
        return
    numbers = sorted(number for name in small for number in live[name])
    (merged,) = _new_names(directory, 1)
    with reporter.stage("merging segments", len(numbers), "issues") as stage:
        write_words(directory, merged, numbers)
        copy_meaning(directory, merged, small)
        _assign(store, merged, numbers)
        stage.tick(len(numbers))


def _publish(
    directory: Path,
    store: Store,
    model: Model,
    generation: int,
    old: Manifest | None,
    precision: str,
) -> Manifest:
    segments = store.segments()
    deleted = f"deleted-{generation:06}.npy"
    dead = [
        np.setdiff1d(issue_numbers(directory, name), store.live_numbers(name)) for name in segments
    ]
    with io.BytesIO() as buffer:
        np.save(buffer, np.concatenate([np.zeros(0, np.int64), *dead]))
        write_atomically(directory / deleted, buffer.getvalue())
    letters, issues = store.counts(generation)
    ours = {f"{FOLDER}/{name}": FILES for name in segments} | {_encoder_name(model): ENCODER_FILES}
    files = [deleted] + [
        str(path.relative_to(directory))
        for folder, pattern in ours.items()
        for path in sorted((directory / folder).rglob("*"))
        if path.is_file() and pattern.fullmatch(path.relative_to(directory / folder).as_posix())
    ]
    published = Manifest(
        format=manifests.FORMAT,
        generation=generation,
        model=model.name,
        model_digest=model.digest,
        precision=precision,
        recipe=RECIPE,
        letters=letters,
        issues=issues,
        segments=tuple(segments),
        deleted=deleted,
        encoder=_encoder_name(model),
        files=manifests.describe(directory, files, old.files if old else {}),
    )
    manifests.publish(directory, published)
    _clean_up(directory, store, published, old)
    return published


def _clean_up(directory: Path, store: Store, new: Manifest, old: Manifest | None) -> None:
    """Drop what neither the new generation nor the one before it needs."""
    kept = {*new.segments, *(old.segments if old else ())}
    _keep_segments(directory, kept)
    for path in directory.iterdir():
        named = _DELETED.fullmatch(path.name)
        if named and path.name not in {new.deleted, old.deleted if old else ""}:
            path.unlink()
    with store.transaction():
        store.purge(new.generation - 1)
