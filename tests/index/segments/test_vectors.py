"""The vectors of a segment: written in steps, kept exactly, above a limit with codes beside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from index.encoder import DocumentEncoder, Vectors
from index.segments import vectors as semantic
from index.segments.vectors import (
    COARSE,
    EXACT,
    OFFSETS,
    PART,
    ROWS,
    SegmentVectors,
    embed_segment,
    open_vectors,
    write_vectors,
)
from tests.index.building import DIMENSIONS, StandIn, vectors_of

PASSAGES = [["splint", "splint: heel"], ["walker"], ["brace", "brace: back", "brace: he sits"]]
TEXTS = [text for of_document in PASSAGES for text in of_document]


def embed(directory: Path, encoder: StandIn, passages: Sequence[Sequence[str]] = PASSAGES) -> int:
    """Embeds; the number of rows that were ticked off."""
    ticks: list[int] = []
    embed_segment(directory, passages, cast(DocumentEncoder, encoder), ticks.append)
    return sum(ticks)


def stored(directory: Path, rows: Vectors) -> SegmentVectors:
    """A segment whose documents have one passage each."""
    write_vectors(directory, rows.astype(np.float16))
    np.save(directory / OFFSETS, np.arange(len(rows) + 1))
    return open_vectors(directory)


# -- writing ---------------------------------------------------------------------------------------


def test_every_passage_has_its_row_and_every_row_its_document(tmp_path: Path) -> None:
    assert embed(tmp_path, StandIn()) == len(TEXTS)
    vectors = open_vectors(tmp_path)
    assert np.allclose(vectors.rows, vectors_of(TEXTS), atol=1e-3)
    assert vectors.offsets.tolist() == [0, 2, 3, 6]
    assert vectors.owners(np.arange(6)).tolist() == [0, 0, 1, 2, 2, 2]
    assert not vectors.coarse


@pytest.mark.parametrize("rows_done", range(len(TEXTS) + 1))
@pytest.mark.parametrize("torn_bytes", [0, 5])
def test_an_interrupted_segment_is_embedded_from_where_it_stopped(
    tmp_path: Path, rows_done: int, torn_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "_EMBED_ROWS", 2)
    rows = vectors_of(TEXTS[:rows_done]).astype(np.float16).tobytes()
    (tmp_path / PART).write_bytes(rows + b"x" * torn_bytes)
    encoder = StandIn()
    assert embed(tmp_path, encoder) == len(TEXTS)
    assert encoder.embedded == TEXTS[rows_done:]
    assert np.allclose(open_vectors(tmp_path).rows, vectors_of(TEXTS), atol=1e-3)
    assert not (tmp_path / PART).exists()


def test_a_stopped_run_leaves_the_batches_it_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(StandIn):
        def encode(self, texts: Sequence[str]) -> Vectors:
            assert (tmp_path / PART).stat().st_size == len(self.embedded) * DIMENSIONS * 2
            if len(self.embedded) == 4:
                raise KeyboardInterrupt
            return super().encode(texts)

    monkeypatch.setattr(semantic, "_EMBED_ROWS", 2)
    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path, Stopped())
    encoder = StandIn()
    embed(tmp_path, encoder)
    assert encoder.embedded == TEXTS[4:]


def test_the_vectors_are_on_the_disk_before_the_rows_they_came_from_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    unsynced: list[str] = []

    def unlink(_part: Path) -> None:
        files = [tmp_path / EXACT, tmp_path / OFFSETS]
        unsynced.extend(path.name for path in files if path.stat().st_ino not in synced)

    monkeypatch.setattr(Path, "unlink", unlink)
    embed(tmp_path, StandIn())
    assert unsynced == []


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
