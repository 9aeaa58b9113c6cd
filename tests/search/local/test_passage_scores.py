"""Scores of passages: compiled and by hand alike."""

from __future__ import annotations

import numpy as np
import pytest

from search.local import kernels

RUNS = np.array([0, 3, 4, 9]), np.array([3, 4, 9, 12])


def halves(seed: int) -> np.ndarray:
    """Twelve float16 rows, with zeros, the smallest numbers and both signs among them."""
    rows = np.random.default_rng(seed).standard_normal((12, 384)).astype(np.float16)
    rows[2], rows[5, :9], rows[7] = 0, np.float16(6e-8), -rows[6]
    return rows


@pytest.mark.parametrize("queries", [1, 2])
def test_each_run_has_the_score_of_its_first_and_of_its_best_row(queries: int) -> None:
    rows = halves(queries)
    asked = np.random.default_rng(7).standard_normal((queries, 384)).astype(np.float32)
    first, best = kernels.passage_scores(rows.view(np.uint16), *RUNS, asked)
    products = rows.astype(np.float64) @ asked.T.astype(np.float64)
    by_run = [products[start:end] for start, end in zip(*RUNS, strict=True)]
    np.testing.assert_allclose(first, [run[0] for run in by_run], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(best, [run.max(axis=0) for run in by_run], rtol=1e-5, atol=1e-4)
