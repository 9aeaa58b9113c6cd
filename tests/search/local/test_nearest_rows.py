"""The nearest rows of a segment: exactly or nearly, under any filter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.encoder import Vectors, normalise
from index.segments import vectors as semantic
from index.segments.vectors import OFFSETS, SegmentVectors, open_vectors, write_vectors
from search.local.vectors import nearest_rows
from tests.index.building import DIMENSIONS, vectors_of

CLUSTERS, DENSE = 40, 4_000

Mask = NDArray[np.bool_]


def stored(directory: Path, rows: Vectors) -> SegmentVectors:
    """A segment whose documents have one passage each."""
    write_vectors(directory, rows.astype(np.float16))
    np.save(directory / OFFSETS, np.arange(len(rows) + 1))
    return open_vectors(directory)


def brute_force(
    vectors: SegmentVectors, queries: Vectors, k: int, allowed: Mask
) -> list[list[int]]:
    scores = queries @ vectors.rows.astype(np.float32).T
    scores[:, ~allowed] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, int(allowed.sum()))]
    return cast(list[list[int]], best.tolist())


def found(
    vectors: SegmentVectors, queries: Vectors, k: int, allowed: Mask | None = None
) -> list[list[int]]:
    """The rows found for each query."""
    return [rows.tolist() for rows in nearest_rows(vectors, queries, k, allowed)]


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> SegmentVectors:
    """Two hundred vectors, searched exactly."""
    return stored(tmp_path_factory.mktemp("some"), vectors_of([f"text {n}" for n in range(200)]))


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SegmentVectors]:
    """Clustered vectors, as those of real texts are, searched by codes."""
    random = np.random.default_rng(3)
    centres = random.standard_normal((CLUSTERS, DIMENSIONS))
    noise = random.standard_normal((DENSE, DIMENSIONS)) * 0.4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(semantic, "EXACT_LIMIT", 1_000)
        rows = normalise(centres[np.arange(DENSE) % CLUSTERS] + noise)
        yield stored(tmp_path_factory.mktemp("dense"), rows)


# -- searching exactly -----------------------------------------------------------------------------


@given(st.integers(1, 250), st.floats(0, 1), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_nearest_allowed_rows_are_those_of_brute_force(
    some: SegmentVectors, k: int, share: float, seed: int
) -> None:
    allowed = np.random.default_rng(seed).random(len(some.rows)) < share
    queries = vectors_of(["a question", f"another, {seed}"])
    assert found(some, queries, k, allowed) == brute_force(some, queries, k, allowed)


def test_without_a_filter_every_row_may_be_found(some: SegmentVectors) -> None:
    queries = vectors_of(["text 17", "text 199"])
    assert [rows[0] for rows in found(some, queries, 3)] == [17, 199]
    everything = np.ones(len(some.rows), bool)
    assert found(some, queries, 500) == brute_force(some, queries, 500, everything)


@pytest.mark.parametrize("vectors", ["some", "dense"])
def test_where_nothing_is_allowed_nothing_is_found(
    vectors: str, request: pytest.FixtureRequest
) -> None:
    segment: SegmentVectors = request.getfixturevalue(vectors)
    nothing = np.zeros(len(segment.rows), bool)
    assert found(segment, vectors_of(["a question"]), 5, nothing) == [[]]


# -- searching nearly ------------------------------------------------------------------------------


def recall(vectors: SegmentVectors, allowed: Mask) -> float:
    queries = vectors.rows[::80].astype(np.float32)
    expected = brute_force(vectors, queries, 10, allowed)
    pairs = zip(found(vectors, queries, 10, allowed), expected, strict=True)
    return float(np.mean([len(set(ours) & set(theirs)) / len(theirs) for ours, theirs in pairs]))


def test_by_codes_nearly_all_of_the_nearest_are_found(dense: SegmentVectors) -> None:
    assert recall(dense, np.ones(DENSE, bool)) >= 0.98


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_so_it_does_under_a_wide_filter(dense: SegmentVectors, share: float) -> None:
    assert recall(dense, np.random.default_rng(5).random(DENSE) < share) >= 0.98


@pytest.mark.parametrize("count", [1, 9, 200])
def test_under_a_narrow_filter_the_answer_is_exact(dense: SegmentVectors, count: int) -> None:
    """Even where the allowed rows are the farthest from the question, and few."""
    query = dense.rows[:1].astype(np.float32)
    farthest = np.argsort(dense.rows.astype(np.float32) @ query[0])[:count]
    allowed = np.zeros(DENSE, bool)
    allowed[farthest] = True
    assert found(dense, query, 10, allowed) == brute_force(dense, query, 10, allowed)


def test_a_filter_that_goes_against_the_question_is_still_exact(dense: SegmentVectors) -> None:
    query = dense.rows[:1].astype(np.float32)
    allowed = np.zeros(DENSE, bool)
    order = np.argsort(dense.rows.astype(np.float32) @ query[0])
    near, far = order[:-11:-1], order[: DENSE // 16]
    allowed[near] = allowed[far] = True
    (rows,) = found(dense, query, DENSE // 16, allowed)
    assert rows[:10] == near.tolist()
    assert len(rows) == DENSE // 16


def test_no_filter_lets_a_forbidden_row_through(dense: SegmentVectors) -> None:
    allowed = np.arange(DENSE) % 3 > 0
    rows = found(dense, dense.rows[:50].astype(np.float32), 40, allowed)
    assert all(allowed[at] for of_query in rows for at in of_query)


def test_searching_does_not_take_every_core(some: SegmentVectors) -> None:
    faiss.omp_set_num_threads(2)
    nearest_rows(some, vectors_of(["a question"]), 1, None)
    assert faiss.omp_get_max_threads() == 1
