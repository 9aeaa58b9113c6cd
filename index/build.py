"""An index run: read the letters under some paths, hand them to a writer, publish.

Every stage leaves behind what it has done, so a run that was stopped at any instant is finished by
running the same command again; readers see the old generation until the new one is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from index.extract.reader import Readers
from index.progress import Reporter
from index.provenance import Conflict, Quarantined
from index.reading import read_sources
from index.segments.writer import open_writer
from index.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an index run did: counts of files read and of letters, and the index after it.

    `quarantined` are those of the files read; `conflicts` are all that the index has.
    """

    read: int
    new: int
    changed: int
    same: int
    removed: int
    quarantined: tuple[Quarantined, ...]
    conflicts: tuple[Conflict, ...]
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
    with open_writer(directory, reporter) as writer:
        return write(paths, writer, reporter, prune=prune, readers=readers)


def write(
    paths: Sequence[Path],
    writer: Writer,
    reporter: Reporter,
    *,
    prune: bool = False,
    readers: Readers | None = None,
) -> Summary:
    """The same through a writer of any kind of index, for paths that exist."""
    with nullcontext(readers) if readers else Readers() as reading_with:
        intake = read_sources(paths, writer, reporter, reading_with, prune=prune)
    published = writer.publish()
    return Summary(
        read=len(intake.met),
        new=intake.became["new"],
        changed=intake.became["changed"],
        same=intake.became["same"],
        removed=intake.became["removed"],
        quarantined=tuple(intake.quarantined),
        conflicts=tuple(writer.conflicts()),
        letters=published.letters,
        issues=published.issues,
        generation=published.generation,
    )
