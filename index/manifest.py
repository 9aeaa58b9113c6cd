"""The manifest: what a generation of an index consists of. Publishing one is a single rename."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from index.files import checksum, write_atomically
from index.folder import is_marked

FILE = "manifest.json"
FORMAT = 3
UPGRADED = (2,)
"""The earlier formats that an index run upgrades; see `index.upgrade`."""

_TELLING = (b'"generation"', b'"segments"', b'"encoder"')  # names in the manifest of an index


class IndexUnusable(RuntimeError):
    """There is no index, or one this version cannot read; the message says what to run."""


class Written(NamedTuple):
    """A file as it was written: bytes, time of the last change (ns since 1970), BLAKE2b hash."""

    size: int
    modified: int
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One published generation.

    `build` is drawn when an index is made, stands in its store too, and outlives updates: with
    `generation` it says whether two readers see the same. `segments` are directory names in
    document order; `deleted` is the name of the file of dead issue numbers (int64). `averages` are
    the mean lengths of the ranked fields, in words, as they were when there were `averages_of`
    issues: constants, so that a score does not change with every letter that is added.
    `reader_digest` is of what read files in the run that published, `derive_digest` of what made
    the segments (see `index.digests`). `files` maps every file, relative to the index, to how it
    was written.
    """

    format: int
    build: str
    generation: int
    model: str
    model_digest: str
    precision: str
    reader_digest: str
    derive_digest: str
    letters: int
    issues: int
    averages: tuple[float, ...]
    averages_of: int
    segments: tuple[str, ...]
    deleted: str
    encoder: str
    files: Mapping[str, Written]


def publish(directory: Path, manifest: Manifest) -> None:
    """Make `manifest` the generation that readers open from now on."""
    write_atomically(directory / FILE, json.dumps(asdict(manifest), indent=1).encode())


def read_manifest(directory: Path) -> Manifest:
    """The published generation. Raises IndexUnusable where there is none we can read."""
    record = read_record(directory)
    if (written := record.get("format")) == FORMAT:
        return manifest_of(directory, record)
    again = f"`precedent index PATH... --index {directory}`"
    if written in UPGRADED:
        remedy = f"run {again}, which upgrades it and keeps its letters and vectors"
    else:
        remedy = f"delete the directory and run {again}"
    raise IndexUnusable(
        f"the index in {directory} has format {written}, this version reads {FORMAT}: {remedy}"
    )


def read_record(directory: Path) -> dict[str, Any]:
    """The published manifest as it stands there, of any format. Raises IndexUnusable."""
    try:
        content = (directory / FILE).read_bytes()
        if not is_marked(directory.resolve()) and not all(key in content for key in _TELLING):
            raise FileNotFoundError  # a manifest of something else
        record = json.loads(content)
    except (FileNotFoundError, NotADirectoryError):
        raise IndexUnusable(
            f"there is no index in {directory}: run `precedent index PATH... --index {directory}`"
        ) from None
    except (OSError, ValueError) as error:
        raise IndexUnusable(
            f"the manifest in {directory} cannot be read ({error}): delete the directory and run "
            f"`precedent index PATH... --index {directory}`"
        ) from error
    return record if isinstance(record, dict) else {}


def manifest_of(directory: Path, record: Mapping[str, Any]) -> Manifest:
    """The manifest that a record of today's fields holds. Raises IndexUnusable where they lack."""
    try:
        files = {name: Written(*written) for name, written in record["files"].items()}
        tuples = {name: tuple(record[name]) for name in ("segments", "averages")}
        return Manifest(**{**record, **tuples, "files": files})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IndexUnusable(
            f"the manifest in {directory} is not whole ({error!r}): delete the directory and run "
            f"`precedent index PATH... --index {directory}`"
        ) from error


def describe(
    directory: Path, names: Iterable[str], known: Mapping[str, Written]
) -> dict[str, Written]:
    """How files are written; those that are as `known` are not read again."""
    return {name: _written(directory / name, known.get(name)) for name in names}


def _written(path: Path, known: Written | None) -> Written:
    """A file as it is; one whose bytes have changed since it was written stays as it was known."""
    status = path.stat()
    if known and (known.size, known.modified) == (status.st_size, status.st_mtime_ns):
        return known
    now = Written(status.st_size, status.st_mtime_ns, checksum(path))
    return known if known and known.checksum != now.checksum else now


def check_files(directory: Path, manifest: Manifest) -> frozenset[str]:
    """Make sure that the files of a generation are as they were written.

    One whose size and time are those written down is trusted; of another the checksum is taken.
    Returns the names of those that only bear another time: copied, or worse. Raises IndexUnusable,
    with its name, for a file that is missing, altered or not to be read.
    """
    touched = set()
    for name, written in manifest.files.items():
        try:
            status = (directory / name).stat()
            if (status.st_size, status.st_mtime_ns) == (written.size, written.modified):
                continue
            fault = _fault(directory / name, written)
        except OSError as error:
            fault = error.strerror or "cannot be read"
        if fault:
            raise damaged(directory, f"{name}: {fault}")
        touched.add(name)
    return frozenset(touched)


def damaged(directory: Path, fault: object) -> IndexUnusable:
    """What is said of an index in which a reader meets a `fault`."""
    return IndexUnusable(
        f"the index in {directory} is damaged ({fault}): run `precedent verify --index {directory}`"
        " for what is wrong, or delete the directory and index again"
    )


def damaged_files(directory: Path, manifest: Manifest) -> list[str]:
    """The files of a generation that are missing, cut off or altered, each with what is wrong."""
    faults = ((name, _fault(directory / name, w)) for name, w in manifest.files.items())
    return [f"{name}: {fault}" for name, fault in faults if fault]


def _fault(path: Path, written: Written) -> str:
    """What is wrong with a file, read through; empty where nothing is."""
    if not path.is_file():
        return "missing"
    if (size := path.stat().st_size) != written.size:
        return f"{size} bytes instead of {written.size}"
    return "" if checksum(path) == written.checksum else "its content was altered"
