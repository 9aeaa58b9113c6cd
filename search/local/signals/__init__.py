"""A module for each signal of `search.signals`, named like it: `scorer(asked)` makes its scorer.

A scorer finds the best of the allowed documents and scores any. None takes no part.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from search.signals import SIGNALS, Signal

if TYPE_CHECKING:
    from search.local.asked import Asked

Documents = NDArray[np.int64]
Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]


class Scorer(Protocol):
    """One signal, for one query."""

    def candidates(self, allowed: Mask, most: int) -> Documents:
        """The `most` best of the allowed documents, best first; none that has no score."""
        ...

    def scores(self, documents: Documents) -> Scores:
        """The score of each of `documents` (ascending)."""
        ...


def make_scorers(asked: Asked) -> dict[Signal, Scorer]:
    """The scorers of the signals that take part in answering a query."""
    scorers: dict[Signal, Scorer] = {}
    for signal in SIGNALS:
        if asked.mode in signal.modes:
            module = import_module(f"search.local.signals.{signal.name}")
            if (scorer := module.scorer(asked)) is not None:
                scorers[signal] = scorer
    return scorers
