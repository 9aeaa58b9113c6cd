"""Reading sources into the store: hash, extract, parse, put; in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from index.extract import Source, Unreadable, discover, extract, fold
from index.letter import Letter
from index.parse import parse
from index.progress import Reporter
from index.store import Quarantined, Store
from index.workers import process_pool

_READER = b"1"  # raised when reading changes: every file is then read again
_BATCH = 32  # sources handed to a process at once
_AHEAD = 8  # batches under way for each process: bounds memory, not speed
_PARALLEL_FROM = 64  # fewer sources than this are read faster than processes start


@dataclass
class Reading:
    """What reading found: counts of letters by what became of them, names and quarantine."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    names: set[str] = field(default_factory=set)
    quarantined: list[Quarantined] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Read:
    """A source that was read: its hash and the letter, or why there is none."""

    name: str
    digest: str
    letter: Letter | None
    refusal: tuple[str, str, str]


def read_letter(name: str, data: bytes) -> Letter:
    """The letter in the bytes of one file. Raises Unreadable (code, reason, remedy)."""
    return parse(extract(name, data))


def read_sources(
    paths: Sequence[Path], store: Store, generation: int, reporter: Reporter, workers: int
) -> Reading:
    """Read every source under `paths` that is new or changed into the store.

    Each batch is one transaction, so that an interrupted run loses at most a few. Raises
    FileNotFoundError for a path that does not exist.
    """
    known = store.source_hashes()
    refused = {entry.source: entry for entry in store.quarantined()}
    reading = Reading()
    sources = list(discover(paths))
    with reporter.stage("reading letters", len(sources), "files") as stage:
        changed = _changed(sources, known, refused, reading, stage.tick)
        for batch in _in_processes(changed, workers if len(sources) >= _PARALLEL_FROM else 1):
            with store.transaction():
                for found in batch:
                    _put(found, store, generation, reading)
            stage.tick(len(batch))
    return reading


def full_name(path: Path) -> str:
    """How the sources at or under `path` begin: the same wherever a run is started."""
    return fold(str(path.resolve()))


def _changed(
    sources: Iterable[Source],
    known: dict[str, str],
    refused: dict[str, Quarantined],
    reading: Reading,
    tick: Callable[[int], None],
) -> Iterator[tuple[str, str, bytes | tuple[str, str, str]]]:
    """(name, hash, bytes or refusal) of each source whose bytes are not those read before."""
    for source in sources:
        reading.read += 1
        reading.names.add(source.name)
        try:
            data = source.load()
        except Unreadable as refusal:
            yield source.name, "", (refusal.code, refusal.reason, refusal.remedy)
            continue
        digest = blake2b(data, digest_size=16, salt=_READER).hexdigest()
        if known.get(source.name) == digest:
            if source.name in refused:
                reading.quarantined.append(refused[source.name])
            else:
                reading.same += 1
            tick(1)
        else:
            yield source.name, digest, data


def _put(found: _Read, store: Store, generation: int, reading: Reading) -> None:
    if found.letter is None:
        code, reason, remedy = found.refusal
        entry = Quarantined(source=found.name, code=code, reason=reason, remedy=remedy)
        store.quarantine(entry, found.digest)
        reading.quarantined.append(entry)
        return
    became = store.put(found.letter, generation)
    store.put_source(found.name, found.digest, found.letter.id)
    setattr(reading, became, getattr(reading, became) + 1)


def _in_processes(
    sources: Iterator[tuple[str, str, bytes | tuple[str, str, str]]], workers: int
) -> Iterator[list[_Read]]:
    batches = iter(lambda: list(islice(sources, _BATCH)), [])
    if workers == 1:
        yield from map(_read_batch, batches)
        return
    with process_pool(workers) as pool:
        waiting: list[Future[list[_Read]]] = []
        for batch in batches:
            waiting.append(pool.submit(_read_batch, batch))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _read_batch(batch: list[tuple[str, str, bytes | tuple[str, str, str]]]) -> list[_Read]:
    found = []
    for name, digest, data in batch:
        if isinstance(data, tuple):
            found.append(_Read(name, digest, None, data))
            continue
        try:
            found.append(_Read(name, digest, read_letter(name, data), ("", "", "")))
        except Unreadable as refusal:
            reason = (refusal.code, refusal.reason, refusal.remedy)
            found.append(_Read(name, digest, None, reason))
    return found
