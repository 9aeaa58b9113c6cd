"""Fusing is a pure function of scores: order does not matter, better is better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search.fusion import FusionWeights, Scores, between_extremes, from_zero, fuse

SIZE = 12
WEIGHTS = FusionWeights(lexical=0.35, semantic=1.0, concepts=1.5)
bm25 = arrays(np.float64, SIZE, elements=st.floats(0, 40, width=32))
cosines = arrays(np.float64, SIZE, elements=st.floats(-1, 1, width=32))
shares = arrays(np.float64, SIZE, elements=st.floats(0, 1, width=32))
signals = st.fixed_dictionaries({"lexical": bm25, "semantic": cosines, "concepts": shares})
positive = st.floats(0.01, 5)
weights = st.builds(FusionWeights, lexical=positive, semantic=positive, concepts=positive)

Given = dict[str, Scores]


@given(signals, weights)
def test_the_fused_score_lies_between_nothing_and_one(given: Given, weights: FusionWeights) -> None:
    fused = fuse(weights, **given)
    assert fused.shape == (SIZE,)
    assert fused.min() >= -1e-12
    assert fused.max() <= 1 + 1e-12


@given(signals, st.permutations(range(SIZE)))
def test_the_order_of_the_candidates_does_not_matter(given: Given, order: list[int]) -> None:
    shuffled = {name: scores[order] for name, scores in given.items()}
    np.testing.assert_array_equal(fuse(WEIGHTS, **shuffled), fuse(WEIGHTS, **given)[order])


@given(signals)
def test_the_signals_are_left_as_they_were(given: Given) -> None:
    before = {name: scores.copy() for name, scores in given.items()}
    first, second = fuse(WEIGHTS, **given), fuse(WEIGHTS, **given)
    np.testing.assert_array_equal(first, second)
    for name, scores in before.items():
        np.testing.assert_array_equal(given[name], scores)


@given(signals, st.sampled_from(["lexical", "semantic", "concepts"]))
def test_who_is_better_in_every_signal_is_not_ranked_lower(given: Given, signal: str) -> None:
    fused = fuse(WEIGHTS, **given)
    for one in range(SIZE):
        for other in range(SIZE):
            if all(scores[one] >= scores[other] for scores in given.values()):
                assert fused[one] >= fused[other] - 1e-12
    assert signal in given


@given(signals, st.floats(0.1, 10))
def test_the_scale_of_the_lexical_scores_does_not_matter(given: Given, factor: float) -> None:
    scaled = given | {"lexical": given["lexical"] * factor}
    np.testing.assert_allclose(fuse(WEIGHTS, **scaled), fuse(WEIGHTS, **given), atol=1e-6)


@given(signals, st.floats(0.1, 10))
def test_only_the_proportions_of_the_weights_matter(given: Given, factor: float) -> None:
    scaled = FusionWeights(
        lexical=factor * WEIGHTS.lexical,
        semantic=factor * WEIGHTS.semantic,
        concepts=factor * WEIGHTS.concepts,
    )
    np.testing.assert_allclose(fuse(scaled, **given), fuse(WEIGHTS, **given), atol=1e-9)


@given(signals)
def test_a_signal_that_is_left_out_takes_no_part(given: Given) -> None:
    without = {name: scores for name, scores in given.items() if name != "lexical"}
    weightless = FusionWeights(lexical=0, semantic=1.0, concepts=1.5)
    np.testing.assert_allclose(fuse(WEIGHTS, **without), fuse(weightless, **given))


@given(shares)
def test_a_signal_alone_keeps_its_order(scores: Scores) -> None:
    np.testing.assert_allclose(fuse(WEIGHTS, concepts=scores), scores)
    expected = np.argsort(-scores, kind="stable")
    fused = fuse(WEIGHTS, semantic=scores)
    np.testing.assert_array_equal(scores[np.argsort(-fused, kind="stable")], scores[expected])


def test_without_any_signal_there_is_nothing_to_fuse() -> None:
    with pytest.raises(ValueError, match="no signal"):
        fuse(WEIGHTS)


def test_the_sum_is_the_weighted_one() -> None:
    fused = fuse(
        FusionWeights(lexical=1, semantic=2, concepts=1),
        lexical=np.array([8.0, 4.0, 0.0]),
        semantic=np.array([0.2, 0.6, 0.4]),
        concepts=np.array([0.0, 0.5, 1.0]),
    )
    np.testing.assert_allclose(fused, [0.25, 0.125 + 0.5 + 0.125, 0.25 + 0.25])


def test_no_word_in_common_scores_nothing_even_where_others_score_little() -> None:
    np.testing.assert_array_equal(from_zero(np.array([0.0, 2.0, 4.0])), [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(from_zero(np.zeros(3)), np.zeros(3))
    assert from_zero(np.zeros(0)).shape == (0,)


def test_equally_near_candidates_are_all_best() -> None:
    np.testing.assert_array_equal(between_extremes(np.full(3, 0.4)), np.ones(3))
    assert between_extremes(np.zeros(0)).shape == (0,)
