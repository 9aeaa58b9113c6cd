"""The vectors of a segment: kept exactly, above a limit with codes beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.encoder import Vectors
from index.segments import vectors as semantic
from index.segments.vectors import (
    COARSE,
    EXACT,
    OFFSETS,
    ROWS,
    SegmentVectors,
    open_rows,
    open_vectors,
    write_vectors,
)
from tests.index.building import vectors_of


def stored(directory: Path, rows: Vectors) -> SegmentVectors:
    """A segment whose documents have one passage each."""
    write_vectors(directory, rows.astype(np.float16))
    np.save(directory / OFFSETS, np.arange(len(rows) + 1))
    return open_vectors(directory)


def test_above_the_limit_codes_stand_beside_the_exact_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "EXACT_LIMIT", 100)
    rows = vectors_of([f"text {n}" for n in range(101)])
    (tmp_path / "at").mkdir()
    (tmp_path / "above").mkdir()
    assert not stored(tmp_path / "at", rows[:100]).coarse
    assert stored(tmp_path / "above", rows).coarse
    assert {path.name for path in (tmp_path / "at").iterdir()} == {EXACT, OFFSETS}
    assert {path.name for path in (tmp_path / "above").iterdir()} == {COARSE, ROWS, OFFSETS}
    for name, count in (("at", 100), ("above", 101)):
        opened, _kept = open_rows(tmp_path / name)
        assert np.array_equal(opened, rows[:count].astype(np.float16))
