"""Nobody's folder is deleted: what an index run did not write stays, wherever it lies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index.build import Summary
from index.folder import MARKER, NotOurs, claim, mark, remove_folder
from index.manifest import FILE, IndexUnusable, read_manifest
from index.segments import upkeep
from index.segments.segment import FILES, FOLDER
from index.verify import faults
from tests.index.building import CREAM, SCAN, StandIn, files, run, use, write_letter
from tests.index.fictional import SPLINT

THESIS = "twelve years of work"


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(StandIn(), monkeypatch)
    monkeypatch.setattr(upkeep, "MERGE_AT", 2)  # so that segments are removed soon
    return write_letter(tmp_path / "letters", 1, SPLINT).parent


@pytest.fixture
def index(letters: Path, tmp_path: Path) -> Path:
    run(letters, into=tmp_path / "index")
    return tmp_path / "index"


def work_through(index: Path, letters: Path) -> Summary:
    """Everything that removes something: letters added, changed, pruned, segments merged."""
    write_letter(letters, 2, SCAN)
    run(letters, into=index)
    write_letter(letters, 1, CREAM)
    run(letters, into=index)
    (letters / "CM16-0999002.txt").unlink()
    return run(letters, into=index, prune=True)


# -- put into an index of ours ---------------------------------------------------------------------

SOMEBODYS = (
    "thesis.docx",
    "letters.db.bak",
    "manifest.json.old",
    "deleted-scenes.npy",
    "deleted-1.npy",
    "segments/thesis.docx",
    "segments/photos/one.jpg",
    "segments/s000001/thesis.docx",
    "segments/s000001/whoosh/thesis.docx",
    "segments/s000001/photos/one.jpg",
    "segments/s000007/thesis.docx",
    "segments/s000009.tmp/one.npy",
    "segments/s1/issues.npy",
    "segments/sketches/issues.npy",
    "encoder-mine/model.onnx",
    "encoder-mine.tmp/model.onnx",
)


@pytest.mark.parametrize("place", SOMEBODYS)
def test_a_file_that_somebody_put_into_an_index_stays(
    index: Path, letters: Path, place: str
) -> None:
    theirs = index / place
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.write_text(THESIS)
    done = work_through(index, letters)
    assert theirs.read_text() == THESIS
    assert (done.letters, done.issues) == (1, 1)
    assert faults(index) == []


def test_an_empty_folder_that_somebody_put_among_the_segments_stays(
    index: Path, letters: Path
) -> None:
    for name in ("s000008", "s000008.tmp", "empty"):
        (index / FOLDER / name).mkdir()
    work_through(index, letters)
    assert {path.name for path in (index / FOLDER).iterdir()} >= {"s000008", "s000008.tmp", "empty"}


def test_what_a_link_among_the_segments_points_to_stays(
    index: Path, letters: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(index / FOLDER / "s000001", elsewhere)
    before = files(elsewhere)
    (index / FOLDER / "s000009").symlink_to(elsewhere)
    work_through(index, letters)
    assert files(elsewhere) == before
    assert (index / FOLDER / "s000009").is_symlink()


def test_what_nobody_needs_of_ours_goes(index: Path, letters: Path) -> None:
    work_through(index, letters)
    manifest = read_manifest(index)
    run(letters, into=index)  # the generation before is let go
    held = {path.name for path in (index / FOLDER).iterdir()}
    assert held >= set(manifest.segments)
    assert len(held) <= len(manifest.segments) + 2


# -- a directory of somebody -----------------------------------------------------------------------


def a_home(folder: Path) -> None:
    (folder / "thesis.docx").write_text(THESIS)


def a_segments_folder(folder: Path) -> None:
    (folder / FOLDER / "s000001").mkdir(parents=True)
    (folder / FOLDER / "s000001" / "thesis.docx").write_text(THESIS)


def another_store(folder: Path) -> None:
    (folder / "letters.db").write_text(THESIS)


def a_web_site(folder: Path) -> None:
    (folder / FILE).write_text(json.dumps({"name": "my site", "icons": []}))
    (folder / "lock").write_text(THESIS)


def a_hidden_file(folder: Path) -> None:
    (folder / ".bashrc").write_text(THESIS)


def a_link_to_a_marker(folder: Path) -> None:
    (folder / "thesis.docx").write_text(THESIS)
    (folder / MARKER).symlink_to("/nowhere")


@pytest.mark.parametrize(
    "somebodys",
    [a_home, a_segments_folder, another_store, a_web_site, a_hidden_file, a_link_to_a_marker],
)
def test_a_directory_of_somebody_is_refused_and_left_as_it_is(
    letters: Path, tmp_path: Path, somebodys: Callable[[Path], None]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    somebodys(theirs)
    before = snapshot(theirs)
    with pytest.raises(IndexUnusable, match=r"files that are no index.*theirs/\.precedent"):
        run(letters, into=theirs)
    with pytest.raises(IndexUnusable, match="there is no index in"):
        read_manifest(theirs)
    assert snapshot(theirs) == before


def snapshot(folder: Path) -> dict[str, str]:
    """Every path below a folder, with the text of each file."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_the_folder_of_the_letters_is_no_place_for_the_index(letters: Path) -> None:
    with pytest.raises(IndexUnusable, match="no index"):
        run(letters, into=letters)
    assert run(letters, into=letters / ".precedent").letters == 1


