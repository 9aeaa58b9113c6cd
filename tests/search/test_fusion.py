"""Fusing is a pure function of scores: order does not matter, better is better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search.fusion import Fusion, are_near
from search.signals import SIGNALS, Scores, between_extremes, from_zero

SIZE = 12
bm25 = arrays(np.float64, SIZE, elements=st.floats(0, 40, width=32))
cosines = arrays(np.float64, SIZE, elements=st.floats(-1, 1, width=32))
shares = arrays(np.float64, SIZE, elements=st.floats(0, 1, width=32))
signals = st.fixed_dictionaries({"words": bm25, "meaning": cosines, "concepts": shares})

Given = dict[str, Scores]


def fuse(pool: Given) -> Scores:
    return Fusion(pool).scores(pool)


@given(signals)
def test_the_fused_score_lies_between_nothing_and_one(pool: Given) -> None:
    fused = fuse(pool)
    assert fused.shape == (SIZE,)
    assert fused.min() >= -1e-12
    assert fused.max() <= 1 + 1e-12


@given(signals, st.permutations(range(SIZE)))
def test_the_order_of_the_candidates_does_not_matter(pool: Given, order: list[int]) -> None:
    shuffled = {name: scores[order] for name, scores in pool.items()}
    np.testing.assert_array_equal(fuse(shuffled), fuse(pool)[order])


@given(signals)
def test_the_signals_are_left_as_they_were(pool: Given) -> None:
    before = {name: scores.copy() for name, scores in pool.items()}
    np.testing.assert_array_equal(fuse(pool), fuse(pool))
    for name, scores in before.items():
        np.testing.assert_array_equal(pool[name], scores)


@given(signals)
def test_who_is_better_in_every_signal_is_not_ranked_lower(pool: Given) -> None:
    fused = fuse(pool)
    for one in range(SIZE):
        for other in range(SIZE):
            if all(scores[one] >= scores[other] for scores in pool.values()):
                assert fused[one] >= fused[other] - 1e-12


@given(signals, st.floats(0.1, 10))
def test_the_scale_of_the_scores_of_words_does_not_matter(pool: Given, factor: float) -> None:
    scaled = pool | {"words": pool["words"] * factor}
    np.testing.assert_allclose(fuse(scaled), fuse(pool), atol=1e-6)


@given(shares)
def test_a_signal_alone_keeps_its_order(scores: Scores) -> None:
    np.testing.assert_allclose(fuse({"concepts": scores}), scores)
    expected = np.argsort(-scores, kind="stable")
    fused = fuse({"meaning": scores})
    np.testing.assert_array_equal(scores[np.argsort(-fused, kind="stable")], scores[expected])


def test_without_any_signal_there_is_nothing_to_fuse() -> None:
    with pytest.raises(ValueError, match="no signal"):
        Fusion({})


def test_the_sum_is_weighted_as_the_list_of_signals_says() -> None:
    words, meaning, concepts = (signal.weight for signal in SIGNALS)
    fused = fuse(
        {
            "words": np.array([8.0, 4.0, 0.0]),
            "meaning": np.array([0.2, 0.6, 0.4]),
            "concepts": np.array([0.0, 0.5, 1.0]),
        }
    )
    total = words + meaning + concepts
    expected = [words, words / 2 + meaning + concepts / 2, meaning / 2 + concepts]
    np.testing.assert_allclose(fused, np.array(expected) / total)


def test_what_is_scored_later_is_measured_by_the_pool() -> None:
    fusion = Fusion({"meaning": np.array([0.2, 0.6])})
    later = fusion.scores({"meaning": np.array([0.1, 0.3, 0.9])})
    np.testing.assert_allclose(later, [0.0, 0.25, 1.0])


def test_no_word_in_common_scores_nothing_even_where_others_score_little() -> None:
    scores = np.array([0.0, 2.0, 4.0])
    np.testing.assert_array_equal(from_zero(scores)(scores), [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(from_zero(np.zeros(3))(np.zeros(3)), np.zeros(3))
    assert from_zero(np.zeros(0))(np.zeros(0)).shape == (0,)


def test_equally_near_candidates_are_all_best() -> None:
    equal = np.full(3, 0.4)
    np.testing.assert_array_equal(between_extremes(equal)(equal), np.ones(3))
    assert between_extremes(np.zeros(0))(np.zeros(0)).shape == (0,)


def test_near_is_who_reaches_the_floor_of_one_signal() -> None:
    floors = {signal.name: signal.floor for signal in SIGNALS if signal.floor is not None}
    meaning, concepts = floors["meaning"], floors["concepts"]
    near = are_near(
        {
            "words": np.array([9.0, 9.0, 0.0, 0.0]),
            "meaning": np.array([meaning - 0.01, meaning, 0.0, -1.0]),
            "concepts": np.array([concepts - 0.01, 0.0, concepts, 0.0]),
        }
    )
    assert near.tolist() == [False, True, True, False]


def test_where_words_alone_were_compared_whatever_holds_one_is_near() -> None:
    assert are_near({"words": np.array([1.0, 2.0])}).tolist() == [True, True]
