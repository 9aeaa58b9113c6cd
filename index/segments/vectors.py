"""The vectors of a segment: written resumably, kept as a FAISS index, read memory-mapped.

Every issue has one vector for its request and one for each passage of its reasoning (see
`index.passages`). `passages.npy` (int64, documents + 1) says which rows are whose: rows
`passages[d]` to `passages[d + 1]` belong to document d, the first of them being the request.
Up to EXACT_LIMIT rows a segment is searched exactly in fp16; above, a scan of short codes (product
quantisation, 4 bits for every two dimensions) finds candidates and the fp16 rows score them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.encoder import DocumentEncoder
from index.files import sync_directory

EXACT_LIMIT = 100_000  # rows; DECISIONS.md says what either way takes
ROWS = "vectors.f16"
EXACT = "vectors.faiss"
COARSE = "vectors-pq.faiss"
OFFSETS = "passages.npy"
PART = f"{ROWS}.part"  # there while a segment is being embedded, gone when it is whole
FILES = (ROWS, EXACT, COARSE, OFFSETS, PART)
"""The names of all files that are written here."""

_TRAINING_ROWS = 50_000
_EMBED_ROWS = 1024  # rows appended at once: what an interrupted run can lose


@dataclass(frozen=True, slots=True)
class SegmentVectors:
    """The opened vectors of one segment.

    `rows` is (passages, dimensions) float16, memory-mapped; `offsets` as in the module's text;
    `index` the FAISS index over the same rows, `coarse` telling that it is approximate.
    """

    rows: NDArray[np.float16]
    offsets: NDArray[np.int64]
    index: Any
    coarse: bool

    def owners(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The document each of `rows` belongs to."""
        return np.searchsorted(self.offsets, rows, side="right") - 1


def embed_segment(
    directory: Path,
    passages: Sequence[Sequence[str]],
    encoder: DocumentEncoder,
    tick: Callable[[int], None],
) -> None:
    """Embed the passages of a segment's documents and write its vector files.

    Rows are appended in order and synced batch by batch, so that a run that was interrupted
    goes on where it stopped. `tick` is told the number of rows done since the last call.
    """
    texts = [text for of_document in passages for text in of_document]
    part = directory / PART
    width = encoder.dimensions * 2
    done = part.stat().st_size // width if part.exists() else 0
    tick(done)
    with part.open("ab") as opened:
        opened.truncate(done * width)  # a batch cut off half-way is written again
        for start in range(done, len(texts), _EMBED_ROWS):
            batch = texts[start : start + _EMBED_ROWS]
            opened.write(encoder.encode(batch).astype(np.float16).tobytes())
            opened.flush()
            os.fsync(opened.fileno())
            tick(len(batch))
    write_vectors(directory, np.fromfile(part, np.float16).reshape(-1, encoder.dimensions))
    lengths = np.fromiter((len(p) for p in passages), dtype=np.int64, count=len(passages))
    np.save(directory / OFFSETS, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    sync_directory(directory)
    part.unlink()


def write_vectors(directory: Path, rows: NDArray[np.float16]) -> None:
    """Write the FAISS index over `rows`: exact, and the rows apart from it where it is not."""
    dimensions = rows.shape[1]
    exact = faiss.IndexScalarQuantizer(
        dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    if len(rows) > EXACT_LIMIT:
        rows.tofile(directory / ROWS)
        faiss.write_index(_codes(rows), str(directory / COARSE))
    else:
        exact.add(rows.astype(np.float32))
        faiss.write_index(exact, str(directory / EXACT))


def _codes(rows: NDArray[np.float16]) -> Any:
    """The codes of `rows`, laid out to be compared with a question many at a time."""
    dimensions = rows.shape[1]
    index = faiss.IndexPQFastScan(dimensions, dimensions // 2, 4, faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).choice(
        len(rows), min(len(rows), _TRAINING_ROWS), replace=False
    )
    index.train(rows[np.sort(sample)].astype(np.float32))
    for start in range(0, len(rows), 1 << 16):
        index.add(rows[start : start + (1 << 16)].astype(np.float32))
    return index


def open_vectors(directory: Path) -> SegmentVectors:
    """Open the vectors of a segment, memory-mapped. Raises OSError where files are missing."""
    offsets = np.load(directory / OFFSETS)
    if (directory / EXACT).exists():
        index = faiss.read_index(str(directory / EXACT), faiss.IO_FLAG_MMAP_IFC)
        codes = faiss.rev_swig_ptr(index.codes.data(), index.ntotal * index.d * 2)
        rows = codes.view(np.float16).reshape(-1, index.d)
        return SegmentVectors(rows, offsets, index, coarse=False)
    index = faiss.read_index(str(directory / COARSE))  # FAISS cannot map these codes
    rows = np.asarray(np.memmap(directory / ROWS, np.float16, mode="r")).reshape(-1, index.d)
    return SegmentVectors(rows, offsets, index, coarse=True)
