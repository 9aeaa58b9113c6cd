"""What the compiled kernels share: how they are compiled, and the two steps inside all of them.

numba keeps compiled code on disk and looks only at the file a kernel is in to see whether it is
stale: after a change here, remove the `__pycache__` beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]
_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """`function` as machine code that runs without the lock of the interpreter."""
    return cast(_F, njit(nogil=True, cache=True)(function))


@compiled
def byte(packed: int, field: int) -> int:
    """One field of a count or a length. Unsigned throughout, which spares checks of indices."""
    return np.uint32(packed) >> np.uint32(8 * field) & np.uint32(255)  # type: ignore[return-value]


@compiled
def seek(documents: Array, at: int, end: int, target: int) -> int:
    """The first place in at:end whose document is not below `target`, by doubling steps."""
    if at >= end or documents[at] >= target:
        return at
    step = 1
    while at + step < end and documents[at + step] < target:
        at += step
        step *= 2
    low, high = at + 1, min(at + step, end)
    while low < high:
        middle = (low + high) // 2
        if documents[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low
