"""Files that are gone, that hold another letter now, or that claim the same one."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from index.verify import faults
from search.engine import Engine
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
    write_letter,
)
from tests.index.fictional import PHYSIO, SPLINT


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of two letters: 1 with two issues, 2 with one."""
    folder = tmp_path / "letters"
    write_letter(folder, 1, SPLINT, PHYSIO)
    write_letter(folder, 2, BRACE)
    return folder


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    use(stand_in, monkeypatch)
    return stand_in


@pytest.fixture
def index(tmp_path: Path, letters: Path) -> Path:
    """An index of that folder."""
    run(letters, into=tmp_path / "index")
    return tmp_path / "index"


def containing(directory: Path, words: str) -> set[str]:
    """The issues that contain `words`."""
    return {hit.issue for hit in search(Engine(directory), words, mode="lexical").hits}


# -- taken away --------------------------------------------------------------------------------


def test_a_letter_whose_file_is_gone_stays_unless_pruned(index: Path, letters: Path) -> None:
    (letters / f"{case(1)}.txt").unlink()
    assert run(letters, into=index).letters == 2
    done = run(letters, into=index, prune=True)
    assert (done.removed, done.letters, done.issues) == (1, 1, 1)
    assert containing(index, "splint") == set()
    assert faults(index) == []


def test_a_folder_is_the_same_folder_wherever_it_is_named_from(
    index: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(letters)
    assert run(Path(), into=index, prune=True).same == 2
    (letters / f"{case(1)}.txt").unlink()
    assert run(Path("..", "letters"), into=index, prune=True).removed == 1


def test_pruning_spares_letters_from_elsewhere(tmp_path: Path, index: Path) -> None:
    """Neither those of another folder, nor those of one whose name begins alike."""
    elsewhere = write_letter(tmp_path / "letters-2018", 3, SCAN)
    assert run(elsewhere, into=index, prune=True).letters == 3
    assert run(tmp_path / "letters", into=index, prune=True).removed == 0


def test_a_letter_in_two_files_outlives_one_of_them(tmp_path: Path, index: Path) -> None:
    copy = write_letter(tmp_path / "letters", 2, BRACE, name="copy.txt")
    run(tmp_path / "letters", into=index)
    (tmp_path / "letters" / f"{case(2)}.txt").unlink()
    assert run(tmp_path / "letters", into=index, prune=True).removed == 0
    copy.unlink()
    assert run(tmp_path / "letters", into=index, prune=True).removed == 1


def test_a_letter_whose_file_now_holds_another_is_removed(index: Path, letters: Path) -> None:
    write_letter(letters, 3, SCAN, name=f"{case(2)}.txt")
    done = run(letters, into=index)
    assert (done.new, done.removed, done.letters) == (1, 1, 2)
    assert set(requests(index)) == {case(1), case(3)}
    assert faults(index) == []


def test_letters_that_move_from_file_to_file_are_the_same(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    encoder.embedded.clear()
    write_letter(letters, 2, BRACE, name=f"{case(1)}.txt")
    write_letter(letters, 1, SPLINT, PHYSIO, name=f"{case(2)}.txt")
    done = run(letters, into=index)
    assert (done.same, done.new, done.removed, done.generation) == (2, 0, 0, 1)
    assert encoder.embedded == []


def test_a_letter_whose_file_became_unreadable_stays_until_the_file_is_gone(
    tmp_path: Path, index: Path
) -> None:
    path = tmp_path / "letters" / f"{case(2)}.txt"
    path.write_bytes(b"")
    assert run(tmp_path / "letters", into=index, prune=True).removed == 0
    path.unlink()
    assert run(tmp_path / "letters", into=index, prune=True).removed == 1


def test_pruning_a_file_given_alone_touches_no_other(index: Path, letters: Path) -> None:
    first, second = (letters / f"{case(number)}.txt" for number in (1, 2))
    second.unlink()
    assert run(first, into=index, prune=True).removed == 0
    assert set(requests(index)) == {case(1), case(2)}


def test_letters_of_a_removed_folder_are_pruned_with_the_folder_it_lay_in(
    index: Path, letters: Path
) -> None:
    for folder in ("2018", "2018-copies"):
        write_letter(letters / folder, 3, SCAN)
    write_letter(letters / "2018", 4, CREAM)
    run(letters, into=index)
    shutil.rmtree(letters / "2018")
    assert run(letters / "2018-copies", into=index, prune=True).removed == 0
    assert run(letters, into=index, prune=True).removed == 1
    assert set(requests(index)) == {case(1), case(2), case(3)}


def test_a_folder_named_by_a_link_is_the_folder_it_leads_to(
    tmp_path: Path, index: Path, letters: Path
) -> None:
    (tmp_path / "link").symlink_to(letters)
    (tmp_path / "other").symlink_to(write_letter(tmp_path / "elsewhere", 3, SCAN).parent)
    assert run(tmp_path / "link", into=index, prune=True).same == 2
    assert run(tmp_path / "other", into=index, prune=True).letters == 3
    (letters / f"{case(1)}.txt").unlink()
    assert run(tmp_path / "link", into=index, prune=True).removed == 1


def test_letters_of_an_archive_that_holds_fewer_now_are_pruned(
    tmp_path: Path, index: Path, letters: Path
) -> None:
    pack(tmp_path / "c.zip", letters)
    shutil.rmtree(letters)
    letters.mkdir()
    run(tmp_path / "c.zip", letters, into=index, prune=True)
    assert set(requests(index)) == {case(1), case(2)}
    pack(tmp_path / "c.zip", write_letter(tmp_path / "fewer", 2, BRACE).parent)
    assert run(tmp_path / "c.zip", into=index, prune=True).removed == 1
    assert set(requests(index)) == {case(2)}


def test_letters_of_an_archive_that_cannot_be_opened_stay_until_it_can(
    tmp_path: Path, index: Path, letters: Path
) -> None:
    """One of them gives way to another file that gives it, for as long."""
    archive = tmp_path / "c.zip"
    write_letter(letters, 2, SCAN)
    pack(archive, letters)
    write_letter(letters, 2, BRACE, name="x.txt")
    for number in (1, 2):
        (letters / f"{case(number)}.txt").unlink()
    run(archive, letters, into=index, prune=True)
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-30])
    for prune in (True, False):
        done = run(archive, letters, into=index, prune=prune)
        assert ([Path(entry.source) for entry in done.quarantined], done.removed) == ([archive], 0)
        assert (done.letters, done.conflicts) == (2, ())
        assert requests(index)[case(2)] == [BRACE.request]
    archive.write_bytes(whole)
    done = run(archive, letters, into=index, prune=True)
    assert (done.letters, len(done.conflicts), done.quarantined) == (2, 1, ())
    assert requests(index)[case(2)] == [SCAN.request]
    assert faults(index) == []


