"""The manifest: what a generation consists of, published in one step, refused when not ours."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from index.files import checksum, sync_directory, write_atomically
from index.folder import mark
from index.manifest import (
    FILE,
    FORMAT,
    IndexUnusable,
    Manifest,
    Written,
    check_files,
    damaged_files,
    describe,
    publish,
    read_manifest,
)
from tests.index.building import StandIn, run, use, write_letter
from tests.index.fictional import SPLINT

FIRST = Manifest(
    format=FORMAT,
    build="0123456789abcdef",
    generation=1,
    model="stand-in",
    model_digest="5tand1n",
    precision="fp32",
    reader_digest="0a" * 16,
    derive_digest="0b" * 16,
    letters=2,
    issues=3,
    averages=(5.5, 40.0, 312.25),
    averages_of=3,
    segments=("s000001", "s000002"),
    deleted="deleted-000001.npy",
    encoder="encoder-5tand1n",
    files={"deleted-000001.npy": Written(128, 1_480_000_000_000_000_000, "00" * 16)},
)


# -- published -------------------------------------------------------------------------------------


def test_what_is_published_is_what_is_read(tmp_path: Path) -> None:
    publish(tmp_path, FIRST)
    assert read_manifest(tmp_path) == FIRST
    publish(tmp_path, replace(FIRST, generation=2))
    assert read_manifest(tmp_path).generation == 2
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_stopped_before_the_rename_the_old_generation_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, FIRST)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, replace(FIRST, generation=2))
    assert read_manifest(tmp_path) == FIRST


def test_whatever_is_given_its_name_is_on_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment, and all that a manifest lists; not on its way there: the power may go."""
    index, synced, unsynced = tmp_path / "index", set[tuple[int, int]](), list[str]()
    rename, replace_file = Path.rename, Path.replace

    def state(status: os.stat_result) -> tuple[int, int]:
        return status.st_ino, status.st_mtime_ns

    def check(paths: Iterable[Path]) -> None:
        files = [path for path in paths if path.is_file() and "encoder-" not in str(path)]
        unsynced.extend(path.name for path in files if state(path.stat()) not in synced)

    def named(aside: Path, final: Path) -> Path:
        check(aside.rglob("*"))
        return rename(aside, final)

    def replaced(aside: Path, target: Path) -> Path:
        check([aside])
        if target.name == FILE:
            check(index / name for name in json.loads(aside.read_text())["files"])
        return replace_file(aside, target)

    use(StandIn(), monkeypatch)
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(state(os.fstat(descriptor))))
    monkeypatch.setattr(Path, "rename", named)
    monkeypatch.setattr(Path, "replace", replaced)
    run(write_letter(tmp_path, 1, SPLINT), into=index)
    assert unsynced == []


# -- refused ---------------------------------------------------------------------------------------


