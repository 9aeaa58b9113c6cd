"""Verifying an index: a sound one has no faults, and each kind of damage is found and named."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from index.manifest import IndexUnusable, Manifest, describe, publish, read_manifest
from index.segments.attributes import write_attributes
from index.segments.codec import LexicalDocument, write_segment
from index.segments.segment import FOLDER
from index.segments.vectors import EXACT, OFFSETS, write_vectors
from index.verify import faults
from tests.index.building import BRACE, SCAN, StandIn, run, use, write_letter
from tests.index.fictional import PHYSIO, SPLINT


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, one issue of the first of them dead."""
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        use(StandIn(), patch)
        write_letter(folder / "letters", 1, SPLINT, PHYSIO)
        write_letter(folder / "letters", 2, BRACE)
        run(folder / "letters", into=folder / "index")
        write_letter(folder / "letters", 2, SCAN)
        run(folder / "letters", into=folder / "index")
    return folder / "index"


@pytest.fixture
def index(sound: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    copied: Path = shutil.copytree(sound, tmp_path / "index")
    return copied


def republish(directory: Path, change: Callable[[Manifest], Manifest] = lambda m: m) -> None:
    """Publish what is there now, so that the checksums hold and only agreement is at stake."""
    manifest = read_manifest(directory)
    files = describe(directory, list(manifest.files), {})
    publish(directory, change(replace(manifest, files=files)))


def first(directory: Path) -> Path:
    return directory / FOLDER / read_manifest(directory).segments[0]


def execute(directory: Path, statement: str) -> None:
    connection = sqlite3.connect(directory / "letters.db")
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_sound_index_has_no_faults(sound: Path) -> None:
    assert faults(sound) == []


def test_where_there_is_no_index_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="there is no index"):
        faults(tmp_path)


# -- files -----------------------------------------------------------------------------------------


