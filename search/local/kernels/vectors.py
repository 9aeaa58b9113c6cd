"""The inner loop of the semantic arm, compiled by numba: exact scores of fp16 rows."""

from __future__ import annotations

from functools import partial

import numpy as np

from index.compiled import Array, compiled

_HALF = np.float32(2.0**112)  # what the exponent of a half is short of a float's, moved as bits


@partial(compiled, fastmath=True)
def passage_scores(bits: Array, starts: Array, ends: Array, queries: Array) -> tuple[Array, Array]:
    """Inner products of each query with the first row of each run of rows, and the largest.

    `bits` are float16 rows as uint16; run d is `starts[d]:ends[d]`, never empty; `queries` is
    (queries, dimensions) float32. Both results are (runs, queries) float32.
    """
    runs, count, width = len(starts), queries.shape[0], queries.shape[1]
    first = np.empty((runs, count), np.float32)
    best = np.empty((runs, count), np.float32)
    wide = np.empty(width, np.uint32)
    row = wide.view(np.float32)
    for run in range(runs):
        for at in range(starts[run], ends[run]):
            for place in range(width):
                half = np.uint32(bits[at, place])
                sign = (half & np.uint32(0x8000)) << np.uint32(16)
                wide[place] = sign | (half & np.uint32(0x7FFF)) << np.uint32(13)
            for query in range(count):
                score = np.float32(0.0)
                for place in range(width):
                    score += row[place] * queries[query, place]
                score *= _HALF
                if at == starts[run]:
                    first[run, query] = best[run, query] = score
                elif score > best[run, query]:
                    best[run, query] = score
    return first, best