def test_where_there_is_no_index_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable) as refused:
        read_manifest(tmp_path)
    assert str(refused.value) == (
        f"there is no index in {tmp_path}: run `precedent index PATH... --index {tmp_path}`"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b'{"format": 1', "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[]", "has format None, this version reads 3"),
        (b'{"format": 1}', "has format 1, this version reads 3"),
        (b'{"format": 3}', "is not whole"),
        (b'{"format": 3, "files": 5, "segments": []}', "is not whole"),
        (json.dumps({**asdict(FIRST), "colour": "red"}).encode(), "is not whole"),
    ],
)
def test_a_manifest_we_cannot_read_is_refused_with_the_remedy(
    tmp_path: Path, content: bytes, said: str
) -> None:
    mark(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(
        IndexUnusable, match=rf"{said}.*: delete the directory and run `precedent i"
    ):
        read_manifest(tmp_path)


@pytest.mark.parametrize("field", [name for name in asdict(FIRST) if name != "format"])
def test_no_field_may_be_missing(tmp_path: Path, field: str) -> None:
    record: dict[str, Any] = asdict(FIRST)
    del record[field]
    mark(tmp_path)
    (tmp_path / FILE).write_text(json.dumps(record))
    with pytest.raises(IndexUnusable, match="is not whole"):
        read_manifest(tmp_path)


# -- files -----------------------------------------------------------------------------------------


def written(directory: Path, **contents: bytes) -> Manifest:
    """A generation of files with these contents."""
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return replace(FIRST, files=describe(directory, contents, {}))


def modified(path: Path) -> int:
    return path.stat().st_mtime_ns


def touch(path: Path) -> None:
    """Give a file another time, as copying it would."""
    os.utime(path, ns=(0, modified(path) - 1_000_000_000))


def test_files_are_described_by_size_time_and_checksum(tmp_path: Path) -> None:
    assert written(tmp_path, a=b"one", b=b"").files == {
        "a": (3, modified(tmp_path / "a"), checksum(tmp_path / "a")),
        "b": (0, modified(tmp_path / "b"), checksum(tmp_path / "b")),
    }


def test_known_files_are_not_read_again_unless_their_time_has_changed(tmp_path: Path) -> None:
    files = written(tmp_path, same=b"one", copied=b"two", altered=b"three").files
    known = {**files, "same": files["same"]._replace(checksum="as known")}
    (tmp_path / "altered").write_bytes(b"eerht")
    touch(tmp_path / "altered")
    touch(tmp_path / "copied")
    assert describe(tmp_path, known, known) == {
        "same": known["same"],
        "copied": known["copied"]._replace(modified=modified(tmp_path / "copied")),
        "altered": known["altered"],  # so that no reader takes it for what was written
    }


def test_a_file_of_the_size_and_time_written_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = written(tmp_path, a=b"one", b=b"two")
    monkeypatch.setattr(Path, "open", None)  # nothing is read
    assert check_files(tmp_path, found) == frozenset()


def test_a_copied_file_is_read_and_named(tmp_path: Path) -> None:
    found = written(tmp_path, a=b"one", b=b"two")
    touch(tmp_path / "b")
    assert check_files(tmp_path, found) == {"b"}


def test_a_file_that_is_not_as_written_is_refused_by_name(tmp_path: Path) -> None:
    found = written(tmp_path, sound=b"one", b=b"two")
    (tmp_path / "b").write_bytes(b"owt")
    touch(tmp_path / "b")
    with pytest.raises(IndexUnusable, match=r"damaged \(b: its content was altered\): run `prec"):
        check_files(tmp_path, found)
    (tmp_path / "b").write_bytes(b"twofold")
    with pytest.raises(IndexUnusable, match=r"\(b: 7 bytes instead of 3\)"):
        check_files(tmp_path, found)
    (tmp_path / "b").unlink()
    with pytest.raises(IndexUnusable, match=r"\(b: No such file or directory\)"):
        check_files(tmp_path, found)
    (tmp_path / "b").mkdir()
    with pytest.raises(IndexUnusable, match=r"\(b: missing\)"):
        check_files(tmp_path, found)


def test_files_are_checked_where_nothing_can_be_written(tmp_path: Path) -> None:
    found = written(tmp_path, a=b"one")
    touch(tmp_path / "a")
    tmp_path.chmod(0o500)
    assert check_files(tmp_path, found) == {"a"}
    tmp_path.chmod(0o700)


def test_each_damage_to_a_file_is_named(tmp_path: Path) -> None:
    for name in ("whole", "cut", "altered", "missing", "a folder now"):
        (tmp_path / name).write_bytes(b"12345")
    names = sorted(path.name for path in tmp_path.iterdir())
    described = replace(FIRST, files=describe(tmp_path, names, {}))
    (tmp_path / "cut").write_bytes(b"1234")
    (tmp_path / "altered").write_bytes(b"12354")
    (tmp_path / "missing").unlink()
    (tmp_path / "a folder now").unlink()
    (tmp_path / "a folder now").mkdir()
    assert damaged_files(tmp_path, described) == [
        "a folder now: missing",
        "altered: its content was altered",
        "cut: 4 bytes instead of 5",
        "missing: missing",
    ]


def test_a_checksum_is_of_all_the_bytes(tmp_path: Path) -> None:
    """Also of those beyond the block that is read at once."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(bytes(5_000_000) + b"a")
    second.write_bytes(bytes(5_000_000) + b"b")
    assert len(checksum(first)) == 32
    assert checksum(first) != checksum(second)


def test_a_file_is_replaced_whole_and_synced_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    write_atomically(tmp_path / "a", b"old")
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    folder = tmp_path.stat().st_ino
    assert synced[1::2] == [folder, folder]
    assert synced[2] == (tmp_path / "a").stat().st_ino


def test_a_folder_is_synced_with_everything_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a").write_bytes(b"")
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    sync_directory(tmp_path)
    assert synced == {path.stat().st_ino for path in (tmp_path, *tmp_path.rglob("*"))}
