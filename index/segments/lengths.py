"""Field lengths in a byte, as Lucene has them (SmallFloat.intToByte4).

Exact to 39, then eight steps to each doubling, rounded down: long fields differ little in how
much they count, so that a coarse length ranks as an exact one does.
"""

from __future__ import annotations

import numpy as np

from index.segments.arrays import Array

_PLAIN = 24
"""Lengths below this are their own byte; above, the rest is a float of 3 bits and an exponent."""


def decoded(byte: int) -> int:
    """The field length that a byte of 0 to 255 stands for."""
    if byte < _PLAIN:
        return byte
    exponent, mantissa = divmod(byte - _PLAIN, 8)
    return _PLAIN + (mantissa if exponent == 0 else (mantissa | 8) << exponent - 1)


LENGTHS: Array = np.array([decoded(byte) for byte in range(256)], np.int64)
"""The field length that each byte stands for, ascending."""


def encoded(lengths: Array) -> Array:
    """The byte (uint8) of each length from 0 to 2**31 - 1: of the longest not above it."""
    found: Array = (np.searchsorted(LENGTHS, lengths, side="right") - 1).astype(np.uint8)
    return found
