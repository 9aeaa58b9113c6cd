"""Runs that are killed at any instant: the index opens, the next run finishes, nothing is lost.

A run changes the disk some hundred times. It is killed before every change that another run could
notice, and at moments of the clock; each time the same command is given again.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from index.folder import MARKER
from index.manifest import FILE, read_manifest
from index.segments.segment import FOLDER
from index.segments.vectors import EXACT
from index.verify import faults
from tests.index.building import (
    BRACE,
    CREAM,
    SCAN,
    StandIn,
    case,
    files,
    requests,
    run,
    use,
    write_letter,
)
from tests.index.fictional import PHYSIO, SPLINT
from tests.index.interrupting import EMBED_ROWS, Run, Runs, started

MOMENTS = 4  # at which a run is killed, in each scene
FEW_CHANGES = 5  # before which it is, drawn anew each time
EVERY_CHANGE = os.environ.get("PRECEDENT_TESTS_EVERY_CHANGE") == "yes"  # `make interrupted`

Letters = dict[str, list[str]]


@dataclass(frozen=True)
class Scene:
    """Letters to index over the index `before`, if any, and what an undisturbed run does."""

    letters: Path
    before: Path | None
    old: Letters
    new: Letters
    embedded: Counter[str]
    changes: list[str]

    def set_up(self, folder: Path) -> Run:
        return set_up(self.letters, self.before, folder)


def set_up(letters: Path, before: Path | None, folder: Path) -> Run:
    """A run in a fresh copy of the index `before`, with a fresh log."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if before:
        shutil.copytree(before, folder / "index")
    return Run(letters=str(letters), index=str(folder / "index"), log=str(folder / "log"))


def embedded(wanted: Run) -> Counter[str]:
    log = Path(wanted.log)
    return Counter(log.read_text().splitlines() if log.exists() else ())


def scene(runs: Runs, folder: Path, before: Path | None = None) -> Scene:
    whole = set_up(folder / "letters", before, folder / "whole")
    assert runs(whole) == 0
    return Scene(
        letters=folder / "letters",
        before=before,
        old=requests(before) if before else {},
        new=requests(Path(whole.index)),
        embedded=embedded(whole),
        changes=Path(f"{whole.log}.changes").read_text().splitlines(),
    )


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with started() as found:
        yield found


@pytest.fixture(scope="module")
def first(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Three letters, and no index yet."""
    folder = tmp_path_factory.mktemp("first")
    for number, issue in enumerate((SPLINT, BRACE, SCAN)):
        write_letter(folder / "letters", number, issue, PHYSIO)
    return scene(runs, folder)


@pytest.fixture(scope="module")
def update(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """One letter changed, one gone, one new; two segments become one."""
    folder = tmp_path_factory.mktemp("update")
    for number in range(3):
        write_letter(folder / "letters", number, SPLINT, PHYSIO)
    assert runs(set_up(folder / "letters", None, folder / "before")) == 0
    write_letter(folder / "letters", 1, CREAM, SCAN)
    write_letter(folder / "letters", 7, BRACE)
    (folder / "letters" / f"{case(2)}.txt").unlink()
    return scene(runs, folder, folder / "before" / "index")


@pytest.fixture(scope="module")
def derived_anew(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Two letters indexed with tables that have changed since, and a new one."""
    folder = tmp_path_factory.mktemp("derived-anew")
    for number, issue in enumerate((SPLINT, BRACE)):
        write_letter(folder / "letters", number, issue, PHYSIO)
    assert runs(replace(set_up(folder / "letters", None, folder / "before"), tables="older")) == 0
    write_letter(folder / "letters", 2, SCAN)
    return scene(runs, folder, folder / "before" / "index")


@pytest.fixture(params=["first", "update", "derived_anew"])
def any_scene(request: pytest.FixtureRequest) -> Scene:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Scene)
    return found


def check_opens(index: Path, found: Scene) -> None:
    """The index is the old generation or the new one, whole; or there is none yet."""
    if found.before is None and not (index / FILE).exists():
        return
    assert faults(index) == []
    assert requests(index) in (found.old, found.new)


