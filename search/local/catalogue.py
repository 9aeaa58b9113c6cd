"""The attributes of all documents of a generation: filters, facet counts, distinct letters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.segments.attributes import Attributes
from search.local import kernels
from search.request import Filters
from search.results import Count

Mask = NDArray[np.bool_]
Documents = NDArray[np.int64]
Counts = NDArray[np.int64]


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
        parts = [np.zeros(0, np.int64)]
        for part, start in enumerate(self._starts[:-1]):
            parts.append(self.documents_in(part, value) + start)
        return np.concatenate(parts)

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
        having = np.zeros(self.size, dtype=np.bool_)
        for value in values:
            having[self.documents(f"{group}:{value}")] = True
        return having

    def allowed(self, filters: Filters) -> Mask | None:
        """Which documents every filter allows; None where there is no filter."""
        masks = [self.mask(group, values) for group, values in filters.items()]
        return np.logical_and.reduce(masks) if masks else None

    def count(self, documents: Documents) -> Counts:
        """How many of `documents` (ascending) have each value."""
        total = np.zeros(len(self._values), np.int64)
        for number, (part, codes) in enumerate(zip(self._parts, self._of_part, strict=True)):
            start, end = self._starts[number : number + 2]
            first, last = np.searchsorted(documents, (start, end))
            local = documents[first:last] - start
            of_part = kernels.count_codes(local, part.codes, part.code_offsets, len(part.values))
            total[codes] += of_part
        return total

    def counts_of(self, group: str, all_of: Counts, overturned: Counts) -> dict[str, Count]:
        """The counts of the values of a group that have one, without the name of the group."""
        start, end = self._groups.get(group, (0, 0))
        places = start + np.flatnonzero(all_of[start:end])
        pairs = zip(all_of[places].tolist(), overturned[places].tolist(), strict=True)
        return {
            self._values[place][len(group) + 1 :]: Count(*pair)
            for place, pair in zip(places.tolist(), pairs, strict=True)
        }

    def letters_among(self, documents: Documents) -> int:
        """In how many distinct letters `documents` stand."""
        return int(kernels.count_distinct(documents, self._letters, self._letter_count))
