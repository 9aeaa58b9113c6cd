"""Reading sources for a writer: each hashed, extracted and parsed in processes with bounds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from index import digests
from index.extract import Source, discover, shown
from index.extract.child import Answer, Ask
from index.extract.reader import Readers
from index.progress import Reporter
from index.provenance import Quarantined
from index.writer import Given, Writer

_BATCH = 32  # sources written together: more is not faster, and more is lost when stopped
_PARALLEL_FROM = 64  # fewer sources than this are read faster than processes start


@dataclass
class Intake:
    """What reading found: every source met, by name, with its refusal if it has one.

    `became` counts what became of letters: "new", "changed", "same" or "removed".
    """

    became: Counter[str] = field(default_factory=Counter)
    met: dict[bytes, Quarantined | None] = field(default_factory=dict)

    @property
    def quarantined(self) -> list[Quarantined]:
        """The refusals, in the order of reading."""
        return [refusal for refusal in self.met.values() if refusal is not None]


def read_sources(
    paths: Sequence[Path],
    writer: Writer,
    reporter: Reporter,
    readers: Readers,
    *,
    prune: bool = False,
) -> Intake:
    """Read every source under `paths` that is new or changed, and hand it to the writer.

    With `prune`, sources that stood under `paths` before and are not there now are forgotten. A few
    are written at a time, so that an interrupted run loses no more. Raises FileNotFoundError for a
    path that does not exist, ReaderUnavailable.
    """
    known, refused = writer.known(), writer.quarantined()
    intake = Intake()
    # A source that lies under two of the paths is one.
    sources = {source.name: source for source in discover(paths, readers.members)}.values()
    reader = digests.reader_digest()
    asks = (
        Ask(want="letter", source=source, known=known.get(source.name, ""), reader=reader)
        for source in sources
    )
    several = len(sources) >= _PARALLEL_FROM
    answered = zip(sources, readers.read(asks, several=several), strict=True)
    with reporter.stage("reading letters", len(sources), "files") as stage:
        while some := list(islice(answered, _BATCH)):
            batch = [_given(source, answer) for source, answer in some]
            intake.became += writer.add(batch)
            for given in batch:
                _note(given, intake, refused)
            stage.tick(len(some))
    roots = tuple(os.fsencode(path.resolve()).rstrip(b"/") + b"/" for path in paths)
    missing = [name for name in known if name not in intake.met and (name + b"/").startswith(roots)]
    _settle_missing(missing, writer, intake, prune=prune)
    return intake


def _given(source: Source, answer: Answer) -> Given:
    return Given(
        source=source.name,
        digest=answer.digest,
        letter=answer.letter,
        refusal=answer.refusal,
    )


def _note(given: Given, intake: Intake, refused: Mapping[bytes, Quarantined]) -> None:
    """Note a source; one that gave nothing new has the bytes that it had before."""
    intake.met[given.source] = None
    if given.refusal is not None:
        code, reason, remedy = given.refusal
        intake.met[given.source] = Quarantined(
            source=shown(given.source), code=code, reason=reason, remedy=remedy
        )
    elif given.letter is None and given.source in refused:
        intake.met[given.source] = refused[given.source]
    elif given.letter is None:
        intake.became["same"] += 1


def _settle_missing(
    missing: Sequence[bytes], writer: Writer, intake: Intake, *, prune: bool
) -> None:
    """Sources are gone, unless what they lie in cannot be read: nobody knows then."""
    unreadable = {name for name, refusal in intake.met.items() if refusal is not None}
    unknown = {name for name in missing if any(place in unreadable for place in _places(name))}
    gone = [name for name in missing if prune and name not in unknown]
    intake.became += writer.set_aside(unknown)
    intake.became += writer.remove(gone)


def _places(name: bytes) -> Iterator[bytes]:
    """The archives and folders that a source lies in."""
    while name := name.rpartition(b"/")[0]:
        yield name
