"""Random histories of a folder of letters: whatever happened, the index is that of its files.

Files are written, damaged, renamed, packed and removed, and indexed in between, wholly or in part,
by runs that may be stopped. In the end the store must hold what one made of the same files at once
holds. `python -m tests.index.sequences 2000` tries as many histories as that.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import reading
from index.letter import Letter
from index.progress import Reporter, Stage
from index.provenance import Conflict, Quarantined
from index.reading import Intake, read_sources
from index.segments.writer import LocalWriter
from index.store import FILE, Store
from tests import told
from tests.index.building import BRACE, MODEL
from tests.index.fictional import HEAD, SPLINT, Told, form_b

PLACES = ("a/x.txt", "a/y.txt", "a/in/x.txt", "ab/x.txt", "ab/\udcff.txt", "a/c.zip/x.txt")
ARCHIVES = ("a/c.zip", "ab/d.zip", "a/in")
MEMBERS = ("x.txt", "y.txt", "in/x.txt")
TARGETS = ("", "a", "ab", "a/in", "a/x.txt", "a/c.zip", "ab/\udcff.txt")


def _letter(case: str, issue: Told, year: int) -> bytes:
    head = HEAD.replace("CM16-0999001", case).replace("04/05/2016", f"04/05/{year}")
    return form_b(issue, head=head).encode()


TEXTS = (
    *(
        _letter(case, issue, year)
        for case in ("CM16-0999001", "CM16-0999002")
        for issue, year in ((SPLINT, 2016), (BRACE, 2016), (SPLINT, 2017))
    ),
    _letter("", SPLINT, 2016),
    b"",
    b"Soup of the day: leek. Bread is free.",
)


MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a folder lies that need not outlive a power cut: five times as fast as a disk."""


class Stopped(Exception):
    """A run was stopped."""


class Stopping(Reporter):
    """Stops a run after it has read some sources; each is read in a transaction of its own."""

    def __init__(self, after: int) -> None:
        super().__init__(io.StringIO(), quiet=True)
        self.after = after

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        with super().stage(name, total, unit) as stage:
            yield _StoppingStage(self.after, stage)


class _StoppingStage(Stage):
    def __init__(self, after: int, stage: Stage) -> None:
        self.__dict__.update(stage.__dict__)
        self.left = after

    def tick(self, count: int) -> None:
        super().tick(count)
        self.left -= count
        if self.left < 0:
            raise Stopped


@dataclass(frozen=True)
class Seen:
    """What a store holds: each letter with its file, refusals, conflicts, records kept aside."""

    letters: dict[str, tuple[Letter, bytes]]
    quarantined: dict[bytes, Quarantined]
    conflicts: list[Conflict]
    rivals: list[tuple[str, str]]
    counts: tuple[int, int]


@dataclass
class Index:
    """A store, and the generations that its runs publish."""

    directory: Path
    generation: int = 1

    def __post_init__(self) -> None:
        self.directory.mkdir()

    def run(self, *paths: Path, prune: bool = False, stop: int | None = None) -> Intake:
        with closing(Store(self.directory)) as store:
            reporter = Stopping(10**9 if stop is None else stop)
            writer = LocalWriter(self.directory, store, MODEL, None, reporter)
            writer._generation = self.generation  # no manifest says it, as nothing is published
            done = read_sources(paths, writer, reporter, told.readers(), prune=prune)
            self._publish(store)
        return done

    def _publish(self, store: Store) -> None:
        pending = store.pending()
        with store.transaction():
            store.assign(f"s{self.generation}", pending)
            if pending or store.died_since(self.generation - 1):
                store.purge(self.generation - 1)
                self.generation += 1

    def elsewhere(self, paths: Sequence[Path]) -> dict[bytes, str]:
        """The sources that are not at or under `paths`."""
        with closing(Store(self.directory)) as store:
            known = store.sources.hashes()
        return {
            name: digest
            for name, digest in known.items()
            if not any(Path(os.fsdecode(name)).is_relative_to(path) for path in paths)
        }

    def seen(self) -> Seen:
        with closing(Store(self.directory)) as store:
            letters = {}
            for letter in store.letters(self.generation):
                stored = store.letter(letter.id, self.generation)
                assert stored is not None
                letters[letter.id] = (letter, store.sources.of_row(stored[0]))
            assert store.sources.by_letter(self.generation) == {
                letter: source for letter, (_, source) in letters.items()
            }
            return Seen(
                letters=letters,
                quarantined=store.sources.quarantined(),
                conflicts=store.sources.conflicts(),
                rivals=self._rivals(),
                counts=store.counts(self.generation),
            )

    def _rivals(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.directory / FILE)) as db:
            return db.execute("SELECT letter, content FROM rivals ORDER BY 1, 2").fetchall()


@dataclass
class Files:
    """A folder of letters, and an index of it."""

    root: Path
    index: Index
    written: int = field(default=0)

    def write(self, place: str, data: bytes) -> None:
        path = self.root / place
        self._clear(path)
        path.write_bytes(data)
        self.written += 1  # a file written twice in an instant would else look the same
        os.utime(path, (self.written, self.written))

    def _clear(self, path: Path) -> None:
        """Make room for a file: nothing lies where it is to be, or where its folders are."""
        if path.is_dir():
            shutil.rmtree(path)
        for folder in path.parents:
            if folder.is_file():
                folder.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Write:
    place: str
    text: int

    def on(self, files: Files) -> None:
        files.write(self.place, TEXTS[self.text])


