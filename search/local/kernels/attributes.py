"""The inner loops over the attributes of documents, compiled by numba: counts and closeness."""

from __future__ import annotations

import numpy as np

from index.compiled import Array, compiled

_TABLES = 4  # documents count in turn: the next need not wait for what the last one wrote


@compiled
def count_codes(documents: Array, codes: Array, offsets: Array, values: int) -> Array:
    """In how many of `documents` each code below `values` is.

    codes[offsets[d]:offsets[d + 1]] are the distinct codes of document d.
    """
    tables = np.zeros(_TABLES * values, np.int32)
    for index in range(len(documents)):
        document = documents[index]
        table = np.uint32(index % _TABLES) * np.uint32(values)
        some = codes[offsets[document] : offsets[document + 1]]
        for at in range(len(some)):
            tables[table + np.uint32(some[at])] += 1
    found: Array = tables.reshape(_TABLES, values).sum(axis=0)
    return found


@compiled
def count_distinct(documents: Array, numbers: Array, size: int) -> int:
    """How many different numbers, all below `size`, `documents` have; numbers[d] is that of d."""
    seen = np.zeros(size, np.bool_)
    found = 0
    for document in documents:
        number = numbers[document]
        found += not seen[number]
        seen[number] = True
    return found


@compiled
def spread(documents: Array, value: float, adding: bool, target: Array) -> None:
    """Sets `target` (float32) to `value` at `documents`, or adds it there."""
    narrow = np.float32(value)
    for document in documents:
        target[document] = target[document] + narrow if adding else narrow
