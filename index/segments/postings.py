"""The postings of a segment: its inverted index, as memory-mapped arrays.

For T distinct terms, W words as written, N documents, P postings (distinct term and document),
O occurrences, and F fields in the order of `FIELDS`, one .npy file each:

    issues            int64 [N]      the issue number of each document
    lengths           uint32 [N]     field lengths, a byte of `LENGTHS` for each field
    totals            int64 [F]      sum over documents of the exact field lengths
    terms             uint8 [..]     the terms as UTF-8, sorted by byte, one after the other
    term_ends         int64 [T+1]    term t is terms[term_ends[t]:term_ends[t+1]]
    rows              int64 [T+1]    the postings of term t are rows[t]:rows[t+1]
    frequencies       uint32 [T]     in how many documents term t is in one of the `RANKED` fields
    documents         int32 [P]      ascending within a row
    counts            uint32 [P]     occurrences, a byte for each field
    blocks            int64 [..]     where the occurrences of every `BLOCK`-th posting start
    positions         uint16 [O]     ascending within a field, in field order within a posting
    forms             uint8 [O]      which word as written stands there: its number in `word_forms`
    words             uint8 [..]     the words as written (folded, not stemmed), sorted
    word_ends         int64 [W+1]    as term_ends
    word_terms        int32 [W]      the term of each word
    word_forms        uint8 [W]      the number of each word among those of its term, in order
    word_documents    uint32 [W]     in how many documents each word is
    sentences         uint16 [..]    the positions at which the second and every further sentence
                                     of a field begins, ascending
    sentence_ends     uint32 [NF+1]  field f of document d has sentences[e[dF+f]:e[dF+f+1]]
    paragraphs        uint16 [..]    the same for paragraphs: what line ends separate
    paragraph_ends    uint32 [NF+1]

The first field has the lowest byte. Counts above 255 and positions above 65,534 do not occur: what
is beyond them is not indexed. Where a term has more than 256 words, which no stemmer makes of a
language but a hostile letter can, `forms` and `word_forms` are uint16 or uint32. `postings.json`
holds the version of the format, the fields and the type of `forms`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from index.segments.arrays import Array, IndexDamaged, map_array, missing_is_damage, save_array
from index.segments.layout import BLOCK as BLOCK
from index.segments.layout import FIELDS as FIELDS
from index.segments.layout import RANKED as RANKED

FORMAT = 3
_TYPES: dict[str, npt.DTypeLike] = {
    "issues": np.int64,
    "lengths": np.uint32,
    "totals": np.int64,
    "terms": np.uint8,
    "term_ends": np.int64,
    "rows": np.int64,
    "frequencies": np.uint32,
    "documents": np.int32,
    "counts": np.uint32,
    "blocks": np.int64,
    "positions": np.uint16,
    "words": np.uint8,
    "word_ends": np.int64,
    "word_terms": np.int32,
    "word_documents": np.uint32,
    "sentences": np.uint16,
    "sentence_ends": np.uint32,
    "paragraphs": np.uint16,
    "paragraph_ends": np.uint32,
}
_FORMS = ("forms", "word_forms")
_FORM_TYPES = ("uint8", "uint16", "uint32")
_DESCRIPTION = "postings.json"
FILES = (_DESCRIPTION, *(f"{name}.npy" for name in (*_TYPES, *_FORMS)))
"""The names of all files that `save` writes."""


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
class Postings:
    """The arrays of one segment, read-only; shapes and meaning as in the module's table."""

    directory: Path
    issues: Array
    lengths: Array
    totals: Array
    frequencies: Array
    rows: Array
    documents: Array
    counts: Array
    blocks: Array
    positions: Array
    forms: Array
    word_terms: Array
    word_forms: Array
    word_documents: Array
    sentences: Array
    sentence_ends: Array
    paragraphs: Array
    paragraph_ends: Array
    terms: Dictionary
    words: Dictionary

    def __len__(self) -> int:
        """The number of documents, deleted ones included."""
        return len(self.issues)

    @classmethod
    def open(cls, directory: Path, *, thorough: bool = True) -> Self:
        """Maps the arrays in `directory`; raises IndexDamaged where they are not whole.

        A `thorough` opening reads them through, so that no question can fail on them: a second for
        100,000 issues. Leave it out where it is known that the files are as they were written.
        """
        arrays = _mapped(directory)
        _check_sizes(directory, arrays)
        if thorough:
            _read_through(directory, arrays)
        terms = Dictionary(arrays.pop("terms"), arrays.pop("term_ends"))
        words = Dictionary(arrays.pop("words"), arrays.pop("word_ends"))
        return cls(directory=directory, terms=terms, words=words, **arrays)


