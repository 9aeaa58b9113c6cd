"""Checking a published index: checksums, and that its parts hold the same issues.

Nothing is run that an index holds, and nothing is believed before its checksum is right. What may
not be read is told from what is damaged, as the remedies differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from index.manifest import Manifest, damaged_files, read_manifest
from index.segments.arrays import IndexDamaged, map_array
from index.segments.segment import open_segment
from index.store import FILE, Store


def faults(directory: Path) -> list[str]:
    """Everything that is wrong, a sentence each; empty for a sound index. Raises IndexUnusable."""
    manifest = read_manifest(directory)
    found = [*_file_faults(directory, manifest), *_store_faults(directory, manifest.generation)]
    if found:
        return found  # reading altered files further could do anything
    held: list[int] = []
    try:
        dead = set(map_array(directory / manifest.deleted, np.int64).tolist())
        for name in manifest.segments:
            segment = open_segment(directory, name)
            held += [number for number in segment.issues.tolist() if number not in dead]
    except IndexDamaged as error:
        return [f"damaged: {error}"]
    except (OSError, RuntimeError, ValueError) as error:
        return [f"cannot be opened: {error}"]
    return list(_disagreements(directory, manifest, held))


def _file_faults(directory: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the files in the manifest, each by itself."""
    for name, described in manifest.files.items():
        try:
            yield from damaged_files(directory, replace(manifest, files={name: described}))
        except OSError as error:
            yield f"{name}: cannot be opened: {error.strerror}"


def _store_faults(directory: Path, generation: int) -> list[str]:
    """What is wrong with the store by itself: it changes, so no checksum in the manifest."""
    if not (directory / FILE).is_file():
        return [f"{FILE}: missing"]
    try:
        with (directory / FILE).open("rb"):
            store = Store(directory, read_only=True)
    except (OSError, sqlite3.OperationalError) as error:
        return [f"{FILE}: cannot be opened: {error}"]
    try:
        altered = [
            f"{FILE}: the record of {letter} was altered" for letter in store.altered(generation)
        ]
        return [*(f"{FILE}: {fault}" for fault in store.check()), *altered]
    except sqlite3.DatabaseError as error:
        return [f"{FILE}: {error}"]
    finally:
        store.close()


def _disagreements(directory: Path, manifest: Manifest, held: list[int]) -> Iterator[str]:
    """Where store, segments (which hold the issues `held`) and manifest differ."""
    store = Store(directory, read_only=True)
    try:
        stored = set(store.live_in(manifest.generation))
        counted = store.counts(manifest.generation)
    except sqlite3.DatabaseError as error:
        yield f"{FILE}: {error}"
        return
    finally:
        store.close()
    if len(held) != len(set(held)):
        yield f"{len(held) - len(set(held))} issues stand in more than one segment"
    if set(held) != stored:
        yield (
            f"{len(stored - set(held))} issues of the store are in no segment, "
            f"{len(set(held) - stored)} in segments are not in the store"
        )
    if (manifest.letters, manifest.issues) != counted:
        yield "the manifest counts other letters or issues than the store holds"