def test_a_file_is_no_directory(letters: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(THESIS)
    with pytest.raises(IndexUnusable, match="is a file: give --index a directory"):
        run(letters, into=tmp_path / "file")
    assert (tmp_path / "file").read_text() == THESIS


@pytest.mark.parametrize("there", [(), ("lost+found",)])
def test_an_empty_directory_becomes_an_index(
    letters: Path, tmp_path: Path, there: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    for name in there:
        (tmp_path / "empty" / name).mkdir()
    assert run(letters, into=tmp_path / "empty").letters == 1
    assert "Keep nothing of your own" in (tmp_path / "empty" / MARKER).read_text()


def test_an_index_without_markers_is_taken_over(index: Path, letters: Path) -> None:
    for marker in index.rglob(MARKER):
        marker.unlink()
    assert run(letters, into=index).same == 1
    assert (index / MARKER).is_file()
    assert (index / FOLDER / "s000001" / MARKER).is_file()


@pytest.mark.parametrize("name", ["../../elsewhere", "s000001/../../../elsewhere", ""])
def test_a_manifest_that_names_folders_elsewhere_marks_nothing(
    index: Path, letters: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    for marker in index.rglob(MARKER):
        marker.unlink()
    record = json.loads((index / FILE).read_text())
    (index / FILE).write_text(json.dumps({**record, "segments": [name]}))
    with pytest.raises(IndexUnusable, match="no index"):
        run(letters, into=index)
    assert list(tmp_path.rglob(MARKER)) == []


def test_a_link_to_an_index_is_that_index(index: Path, letters: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(index)
    assert run(letters, into=tmp_path / "link").same == 1


def test_nothing_is_removed_of_a_folder_that_is_not_marked(tmp_path: Path) -> None:
    (tmp_path / "issues.npy").write_text(THESIS)
    remove_folder(tmp_path, FILES)
    assert (tmp_path / "issues.npy").read_text() == THESIS
    mark(tmp_path)
    (tmp_path / "mine.npy").write_text(THESIS)
    remove_folder(tmp_path, FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npy"]


def test_claiming_twice_is_claiming_once(tmp_path: Path) -> None:
    claim(tmp_path / "new")
    claim(tmp_path / "new")
    (tmp_path / "new" / MARKER).unlink()
    (tmp_path / "new" / "a").touch()
    with pytest.raises(NotOurs):
        claim(tmp_path / "new")
