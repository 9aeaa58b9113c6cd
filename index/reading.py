"""Reading sources into the store: each hashed, extracted and parsed in processes with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from index.extract import Source, discover, fold
from index.extract.child import Answer, Ask
from index.extract.reader import Readers
from index.progress import Reporter
from index.store import Quarantined, Store

_TRANSACTION = 32  # letters stored together: more is not faster, and more is lost when stopped
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


def read_sources(
    paths: Sequence[Path],
    store: Store,
    generation: int,
    reporter: Reporter,
    readers: Readers,
) -> Reading:
    """Read every source under `paths` that is new or changed into the store.

    Each transaction holds a few letters, so that an interrupted run loses no more. Raises
    FileNotFoundError for a path that does not exist, ReaderUnavailable.
    """
    known = store.source_hashes()
    refused = {entry.source: entry for entry in store.quarantined()}
    reading = Reading()
    sources = list(discover(paths, readers.members))
    asks = (
        Ask(want="letter", source=source, known=known.get(source.name, "")) for source in sources
    )
    several = len(sources) >= _PARALLEL_FROM
    answered = zip(sources, readers.read(asks, several=several), strict=True)
    with reporter.stage("reading letters", len(sources), "files") as stage:
        while some := list(islice(answered, _TRANSACTION)):
            with store.transaction():
                for source, answer in some:
                    _put(source, answer, store, generation, reading, refused)
            stage.tick(len(some))
    return reading


def full_name(path: Path) -> str:
    """How the sources at or under `path` begin: the same wherever a run is started."""
    return fold(str(path.resolve()))


def _put(
    source: Source,
    answer: Answer,
    store: Store,
    generation: int,
    reading: Reading,
    refused: dict[str, Quarantined],
) -> None:
    reading.read += 1
    reading.names.add(source.name)
    if answer.refusal is not None:
        code, reason, remedy = answer.refusal
        entry = Quarantined(source=source.name, code=code, reason=reason, remedy=remedy)
        store.quarantine(entry, answer.digest)
        reading.quarantined.append(entry)
    elif answer.letter is not None:
        became = store.put(answer.letter, generation)
        store.put_source(source.name, answer.digest, answer.letter.id)
        setattr(reading, became, getattr(reading, became) + 1)
    elif source.name in refused:  # the bytes are those that were refused before
        reading.quarantined.append(refused[source.name])
    else:
        reading.same += 1
