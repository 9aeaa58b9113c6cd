"""The impact arrays of a segment: what ranking reads, memory-mapped, beside the Whoosh index.

For T distinct terms, N documents, P postings (distinct term and document), and F fields in
the order of `FIELDS`, one .npy file each:

    issues        int64 [N]      the issue number of each document
    lengths       uint32 [N]     field lengths, a byte of Whoosh's length table for each field
    totals        int64 [F]      sum over documents of the exact field lengths
    terms         uint8 [..]     the terms as UTF-8, sorted by byte, one after the other
    term_ends     int64 [T+1]    term t is terms[term_ends[t]:term_ends[t+1]]
    rows          int64 [T+1]    the postings of term t are rows[t]:rows[t+1]
    frequencies   uint32 [T]     in how many documents term t is in one of the `RANKED` fields
    documents     int32 [P]      ascending within a row
    counts        uint32 [P]     occurrences, a byte for each field
    positions     uint16 [..]    ascending within a field, in field order within a posting
    blocks        int64 [..]     where the positions of every `BLOCK`-th posting start
    words         uint8 [..]     the words as written (folded, not stemmed), sorted
    word_ends     int64 [W+1]    as term_ends
    word_terms    int32 [W]      the term of each word

The first field has the lowest byte. `impacts.json` holds the format version and the shape of
every array. Counts above 255 and positions above 65,534 do not occur: the analysis leaves them
out.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

FORMAT = 2
FIELDS = ("request", "summary", "rationale", "guidelines")
RANKED = FIELDS[:3]
"""The fields whose words rank. The last one can be searched only: it holds the verdicts."""
BLOCK = 16
"""Postings between two entries of `blocks`: a position list is found by at most 15 additions."""

_REMEDY = "build the index again: precedent index"
_TYPES = {
    "issues": np.int64,
    "lengths": np.uint32,
    "totals": np.int64,
    "terms": np.uint8,
    "term_ends": np.int64,
    "rows": np.int64,
    "frequencies": np.uint32,
    "documents": np.int32,
    "counts": np.uint32,
    "positions": np.uint16,
    "blocks": np.int64,
    "words": np.uint8,
    "word_ends": np.int64,
    "word_terms": np.int32,
}
FILES = ("impacts.json", *(f"{name}.npy" for name in _TYPES))
"""The names of all files that `save` writes."""

Array = npt.NDArray[Any]


class IndexDamaged(ValueError):
    """A file of the index is missing, cut, of another format, or does not agree with the rest."""

    def __init__(self, file: Path, fault: str) -> None:
        super().__init__(f"{file}: {fault}; {_REMEDY}")
        self.file = file


class Dictionary:
    """Sorted byte strings, one after the other in one array; found by binary search."""

    def __init__(self, text: Array, ends: Array) -> None:
        self.text, self.ends = text, ends
        self._text, self._ends = text.data, ends.data

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> bytes:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return bytes(self._text[self._ends[at] : self._ends[at + 1]])

    def place(self, key: bytes) -> int:
        """Where `key` is, or would be inserted."""
        return bisect_left(self, key)

    def find(self, key: bytes) -> int:
        """Where `key` is, or -1."""
        at = self.place(key)
        return at if at < len(self) and self[at] == key else -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """The arrays of one segment, read-only; shapes and meaning as in the module's table."""

    directory: Path
    issues: Array
    lengths: Array
    totals: Array
    frequencies: Array
    rows: Array
    documents: Array
    counts: Array
    positions: Array
    blocks: Array
    word_terms: Array
    terms: Dictionary
    words: Dictionary

    def __len__(self) -> int:
        """The number of documents, deleted ones included."""
        return len(self.issues)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Maps the arrays in `directory`; raises IndexDamaged where they are not whole."""
        arrays = _mapped(directory)
        _check(directory, arrays)
        text = Dictionary(arrays.pop("terms"), arrays.pop("term_ends"))
        words = Dictionary(arrays.pop("words"), arrays.pop("word_ends"))
        return cls(directory=directory, terms=text, words=words, **arrays)


def packed(strings: Sequence[bytes]) -> tuple[Array, Array]:
    """`strings`, sorted, as the (text, ends) of a Dictionary."""
    ends = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return np.frombuffer(b"".join(strings), np.uint8), ends


def save(directory: Path, arrays: Mapping[str, Array]) -> None:
    """Writes `arrays`, named as in the module's table, and the description of them."""
    described = {}
    for name, kind in _TYPES.items():
        array = np.ascontiguousarray(arrays[name], dtype=kind)
        np.save(directory / f"{name}.npy", array)
        described[name] = list(array.shape)
    description = {"format": FORMAT, "fields": FIELDS, "shapes": described}
    (directory / "impacts.json").write_text(json.dumps(description, indent=1), "utf-8")


def _description(directory: Path) -> dict[str, list[int]]:
    file = directory / "impacts.json"
    try:
        description = json.loads(file.read_text("utf-8"))
        found = (description["format"], tuple(description["fields"]))
        if found != (FORMAT, FIELDS):
            raise IndexDamaged(file, f"is of format {found}, this program reads {FORMAT, FIELDS}")
        return {name: list(description["shapes"][name]) for name in _TYPES}
    except IndexDamaged:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(file, f"cannot be read ({error})") from error


def _mapped(directory: Path) -> dict[str, Array]:
    shapes = _description(directory)
    arrays = {}
    for name, kind in _TYPES.items():
        file = directory / f"{name}.npy"
        try:
            # An array of no elements cannot be mapped, and a mapped one is a subclass that
            # numba and indexing treat slowly: hence the view.
            empty = 0 in shapes[name]
            array = np.asarray(np.load(file, mmap_mode=None if empty else "r"))
        except (OSError, ValueError) as error:
            raise IndexDamaged(file, f"cannot be read ({error})") from error
        if array.dtype != kind or list(array.shape) != shapes[name]:
            fault = f"holds {array.dtype}{array.shape}, not {np.dtype(kind)}{shapes[name]}"
            raise IndexDamaged(file, fault)
        array.flags.writeable = False
        arrays[name] = array
    return arrays


def _check(directory: Path, arrays: Mapping[str, Array]) -> None:
    """That the arrays agree in size, as far as it shows without reading them through."""
    documents, terms = len(arrays["issues"]), len(arrays["rows"]) - 1
    postings, fields = len(arrays["documents"]), len(FIELDS)
    expected = {
        "lengths": (documents,),
        "totals": (fields,),
        "frequencies": (terms,),
        "term_ends": (terms + 1,),
        "counts": (postings,),
        "blocks": (-(-postings // BLOCK),),
        "word_ends": (len(arrays["word_terms"]) + 1,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            file = directory / f"{name}.npy"
            raise IndexDamaged(file, f"holds {arrays[name].shape} elements, not {shape}")
    ends = {"term_ends": "terms", "rows": "documents", "word_ends": "words"}
    for name, of in ends.items():
        if not len(arrays[name]) or arrays[name][-1] != len(arrays[of]):
            raise IndexDamaged(directory / f"{name}.npy", f"does not end where {of} does")
