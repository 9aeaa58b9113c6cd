"""Finding files: folders and ZIP archives opened, in an order that does not change."""

from __future__ import annotations

import io
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from index.extract.document import (
    MAX_FILE_BYTES,
    MEBIBYTE,
    Unreadable,
    damaged,
    locked,
    too_large,
)

MAX_ZIP_MEMBERS = 100_000
MAX_ZIP_BYTES = 8192 * MEBIBYTE
MAX_ZIP_RATIO = 200
MAX_ZIP_DEPTH = 3

_LITTER = {"__MACOSX", "Thumbs.db", "desktop.ini"}
Refusal = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One file found, as plain values: another process can load it.

    `name` tells it from every other: its full path, a member's behind its archive's, as bytes (not
    every name is text: see `shown`). `path` is where the file lies on the disk, `chain` leads into
    it where it is an archive: the number of the member in each archive on the way. `refusal` says
    why it cannot be loaded (code, reason, remedy), where that is known already.
    """

    name: bytes
    path: bytes
    chain: tuple[int, ...] = ()
    refusal: Refusal | None = None

    def load(self) -> bytes:
        """The bytes of the file. Raises `Unreadable` where they cannot be had."""
        if self.refusal is not None:
            raise Unreadable(*self.refusal)
        if not self.chain:
            return _load(Path(os.fsdecode(self.path)))
        return _read(_archive_at(self.path, _stamp(self.path), self.chain[:-1]), self.chain[-1])


def shown(name: bytes) -> str:
    """The name of a source as text on one line: what is no text, or cannot be seen, is escaped."""
    text = name.decode(errors="backslashreplace")
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def archive_members(source: Source) -> list[Source] | None:
    """What lies in an archive and in the archives in it; None where `source` is no archive.

    No two members have one name: a second "a.txt" is called "a (2).txt". Raises `Unreadable` where
    it holds too much. Opens what anybody may have made: an index run does it in a process with
    bounds.
    """
    archive = _archive(Path(os.fsdecode(source.path)))
    return None if archive is None else _told_apart(_members(archive, source, MAX_ZIP_DEPTH))


def _told_apart(members: Iterable[Source]) -> list[Source]:
    """The members with a name each; those who share one are numbered from the second on."""
    found = list(members)
    taken = {member.name for member in found}
    met: Counter[bytes] = Counter()
    for at, member in enumerate(found):
        met[member.name] += 1
        if met[member.name] > 1:
            while (name := _numbered(member.name, met[member.name])) in taken:
                met[member.name] += 1
            taken.add(name)
            found[at] = replace(member, name=name)
    return found


def _numbered(name: bytes, number: int) -> bytes:
    folder, slash, file = name.rpartition(b"/")
    stem, dot, suffix = file.partition(b".")
    return b"%b%b%b (%d)%b%b" % (folder, slash, stem, number, dot, suffix)


def discover(
    paths: Sequence[Path], members: Callable[[Source], list[Source] | None] = archive_members
) -> Iterator[Source]:
    """Every file under `paths`, folders and ZIP archives opened, in sorted order.

    `members` opens an archive. Raises FileNotFoundError at once, before anything is yielded, for a
    path that is not there.
    """
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}. Check the path.")
    return (source for path in paths for source in _walk(path.resolve(), members))


def _walk(path: Path, members: Callable[[Source], list[Source] | None]) -> Iterator[Source]:
    """The sources at `path`."""
    source = Source(os.fsencode(path), os.fsencode(path))
    if path.is_file():
        try:
            inside = members(source) if _ends_like_an_archive(path) else None
        except Unreadable as refusal:
            inside = [_refused(source, refusal)]
        yield from [source] if inside is None else inside
    elif path.is_dir():
        try:
            children = sorted(path.iterdir())
        except OSError as error:
            yield _refused(source, _no_access(error))
            return
        for child in children:
            # A link could lead out of the folder, or round in a circle.
            if not (_is_litter(child.name) or child.is_symlink()):
                yield from _walk(child, members)


def _ends_like_an_archive(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False  # loading it says why


def _refused(source: Source, refusal: Unreadable) -> Source:
    why = (refusal.code, refusal.reason, refusal.remedy)
    return Source(source.name, source.path, source.chain, why)


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
    """The archive in `file`; None where it is none, or an office document (a ZIP too)."""
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


def _members(archive: zipfile.ZipFile, outer: Source, depth: int) -> Iterator[Source]:
    infos = [(n, info) for n, info in enumerate(archive.infolist()) if not info.is_dir()]
    unpacked = sum(info.file_size for _, info in infos)
    if depth < 1 or len(infos) > MAX_ZIP_MEMBERS or unpacked > MAX_ZIP_BYTES:
        yield _refused(outer, too_large())
        return
    for number, info in sorted(infos, key=lambda numbered: numbered[1].filename):
        parts = [part for part in PurePosixPath(info.filename).parts if part not in ("/", "..")]
        if any(_is_litter(part) for part in parts):
            continue
        name = b"/".join([outer.name, "/".join(parts or ["unnamed"]).encode()])
        source = Source(name, outer.path, (*outer.chain, number))
        if info.filename.lower().endswith(".zip"):
            yield from _nested(archive, source, depth - 1)
        else:
            yield source


def _nested(outer: zipfile.ZipFile, source: Source, depth: int) -> Iterator[Source]:
    try:
        archive = _archive(io.BytesIO(_read(outer, source.chain[-1])))
    except Unreadable:
        archive = None  # loading it again says why
    if archive is None:
        yield source
    else:
        yield from _members(archive, source, depth)


def _read(archive: zipfile.ZipFile, number: int) -> bytes:
    """The bytes of a member. The size it declares is a bound: no more is ever unpacked."""
    info = archive.infolist()[number]
    ratio_bound = max(MEBIBYTE, MAX_ZIP_RATIO * info.compress_size)
    if info.file_size > min(MAX_FILE_BYTES, ratio_bound):
        raise too_large()
    if info.flag_bits & 1:
        raise locked()
    try:
        return archive.read(info)
    except MemoryError:
        raise
    except Exception as error:  # zlib, bz2, lzma and zipfile each raise their own
        raise damaged("ZIP archive") from error


def _stamp(path: bytes) -> tuple[int, int]:
    """What changes when a file does: the time of the change in nanoseconds, and the size."""
    try:
        found = Path(os.fsdecode(path)).stat()
    except OSError as error:
        raise _no_access(error) from error
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=MAX_ZIP_DEPTH + 1)
def _archive_at(path: bytes, stamp: tuple[int, int], chain: tuple[int, ...]) -> zipfile.ZipFile:
    """The archive that `chain` leads to, kept open: its members are loaded one after the other."""
    file: Path | io.BytesIO = Path(os.fsdecode(path))
    if chain:
        file = io.BytesIO(_read(_archive_at(path, stamp, chain[:-1]), chain[-1]))
    archive = _archive(file)
    if archive is None:
        raise damaged("ZIP archive")
    return archive
