"""Filters and facet counts over the attributes of all issues.

Values within a group widen a filter, groups narrow it. Counts are disjunctive: a group is
counted as if it were not filtered itself, so that the other choices in it keep their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.letter import Outcome
from index.segments.attributes import Attributes
from search.plan import kernels
from search.query import QueryError
from search.results import Facet, FacetValue

Mask = NDArray[np.bool_]
Documents = NDArray[np.int64]
Counts = NDArray[np.int64]
Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of facet values: its parameter `name`, its `label`, and how a filter is said."""

    name: str
    label: str
    said: str


GROUPS = (
    Group("outcome", "Outcome", "outcome is {}"),
    Group("guideline", "Reviewer relied on", "reviewer relied on {}"),
    Group("administrator", "Administrator relied on", "claims administrator relied on {}"),
    Group("differ", "Guidelines differ", "reviewer and administrator cite {} guidelines"),
    Group("treatment", "Treatment", "treatment is {}"),
    Group("region", "Body region", "body region is {}"),
    Group("reason", "Reasons given", "reason given: {}"),
    Group("specialty", "Reviewer's specialty", "reviewer's specialty is {}"),
    Group("year", "Year of decision", "decided in {}"),
)
_NAMES = tuple(group.name for group in GROUPS)
_FIXED = {"outcome": [str(outcome) for outcome in Outcome], "differ": ["yes", "no"]}
_LABELS = {
    ("outcome", "upheld"): "Upheld: denial stands",
    ("outcome", "overturned"): "Overturned: treatment approved",
    ("outcome", "unknown"): "Outcome not stated",
    ("differ", "yes"): "different",
    ("differ", "no"): "the same",
}


