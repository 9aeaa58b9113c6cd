"""How requests fared: k of n with Wilson's interval, and no rate from too little."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.answer.outcomes import ENOUGH, Z_95, make_outcomes, wilson
from search.backend import Tally

# Newcombe, R. G. (1998), Statistics in Medicine 17, 857-872, table I, method 3.
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("k", "n", "low", "high"), PUBLISHED)
def test_the_interval_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(counts)
def test_the_bounds_are_the_rates_just_not_refused_at_95_percent(counts: tuple[int, int]) -> None:
    k, n = counts
    for bound in wilson(k, n):
        away = abs(k / n - bound)
        # The score test: the distance is z standard errors at the bound itself.
        at_edge = bound in (0.0, 1.0) and isclose(away, 0.0, abs_tol=1e-12)
        assert at_edge or isclose(away, Z_95 * sqrt(bound * (1 - bound) / n), abs_tol=1e-9)


@given(counts)
def test_the_interval_holds_the_rate_and_lies_between_none_and_all(
    counts: tuple[int, int],
) -> None:
    k, n = counts
    low, high = wilson(k, n)
    assert 0 <= low <= k / n + 1e-12
    assert k / n - 1e-12 <= high <= 1


@given(counts)
def test_upheld_and_overturned_mirror_each_other(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = wilson(k, n)
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


@given(counts)
def test_more_of_the_same_narrows_the_interval(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = wilson(k, n)
    narrower = wilson(10 * k, 10 * n)
    assert narrower[1] - narrower[0] < high - low


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 4), (5, 4)])
def test_what_is_no_proportion_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(k, n)


def test_from_too_few_decided_issues_no_rate_is_given() -> None:
    base = Tally(100, 10, 90)
    few = make_outcomes(Tally(ENOUGH - 1, 2, 3), base)
    assert (few.rate, few.low, few.high) == (None, None, None)
    assert (few.overturned, few.n, few.letters) == (2, ENOUGH - 1, 3)
    enough = make_outcomes(Tally(ENOUGH, 2, 3), base)
    assert enough.rate == 2 / ENOUGH
    assert (enough.low, enough.high) == wilson(2, ENOUGH)


def test_nothing_decided_is_no_error() -> None:
    none = make_outcomes(Tally(0, 0, 0), Tally(0, 0, 0))
    assert (none.n, none.rate, none.base_rate, none.base_n) == (0, None, None, 0)


def test_the_base_rate_stands_beside_it() -> None:
    assert make_outcomes(Tally(50, 9, 41), Tally(220, 35, 97)).base_rate == 35 / 220
