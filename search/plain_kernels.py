"""The inner loops of lexical ranking in numpy, for machines without numba; slower, same results.

The functions and their arguments are those of `kernels`, which documents them; what only
speed needs (`table`) is not read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from index.segments.postings import Dictionary

Array = npt.NDArray[Any]

_SHIFTS = np.arange(0, 32, 8, dtype=np.uint32)
_TRACE = 1e-300
_GROUP = 1 << 17  # more than the last position and the widest slop together


def locate(
    text: Array,
    text_ends: Array,
    rows: Array,
    frequencies: Array,
    keys: Array,
    key_ends: Array,
    spans: Array,
    totals: Array,
) -> None:
    held, sought = Dictionary(text, text_ends), Dictionary(keys, key_ends)
    for number in range(len(sought)):
        at = held.find(sought[number])
        if at >= 0:
            spans[number] = rows[at : at + 2]
            totals[number] += frequencies[at]


def _bytes(packed: Array) -> Array:
    """The four bytes of each count or length, as [posting, field]."""
    split: Array = (packed[:, None] >> _SHIFTS) & 255
    return split.astype(np.int64)


def _scores(counts: Array, lengths: Array, weights: Array, norms: Array) -> Array:
    tf, length = _bytes(counts), _bytes(lengths)
    scores = np.zeros(len(counts))
    for field in range(4):
        norm = norms[field, length[:, field]]
        scores += weights[field] * (tf[:, field] / (tf[:, field] + norm))
    return scores


def row(
    documents: Array, counts: Array, start: int, end: int, fields: int, allowed: Array
) -> Array:
    kept = (counts[start:end] & np.uint32(fields)) > 0
    found = documents[start:end][kept]
    return found[allowed[found]] if len(allowed) else found


def _places(sought: Array, within: Array) -> tuple[Array, Array]:
    """Which of `sought` are in `within`, and where those are."""
    at = np.searchsorted(within, sought)
    present = at < len(within)
    present[present] = within[at[present]] == sought[present]
    return present, at[present]


def scored_row(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    allowed: Array,
    lengths: Array,
    weights: Array,
    norms: Array,
    table: Array,
) -> tuple[Array, Array]:
    found = row(documents, counts, start, end, fields, allowed)
    scores = np.zeros(len(found))
    add_scores(documents, counts, start, end, fields, found, lengths, weights, norms, table, scores)
    return found, scores


def intersect(left: Array, right: Array) -> Array:
    return left[_places(left, right)[0]]


def subtract(left: Array, right: Array) -> Array:
    return left[~_places(left, right)[0]]


def add_scores(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    targets: Array,
    lengths: Array,
    weights: Array,
    norms: Array,
    table: Array,  # noqa: ARG001
    scores: Array,
) -> None:
    present, at = _places(targets, documents[start:end])
    chosen = counts[start:end][at] & np.uint32(fields)
    scores[present] += _scores(chosen, lengths[targets[present]], weights, norms)


def accumulate(
    documents: Array,
    counts: Array,
    start: int,
    end: int,
    fields: int,
    lengths: Array,
    weights: Array,
    norms: Array,
    table: Array,  # noqa: ARG001
    sums: Array,
) -> None:
    chosen = counts[start:end] & np.uint32(fields)
    kept = chosen > 0
    found = documents[start:end][kept]
    sums[found] += _scores(chosen[kept], lengths[found], weights, norms) + _TRACE


def scatter(found: Array, scores: Array, sums: Array) -> None:
    sums[found] += scores + _TRACE


def collect(sums: Array, hits: Array, least: int, allowed: Array) -> tuple[Array, Array]:
    kept = sums != 0
    kept &= hits >= least if len(hits) else True
    found = np.flatnonzero(kept & allowed if len(allowed) else kept).astype(np.int32)
    scores = sums[found]
    sums[:] = 0
    return found, scores


def narrow(sums: Array, allowed: Array, scores: Array) -> None:
    scores[:] = np.where(allowed, sums, 0) if len(allowed) else sums
    sums[:] = 0


def _occurrences(
    candidates: Array,
    documents: Array,
    counts: Array,
    positions: Array,
    blocks: Array,
    block: int,
    start: int,
    end: int,
) -> tuple[Array, Array]:
    """Of one row: the frequencies [candidate, field], and a key for each occurrence, ascending.

    A key is the group of candidate and field times `_GROUP`, plus the position.
    """
    base = start // block * block
    tf = _bytes(counts[base:end])
    sizes = tf.sum(axis=1)
    firsts = blocks[base // block] + np.cumsum(sizes) - sizes
    at = np.searchsorted(documents[start:end], candidates) + (start - base)
    tf, sizes, firsts = tf[at], sizes[at], firsts[at]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    groups = np.repeat(np.arange(tf.size), tf.ravel())
    return tf, groups * _GROUP + positions[np.repeat(firsts, sizes) + within]


def phrase(
    candidates: Array,
    documents: Array,
    counts: Array,
    positions: Array,
    blocks: Array,
    block: int,
    starts: Array,
    ends: Array,
    fields: int,
    slop: int,
    lengths: Array,
    weights: Array,
    norms: Array,
) -> tuple[Array, Array]:
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        candidates = intersect(candidates, documents[start:end])
    rows = [
        _occurrences(candidates, documents, counts, positions, blocks, block, start, end)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    reached = rows[0][1]
    for _, keys in rows[1:]:
        before = np.searchsorted(reached, keys - slop)
        follows = before < len(reached)
        follows[follows] = reached[before[follows]] < keys[follows]
        reached = keys[follows]
    matched = np.zeros((len(candidates), 4), bool)
    matched.ravel()[reached // _GROUP] = True
    matched &= (np.uint32(fields) >> _SHIFTS & 255) > 0
    kept = matched.any(axis=1)
    found, matched = candidates[kept], matched[kept]
    scores, length = np.zeros(len(found)), _bytes(lengths[found])
    for field in range(4):
        norm = norms[field, length[:, field]]
        for word, (tf, _) in enumerate(rows):
            here = tf[kept, field]
            scores += matched[:, field] * (weights[word, field] * (here / (here + norm)))
    return found, scores


def best(scores: Array, k: int) -> Array:
    if 0 < k < len(scores):
        kth = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= kth)
    else:
        candidates = np.arange(len(scores))
    order = np.lexsort((candidates, -scores[candidates]))[: max(k, 0)]
    chosen: Array = candidates[order]
    return chosen


def count_codes(documents: Array, codes: Array, offsets: Array, values: int) -> Array:
    sizes = offsets[documents + 1] - offsets[documents]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found: Array = np.bincount(
        codes[np.repeat(offsets[documents], sizes) + within], minlength=values
    )
    return found


def count_distinct(documents: Array, numbers: Array, size: int) -> int:
    seen = np.zeros(size, bool)
    seen[numbers[documents]] = True
    return int(np.count_nonzero(seen))


def spread(documents: Array, value: float, adding: bool, target: Array) -> None:
    target[documents] = target[documents] + np.float32(value) if adding else value


def passage_scores(bits: Array, starts: Array, ends: Array, queries: Array) -> tuple[Array, Array]:
    lengths = ends - starts
    firsts = np.cumsum(lengths) - lengths
    rows = np.repeat(starts - firsts, lengths) + np.arange(int(lengths.sum()))
    similar = bits[rows].view(np.float16).astype(np.float32) @ queries.T
    best: Array = np.maximum.reduceat(similar, firsts, axis=0)
    return similar[firsts], best
