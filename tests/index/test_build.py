"""What an index run does: letters added, changed, taken away, refused; generations published."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from index import reading
from index.encoder import Model
from index.extract.child import Answer, Ask
from index.extract.reader import Reader
from index.manifest import IndexUnusable, read_manifest
from index.segments import upkeep, writer
from index.store import FILE, Store
from index.verify import faults
from search.engine import Engine
from search.local.snapshot import LocalSnapshot
from tests.asking import search
from tests.index.building import (
    BRACE,
    CREAM,
    MODEL,
    SCAN,
    StandIn,
    bad_files,
    case,
    files,
    requests,
    run,
    use,
    vectors_of,
    write_letter,
)
from tests.index.fictional import PHYSIO, SPLINT, Told


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    use(stand_in, monkeypatch)
    return stand_in


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of two letters: 1 with two issues, 2 with one."""
    folder = tmp_path / "letters"
    write_letter(folder, 1, SPLINT, PHYSIO)
    write_letter(folder, 2, BRACE)
    return folder


@pytest.fixture
def index(tmp_path: Path, encoder: StandIn, letters: Path) -> Path:
    """An index of that folder, its embeddings forgotten by `encoder`."""
    run(letters, into=tmp_path / "index")
    encoder.embedded.clear()
    return tmp_path / "index"


def containing(directory: Path, words: str) -> set[str]:
    """The issues that contain `words`."""
    return {hit.issue for hit in search(Engine(directory), words, mode="lexical").hits}


def nearest(directory: Path, text: str) -> str:
    """The issue one of whose passages is nearest to `text` in meaning."""
    snapshot = LocalSnapshot(directory)
    (document,) = snapshot.vectors.nearest(vectors_of([text]), 1, snapshot.live)
    return str(snapshot.ids[document].decode())


# -- added, the same, changed ------------------------------------------------------------------


def test_the_summary_counts_what_became_of_the_letters(
    tmp_path: Path, encoder: StandIn, letters: Path
) -> None:
    done = run(letters, into=tmp_path / "index")
    assert (done.read, done.new, done.changed, done.same, done.removed) == (2, 2, 0, 0, 0)
    assert (done.letters, done.issues, done.generation) == (2, 3, 1)
    assert requests(tmp_path / "index") == {
        case(1): [SPLINT.request, PHYSIO.request],
        case(2): [BRACE.request],
    }
    assert faults(tmp_path / "index") == []
    assert BRACE.request in encoder.embedded


