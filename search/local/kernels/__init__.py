"""The inner loops over arrays, compiled by numba."""

from search.local.kernels.attributes import count_codes, count_distinct, spread
from search.local.kernels.phrases import Occurrences, SegmentArrays, exact_phrase, phrase
from search.local.kernels.postings import (
    TermArrays,
    accumulate,
    add_scores,
    best,
    collect,
    intersect,
    locate,
    narrow,
    row,
    scatter,
    scored_row,
    subtract,
)
from search.local.kernels.vectors import passage_scores

__all__ = [
    "Occurrences",
    "SegmentArrays",
    "TermArrays",
    "accumulate",
    "add_scores",
    "best",
    "collect",
    "count_codes",
    "count_distinct",
    "exact_phrase",
    "intersect",
    "locate",
    "narrow",
    "passage_scores",
    "phrase",
    "row",
    "scatter",
    "scored_row",
    "spread",
    "subtract",
]
