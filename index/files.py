"""Writing files so that they are either whole on disk or not there."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Force every file of `directory`, and the directory itself, to disk."""
    for path in [*directory.rglob("*"), directory]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step: aside, synced, renamed, the folder synced."""
    aside = path.with_name(f"{path.name}.tmp")
    with aside.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    aside.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: Path) -> str:
    """The BLAKE2b hash of a file's bytes, 32 hex digits."""
    found = blake2b(digest_size=16)
    with path.open("rb") as opened:
        while block := opened.read(1 << 22):
            found.update(block)
    return found.hexdigest()