def packed(strings: Sequence[bytes]) -> tuple[Array, Array]:
    """`strings`, sorted, as the (text, ends) of a Dictionary."""
    ends = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return np.frombuffer(b"".join(strings), np.uint8), ends


def save(directory: Path, arrays: Mapping[str, Array]) -> None:
    """Writes `arrays`, named as in the module's table, and the description of them."""
    forms = str(arrays["forms"].dtype)
    for name, kind in _types(forms).items():
        save_array(directory / f"{name}.npy", np.ascontiguousarray(arrays[name], dtype=kind))
    description = {"format": FORMAT, "fields": FIELDS, "forms": forms}
    (directory / _DESCRIPTION).write_text(json.dumps(description), "utf-8")


def _mapped(directory: Path) -> dict[str, Array]:
    kinds = _types(_form_type(directory / _DESCRIPTION))
    return {name: map_array(directory / f"{name}.npy", kind) for name, kind in kinds.items()}


def _types(forms: str) -> dict[str, npt.DTypeLike]:
    """The type of each array, `forms` being that of the numbers of forms."""
    return {**_TYPES, **dict.fromkeys(_FORMS, forms)}


def _form_type(file: Path) -> str:
    """The type of `forms` by the description in `file`, which must be of this format."""
    with missing_is_damage(file):
        content = file.read_bytes()
    try:
        description = json.loads(content)
        found = (description["format"], tuple(description["fields"]))
        kind = description["forms"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexDamaged(file, f"cannot be read ({error})") from error
    if found != (FORMAT, FIELDS):
        raise IndexDamaged(file, f"is of format {found}, this program reads {FORMAT, FIELDS}")
    if kind not in _FORM_TYPES:
        raise IndexDamaged(file, f"names a type {kind} that is none of {_FORM_TYPES}")
    return str(kind)


def _read_through(directory: Path, arrays: Mapping[str, Array]) -> None:
    # Where it is used: it takes numba, whose import a run that finds nothing new can do without
    from index.segments.soundness import postings_fault

    if at_fault := postings_fault(arrays):
        name, fault = at_fault
        raise IndexDamaged(directory / f"{name}.npy", fault)


def _check_sizes(directory: Path, arrays: Mapping[str, Array]) -> None:
    """That the arrays agree in size, as far as it shows without reading them through."""
    documents, terms = len(arrays["issues"]), len(arrays["rows"]) - 1
    postings, words = len(arrays["documents"]), len(arrays["word_terms"])
    cells = documents * len(FIELDS)
    expected = {
        "lengths": documents,
        "totals": len(FIELDS),
        "frequencies": terms,
        "term_ends": terms + 1,
        "counts": postings,
        "blocks": -(-postings // BLOCK),
        "forms": len(arrays["positions"]),
        "word_ends": words + 1,
        "word_forms": words,
        "word_documents": words,
        "sentence_ends": cells + 1,
        "paragraph_ends": cells + 1,
    }
    for name, size in expected.items():
        if len(arrays[name]) != size:
            fault = f"holds {len(arrays[name])} elements, not {size}"
            raise IndexDamaged(directory / f"{name}.npy", fault)
    ends = {
        "term_ends": "terms",
        "rows": "documents",
        "word_ends": "words",
        "sentence_ends": "sentences",
        "paragraph_ends": "paragraphs",
    }
    for name, of in ends.items():
        if not len(arrays[name]) or arrays[name][-1] != len(arrays[of]):
            raise IndexDamaged(directory / f"{name}.npy", f"does not end where {of} does")