def test_indexing_the_same_folder_again_changes_nothing(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    before = {name: (index / name).stat().st_mtime_ns for name in read_manifest(index).files}
    done = run(letters, into=index)
    assert (done.new, done.changed, done.same, done.generation) == (0, 0, 2, 1)
    assert {name: (index / name).stat().st_mtime_ns for name in before} == before
    assert encoder.embedded == []


def test_files_that_did_not_change_are_not_read_again(
    index: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    real = Reader.read

    def noting(reader: Reader, asks: Sequence[Ask]) -> list[Answer]:
        answers = real(reader, asks)
        for ask, answer in zip(asks, answers, strict=True):
            if ask.source is not None and answer.letter is not None:
                read.append(ask.source.name)
        return answers

    monkeypatch.setattr(Reader, "read", noting)
    path = write_letter(letters, 3, SCAN)
    run(letters, into=index)
    assert read == [os.fsencode(path)]


def test_letters_are_added_to_those_already_there(
    tmp_path: Path, index: Path, encoder: StandIn
) -> None:
    done = run(write_letter(tmp_path, 3, SCAN), into=index)
    assert (done.new, done.letters, done.generation) == (1, 3, 2)
    assert containing(index, "heel") == {f"{case(1)}#1"}
    assert containing(index, "knee") == {f"{case(3)}#1"}
    assert SPLINT.request not in encoder.embedded


def test_a_changed_letter_replaces_its_issues_in_every_arm_and_count(
    index: Path, letters: Path
) -> None:
    write_letter(letters, 1, CREAM)
    done = run(letters, into=index)
    assert (done.changed, done.same, done.letters, done.issues) == (1, 1, 2, 2)
    assert requests(index)[case(1)] == [CREAM.request]
    assert containing(index, "splint") == containing(index, "therapy") == set()
    assert containing(index, "capsaicin") == {f"{case(1)}#1"}
    assert nearest(index, CREAM.request) == f"{case(1)}#1"
    overview = search(Engine(index), "", mode="lexical")
    assert overview.total == 2
    assert faults(index) == []


def test_the_same_letter_from_two_files_is_one_letter(tmp_path: Path, encoder: StandIn) -> None:
    for name in ("a.txt", "copies/b.txt"):
        write_letter(tmp_path / "letters", 1, SPLINT, name=name)
    done = run(tmp_path / "letters", into=tmp_path / "index")
    assert (done.read, done.new, done.same, done.letters, done.issues) == (2, 1, 1, 1, 1)
    assert encoder.embedded.count(SPLINT.request) == 1


def test_files_of_one_name_in_two_folders_are_two_sources(tmp_path: Path, encoder: StandIn) -> None:
    first = write_letter(tmp_path / "first", 1, SPLINT, name="letter.txt")
    second = write_letter(tmp_path / "second", 2, BRACE, name="letter.txt")
    run(first.parent, second.parent, into=tmp_path / "index")
    again = run(first.parent, second.parent, into=tmp_path / "index")
    assert (again.same, again.letters) == (2, 2)
    assert SCAN.request not in encoder.embedded


def test_several_processes_make_the_same_index_as_one(
    index: Path, letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (upkeep, reading):
        monkeypatch.setattr(module, "_PARALLEL_FROM", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {0, 1})
    (letters / "empty.txt").write_bytes(b"")
    done = run(letters, into=tmp_path / "together")
    assert (done.new, len(done.quarantined)) == (2, 1)
    assert len(read_manifest(tmp_path / "together").segments) == 2
    assert faults(tmp_path / "together") == []
    assert requests(tmp_path / "together") == requests(index)
    for words in ("splint", "brace", "the"):
        assert containing(tmp_path / "together", words) == containing(index, words)


# -- refused -----------------------------------------------------------------------------------


def test_what_cannot_be_read_is_set_aside_with_a_reason_and_the_rest_is_indexed(
    tmp_path: Path, encoder: StandIn, letters: Path
) -> None:
    codes = bad_files(letters)
    done = run(letters, into=tmp_path / "index")
    assert {Path(entry.source).name: entry.code for entry in done.quarantined} == codes
    assert all(entry.reason and entry.remedy for entry in done.quarantined)
    assert (done.read, done.new) == (len(codes) + 3, 3)
    assert set(requests(tmp_path / "index")) == {case(1), case(2), case(9)}
    assert SPLINT.request in encoder.embedded


def test_what_is_still_unreadable_is_told_again_and_what_was_mended_is_read(
    index: Path, letters: Path
) -> None:
    (letters / "a.txt").write_bytes(b"")
    first = run(letters, into=index)
    again = run(letters, into=index)
    assert again.quarantined == first.quarantined != ()
    assert again.same == 2
    write_letter(letters, 3, SCAN, name="a.txt")
    assert (run(letters, into=index).new, run(letters, into=index).quarantined) == (1, ())


def test_a_path_that_does_not_exist_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere: give a file or folder"):
        run(tmp_path / "nowhere", into=tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_a_second_writer_is_refused_while_the_first_is_at_work(index: Path, letters: Path) -> None:
    with (index / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(IndexUnusable, match=r"another run is writing .*: wait for it to end"):
            run(letters, into=index)
    assert run(letters, into=index).same == 2


def test_an_index_of_another_model_is_refused(
    index: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Model("other", Path(), "another")
    monkeypatch.setattr(writer, "find_model", lambda: other)
    with pytest.raises(IndexUnusable, match=f"the model {MODEL.name} .* other: delete the dir"):
        run(letters, into=index)
    assert requests(index)


def test_an_index_of_another_format_is_refused(index: Path, letters: Path) -> None:
    record = json.loads((index / "manifest.json").read_text())
    (index / "manifest.json").write_text(json.dumps({**record, "format": 99}))
    with pytest.raises(
        IndexUnusable, match=r"has format 99, this version reads 3.*delete the directory"
    ):
        run(letters, into=index)


# -- generations -------------------------------------------------------------------------------


def test_many_small_updates_end_in_few_segments_with_the_same_answers(
    tmp_path: Path, encoder: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MERGE_AT", 3)
    grown, at_once, letters = tmp_path / "grown", tmp_path / "at-once", tmp_path / "letters"
    told = [Told(f"Brace number {n}", n % 2 == 0, f"Reason {n} holds.") for n in range(5)]
    for number, issue in enumerate([*told, SCAN]):
        run(write_letter(letters, number % 5, issue), into=grown)
        assert len(read_manifest(grown).segments) < upkeep.MERGE_AT
    assert faults(grown) == []
    assert len(encoder.embedded) == len(set(encoder.embedded))
    run(letters, into=at_once)
    assert requests(grown) == requests(at_once)
    for words in ("brace", "knee", "reason 3", "number 0"):
        assert containing(grown, words) == containing(at_once, words)
    for issue in (SCAN, *told[1:]):
        assert nearest(grown, issue.request) == nearest(at_once, issue.request)


def test_a_reader_keeps_its_generation_while_the_next_is_published(
    index: Path, letters: Path
) -> None:
    reader = LocalSnapshot(index)
    write_letter(letters, 1, CREAM)
    run(letters, into=index)
    ids = [one.decode() for one in reader.ids]
    asked = [one.issue.request for one in reader.issues(ids)]
    assert asked == [SPLINT.request, PHYSIO.request, BRACE.request]
    assert reader.documents(ids).tolist() == [0, 1, 2]
    best = reader.vectors.nearest(vectors_of([PHYSIO.request]), 1, reader.live)
    assert list(best) == [1]


def test_a_running_engine_moves_to_the_next_generation(index: Path, letters: Path) -> None:
    engine = Engine(index)
    write_letter(letters, 1, CREAM)
    assert search(engine, "splint", mode="lexical").total == 1
    run(letters, into=index)
    assert search(engine, "splint", mode="lexical").total == 0


def test_average_lengths_are_taken_once_and_again_when_the_index_has_doubled_or_halved(
    tmp_path: Path, index: Path
) -> None:
    first = read_manifest(index)
    assert first.averages_of == first.issues == 3
    request, _, rationale = first.averages
    assert 3 < request < 6 < rationale
    letters = tmp_path / "letters"
    long = replace(SCAN, rationale="The knee locks daily, and a scan would show the tear. " * 20)
    write_letter(letters, 3, long, CREAM)
    assert run(letters, into=index).issues == 5
    assert (read_manifest(index).averages, read_manifest(index).averages_of) == (first.averages, 3)
    write_letter(letters, 4, BRACE)
    assert run(letters, into=index).issues == 6
    assert read_manifest(index).averages_of == 6
    assert read_manifest(index).averages[2] > 2 * rationale
    for number in (1, 3):
        (letters / f"{case(number)}.txt").unlink()
    assert run(letters, into=index, prune=True).issues == 2
    assert read_manifest(index).averages_of == 2


def test_an_index_keeps_its_build_id_through_updates(index: Path, letters: Path) -> None:
    first = read_manifest(index)
    assert re.fullmatch("[0-9a-f]{16}", first.build)
    write_letter(letters, 1, CREAM)
    run(letters, into=index)
    second = read_manifest(index)
    assert (second.build, second.generation) == (first.build, 2)
    store = Store(index, read_only=True)
    assert store.build == first.build
    store.close()


def test_an_index_made_anew_under_a_running_engine_is_another(index: Path, letters: Path) -> None:
    """Also where it comes to the same generation."""
    engine = Engine(index)
    assert search(engine, "splint", mode="lexical").total == 1
    shutil.rmtree(index)
    write_letter(letters, 1, CREAM)
    run(letters, into=index)
    assert search(engine, "splint", mode="lexical").total == 0
    assert engine.overview().issues == 2


def test_arrays_of_one_index_are_never_read_with_the_store_of_another(
    index: Path, letters: Path, tmp_path: Path
) -> None:
    run(letters, into=tmp_path / "other")
    snapshot = LocalSnapshot(index)
    shutil.copyfile(tmp_path / "other" / FILE, index / f"{FILE}.new")
    (index / f"{FILE}.new").rename(index / FILE)
    first = snapshot.ids[0].decode()
    assert len(snapshot.issues([first])) == 1  # what is open stays the store it was
    with ThreadPoolExecutor(1) as another, pytest.raises(IndexUnusable, match="another index"):
        another.submit(snapshot.issues, [first]).result()
    with pytest.raises(IndexUnusable, match=r"belongs to another index.*: run `precedent index P"):
        LocalSnapshot(index)


def test_no_more_than_two_generations_are_kept(index: Path, letters: Path) -> None:
    for issue in (CREAM, SCAN, BRACE, SPLINT):
        write_letter(letters, 1, issue)
        write_letter(letters, 2, issue)
        run(letters, into=index)
    assert len(list((index / "segments").iterdir())) == 2
    assert len([name for name in files(index) if name.startswith("deleted-")]) == 2
    store = Store(index, read_only=True)
    generation = read_manifest(index).generation
    assert [store.counts(generation - age)[0] for age in (0, 1, 2)] == [2, 2, 0]
    store.close()
