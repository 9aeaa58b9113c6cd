"""The manifest: what a generation of an index consists of. Publishing one is a single rename."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from index.files import checksum, write_atomically
from index.folder import is_marked

FILE = "manifest.json"
FORMAT = 2
_TELLING = (b'"generation"', b'"segments"', b'"encoder"')  # names in the manifest of an index


class IndexUnusable(RuntimeError):
    """There is no index, or one this version cannot read; the message says what to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One published generation.

    `segments` are directory names in document order; `deleted` is the name of the file of dead
    issue numbers (int64), `files` maps every file, relative to the index, to its size in bytes
    and checksum.
    """

    format: int
    generation: int
    model: str
    model_digest: str
    precision: str
    recipe: str
    letters: int
    issues: int
    segments: tuple[str, ...]
    deleted: str
    encoder: str
    files: Mapping[str, tuple[int, str]]


def publish(directory: Path, manifest: Manifest) -> None:
    """Make `manifest` the generation that readers open from now on."""
    write_atomically(directory / FILE, json.dumps(asdict(manifest), indent=1).encode())


def read_manifest(directory: Path) -> Manifest:
    """The published generation. Raises IndexUnusable where there is none we can read."""
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
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else None
        raise IndexUnusable(
            f"the index in {directory} has format {found}, this version reads {FORMAT}: delete "
            f"the directory and run `precedent index PATH... --index {directory}`"
        )
    try:
        files = {name: (size, digest) for name, (size, digest) in record["files"].items()}
        return Manifest(**{**record, "segments": tuple(record["segments"]), "files": files})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IndexUnusable(
            f"the manifest in {directory} is not whole ({error!r}): delete the directory and run "
            f"`precedent index PATH... --index {directory}`"
        ) from error


def describe(
    directory: Path, names: list[str], known: Mapping[str, tuple[int, str]]
) -> dict[str, tuple[int, str]]:
    """Size and checksum of files; those in `known` are immutable and not read again."""
    return {
        name: known[name]
        if name in known
        else ((directory / name).stat().st_size, checksum(directory / name))
        for name in names
    }


def damaged_files(directory: Path, manifest: Manifest) -> list[str]:
    """The files of a generation that are missing, cut off or altered, each with what is wrong."""
    found = []
    for name, (size, digest) in manifest.files.items():
        path = directory / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif path.stat().st_size != size:
            found.append(f"{name}: {path.stat().st_size} bytes instead of {size}")
        elif checksum(path) != digest:
            found.append(f"{name}: its content was altered")
    return found
