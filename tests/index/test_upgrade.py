"""An index of format 2 is upgraded by the next run: letters and vectors stay, the rest is anew.

`format-2.zip` was written by the code of that time (commit f3f7862), with the encoder of these
tests: of letters 1, 2 and 3, of which the second was changed after the first run, which left a dead
issue in the first segment, and of a file that is empty.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from index.build import build
from index.manifest import FORMAT, IndexUnusable, read_manifest
from index.progress import Reporter
from index.segments.segment import FOLDER
from index.store import FILE
from index.verify import faults
from search.engine import Engine
from search.local.snapshot import LocalSnapshot
from tests import told
from tests.asking import search
from tests.index.building import (
    BRACE,
    CREAM,
    SCAN,
    StandIn,
    case,
    requests,
    run,
    use,
    vectors_of,
    write_letter,
)
from tests.index.fictional import PHYSIO, SPLINT

HOLDS = {
    case(1): [SPLINT.request, PHYSIO.request],
    case(2): [SCAN.request],
    case(3): [CREAM.request, PHYSIO.request],
}
STORED = Path(__file__).with_name("format-2.zip")


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    use(stand_in, monkeypatch)
    return stand_in


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """The index of format 2."""
    with zipfile.ZipFile(STORED) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "index"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """The letters that it was made of, in another folder."""
    folder = tmp_path / "letters"
    write_letter(folder, 1, SPLINT, PHYSIO)
    write_letter(folder, 2, SCAN)
    write_letter(folder, 3, CREAM, PHYSIO)
    return folder


def test_a_reader_says_what_the_index_is_and_what_upgrades_it(index: Path) -> None:
    with pytest.raises(IndexUnusable) as refused:
        Engine(index)
    assert str(refused.value) == (
        f"the index in {index} has format 2, this version reads {FORMAT}: run `precedent index "
        f"PATH... --index {index}`, which upgrades it and keeps its letters and vectors"
    )
    with pytest.raises(IndexUnusable, match="has format 2"):
        faults(index)


def test_a_run_upgrades_it_and_embeds_nothing_again(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    said = io.StringIO()
    done = build([letters], index, Reporter(said), readers=told.readers())
    assert (done.new, done.changed, done.same, done.removed) == (0, 0, 3, 0)
    assert (done.letters, done.issues, done.generation) == (3, 5, 3)
    assert done.conflicts == ()
    assert encoder.embedded == []
    assert "upgrading the index" in said.getvalue()
    assert "deriving anew: 5 issues in" in said.getvalue()
    assert requests(index) == HOLDS
    assert faults(index) == []
    manifest = read_manifest(index)
    assert (manifest.format, manifest.precision, manifest.averages_of) == (FORMAT, "stand-in", 5)
    assert run(letters, into=index).generation == 3  # once and for all


def test_copies_of_a_letter_are_at_one_after_it(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    """A store of format 2 does not know which of them gave the letter: both are read again."""
    copies = [letters / f"{case(1)}.txt", letters / "copy.txt"]
    shutil.copy(*copies)
    with closing(sqlite3.connect(index / FILE)) as store, store:
        store.executemany(
            "INSERT INTO sources (name, hash, letter) VALUES (?, 'unknown', ?)",
            [(str(path), case(1)) for path in copies],
        )
    done = run(letters, into=index)
    assert (done.new, done.changed, done.same, done.conflicts) == (0, 0, 4, ())
    assert requests(index) == HOLDS
    assert encoder.embedded == []


def test_letters_whose_files_are_not_given_stay_too(
    index: Path, tmp_path: Path, encoder: StandIn
) -> None:
    done = run(write_letter(tmp_path / "more", 4, BRACE), into=index)
    assert (done.new, done.letters) == (1, 4)
    assert requests(index) == {**HOLDS, case(4): [BRACE.request]}
    assert all(text.startswith(BRACE.request) for text in encoder.embedded)
    assert faults(index) == []


def test_every_vector_is_still_that_of_its_passage(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    """It fails where passages are cut in another way: then format 2 cannot be upgraded so."""
    run(letters, into=index)
    snapshot = LocalSnapshot(index)
    issues = snapshot.issues([one.decode() for one in snapshot.ids])
    for one in issues:
        (document,) = snapshot.vectors.nearest(vectors_of([one.issue.request]), 1, snapshot.live)
        assert issues[document].issue.request == one.issue.request
    assert encoder.embedded == []


def test_what_it_held_is_read_into_the_issues(index: Path, letters: Path, encoder: StandIn) -> None:
    run(letters, into=index)
    hits = search(Engine(index), "knee", mode="lexical").hits
    assert [(hit.issue, hit.regions) for hit in hits] == [(f"{case(2)}#1", ("knee",))]
    assert encoder.embedded == []


def test_nothing_of_the_old_format_is_left_when_no_reader_needs_it(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    old = segments(index)
    run(letters, into=index)
    assert segments(index) > old  # readers may still hold it
    run(letters, into=index)
    assert not segments(index) & old
    assert encoder.embedded == []


def segments(index: Path) -> set[str]:
    return {path.name for path in (index / FOLDER).iterdir()}


def test_an_upgrade_that_is_stopped_is_finished_by_the_next_run(
    index: Path, letters: Path, encoder: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(BaseException):
        pass

    def stop(*_: object, **_named: object) -> None:
        raise Stopped

    for place in (
        "index.store.Store.upgrade",
        "index.build.read_sources",
        "index.segments.upkeep.Segments.derive_anew",
        "index.segments.upkeep.Segments.embed",
        "index.manifest.publish",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, stop)
            with pytest.raises(Stopped):
                run(letters, into=index)
        with pytest.raises(IndexUnusable, match="has format 2"):
            read_manifest(index)
    run(letters, into=index)
    assert requests(index) == HOLDS
    assert encoder.embedded == []
    assert faults(index) == []
