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
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.letter import Citation, Family, Issue, Letter, families

_WORD = re.compile(r"[a-z]+")
_TELLING_WORDS = 25
_ARRAYS = (
    "codes",
    "code_offsets",
    "documents",
    "document_offsets",
    "letters",
    "wordings",
    "days",
)
FILES = ("attributes.json", *(f"attributes-{name}.npy" for name in _ARRAYS))
"""The names of all files that `write_attributes` writes."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The values of the documents of one segment.

    `codes[code_offsets[d]:code_offsets[d + 1]]` are the codes (uint16) of document d;
    `documents[document_offsets[c]:document_offsets[c + 1]]` the documents (int32, ascending)
    of code c; `letters[d]` (int64) the store's row of the letter document d belongs to;
    `wordings[d]` (uint64) is equal for issues that are decided in the same words; `days[d]`
    (int32) is the proleptic ordinal of the decision date, 0 where there is none.
    """

    values: tuple[str, ...]
    codes: NDArray[np.uint16]
    code_offsets: NDArray[np.int64]
    documents: NDArray[np.int32]
    document_offsets: NDArray[np.int64]
    letters: NDArray[np.int64]
    wordings: NDArray[np.uint64]
    days: NDArray[np.int32]


def issue_values(letter: Letter, issue: Issue, features: Sequence[str]) -> tuple[str, ...]:
    """Every value of an issue: facet values and the concept `features`, without repeats."""
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
    for feature in features:
        group, _, value = feature.partition(":")
        if group == "treatment" and " > " in value:
            found.append(f"treatment:{value.split(' > ')[0]}")
        found.append(feature)
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


def wording(letter: Letter, issue: Issue) -> int:
    """A 64-bit hash of the reviewer's words, the same whatever request and numbers stand in them.

    Reviewers decide many items with one paragraph in which only the item is exchanged. A few
    words may be alike by chance: they count as the same within one letter only.
    """
    requests = " ".join(of_letter.request for of_letter in letter.issues)
    named = set(_WORD.findall(requests.lower()))
    words = [word for word in _WORD.findall(issue.rationale.lower()) if word not in named]
    if len(words) < _TELLING_WORDS:
        words.append(letter.id)
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=8).digest())


def write_attributes(
    directory: Path,
    rows: Sequence[Sequence[str]],
    letters: Sequence[int],
    wordings: Sequence[int],
    days: Sequence[int],
) -> None:
    """Write the values of the documents of a segment, `rows[d]` being those of document d."""
    values = sorted({value for row in rows for value in row})
    code_of = {value: code for code, value in enumerate(values)}
    if len(values) > np.iinfo(np.uint16).max:
        raise ValueError(f"{len(values)} distinct attribute values; a segment holds 65,535")
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
    codes = np.fromiter((code_of[value] for row in rows for value in row), dtype=np.uint16)
    by_code = np.argsort(codes, kind="stable")
    owner = np.repeat(np.arange(len(rows), dtype=np.int32), lengths)
    arrays: dict[str, NDArray[Any]] = {
        "codes": codes,
        "code_offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "documents": owner[by_code],
        "document_offsets": np.concatenate(
            [[0], np.cumsum(np.bincount(codes, minlength=len(values)))]
        ).astype(np.int64),
        "letters": np.asarray(letters, dtype=np.int64),
        "wordings": np.asarray(wordings, dtype=np.uint64),
        "days": np.asarray(days, dtype=np.int32),
    }
    for name, array in arrays.items():
        np.save(directory / f"attributes-{name}.npy", array)
    (directory / "attributes.json").write_text(json.dumps(values, ensure_ascii=False))


def open_attributes(directory: Path) -> Attributes:
    """Open the attributes of a segment, memory-mapped. Raises OSError where files are missing."""
    values = tuple(json.loads((directory / "attributes.json").read_text()))
    files = (directory / f"attributes-{name}.npy" for name in _ARRAYS)
    # Plain views: slicing the subclass that maps a file is slow.
    return Attributes(values, *(np.asarray(np.load(file, mmap_mode="r")) for file in files))