def test_a_flipped_bit_in_any_file_is_found(index: Path) -> None:
    for name in read_manifest(index).files:
        content = (index / name).read_bytes()
        if content:
            altered = bytearray(content)
            altered[len(content) // 2] ^= 1
            (index / name).write_bytes(altered)
            assert faults(index) == [f"{name}: its content was altered"]
            (index / name).write_bytes(content)
    assert faults(index) == []


def test_missing_and_cut_off_files_are_named_together(index: Path) -> None:
    (first(index) / EXACT).unlink()
    size = (first(index) / OFFSETS).stat().st_size
    (first(index) / OFFSETS).write_bytes(b"short")
    where = f"{FOLDER}/{first(index).name}"
    assert sorted(faults(index)) == [
        f"{where}/{OFFSETS}: 5 bytes instead of {size}",
        f"{where}/{EXACT}: missing",
    ]


PRINT_FAULTS = "import sys, pathlib, index.verify as v; print(v.faults(pathlib.Path(sys.argv[1])))"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root, who may read everything, acts as another user."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_told_from_a_damaged_one(sound: Path) -> None:
    with TemporaryDirectory() as folder:
        index = shutil.copytree(sound, Path(folder) / "index")
        Path(folder).chmod(0o755)
        (first(index) / EXACT).chmod(0)
        with as_nobody():
            found = faults(index)
    name = f"{FOLDER}/{read_manifest(sound).segments[0]}/{EXACT}"
    assert f"{name}: cannot be opened: Permission denied" in found


def test_an_index_on_a_read_only_mount_is_checked(index: Path) -> None:
    mounted = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1"'
    inside = ["unshare", "-rm", "sh", "-ec"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    done = subprocess.run(
        [*inside, mounted, "sh", str(index), sys.executable, PRINT_FAULTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# -- the store -------------------------------------------------------------------------------------


def test_a_missing_store_is_named(index: Path) -> None:
    (index / "letters.db").unlink()
    (fault,) = faults(index)
    assert fault.startswith("letters.db: ")


def test_a_store_that_is_no_database_is_named(index: Path) -> None:
    (index / "letters.db").write_bytes(b"nothing of the kind" * 1000)
    (fault,) = faults(index)
    assert fault.startswith("letters.db: ")


@pytest.mark.parametrize("record", ["x'00'", "substr(record, 2)"])
def test_a_letter_whose_record_was_altered_is_named(index: Path, record: str) -> None:
    execute(index, f"UPDATE letters SET record = {record} WHERE id = 'CM16-0999001'")
    assert faults(index) == ["letters.db: the record of CM16-0999001 was altered"]


# -- parts that do not agree -----------------------------------------------------------------------


def test_a_segment_that_cannot_be_opened_is_named(index: Path) -> None:
    (first(index) / "postings.json").write_text("{}")
    republish(index)
    (fault,) = faults(index)
    assert fault.startswith(f"damaged: {first(index) / 'postings.json'}: cannot be read")


def test_attributes_of_another_number_of_issues_are_found(index: Path) -> None:
    write_attributes(first(index), [["a"]], [1], [1], [1], ["CM16-1#1"])
    republish(index)
    (fault,) = faults(index)
    assert "attributes hold 1 issues instead of 3" in fault


def test_words_of_another_number_of_issues_are_found(index: Path) -> None:
    write_segment(first(index), [LexicalDocument(issue=1, request="splint")])
    republish(index)
    (fault,) = faults(index)
    assert "attributes hold 3 issues instead of 1" in fault


def test_vectors_of_another_number_of_issues_are_found(index: Path) -> None:
    offsets = np.load(first(index) / OFFSETS)
    np.save(first(index) / OFFSETS, np.delete(offsets, 1))
    republish(index)
    (fault,) = faults(index)
    assert "vectors hold 2 issues instead of 3" in fault


def test_passages_without_vectors_are_found(index: Path) -> None:
    rows = int(np.load(first(index) / OFFSETS)[-1])
    write_vectors(first(index), np.ones((rows - 1, StandIn.dimensions), np.float16))
    republish(index)
    (fault,) = faults(index)
    assert "does not divide the vectors by document" in fault


def test_an_issue_in_two_segments_is_found(index: Path) -> None:
    shutil.copytree(first(index), first(index).with_name("copy"))
    republish(index, lambda m: replace(m, segments=(*m.segments, "copy")))
    assert faults(index) == ["2 issues stand in more than one segment"]


def test_issues_that_are_in_no_segment_are_counted(index: Path) -> None:
    republish(index, lambda m: replace(m, segments=m.segments[1:]))
    assert faults(index) == [
        "2 issues of the store are in no segment, 0 in segments are not in the store"
    ]


def test_issues_that_the_store_does_not_know_are_counted(index: Path) -> None:
    np.save(index / read_manifest(index).deleted, np.zeros(0, np.int64))
    republish(index)
    assert faults(index) == [
        "0 issues of the store are in no segment, 1 in segments are not in the store"
    ]


@pytest.mark.parametrize("field", ["letters", "issues"])
def test_a_manifest_that_counts_wrongly_is_found(index: Path, field: str) -> None:
    republish(index, lambda m: replace(m, **{field: 99}))  # type: ignore[arg-type]
    assert faults(index) == ["the manifest counts other letters or issues than the store holds"]


def test_letters_gone_from_the_store_are_found(index: Path) -> None:
    execute(index, "DELETE FROM letters WHERE row = (SELECT max(row) FROM letters)")
    assert faults(index) == [
        "0 issues of the store are in no segment, 1 in segments are not in the store",
        "the manifest counts other letters or issues than the store holds",
    ]


def test_letters_that_no_generation_sees_yet_are_no_fault(index: Path) -> None:
    """A run may be under way, or stopped."""
    execute(
        index,
        "INSERT INTO letters (id, content, record, born) SELECT 'CM16-1', content, record, 9 "
        "FROM letters LIMIT 1",
    )
    execute(index, "INSERT INTO issues (letter, n) SELECT row, 1 FROM letters WHERE born = 9")
    assert faults(index) == []