def check_finished(index: Path, found: Scene) -> None:
    """The index holds the letters, and no file that no generation accounts for."""
    manifest = read_manifest(index)
    assert faults(index) == []
    assert requests(index) == found.new
    assert manifest.precision == StandIn.precision
    before = read_manifest(found.before).files if found.before else {}
    kept = {*manifest.files, *before}
    held = [n for n in files(index) if (index / n).is_file() and not n.endswith(f"/{MARKER}")]
    assert [n for n in held if n not in kept] == ["letters.db", "lock", MARKER, FILE]


def kill_and_finish(runs: Runs, found: Scene, wanted: Run) -> Counter[str]:
    """Does a run that is killed and one that is not; what they embedded beyond what is needed."""
    index = Path(wanted.index)
    assert runs(wanted) in (-9, 0)
    check_opens(index, found)
    assert runs(replace(wanted, change=0, seconds=0)) == 0
    check_finished(index, found)
    assert found.embedded <= embedded(wanted)
    return embedded(wanted) - found.embedded


def test_killed_before_any_change_to_the_disk_a_run_is_finished_by_the_next(
    runs: Runs, any_scene: Scene, tmp_path: Path
) -> None:
    numbered = list(enumerate(any_scene.changes, start=1))
    aside = [number for number, change in numbered if ".tmp/" in change]
    written = next(number for number, change in numbered if change.startswith("os.rename"))
    # Of the files of a segment that are removed one after the other, any one stands for the others.
    removed = [n for n, change in numbered if re.match(r"os.remove .*/segments/s", change)]
    telling = [
        n for n, change in numbered if n >= written and ".tmp/" not in change and n not in removed
    ]
    drawn = [random.choice(numbers) for numbers in (aside, removed) if numbers]
    some = telling if EVERY_CHANGE else random.sample(telling, min(len(telling), FEW_CHANGES))
    for number in sorted([*some, *drawn]):
        wanted = replace(any_scene.set_up(tmp_path / "run"), change=number)
        again = kill_and_finish(runs, any_scene, wanted)
        assert not again, f"killed before {any_scene.changes[number - 1]}: embedded {again} twice"


def test_killed_at_any_moment_a_run_is_finished_by_the_next(
    runs: Runs, any_scene: Scene, tmp_path: Path
) -> None:
    """The batch that is being embedded at that moment may be lost; nothing more."""
    for _ in range(MOMENTS):
        wanted = any_scene.set_up(tmp_path / "run")
        again = kill_and_finish(runs, any_scene, replace(wanted, seconds=random.uniform(0.01, 0.2)))
        assert again.total() <= EMBED_ROWS


def test_a_run_killed_again_and_again_comes_to_its_end(
    runs: Runs, any_scene: Scene, tmp_path: Path
) -> None:
    """First just before it would publish, then earlier and earlier in what is left to do."""
    wanted = any_scene.set_up(tmp_path / "run")
    publishing = next(n for n, change in enumerate(any_scene.changes, 1) if FILE in change)
    for number in (publishing, 7, 5, 3):
        runs(replace(wanted, change=number))
        check_opens(Path(wanted.index), any_scene)
    assert not kill_and_finish(runs, any_scene, replace(wanted, change=5))


def test_a_letter_changed_after_a_killed_run_is_indexed_as_it_is_now(
    runs: Runs, first: Scene, tmp_path: Path
) -> None:
    letters = tmp_path / "letters"
    shutil.copytree(first.letters, letters)
    for part in (0.3, 0.6, 0.9):
        wanted = set_up(letters, None, tmp_path / "run")
        assert runs(replace(wanted, change=int(part * len(first.changes)))) == -9
        write_letter(letters, 0, CREAM)
        assert runs(wanted) == 0
        assert requests(Path(wanted.index))[case(0)] == [CREAM.request]
        assert faults(Path(wanted.index)) == []
        write_letter(letters, 0, SPLINT, PHYSIO)


def test_vectors_torn_by_a_kill_are_written_again_without_embedding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = StandIn()
    use(encoder, monkeypatch)
    path = write_letter(tmp_path, 1, SPLINT)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda _: None)  # what was embedded stays, as after a kill
        run(path, into=tmp_path / "index")
    (segment,) = (tmp_path / "index" / FOLDER).iterdir()
    (segment / EXACT).write_bytes(b"torn")
    (tmp_path / "index" / FILE).unlink()
    encoder.embedded.clear()
    run(path, into=tmp_path / "index")
    assert encoder.embedded == []
    assert faults(tmp_path / "index") == []
