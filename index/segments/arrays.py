"""Arrays as files: one-dimensional, of a known type, memory-mapped, and refused where not whole."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_HEADER = 128
"""Bytes before the elements in the file of a one-dimensional array, whatever its type and size."""
_REMEDY = "build the index again: precedent index"


class IndexDamaged(ValueError):
    """A file of the index is missing, cut, of another format, or does not agree with the rest."""

    def __init__(self, file: Path, fault: str) -> None:
        super().__init__(f"{file}: {fault}; {_REMEDY}")
        self.file = file


def save_array(file: Path, array: Array) -> None:
    """Writes a one-dimensional array as .npy."""
    np.save(file, array, allow_pickle=False)


def map_array(file: Path, kind: npt.DTypeLike) -> Array:
    """The array in `file`, of the type `kind`, read-only and memory-mapped.

    Its header must be the very one that is written for so many elements as the file has room for,
    so that nothing in it is interpreted. Raises IndexDamaged where it is not, OSError where it may
    not be read.
    """
    kind = np.dtype(kind)
    with missing_is_damage(file), file.open("rb") as opened:
        header = opened.read(_HEADER)
        size, rest = divmod(os.fstat(opened.fileno()).st_size - _HEADER, kind.itemsize)
        if rest or size < 0 or header != _header(kind, size):
            raise IndexDamaged(file, f"is no whole array of {kind}")
        # A file of no elements cannot be mapped. A mapped array is a subclass that indexing treats
        # slowly: hence the view.
        array = np.asarray(np.memmap(opened, kind, "r", _HEADER)) if size else np.empty(0, kind)
    array.flags.writeable = False
    return array


@contextmanager
def missing_is_damage(file: Path) -> Iterator[None]:
    """Raises IndexDamaged where `file`, opened within, is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise IndexDamaged(file, "is missing") from error


def _header(kind: np.dtype[Any], size: int) -> bytes:
    """What a .npy file of `size` elements begins with."""
    with io.BytesIO() as buffer:
        described = {"descr": kind.str, "fortran_order": False, "shape": (size,)}
        np.lib.format.write_array_header_1_0(buffer, described)
        return buffer.getvalue()