def checked(filters: Filters | None) -> dict[str, tuple[str, ...]]:
    """The filters that say something. Raises QueryError for a group or value that cannot be."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, values in (filters or {}).items():
        if name not in _NAMES:
            raise QueryError(
                f"There is no filter {name!r}.", None, f"Filter by one of {', '.join(_NAMES)}."
            )
        chosen = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
        for value in chosen:
            if name in _FIXED and value not in _FIXED[name]:
                known = ", ".join(_FIXED[name])
                raise QueryError(f"{value!r} is no {name}.", None, f"Give one of {known}.")
        if chosen:
            kept[name] = chosen
    return kept


def label(group: str, value: str) -> str:
    """A value as a page shows it; a child without its parent."""
    return _LABELS.get((group, value), value.rpartition(" > ")[2])


def said(filters: Filters) -> tuple[tuple[str, str, str], ...]:
    """Every filter in English, as (group, value, phrase)."""
    return tuple(
        (group.name, value, group.said.format(_LABELS.get((group.name, value), value)))
        for group in GROUPS
        for value in filters.get(group.name, ())
    )


class Catalogue:
    """The attributes of all documents of a generation, segments one after the other."""

    def __init__(self, parts: Sequence[Attributes]) -> None:
        """`parts` in segment order; document numbers are global, 0 to `size` - 1."""
        lengths = [len(part.code_offsets) - 1 for part in parts]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self._parts = tuple(parts)
        self._codes = tuple({v: code for code, v in enumerate(part.values)} for part in parts)
        # All values of all parts, sorted, so that a group is a run of them; each part's among them.
        self._values = sorted({value for part in parts for value in part.values})
        self._of_part = tuple(
            np.searchsorted(self._values, part.values) if part.values else np.zeros(0, np.int64)
            for part in parts
        )
        self._groups: dict[str, tuple[int, int]] = {}
        for place, value in enumerate(self._values):
            group = value.partition(":")[0]
            self._groups[group] = (self._groups.get(group, (place, 0))[0], place + 1)
        self.size = int(self._starts[-1])
        rows = np.concatenate([np.zeros(0, np.int64), *(part.letters for part in parts)])
        # Letters numbered from 0 without gaps, so that distinct ones are counted by marking.
        distinct, letters = np.unique(rows, return_inverse=True)
        self._letters, self._letter_count = letters.astype(np.int32), len(distinct)

    def documents(self, value: str) -> Documents:
        """The documents that have `value` ("region:lumbar spine"), ascending."""
        found = [np.zeros(0, np.int64)]
        for part, start in enumerate(self._starts[:-1]):
            found.append(self.documents_in(part, value) + start)
        return np.concatenate(found)

    def documents_in(self, part: int, value: str) -> NDArray[np.int32]:
        """The same for one part, documents numbered from its own first."""
        of, code = self._parts[part], self._codes[part].get(value)
        if code is None:
            return of.documents[:0]
        first, last = of.document_offsets[code : code + 2]
        return of.documents[first:last]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The documents of each part: the first, and the first of the next."""
        return list(pairwise(self._starts.tolist()))

    def mask(self, group: str, values: Sequence[str]) -> Mask:
        """Which documents have one of `values` in `group`."""
        allowed = np.zeros(self.size, dtype=np.bool_)
        for value in values:
            allowed[self.documents(f"{group}:{value}")] = True
        return allowed

    def allowed(self, filters: Filters) -> Mask | None:
        """Which documents every filter allows; None where there is no filter."""
        masks = [self.mask(group, values) for group, values in filters.items()]
        return np.logical_and.reduce(masks) if masks else None

    def counts(self, documents: Documents) -> Counts:
        """How many of `documents` (ascending) have each value."""
        total = np.zeros(len(self._values), np.int64)
        for number, (part, codes) in enumerate(zip(self._parts, self._of_part, strict=True)):
            start, end = self._starts[number : number + 2]
            first, last = np.searchsorted(documents, (start, end))
            local = documents[first:last] - start
            found = kernels.count_codes(local, part.codes, part.code_offsets, len(part.values))
            total[codes] += found
        return total

    def counted(self, group: str, counts: Counts) -> dict[str, int]:
        """The values of a group that have a count, without the name of the group."""
        start, end = self._groups.get(group, (0, 0))
        places = np.flatnonzero(counts[start:end])
        numbers = counts[start:end][places].tolist()
        return {
            self._values[start + place][len(group) + 1 :]: number
            for place, number in zip(places.tolist(), numbers, strict=True)
        }

    def letters_among(self, documents: Documents) -> int:
        """In how many distinct letters `documents` stand."""
        return int(kernels.count_distinct(documents, self._letters, self._letter_count))

    def values(self, document: int) -> frozenset[str]:
        """Every value of a document."""
        number = int(np.searchsorted(self._starts, document, side="right")) - 1
        part, local = self._parts[number], document - int(self._starts[number])
        start, end = part.code_offsets[local : local + 2]
        return frozenset(part.values[code] for code in part.codes[start:end])


def facets(
    catalogue: Catalogue,
    filters: Mapping[str, tuple[str, ...]],
    result_set: Callable[[Mapping[str, tuple[str, ...]]], Documents],
) -> tuple[Facet, ...]:
    """The facets of a result set; `result_set(filters)` gives its documents under filters."""
    whole = catalogue.counts(result_set(filters))
    found = []
    for group in GROUPS:
        counts = whole
        if group.name in filters:
            others = {name: values for name, values in filters.items() if name != group.name}
            counts = catalogue.counts(result_set(others))
        counted = catalogue.counted(group.name, counts)
        found.append(_facet(group, counted, filters.get(group.name, ())))
    return tuple(found)


def _facet(group: Group, counted: Mapping[str, int], selected: Sequence[str]) -> Facet:
    """Values by count, children behind their parent; selected ones are there even at zero."""
    numbers: dict[str, int] = dict.fromkeys(selected, 0) | dict(counted)

    def order(value: str) -> tuple[int, str, int, str]:
        parent = value.partition(" > ")[0]
        if group.name == "year":
            return (-int(value) if value.isdigit() else 0, value, 0, value)
        child = -numbers[value] if value != parent else -(1 << 62)
        return (-numbers.get(parent, 0), parent, child, value)

    values = tuple(
        FacetValue(
            value=value,
            label=label(group.name, value),
            count=numbers[value],
            selected=value in selected,
            parent=value.partition(" > ")[0] if " > " in value else "",
        )
        for value in sorted(numbers, key=order)
    )
    return Facet(name=group.name, label=group.label, values=values)
