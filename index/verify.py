"""Checking a published index: checksums, and that its parts hold the same issues."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from index.manifest import damaged_files, read_manifest
from index.segments.codec import whoosh_index
from index.segments.postings import IndexDamaged
from index.segments.segment import FOLDER, open_segment
from index.store import FILE, Store


def faults(directory: Path) -> list[str]:
    """Everything that is wrong, a sentence each; empty for a sound index. Raises IndexUnusable."""
    manifest = read_manifest(directory)
    found = [*damaged_files(directory, manifest), *_store_faults(directory, manifest.generation)]
    if found:
        return found  # reading altered files further could do anything
    store = Store(directory, read_only=True)
    stored = set(store.live_in(manifest.generation))
    held: list[int] = []
    dead = set(np.load(directory / manifest.deleted).tolist())
    for name in manifest.segments:
        try:
            segment = open_segment(directory, name)
        except (OSError, RuntimeError, ValueError, IndexDamaged) as error:
            return [f"segment {name} cannot be opened: {error}"]
        documents = len(segment.issues)
        sizes = {
            "Whoosh": whoosh_index(directory / FOLDER / name).doc_count_all(),
            "attributes": len(segment.attributes.letters),
            "vectors": len(segment.vectors.offsets) - 1,
        }
        found += [
            f"segment {name}: {part} hold {size} issues instead of {documents}"
            for part, size in sizes.items()
            if size != documents
        ]
        if int(segment.vectors.offsets[-1]) != len(segment.vectors.rows):
            found.append(f"segment {name}: passages and vectors differ in number")
        held += [number for number in segment.issues.tolist() if number not in dead]
    if len(held) != len(set(held)):
        found.append(f"{len(held) - len(set(held))} issues stand in more than one segment")
    if set(held) != stored:
        found.append(
            f"{len(stored - set(held))} issues of the store are in no segment, "
            f"{len(set(held) - stored)} in segments are not in the store"
        )
    if (manifest.letters, manifest.issues) != store.counts(manifest.generation):
        found.append("the manifest counts other letters or issues than the store holds")
    store.close()
    return found


def _store_faults(directory: Path, generation: int) -> list[str]:
    """What is wrong with the store by itself: it changes, so no checksum in the manifest."""
    try:
        store = Store(directory, read_only=True)
    except sqlite3.DatabaseError as error:
        return [f"{FILE}: {error}"]
    try:
        altered = [
            f"{FILE}: the record of {letter} was altered" for letter in store.altered(generation)
        ]
        return [*(f"{FILE}: {fault}" for fault in store.check()), *altered]
    except sqlite3.DatabaseError as error:
        return [f"{FILE}: {error}"]
    finally:
        store.close()
