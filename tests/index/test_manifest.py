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
    damaged_files,
    describe,
    publish,
    read_manifest,
)
from tests.index.building import StandIn, run, use, write_letter
from tests.index.fictional import SPLINT

FIRST = Manifest(
    format=FORMAT,
    generation=1,
    model="stand-in",
    model_digest="5tand1n",
    precision="fp32",
    recipe="a recipe",
    letters=2,
    issues=3,
    segments=("s000001", "s000002"),
    deleted="deleted-000001.npy",
    encoder="encoder-5tand1n",
    files={"deleted-000001.npy": (128, "00" * 16)},
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
        (b"[]", "has format None, this version reads 2"),
        (b'{"format": 1}', "has format 1, this version reads 2"),
        (b'{"format": 2}', "is not whole"),
        (b'{"format": 2, "files": 5, "segments": []}', "is not whole"),
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


def test_files_are_described_by_size_and_checksum_and_known_ones_not_read_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"")
    described = describe(tmp_path, ["a", "b", "c"], {"c": (5, "known")})
    assert described == {
        "a": (3, checksum(tmp_path / "a")),
        "b": (0, checksum(tmp_path / "b")),
        "c": (5, "known"),
    }


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
