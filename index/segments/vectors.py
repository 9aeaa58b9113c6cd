"""The vectors of a segment: kept as a FAISS index, read memory-mapped.

Every issue has one vector for its request and one for each passage of its reasoning (see
`index.passages`). `passages.npy` (int64, documents + 1) says which rows are whose: rows
`passages[d]` to `passages[d + 1]` belong to document d, the first of them being the request.
Up to EXACT_LIMIT rows a segment is searched exactly in fp16; above, a scan of short codes (product
quantisation, 4 bits for every two dimensions) finds candidates and the fp16 rows score them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.segments.arrays import IndexDamaged, map_array, missing_is_damage

EXACT_LIMIT = 100_000  # rows; DECISIONS.md says what either way takes
ROWS = "vectors.f16"
EXACT = "vectors.faiss"
COARSE = "vectors-pq.faiss"
OFFSETS = "passages.npy"
FILES = (ROWS, EXACT, COARSE, OFFSETS)
"""The names of all files that are read here."""

_COUNT_AT = 8  # bytes into a file of FAISS
_MOST_DIMENSIONS = 4_096
_TRAINING_ROWS = 50_000


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


def write_vectors(directory: Path, rows: NDArray[np.float16]) -> None:
    """Write the FAISS index over `rows`: exact, and the rows apart from it where it is not."""
    dimensions = rows.shape[1]
    if len(rows) > EXACT_LIMIT:
        rows.tofile(directory / ROWS)
        faiss.write_index(_codes(rows), str(directory / COARSE))
    else:
        exact = _exact(dimensions)
        exact.add(rows.astype(np.float32))
        faiss.write_index(exact, str(directory / EXACT))


def _exact(dimensions: int) -> Any:
    """An index of half-precision vectors, without any."""
    return faiss.IndexScalarQuantizer(
        dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )


def _quantiser(dimensions: int) -> Any:
    """An index of codes of 4 bits for every two dimensions, untrained."""
    return faiss.IndexPQFastScan(dimensions, dimensions // 2, 4, faiss.METRIC_INNER_PRODUCT)


def _codes(rows: NDArray[np.float16]) -> Any:
    """The codes of `rows`, laid out to be compared with a question many at a time."""
    dimensions = rows.shape[1]
    index = _quantiser(dimensions)
    sample = np.random.default_rng(0).choice(
        len(rows), min(len(rows), _TRAINING_ROWS), replace=False
    )
    index.train(rows[np.sort(sample)].astype(np.float32))
    for start in range(0, len(rows), 1 << 16):
        index.add(rows[start : start + (1 << 16)].astype(np.float32))
    return index


def open_vectors(directory: Path, *, thorough: bool = True) -> SegmentVectors:
    """Open the vectors of a segment, memory-mapped.

    Raises IndexDamaged where they are not whole; a `thorough` opening reads them through.
    """
    offsets = map_array(directory / OFFSETS, np.int64)
    coarse = not (directory / EXACT).exists()
    file = directory / (COARSE if coarse else EXACT)
    with missing_is_damage(file):
        rows = _open_rows(directory / ROWS, _dimensions(file)) if coarse else None
        count = _check_exact(file) if rows is None else _check_coarse(file, rows)
    # FAISS cannot map the codes of a coarse index
    index = faiss.read_index(str(file), 0 if coarse else faiss.IO_FLAG_MMAP_IFC)
    if rows is None:
        codes = faiss.rev_swig_ptr(index.codes.data(), index.ntotal * index.d * 2)
        rows = codes.view(np.float16).reshape(-1, index.d)
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != count:
        raise IndexDamaged(directory / OFFSETS, "does not divide the vectors by document")
    if thorough and (np.diff(offsets) <= 0).any():
        raise IndexDamaged(directory / OFFSETS, "leaves a document without a vector")
    if thorough and not _finite(rows):
        raise IndexDamaged(directory / ROWS if coarse else file, "holds what is no number")
    return SegmentVectors(rows, offsets, index, coarse)


def _finite(rows: NDArray[np.float16]) -> bool:
    """Whether no number is NaN or infinite; read in parts, as there are more than memory holds."""
    starts = range(0, len(rows), 1 << 14)
    return all(bool(np.isfinite(rows[start : start + (1 << 14)]).all()) for start in starts)


def _dimensions(file: Path) -> int:
    """The dimensions that a file of FAISS names."""
    with file.open("rb") as opened:
        dimensions = int.from_bytes(opened.read(8)[4:], "little")
    if not 2 <= dimensions <= _MOST_DIMENSIONS or dimensions % 2:
        raise IndexDamaged(file, f"has vectors of {dimensions} dimensions")
    return dimensions


def _open_rows(file: Path, dimensions: int) -> NDArray[np.float16]:
    with missing_is_damage(file):
        count, rest = divmod(file.stat().st_size, dimensions * 2)
    if rest or not count:
        raise IndexDamaged(file, f"is no whole array of vectors of {dimensions} dimensions")
    return np.asarray(np.memmap(file, np.float16, mode="r")).reshape(count, dimensions)


# A file of FAISS is compared with what FAISS writes of an index without rows, but for the numbers
# that rows change: so none of its parsing is left to what the file says.


def _check_exact(file: Path) -> int:
    """How many rows `file` holds. Raises IndexDamaged where it is not what we write."""
    dimensions = _dimensions(file)
    expected = _written(_exact(dimensions))
    count, rest = divmod(file.stat().st_size - len(expected), dimensions * 2)
    struct.pack_into("<q", expected, _COUNT_AT, count)
    struct.pack_into("<q", expected, len(expected) - 8, count * dimensions * 2)
    with file.open("rb") as opened:
        if rest or count < 0 or opened.read(len(expected)) != expected:
            raise IndexDamaged(file, "is no whole index of half-precision vectors")
    return count


def _check_coarse(file: Path, rows: NDArray[np.float16]) -> int:
    """The same for an index of codes of `rows`."""
    count, dimensions = len(rows), rows.shape[1]
    index = _quantiser(dimensions)
    index.is_trained = True
    expected = _written(index)
    padded = -(-count // 32) * 32
    struct.pack_into("<q", expected, _COUNT_AT, count)
    struct.pack_into("<q", expected, len(expected) - 24, padded)
    struct.pack_into("<q", expected, len(expected) - 8, padded * dimensions // 4)
    with file.open("rb") as opened:
        found = bytearray(opened.read(len(expected)))
    centroids = slice(len(expected) - 36 - 4 * 16 * dimensions, len(expected) - 36)
    values = np.frombuffer(bytes(found[centroids]), np.float32)
    found[centroids] = expected[centroids]
    sized = file.stat().st_size == len(expected) + padded * dimensions // 4
    if not sized or found != expected or not np.isfinite(values).all():
        raise IndexDamaged(file, "is no whole index of the codes of vectors")
    return count


def _written(index: Any) -> bytearray:
    return bytearray(faiss.serialize_index(index).tobytes())


def open_rows(directory: Path) -> tuple[NDArray[np.float16], Any]:
    """The rows of a segment alone, and what they lie in: to be kept as long as they are used."""
    opened = open_vectors(directory, thorough=False)
    return opened.rows, opened.index
