"""The interval of a ratio of medians: against another program, and against the truth in simulations."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.measure.intervals import ENOUGH, FEWEST, needed, ratio_of_medians

BY_SCIPY = [  # scipy 1.17.1, scipy.stats.bootstrap(..., method="percentile", n_resamples=1_000_000), 2026-11-30
    ([10.1, 9.7, 10.4, 11.9, 9.9], [8.8, 9.1, 8.6, 9.6, 8.9], 0.7479, 0.9505),
    ([3.2, 3.9, 3.1, 3.4], [3.3, 4.1, 3.0, 3.6, 3.5, 2.9], 0.83099, 1.16667),
    ([20.5, 19.0, 24.0], [21.0, 20.0, 19.5], 0.8125, 1.10526),
    (
        [1.0, 1.2, 1.1, 0.9, 1.4, 5.0, 1.3, 1.05, 1.15],
        [2.0, 2.7, 3.4, 2.5, 3.2, 2.3, 3.0, 2.1, 2.8, 3.5, 2.6, 3.3, 2.4, 3.1, 2.2, 2.9],
        1.92308,
        2.85714,
    ),
]
SECONDS = st.lists(st.floats(0.1, 1000), min_size=FEWEST, max_size=30)


@pytest.mark.parametrize(("before", "after", "low", "high"), BY_SCIPY)
def test_an_interval_is_that_of_scipy(before, after, low, high):
    found = ratio_of_medians(before, after)
    assert (found.low, found.high) == pytest.approx((low, high), abs=3e-3)  # medians of few values go by steps


def test_an_interval_of_many_is_that_of_plain_resampling():
    draw = np.random.default_rng(3)
    before, after = draw.lognormal(0, 0.3, 400), draw.lognormal(0.1, 0.3, 401)
    found = ratio_of_medians(before.tolist(), after.tolist())
    medians = [np.median(each[draw.integers(0, each.size, (4000, each.size))], axis=1) for each in (before, after)]
    low, high = np.quantile(medians[1] / medians[0], (0.025, 0.975))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def held(size, kind, truth=1.2, rounds=200):
    """Return the share of *rounds* simulations in which the interval holds the true ratio."""
    draw = np.random.default_rng(size)
    hits = 0
    for _ in range(rounds):
        found = ratio_of_medians(kind(draw, size).tolist(), (truth * kind(draw, size)).tolist())
        hits += found.low <= truth <= found.high
    return hits / rounds


@pytest.mark.parametrize(("size", "least"), [(3, 0.90), (4, 0.90), (5, 0.95), (12, 0.95)])
@pytest.mark.parametrize(
    "kind",
    [
        lambda draw, size: draw.lognormal(0, 0.1, size),
        lambda draw, size: 1 + draw.exponential(0.2, size),  # a few stragglers, as times have
    ],
    ids=["even", "skewed"],
)
def test_an_interval_holds_the_truth_as_often_as_it_says(size, least, kind):
    chance = 3 * math.sqrt(least * (1 - least) / 200)  # of 200 simulations
    assert least - chance <= held(size, kind)
    few = ratio_of_medians([1.0] * size, [1.0] * size)
    assert few.level == ("95 %" if least > 0.9 else "about 90 %")


@given(SECONDS, SECONDS)
def test_an_interval_is_the_same_each_time_and_in_each_order(before, after):
    found = ratio_of_medians(before, after)
    assert found == ratio_of_medians(before[::-1], sorted(after))
    assert found.low <= found.high
    assert found.inverse().inverse().ratio == pytest.approx(found.ratio)


@given(SECONDS, SECONDS, st.floats(0.5, 4))
def test_an_interval_follows_the_unit(before, after, factor):
    found = ratio_of_medians(before, after)
    scaled = ratio_of_medians(before, [factor * each for each in after])
    assert (scaled.low, scaled.high) == pytest.approx((factor * found.low, factor * found.high))


@pytest.mark.parametrize(
    ("before", "after"), [([1.0], [1.0] * 9), ([1.0] * 9, [1.0, 2.0]), ([], []), ([1.0, 0.0, 2.0], [1.0, 1.0, 1.0])]
)
def test_there_is_no_interval_of_too_few_or_of_no_time_at_all(before, after):
    assert ratio_of_medians(before, after) is None


def test_a_difference_is_shown_where_one_lies_outside():
    assert ratio_of_medians([10.0, 10.1, 10.2, 9.9, 9.8], [5.0, 5.1, 5.2, 4.9, 4.8]).shows
    assert not ratio_of_medians([10.0, 12.0, 8.0, 11.0, 9.0], [10.5, 8.5, 11.5, 9.5, 10.0]).shows


def test_so_many_runs_show_what_they_are_said_to_show():
    draw = np.random.default_rng(5)
    before = draw.lognormal(0, 0.1, 200).tolist()
    count = needed(before, before, 1.1)
    assert 20 < count < 35  # 2 * pi/2 * (2.8 * 0.1 / log 1.1)^2 = 27
    shown = [
        ratio_of_medians(draw.lognormal(0, 0.1, count).tolist(), (1.1 * draw.lognormal(0, 0.1, count)).tolist()).shows
        for _ in range(100)
    ]
    assert 0.65 < sum(shown) / 100 < 0.95  # four of five, and chance


def test_what_no_number_of_runs_shows_needs_none():
    assert needed([1.0], [2.0], 2.0) is None
    assert needed([1.0, 1.0], [1.0, 1.0], 1.1) is None
    assert needed([1.0, 1.1], [1.0, 1.1], 1.0) is None
    assert needed([1.0, 1.001], [2.0, 2.001], 2.0) == ENOUGH
