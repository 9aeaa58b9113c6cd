"""Embedding a segment: in steps that outlive a kill, and no text twice that is known."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from index.encoder import DocumentEncoder, Vectors
from index.progress import Reporter
from index.segments import embedding
from index.segments.embedding import (
    PART,
    KnownVectors,
    embed_segment,
    is_embedded,
    known_vectors,
    passage_hash,
    write_passages,
)
from index.segments.vectors import EXACT, OFFSETS, open_vectors
from tests.index.building import StandIn, vectors_of

PASSAGES = [["splint", "splint: heel"], ["walker"], ["brace", "brace: back", "brace: he sits"]]
TEXTS = [text for of_document in PASSAGES for text in of_document]
Passages = Sequence[Sequence[str]]


def embed(
    directory: Path,
    encoder: StandIn,
    passages: Passages = PASSAGES,
    known: Sequence[KnownVectors] = (),
) -> int:
    """Embeds the passages of documents; how many texts it says it embedded."""
    directory.mkdir(exist_ok=True)
    write_passages(directory, [list(map(passage_hash, texts)) for texts in passages])
    every = [text for texts in passages for text in texts]
    return embed_segment(
        directory,
        lambda rows: [every[row] for row in rows],
        known,
        lambda: cast(DocumentEncoder, encoder),
        Reporter(io.StringIO(), quiet=True),
    )


class Stopped(StandIn):
    """An encoder that is stopped after so many texts."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(self.embedded) >= self.after:
            raise KeyboardInterrupt
        return super().encode(texts)


def rows_of(directory: Path) -> list[list[float]]:
    """The vectors of a segment; they may be used no longer than what they lie in is there."""
    vectors = open_vectors(directory)
    rows: list[list[float]] = vectors.rows.astype(float).tolist()
    return rows


def held(directory: Path) -> KnownVectors:
    known = known_vectors(directory)
    assert known is not None
    return known


def test_every_passage_has_its_row_and_every_row_its_document(tmp_path: Path) -> None:
    assert embed(tmp_path, StandIn()) == len(TEXTS)
    vectors = open_vectors(tmp_path)
    assert np.allclose(vectors.rows, vectors_of(TEXTS), atol=1e-3)
    assert vectors.offsets.tolist() == [0, 2, 3, 6]
    assert vectors.owners(np.arange(6)).tolist() == [0, 0, 1, 2, 2, 2]
    assert is_embedded(tmp_path)


# -- interrupted -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batches_done", range(3))
@pytest.mark.parametrize("torn_bytes", [0, 5])
def test_an_interrupted_segment_is_embedded_from_where_it_stopped(
    tmp_path: Path, batches_done: int, torn_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_EMBED_ROWS", 2)
    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path, Stopped(2 * batches_done))
    assert not is_embedded(tmp_path)
    with (tmp_path / PART).open("ab") as part:
        part.write(b"x" * torn_bytes)
    encoder = StandIn()
    embed(tmp_path, encoder)
    assert encoder.embedded == TEXTS[2 * batches_done :]
    assert np.allclose(rows_of(tmp_path), vectors_of(TEXTS), atol=1e-3)
    assert not (tmp_path / PART).exists()


def test_a_segment_that_was_killed_before_its_first_row_is_embedded(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"1234")
    assert known_vectors(tmp_path) is None
    assert embed(tmp_path, StandIn()) == len(TEXTS)
    assert np.allclose(rows_of(tmp_path), vectors_of(TEXTS), atol=1e-3)


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


# -- texts that are known --------------------------------------------------------------------------


def test_a_text_is_embedded_once_however_often_it_stands_in_a_segment(tmp_path: Path) -> None:
    encoder = StandIn()
    passages = [["splint", "the same"], ["brace", "the same"], ["splint", "the same"]]
    assert embed(tmp_path, encoder, passages) == 3
    assert encoder.embedded == ["splint", "the same", "brace"]
    told = [text for texts in passages for text in texts]
    assert np.allclose(rows_of(tmp_path), vectors_of(told), atol=1e-3)


def test_only_texts_that_no_other_segment_holds_are_embedded(tmp_path: Path) -> None:
    embed(tmp_path / "one", StandIn(), PASSAGES[:1])
    embed(tmp_path / "two", StandIn(), PASSAGES[1:])
    encoder = StandIn()
    changed = [["walker"], ["brace", "brace: neck", "brace: he sits"], ["splint"]]
    known = [held(tmp_path / "one"), held(tmp_path / "two")]
    assert embed(tmp_path / "three", encoder, changed, known) == 1
    assert encoder.embedded == ["brace: neck"]
    told = [text for texts in changed for text in texts]
    assert np.allclose(rows_of(tmp_path / "three"), vectors_of(told), atol=1e-3)


def test_where_all_is_known_no_encoder_is_loaded(tmp_path: Path) -> None:
    embed(tmp_path / "one", StandIn())
    again = tmp_path / "again"
    again.mkdir()
    write_passages(again, [[passage_hash("walker")], [passage_hash("splint")]])

    def refuse() -> DocumentEncoder:
        raise AssertionError

    quiet = Reporter(io.StringIO(), quiet=True)
    assert embed_segment(again, lambda _: [], [held(tmp_path / "one")], refuse, quiet) == 0
    assert np.allclose(rows_of(again), vectors_of(["walker", "splint"]), atol=1e-3)


def test_what_an_interrupted_run_left_in_a_segment_serves_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_EMBED_ROWS", 2)
    with pytest.raises(KeyboardInterrupt):
        embed(tmp_path / "left", Stopped(4))
    encoder = StandIn()
    embed(tmp_path / "new", encoder, PASSAGES, [held(tmp_path / "left")])
    assert encoder.embedded == TEXTS[4:]
