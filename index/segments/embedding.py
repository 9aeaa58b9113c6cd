"""Embedding the passages of a segment: each text once, whatever is written anew around it.

A segment knows its passages by a hash of their text (`passage-hashes.npy`, uint64, one a row), so
vectors are taken over from any segment that holds the same text: the one that is replaced, that of
a letter before it changed, or one that a run which was killed left behind. What no segment holds is
embedded and appended to a file of (hash, vector), synced batch by batch: a run that was interrupted
goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.encoder import DocumentEncoder
from index.files import sync_directory
from index.progress import Reporter
from index.segments.vectors import COARSE, EXACT, OFFSETS, open_rows, write_vectors

HASHES = "passage-hashes.npy"
PART = "vectors.f16.part"  # there while a segment is being embedded, gone when it is whole
FILES = (HASHES, PART)
"""The names of all files that are written here and not in `index.segments.vectors`."""

_EMBED_ROWS = 1024  # rows appended at once: what an interrupted run can lose

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class KnownVectors:
    """The vectors of passages whose text is known by its hash.

    `rows[i]` (float16) is the vector of the text of `hashes[i]` (uint64); `kept` is what the rows
    lie in, held as long as they are.
    """

    hashes: NDArray[np.uint64]
    rows: NDArray[np.float16]
    kept: Any = None


def passage_hash(text: str) -> int:
    """A 64-bit hash of a passage; 0 stands for one that is not known."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def write_passages(directory: Path, hashes: Sequence[Sequence[int]]) -> None:
    """Write which rows are whose, and `hashes[d]`, those of the passages of document d."""
    lengths = np.fromiter(map(len, hashes), np.int64, len(hashes))
    np.save(directory / OFFSETS, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    all_hashes = (value for of_document in hashes for value in of_document)
    np.save(directory / HASHES, np.fromiter(all_hashes, np.uint64, int(lengths.sum())))


def is_embedded(directory: Path) -> bool:
    """Whether the vectors of a segment are complete."""
    written = (directory / EXACT).exists() or (directory / COARSE).exists()
    return written and not (directory / PART).exists()


def known_vectors(directory: Path) -> KnownVectors | None:
    """What a segment holds, also one not embedded to its end; None where that is nothing."""
    if not (directory / HASHES).exists():  # of format 2
        return None
    if (directory / PART).exists():
        return _appended(directory)
    if is_embedded(directory):
        rows, kept = open_rows(directory)
        return KnownVectors(np.load(directory / HASHES), rows, kept)
    return None


def embed_segment(
    directory: Path,
    texts: Callable[[Rows], Iterable[str]],
    known: Sequence[KnownVectors],
    encoder: Callable[[], DocumentEncoder],
    reporter: Reporter,
) -> int:
    """Write the vectors of a segment whose passages are written (`write_passages`).

    Those of texts that are `known` are taken over; `texts` yields the passages of some rows, in
    order, and `encoder` is called where one has to be embedded. Returns how many were.
    """
    hashes = np.load(directory / HASHES)
    before = _appended(directory)
    known = [*known, *([before] if before else [])]
    width = known[0].rows.shape[1] if known else encoder().dimensions
    vectors = np.zeros((len(hashes), width), np.float16)
    distinct, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    rows = _take_over(vectors, distinct, first, known)
    with (
        _opened_part(directory, width) as part,
        reporter.stage("embedding", len(rows), "passages") as stage,
    ):
        for start in range(0, len(rows), _EMBED_ROWS):
            batch = rows[start : start + _EMBED_ROWS]
            vectors[batch] = encoder().encode(list(texts(batch)))
            _append(part, hashes[batch], vectors[batch])
            stage.tick(len(batch))
    repeated = np.flatnonzero(first[place] != np.arange(len(hashes)))
    vectors[repeated] = vectors[first[place[repeated]]]
    write_vectors(directory, vectors)
    sync_directory(directory)
    (directory / PART).unlink()
    return len(rows)


def _take_over(
    vectors: NDArray[np.float16],
    distinct: NDArray[np.uint64],
    first: Rows,
    known: Sequence[KnownVectors],
) -> Rows:
    """Fill in what is known at the `first` row of each of the `distinct` hashes (ascending).

    Returns the first rows of the others, ascending.
    """
    missing = np.ones(len(distinct), bool)
    for source in known:
        at = np.minimum(np.searchsorted(distinct, source.hashes), len(distinct) - 1)
        held = np.flatnonzero((distinct[at] == source.hashes) & missing[at])
        vectors[first[at[held]]] = source.rows[held]
        missing[at[held]] = False
    return np.sort(first[missing])


# -- what a run leaves that is interrupted: the width of a row (int64), then hashes and rows -------

_WIDTH = np.dtype(np.int64)


def _appended(directory: Path) -> KnownVectors | None:
    """The rows that an earlier run has embedded; one that was cut off is left out."""
    path = directory / PART
    if not path.exists() or path.stat().st_size < _WIDTH.itemsize:
        return None
    with path.open("rb") as opened:
        (width,) = np.fromfile(opened, _WIDTH, 1).tolist()
        whole = (path.stat().st_size - _WIDTH.itemsize) // _row(width).itemsize
        found = np.fromfile(opened, _row(width), whole)
    return KnownVectors(found["hash"], found["vector"])


def _row(width: int) -> np.dtype[Any]:
    return np.dtype([("hash", np.uint64), ("vector", np.float16, (width,))])


@contextmanager
def _opened_part(directory: Path, width: int) -> Iterator[BinaryIO]:
    """The file of rows, to append to: after its last whole row, or begun."""
    with (directory / PART).open("ab") as opened:
        whole = (opened.tell() - _WIDTH.itemsize) // _row(width).itemsize
        if whole < 0:
            opened.truncate(0)
            opened.write(np.array([width], _WIDTH).tobytes())
        else:
            opened.truncate(_WIDTH.itemsize + whole * _row(width).itemsize)
        yield opened


def _append(part: BinaryIO, hashes: NDArray[np.uint64], vectors: NDArray[np.float16]) -> None:
    rows = np.empty(len(hashes), _row(vectors.shape[1]))
    rows["hash"], rows["vector"] = hashes, vectors
    part.write(rows.tobytes())
    part.flush()
    os.fsync(part.fileno())