@dataclass(frozen=True)
class Pack:
    """An archive of texts; those of `inner` in an archive in it, of the same name as a member."""

    place: str
    members: list[tuple[str, int]]
    inner: list[tuple[str, int]]

    def on(self, files: Files) -> None:
        packed = [(name, TEXTS[text]) for name, text in self.members]
        if self.inner:
            packed.append(("x.txt", archive([(name, TEXTS[text]) for name, text in self.inner])))
            packed.append(("in.zip", packed[-1][1]))
        files.write(self.place, archive(packed))


def archive(members: Sequence[tuple[str, bytes]]) -> bytes:
    with io.BytesIO() as buffer, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that two members have one name
        with zipfile.ZipFile(buffer, "w") as packed:
            for name, data in members:
                packed.writestr(name, data)
        return buffer.getvalue()


@dataclass(frozen=True)
class Damage:
    place: str
    kept: float  # of its bytes

    def on(self, files: Files) -> None:
        path = files.root / self.place
        if path.is_file():
            data = path.read_bytes()
            files.write(self.place, data[: int(self.kept * len(data))])


@dataclass(frozen=True)
class Remove:
    place: str

    def on(self, files: Files) -> None:
        path = files.root / self.place
        if path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)


@dataclass(frozen=True)
class Rename:
    place: str
    to: str

    def on(self, files: Files) -> None:
        path = files.root / self.place
        if path.is_file():
            data = path.read_bytes()
            path.unlink()
            files.write(self.to, data)


@dataclass(frozen=True)
class Run:
    targets: list[str]
    prune: bool
    stop: int | None

    def on(self, files: Files) -> None:
        paths = [files.root / target for target in self.targets]
        there = [path for path in paths if path.exists()]
        before = files.index.elsewhere(there)
        with suppress(Stopped):
            files.index.run(*there, prune=self.prune, stop=self.stop)
        assert files.index.elsewhere(there) == before


Change = Write | Pack | Damage | Remove | Rename | Run
_place, _archive = st.sampled_from(PLACES), st.sampled_from(ARCHIVES)
_anywhere = st.sampled_from(PLACES + ARCHIVES)
_text = st.integers(0, len(TEXTS) - 1)
_members = st.lists(st.tuples(st.sampled_from(MEMBERS), _text), max_size=3)
_write = st.builds(Write, place=_place, text=_text)
_other: st.SearchStrategy[Change] = st.one_of(
    st.builds(Pack, place=_archive, members=_members, inner=_members),
    st.builds(Damage, place=_anywhere, kept=st.sampled_from([0.0, 0.4, 0.9])),
    st.builds(Remove, place=_anywhere),
    st.builds(Rename, place=_anywhere, to=_anywhere),
)
_run = st.builds(
    Run,
    targets=st.just([""]) | st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2),
    prune=st.booleans(),
    stop=st.none() | st.integers(0, 4),
)
_step = st.tuples(_write, _other, _run) | st.tuples(_write, _run) | st.tuples(_other, _run)
HISTORIES: st.SearchStrategy[list[Change]] = st.lists(_step, min_size=3, max_size=12).map(
    lambda steps: [change for step in steps for change in step]
)


def check(history: Sequence[Change]) -> None:
    """After any history the index is that of the files, but for letters of damaged ones.

    Such a letter stays where no other file gives it. When the damaged files are gone too, there is
    no difference at all.
    """
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(dir=MEMORY) as folder:
        patch.setattr(reading, "_BATCH", 1)
        root = Path(folder) / "letters"
        for name in ("a", "ab"):
            (root / name).mkdir(parents=True)
        files = Files(root, Index(Path(folder) / "index"))
        for change in history:
            change.on(files)
        _check_but_for_damaged_files(files, Path(folder) / "fresh")
        for source in files.index.seen().quarantined:
            _remove_file_of(Path(os.fsdecode(source)))
        _check_the_same(files, Path(folder) / "undamaged")


def _check_but_for_damaged_files(files: Files, directory: Path) -> None:
    files.index.run(files.root, prune=True)
    seen, fresh = files.index.seen(), _fresh(files, directory)
    assert (seen.quarantined, seen.conflicts) == (fresh.quarantined, fresh.conflicts)
    assert fresh.letters.items() <= seen.letters.items()
    for letter in seen.letters.keys() - fresh.letters.keys():
        source = Path(os.fsdecode(seen.letters[letter][1]))
        places = {os.fsencode(place) for place in (source, *source.parents)}
        assert places & seen.quarantined.keys(), f"{letter} has no file and stayed"


def _check_the_same(files: Files, directory: Path) -> None:
    files.index.run(files.root, prune=True)
    assert files.index.seen() == _fresh(files, directory)
    generation = files.index.generation
    again = files.index.run(files.root, prune=True)
    assert set(again.became) <= {"same"}
    assert files.index.generation == generation


def _fresh(files: Files, directory: Path) -> Seen:
    """What an index of the files as they are holds."""
    fresh = Index(directory)
    fresh.run(files.root)
    return fresh.seen()


def _remove_file_of(source: Path) -> None:
    for path in (source, *source.parents):
        if path.is_file():
            path.unlink()


def main() -> None:
    """Check as many histories as the first argument says."""
    count, started = int(sys.argv[1]), time.monotonic()
    tried = 0

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES)
    def histories(history: list[Change]) -> None:
        nonlocal tried
        tried += 1
        check(history)

    histories()
    print(f"ok  {tried} histories of a folder, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
