"""What we read into the issues of a segment, kept so that a page can show it.

One JSON record for each document, one after the other, without what is empty; `readings.npy`
(int64, documents + 1) says where each begins. Only those that are asked for are decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.letter import Concepts, Reading
from index.segments.arrays import IndexDamaged, map_array, missing_is_damage

RECORDS = "readings.json"
OFFSETS = "readings.npy"
FILES = (RECORDS, OFFSETS)
"""The names of all files that `write_readings` writes."""

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Reading)


@dataclass(frozen=True, slots=True)
class Readings:
    """The opened readings of a segment: `records` (uint8), `offsets` as in the module's text."""

    path: Path
    records: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of documents."""
        return len(self.offsets) - 1

    def __getitem__(self, document: int) -> Reading:
        """The reading of a document. Raises IndexDamaged where its record is none."""
        start, end = self.offsets[document : document + 2]
        try:
            return _decoder.decode(self.records[start:end].tobytes())
        except msgspec.DecodeError as error:
            raise IndexDamaged(self.path, f"cannot be read ({error})") from error


def write_readings(directory: Path, readings: Iterable[Reading]) -> None:
    """Write the readings of the documents of a segment, in order."""
    ends = [0]
    with (directory / RECORDS).open("wb") as opened:
        for reading in readings:
            ends.append(ends[-1] + opened.write(_encode(_record(reading))))
    np.save(directory / OFFSETS, np.array(ends, np.int64))


def open_readings(directory: Path) -> Readings:
    """Open the readings of a segment, memory-mapped. Raises OSError, ValueError or IndexDamaged."""
    path = directory / RECORDS
    offsets = map_array(directory / OFFSETS, np.int64)
    if len(offsets) < 2 or offsets[0] != 0 or np.any(offsets[1:] < offsets[:-1]):
        raise IndexDamaged(directory / OFFSETS, "holds no ascending offsets")
    with missing_is_damage(path):
        size = path.stat().st_size
    if offsets[-1] != size:
        raise IndexDamaged(path, f"holds {size} bytes, not {offsets[-1]}")
    return Readings(path, np.asarray(np.memmap(path, np.uint8, mode="r")), offsets)


def _record(reading: Reading) -> dict[str, Any]:
    return {"concepts": _told(reading.concepts), "reasons": reading.reasons}


def _told(concepts: Concepts) -> dict[str, Any]:
    """The fields of `concepts` that say something."""
    values = ((field, getattr(concepts, field.name)) for field in fields(concepts))
    return {field.name: value for field, value in values if value != field.default}
