"""The vectors of a segment: written resumably, kept as a FAISS index, read memory-mapped.

Every issue has one vector for its request and one for each passage of its reasoning (see
`index.passages`). `passages.npy` (int64, documents + 1) says which rows are whose: rows
`passages[d]` to `passages[d + 1]` belong to document d, the first of them being the request.
Up to EXACT_LIMIT rows a segment is searched exactly in fp16; above, an IVF index over 8-bit
codes finds candidates and the fp16 rows score them.
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

from index.encoder import DocumentEncoder, Vectors
from index.files import sync_directory

EXACT_LIMIT = 250_000  # rows; two processes write two segments: exact up to half a million
ROWS = "vectors.f16"
EXACT = "vectors.faiss"
COARSE = "vectors-ivf.faiss"
OFFSETS = "passages.npy"
PART = f"{ROWS}.part"  # there while a segment is being embedded, gone when it is whole
PROBES = 256  # lists looked into; DECISIONS.md says what fewer miss
_MORE = 20
_TRAIN_PER_LIST = 40
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
        faiss.write_index(_coarse_index(rows), str(directory / COARSE))
    else:
        exact.add(rows.astype(np.float32))
        faiss.write_index(exact, str(directory / EXACT))


def _coarse_index(rows: NDArray[np.float16]) -> Any:
    """IVF over 8-bit codes, as many lists as four times the root of the rows, by FAISS's advice."""
    lists = 1 << int(np.log2(4 * np.sqrt(len(rows))))
    index = faiss.index_factory(rows.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).choice(
        len(rows), min(len(rows), lists * _TRAIN_PER_LIST), replace=False
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
    # With IO_FLAG_MMAP alone lists are read through another, slower reader.
    index = faiss.read_index(str(directory / COARSE), faiss.IO_FLAG_MMAP_IFC)
    rows = np.asarray(np.memmap(directory / ROWS, np.float16, mode="r")).reshape(-1, index.d)
    return SegmentVectors(rows, offsets, index, coarse=True)


def nearest_rows(
    vectors: SegmentVectors, queries: Vectors, k: int, allowed: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The `k` nearest rows of each query among the `allowed` rows, by inner product.

    Returns scores and row numbers, both (queries, up to k), best first; -1 where there are
    fewer. A selective filter is answered exactly from the allowed rows alone: an approximate
    search under it would miss most of them.
    """
    faiss.omp_set_num_threads(1)  # per calling thread; a page must not take every core
    count = len(vectors.rows)
    if allowed is not None and np.count_nonzero(allowed) <= 0.05 * count:
        return _subset(vectors.rows, queries, k, np.flatnonzero(allowed))
    k = min(k, count)
    if k == 0:
        empty = np.zeros((len(queries), 0))
        return empty.astype(np.float32), empty.astype(np.int64)
    selector = None
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
    if not vectors.coarse:
        parameters = faiss.SearchParameters(sel=selector)
        scores, rows = vectors.index.search(queries, k, params=parameters)
        return scores, rows
    parameters = faiss.SearchParametersIVF(sel=selector, nprobe=PROBES)
    more = max(k // 4, _MORE)  # their codes are not quite in the order of the rows
    _, rows = vectors.index.search(queries, min(k + more, count), params=parameters)
    if allowed is not None and (rows[:, : min(k, np.count_nonzero(allowed))] < 0).any():
        # The lists probed hold too few allowed rows: the filter goes against the question.
        return _subset(vectors.rows, queries, k, np.flatnonzero(allowed))
    return _rescored(vectors.rows, queries, rows, k)


def _subset(
    rows: NDArray[np.float16], queries: Vectors, k: int, among: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    scores = queries @ rows[among].astype(np.float32).T
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), among[order]


def _rescored(
    rows: NDArray[np.float16], queries: Vectors, candidates: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Candidates by their exact fp16 rows instead of their 8-bit codes."""
    vectors = rows[np.maximum(candidates, 0)].astype(np.float32)
    scores = np.einsum("qd,qkd->qk", queries, vectors)
    scores[candidates < 0] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(candidates, order, 1)
