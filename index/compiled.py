"""What the compiled kernels share: how they are compiled, and the two steps inside all of them.

numba keeps compiled code on disk and looks only at the file a kernel is in to see whether it is
stale: after a change here, remove the `__pycache__` beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.core import caching

Array = npt.NDArray[Any]
_F = TypeVar("_F", bound=Callable[..., Any])


class _BesideSource(caching.InTreeCacheLocator):
    """Finds compiled code beside the source, also where nothing may be written there."""

    @classmethod
    def from_function(cls, function: Any, file: str) -> _BesideSource | None:
        return cls(function, file) if os.path.exists(file) else None  # noqa: PTH110


class _Implementation(caching.CompileResultCacheImpl):
    def __init__(self, function: Any) -> None:
        self._locator_classes = [_BesideSource]
        super().__init__(function)  # type: ignore[no-untyped-call]


class _InstalledCache(caching.FunctionCache):
    """Compiled code kept with the installation and nowhere else.

    numba's own would fall back to a folder in the user's home. Where the installation can only be
    read, what it lacks is compiled for the process at hand and not kept.
    """

    _impl_class = _Implementation

    def save_overload(self, signature: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(signature, data)  # type: ignore[no-untyped-call]


def compiled(function: _F, *, fastmath: bool = False) -> _F:
    """`function` as machine code that runs without the lock of the interpreter.

    With `fastmath` sums may be made in another order, and differ in the last digits.
    """
    dispatcher: Any = njit(nogil=True, fastmath=fastmath)(function)
    cache: Any = _InstalledCache
    dispatcher._cache = cache(function)  # what its `enable_caching` does with numba's own
    return cast(_F, dispatcher)


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
