"""Upgrading an index of format 2: letters and vectors are kept, the rest is written anew.

An index run does it without being asked. Letters come from the store, segments are derived from
them as after a change of tables, and no passage is embedded again that an old segment holds.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from index.files import write_atomically
from index.manifest import UPGRADED, Manifest, manifest_of, read_manifest, read_record
from index.progress import Reporter
from index.segments.embedding import HASHES, PART, passage_hash
from index.segments.segment import FOLDER, issue_numbers, issue_passages
from index.segments.vectors import OFFSETS
from index.store import Store

FILES_OF_FORMAT_2 = (
    r"(issues|lengths|totals|terms|term_ends|rows|frequencies|documents|counts|positions|blocks"
    r"|words|word_ends|word_terms|passages|attributes-\w+)\.npy|(impacts|attributes)\.json"
    r"|vectors(-pq)?\.faiss|vectors\.f16(\.part)?|passage-hashes\.npy(\.tmp)?"
    r"|whoosh/(MAIN\.tmp/[^/]*|_?MAIN_[^/]+|)"
)
"""A pattern of the paths of a segment's files, by which it is removed when nobody needs it."""

_NEW_FIELDS = {
    "build": "",
    "averages": (),
    "averages_of": 0,
    "reader_digest": "",
    "derive_digest": "",
    "files": {},
}


def published(directory: Path) -> Manifest:
    """The published generation, also of a format that is upgraded. Raises IndexUnusable."""
    record = read_record(directory)
    if record.get("format") not in UPGRADED:
        return read_manifest(directory)
    kept = {name: value for name, value in record.items() if name != "recipe"}
    return manifest_of(directory, {**kept, **_NEW_FIELDS})


def upgrade(directory: Path, store: Store, reporter: Reporter) -> None:
    """Make store and segments of format 2 such that an index run brings them up to date.

    Run before it changes the store; what was done before a kill is not done again.
    """
    if not store.is_earlier:
        return
    reporter.say("upgrading the index: its letters are kept, nothing is embedded again")
    for name in store.segments():
        _note_passages(directory, name, store)
    store.upgrade()


def _note_passages(directory: Path, name: str, store: Store) -> None:
    """Write down the hashes of the passages whose vectors a segment holds, as segments do today.

    The passages are those of today's code: it cuts them as that of format 2 did.
    """
    path = directory / FOLDER / name
    if (path / PART).exists() or not (path / OFFSETS).exists():
        return  # it was not embedded to its end, and will be embedded from the beginning
    offsets = np.load(path / OFFSETS)
    hashes = np.zeros(int(offsets[-1]), np.uint64)
    live = store.live_numbers(name)
    documents = np.searchsorted(issue_numbers(directory, name), live)
    for stored, document in zip(store.stream(live), documents, strict=True):
        start, end = offsets[document : document + 2]
        texts = issue_passages(stored)
        if len(texts) == end - start:
            hashes[start:end] = list(map(passage_hash, texts))
    with io.BytesIO() as buffer:
        np.save(buffer, hashes)
        write_atomically(path / HASHES, buffer.getvalue())
