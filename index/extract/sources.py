"""Finding files: folders and ZIP archives opened, in an order that does not change."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from index.extract.document import (
    MAX_FILE_BYTES,
    MEBIBYTE,
    Unreadable,
    damaged,
    fold,
    locked,
    too_large,
)

MAX_ZIP_MEMBERS = 100_000
MAX_ZIP_BYTES = 8192 * MEBIBYTE
MAX_ZIP_RATIO = 200
MAX_ZIP_DEPTH = 3

_LITTER = {"__MACOSX", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file found: `name` is its full path, a member's behind its archive's; `load` reads it.

    `load` raises `Unreadable` where the bytes cannot be had.
    """

    name: str
    load: Callable[[], bytes]


def discover(paths: Sequence[Path]) -> Iterator[Source]:
    """Every file under `paths`, folders and ZIP archives opened, in sorted order.

    Raises FileNotFoundError at once, before anything is yielded, for a path that is not there.
    """
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}. Check the path.")
    return (source for path in paths for source in _walk(path.resolve()))


def _walk(path: Path) -> Iterator[Source]:
    """The sources at `path`."""
    name = fold(str(path))
    if path.is_file():
        archive = _archive(path)
        if archive is None:
            yield Source(name, lambda: _load(path))
        else:
            yield from _members(archive, name, MAX_ZIP_DEPTH)
    elif path.is_dir():
        try:
            children = sorted(path.iterdir())
        except OSError as error:
            yield Source(name, _refusing(_no_access(error)))
            return
        for child in children:
            # A link could lead out of the folder, or round in a circle.
            if not (_is_litter(child.name) or child.is_symlink()):
                yield from _walk(child)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name in _LITTER


def _load(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise too_large()
        return path.read_bytes()
    except OSError as error:
        raise _no_access(error) from error


def _no_access(error: OSError) -> Unreadable:
    reason = f"It could not be opened: {error.strerror}."
    return Unreadable("no-access", reason, "Check its permissions and the disk.")


def _archive(file: Path | io.BytesIO) -> zipfile.ZipFile | None:
    """The archive in `file`; None where it is none, or an office document (a ZIP too).

    It stays open as long as a source of it is held.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" in archive.NameToInfo or _is_pdf(file):
        archive.close()
        return None
    return archive


def _is_pdf(file: Path | io.BytesIO) -> bool:
    """Whether a file that ends like an archive begins like a PDF: then it is read as a PDF."""
    if isinstance(file, io.BytesIO):
        return b"%PDF-" in file.getvalue()[:1024]
    with file.open("rb") as stream:
        return b"%PDF-" in stream.read(1024)


def _members(archive: zipfile.ZipFile, name: str, depth: int) -> Iterator[Source]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    unpacked = sum(info.file_size for info in infos)
    if depth < 1 or len(infos) > MAX_ZIP_MEMBERS or unpacked > MAX_ZIP_BYTES:
        yield Source(name, _refusing(too_large()))
        return
    for info in sorted(infos, key=lambda info: info.filename):
        parts = [part for part in PurePosixPath(info.filename).parts if part not in ("/", "..")]
        if any(_is_litter(part) for part in parts):
            continue
        source = Source(fold("/".join([name, *parts])), _reader(archive, info))
        if info.filename.lower().endswith(".zip"):
            yield from _nested(source, depth - 1)
        else:
            yield source


def _nested(source: Source, depth: int) -> Iterator[Source]:
    try:
        archive = _archive(io.BytesIO(source.load()))
    except Unreadable:
        archive = None  # loading it again says why
    if archive is None:
        yield source
    else:
        yield from _members(archive, source.name, depth)


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    """What reads one member. The size it declares is a bound: no more is ever unpacked."""

    def read() -> bytes:
        ratio_bound = max(MEBIBYTE, MAX_ZIP_RATIO * info.compress_size)
        if info.file_size > min(MAX_FILE_BYTES, ratio_bound):
            raise too_large()
        if info.flag_bits & 1:
            raise locked()
        try:
            return archive.read(info)
        except Exception as error:  # zlib, bz2, lzma and zipfile each raise their own
            raise damaged("ZIP archive") from error

    return read


def _refusing(refusal: Unreadable) -> Callable[[], bytes]:
    def refuse() -> bytes:
        raise refusal

    return refuse
