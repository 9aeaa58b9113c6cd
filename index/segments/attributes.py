"""What is known of each issue as plain values ("outcome:upheld", "region:lumbar spine").

Filters, facet counts and the concept signal all read these. One `Attributes` belongs to one
segment and stands on disk as memory-mapped arrays in both directions: document to codes for
counting, code to documents for filtering. A code is the place of a value in `values`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.concepts.closeness import features
from index.letter import Citation, Concepts, Family, Issue, Letter, Reading, families
from index.segments.arrays import IndexDamaged, map_array, missing_is_damage, save_array

_WORD = re.compile(r"[a-z]+")
_TELLING_WORDS = 25
_MANY_THINGS = "Durable medical equipment"  # gloves and wipes are not one treatment
_VALUES = "attributes.json"
_LONGEST_ID = 24
_ARRAYS: dict[str, str | type[Any]] = {
    "codes": np.uint16,
    "code_offsets": np.int64,
    "documents": np.int32,
    "document_offsets": np.int64,
    "letters": np.int64,
    "wordings": np.uint64,
    "days": np.int32,
    "ids": f"S{_LONGEST_ID}",
}
FILES = (_VALUES, *(f"attributes-{name}.npy" for name in _ARRAYS))
"""The names of all files that `write_attributes` writes."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The values of the documents of one segment.

    `codes[code_offsets[d]:code_offsets[d + 1]]` are the codes (uint16) of document d;
    `documents[document_offsets[c]:document_offsets[c + 1]]` the documents (int32, ascending)
    of code c; `letters[d]` (int64) the store's row of the letter document d belongs to;
    `wordings[d]` (uint64) is equal for issues that are decided in the same words; `days[d]`
    (int32) is the proleptic ordinal of the decision date, 0 where there is none; `ids[d]` the
    public id, in UTF-8.
    """

    values: tuple[str, ...]
    codes: NDArray[np.uint16]
    code_offsets: NDArray[np.int64]
    documents: NDArray[np.int32]
    document_offsets: NDArray[np.int64]
    letters: NDArray[np.int64]
    wordings: NDArray[np.uint64]
    days: NDArray[np.int32]
    ids: NDArray[np.bytes_]


def issue_values(letter: Letter, issue: Issue, reading: Reading) -> tuple[str, ...]:
    """Every value of an issue: facet values and the concepts and reasons read, without repeats."""
    administrator = _guideline_values(issue.claims_administrator_citations)
    reviewer = _guideline_values(issue.reviewer_citations)
    year = letter.decision_date.year if letter.decision_date else None
    found = [f"outcome:{issue.outcome}"]
    found += [f"guideline:{value}" for value in reviewer]
    found += [f"administrator:{value}" for value in administrator]
    if administrator and reviewer:
        found.append("differ:yes" if guidelines_differ(issue) else "differ:no")
    found += [f"specialty:{specialty}" for specialty in letter.specialties]
    found += [f"year:{year}"] if year else []
    for feature in features(reading.concepts):
        group, _, value = feature.partition(":")
        if group == "treatment" and " > " in value:
            found.append(f"treatment:{value.split(' > ')[0]}")
        found.append(feature)
    found += [f"reason:{reason}" for reason in reading.reasons]
    return tuple(dict.fromkeys(found))


def guidelines_differ(issue: Issue) -> bool:
    """Whether administrator and reviewer relied on different guidelines (family and title)."""
    administrator, reviewer = (
        {(citation.family, citation.title) for citation in citations}
        for citations in (issue.claims_administrator_citations, issue.reviewer_citations)
    )
    return administrator != reviewer


def guideline_names(citations: Sequence[Citation]) -> tuple[str, ...]:
    """The guidelines as a page names them: "ODG > Pain", or the family where no title is known."""
    return tuple(dict.fromkeys(_name(citation) for citation in citations))


def _name(citation: Citation) -> str:
    if citation.title and citation.family is not Family.NONE:
        return f"{citation.family} > {citation.title}"
    return str(citation.family)


def _guideline_values(citations: Sequence[Citation]) -> list[str]:
    return [*families(tuple(citations)), *(n for n in guideline_names(citations) if " > " in n)]


def wording(letter: Letter, issue: Issue, concepts: Concepts) -> int:
    """A 64-bit hash of the reviewer's words, whatever numbers stand in them, and of what is asked.

    Reviewers decide many items with one paragraph in which only the item is exchanged: issues are
    near-identical where the paragraph, the treatment, the region and the outcome are the same. A
    few words may be alike by chance: they count as the same within one letter only.
    """
    requests = " ".join(of_letter.request for of_letter in letter.issues)
    named = set(_WORD.findall(requests.lower()))
    words = [word for word in _WORD.findall(issue.rationale.lower()) if word not in named]
    if len(words) < _TELLING_WORDS:
        words.append(letter.id)
    words += [issue.outcome, *_asked_for(issue, concepts)]
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=8).digest())


def _asked_for(issue: Issue, concepts: Concepts) -> list[str]:
    """What an issue asks for; in its own words too where the treatment read says little."""
    asked = [*concepts.treatments, *concepts.regions, *concepts.drugs]
    telling = [name for name in concepts.treatments if not name.startswith(_MANY_THINGS)]
    if concepts.drugs or telling:
        return asked
    return [*asked, *sorted(set(_WORD.findall((issue.disputed or issue.request).lower())))]


def write_attributes(
    directory: Path,
    rows: Sequence[Sequence[str]],
    letters: Sequence[int],
    wordings: Sequence[int],
    days: Sequence[int],
    ids: Sequence[str],
) -> None:
    """Write the values of the documents of a segment, `rows[d]` being those of document d."""
    values = sorted({value for row in rows for value in row})
    code_of = {value: code for code, value in enumerate(values)}
    if len(values) > np.iinfo(np.uint16).max:
        raise ValueError(f"{len(values)} distinct attribute values; a segment holds 65,535")
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
    codes = np.fromiter((code_of[value] for row in rows for value in row), dtype=np.uint16)
    code_offsets = np.concatenate([[0], np.cumsum(lengths)])
    documents, document_offsets = _by_code(codes, code_offsets, len(values))
    arrays: dict[str, NDArray[Any]] = {
        "codes": codes,
        "code_offsets": code_offsets,
        "documents": documents,
        "document_offsets": document_offsets,
        "letters": np.asarray(letters),
        "wordings": np.asarray(wordings, np.uint64),
        "days": np.asarray(days),
        "ids": _encode_ids(ids),
    }
    for name, kind in _ARRAYS.items():
        save_array(directory / f"attributes-{name}.npy", arrays[name].astype(kind))
    (directory / _VALUES).write_text(json.dumps(values, ensure_ascii=False), "utf-8")


def _encode_ids(ids: Sequence[str]) -> NDArray[np.bytes_]:
    encoded = [one.encode() for one in ids]
    if (longest := max(encoded, key=len, default=b"")) and len(longest) > _LONGEST_ID:
        raise ValueError(f"the id {longest!r} is longer than {_LONGEST_ID} bytes")
    return np.array(encoded, dtype=f"S{_LONGEST_ID}")


def _by_code(
    codes: NDArray[np.uint16], code_offsets: NDArray[np.int64], values: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The documents of each code below `values`, one after the other, and where they end."""
    owner = np.repeat(np.arange(len(code_offsets) - 1, dtype=np.int32), np.diff(code_offsets))
    ends = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=values))])
    return owner[np.argsort(codes, kind="stable")], ends