def pack(path: Path, folder: Path) -> None:
    """An archive of the files in a folder."""
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.iterdir()):
            packed.write(file, file.name)


# -- two files of one case number --------------------------------------------------------------


@pytest.fixture
def claims(tmp_path: Path) -> tuple[Path, Path]:
    """Two files in two folders that hold different letters of one case number."""
    first = write_letter(tmp_path / "one", 5, SPLINT)
    return first, write_letter(tmp_path / "two", 5, BRACE)


def test_every_run_tells_of_two_files_that_claim_one_case_number(
    tmp_path: Path, claims: tuple[Path, Path]
) -> None:
    first, second = claims
    for paths in (claims, [second], [first]):
        (conflict,) = run(*paths, into=tmp_path / "index").conflicts
        assert conflict.letter == case(5)
        assert (conflict.source, conflict.others) == (str(first), (str(second),))
        assert requests(tmp_path / "index") == {case(5): [SPLINT.request]}
    second.unlink()
    done = run(second.parent, into=tmp_path / "index", prune=True)
    assert (done.conflicts, done.removed, done.letters) == ((), 0, 1)


def test_the_order_of_runs_does_not_tell_which_of_them_stands(
    tmp_path: Path, claims: tuple[Path, Path]
) -> None:
    first, second = claims
    run(second, into=tmp_path / "index")
    done = run(first, into=tmp_path / "index")
    assert (done.changed, len(done.conflicts)) == (1, 1)
    assert requests(tmp_path / "index") == {case(5): [SPLINT.request]}


def test_when_the_one_that_stands_is_gone_the_other_is_indexed_without_being_read(
    tmp_path: Path, claims: tuple[Path, Path]
) -> None:
    first, second = claims
    run(*claims, into=tmp_path / "index")
    first.unlink()
    done = run(first.parent, into=tmp_path / "index", prune=True)
    assert (done.read, done.changed, done.removed, done.conflicts) == (0, 1, 0, ())
    assert containing(tmp_path / "index", "brace") == {f"{case(5)}#1"}
    assert Engine(tmp_path / "index").letter(case(5), neighbours=0).source == str(second)
    assert faults(tmp_path / "index") == []
