"""The best of many scores, equal ones by issue id, so that any engine would choose the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.local import kernels

Documents = NDArray[np.int64]
Ids = NDArray[np.bytes_]


def pick_best(scores: NDArray[np.float32], most: int, ids: Ids) -> Documents:
    """The documents of the `most` highest scores above 0, highest first, equal ones by id.

    `scores` and `ids` have one entry for each document.
    """
    best: Documents = kernels.best(scores, most)
    best = best[scores[best] > 0]
    if len(best) == most:
        best = _settle_last(scores, best, ids)
    return best[np.lexsort((ids[best], -scores[best]))]


def _settle_last(scores: NDArray[np.float32], best: Documents, ids: Ids) -> Documents:
    """`best` with those of the lowest score chosen by id among all that have it."""
    least = scores[best[-1]]
    equal = np.flatnonzero(scores == least)
    above = best[scores[best] > least]
    if len(above) + len(equal) == len(best):
        return best
    return np.concatenate([above, equal[np.argsort(ids[equal], kind="stable")]])[: len(best)]