def open_attributes(directory: Path, *, thorough: bool = True) -> Attributes:
    """Open the attributes of a segment, memory-mapped.

    Raises IndexDamaged where they are not whole; a `thorough` opening reads them through.
    """
    arrays = {
        name: map_array(directory / f"attributes-{name}.npy", kind)
        for name, kind in _ARRAYS.items()
    }
    found = Attributes(_values(directory / _VALUES), **arrays)
    if thorough and (at_fault := _fault(found)):
        name, fault = at_fault
        raise IndexDamaged(directory / f"attributes-{name}.npy", fault)
    return found


def _ascend(ends: NDArray[np.int64], size: int) -> bool:
    """Whether ends begin with 0, never descend, and end with `size`."""
    return bool(ends[0] == 0 and ends[-1] == size and (ends[1:] >= ends[:-1]).all())


def _values(file: Path) -> tuple[str, ...]:
    """The values in `file`: distinct strings, sorted."""
    with missing_is_damage(file):
        content = file.read_bytes()
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IndexDamaged(file, f"cannot be read ({error})") from error
    texts = isinstance(values, list) and all(isinstance(value, str) for value in values)
    if not texts or any(left >= right for left, right in pairwise(values)):
        raise IndexDamaged(file, "is no sorted list of texts")
    return tuple(values)


def _fault(of: Attributes) -> tuple[str, str] | None:
    """The name of an array that cannot be right, and what is wrong with it."""
    documents = len(of.letters)
    if len(of.code_offsets) != documents + 1 or not _ascend(of.code_offsets, len(of.codes)):
        return "code_offsets", "does not divide the codes by document"
    if len(of.codes) and int(of.codes.max()) >= len(of.values):
        return "codes", "names a value that is not there"
    by_code, ends = _by_code(of.codes, of.code_offsets, len(of.values))
    if not np.array_equal(by_code, of.documents):
        return "documents", "are not those of the codes"
    if not np.array_equal(ends, of.document_offsets):
        return "document_offsets", "does not divide the documents by value"
    for name, array in (("wordings", of.wordings), ("days", of.days)):
        if len(array) != documents:
            return name, f"holds {len(array)} elements, not {documents}"
    if ((of.days < 0) | (of.days > date.max.toordinal())).any():
        return "days", "holds what is no date"
    return None
