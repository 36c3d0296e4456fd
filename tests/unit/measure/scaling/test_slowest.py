"""When the last of many ranks ends, held against a simulation of single ranks."""

import heapq
import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.measure.scaling.rank_times import Spread
from shared.measure.scaling.slowest import Limits, RankTime, last_end

FIELD = RankTime(10.0, 8.9, Spread(0.04, 3.6, 0.12))
AWS = {"at_once": 10_000, "environments": 1000, "growth": 100}


def simulate(rank, world, limits, seed):
    """Return when the last rank ends: each is started in turn, waits for its place, and draws its own time."""
    dice, ends, now, last = random.Random(seed), [], 0.0, 0.0
    most = min(limits.at_once, limits.concurrency)
    for number in range(world):
        now = max(now, number / min(limits.starts, limits.served))
        while True:
            while ends and ends[0] <= now:
                heapq.heappop(ends)
            if len(ends) + 1 <= min(most, limits.environments + limits.growth * now):
                break
            turns = [ends[0]] if ends else []
            if limits.growth and len(ends) + 1 <= most:
                turns.append((len(ends) + 1 - limits.environments) / limits.growth)
            now = max(math.nextafter(now, math.inf), min(turns))
        slow = rank.spread.factor if dice.random() < rank.spread.slow else 1.0
        end = now + rank.fixed + rank.scaled * slow * math.exp(dice.gauss(0, rank.spread.sigma))
        heapq.heappush(ends, end)
        last = max(last, end)
    return last


@pytest.mark.parametrize(
    ("world", "limits", "times", "near"),
    [
        (1, Limits(), 400, 0.03),
        (10, Limits(starts=100), 300, 0.03),
        (130, Limits(starts=100), 200, 0.02),
        (983, Limits(starts=100), 100, 0.02),
        (10_485, Limits(starts=100, **AWS), 12, 0.02),
        (10_485, Limits(starts=1000, **AWS), 12, 0.02),
        (4000, Limits(starts=100, concurrency=300, **AWS), 12, 0.03),
        (1000, Limits(concurrency=10), 60, 0.03),
        (100, Limits(concurrency=40), 100, 0.05),
        (50, Limits(concurrency=1), 200, 0.03),
        (2000, Limits(starts=100, served=20), 40, 0.02),
    ],
)
def test_it_ends_when_a_simulation_of_single_ranks_does(world, limits, times, near):
    found = last_end(FIELD, world, limits)
    drawn = sorted(simulate(FIELD, world, limits, seed) for seed in range(times))
    assert found.mean == pytest.approx(statistics.mean(drawn), rel=near)
    inside = sum(found.low * 0.99 <= each <= found.high * 1.01 for each in drawn)
    assert inside >= 0.8 * times


def test_a_ramp_of_environments_takes_what_it_is_documented_to_take():
    alike = RankTime(3600.0, 1.0, Spread(0.0, 1.0, 0.0))  # none ends before all have started
    found = last_end(alike, 6000, Limits(environments=1000, growth=100))
    assert found.mean == pytest.approx(3601 + 50, rel=0.01)  # 1,000 at once, then 5,000 at 100 a second
    assert last_end(alike, 1000, Limits(environments=1000, growth=100)).mean == pytest.approx(3601, rel=0.01)


def test_environments_that_are_free_again_need_no_new_ones():
    quick = RankTime(1.0, 0.1, Spread(0.0, 1.0, 0.05))
    found = last_end(quick, 20_000, Limits(starts=1000, environments=1000, growth=100))
    assert found.mean < 1.15 * 20  # 1,100 run at once, as the function has after a second


def test_ranks_beyond_the_accounts_concurrency_wait_for_one_that_ends():
    alike = RankTime(10.0, 0.001, Spread(0.0, 1.0, 0.0))
    assert last_end(alike, 100, Limits(concurrency=1000)).mean == pytest.approx(10, rel=0.02)
    assert last_end(alike, 5000, Limits(concurrency=1000)).mean == pytest.approx(50, rel=0.05)
    assert last_end(alike, 10**6, Limits(concurrency=1000)).mean == pytest.approx(10_000, rel=0.01)


ranks = st.builds(
    RankTime,
    st.floats(0.1, 60),
    st.floats(0.1, 600),
    st.builds(Spread, st.floats(0, 0.2), st.floats(1, 5), st.floats(0, 0.4)),
)
limits = st.builds(
    Limits,
    st.sampled_from([100.0, 1000.0, math.inf]),
    st.sampled_from([40.0, 10_000.0]),
    st.just(1000.0),
    st.just(100.0),
    st.integers(1, 5000),
    st.sampled_from([20.0, 300.0, math.inf]),
)
ROUNDING = 0.02  # of the grid, and of waves that are not followed


@settings(max_examples=60, deadline=None)
@given(rank=ranks, world=st.integers(1, 12_000), limits=limits, more=st.floats(1, 3))
def test_nothing_that_is_better_makes_a_run_slower(rank, world, limits, more):
    ended = last_end(rank, world, limits)
    assert 0 < ended.low <= ended.mean * (1 + ROUNDING)
    assert ended.mean <= ended.high * (1 + ROUNDING)
    assert ended.mean >= (world - 1) / limits.rate
    assert ended.mean >= world * rank.mean / limits.most * (1 - ROUNDING) - rank.longest(world)
    slower = [
        last_end(RankTime(rank.fixed * more, rank.scaled, rank.spread), world, limits),
        last_end(RankTime(rank.fixed, rank.scaled * more, rank.spread), world, limits),
        last_end(rank, round(world * more), limits),
    ]
    quicker = [
        last_end(
            rank, world, Limits(limits.starts, limits.at_once, 1000.0, 100.0, limits.concurrency * more, limits.served)
        ),
        last_end(
            rank, world, Limits(limits.starts * more, limits.at_once, 1000.0, 100.0, limits.concurrency, limits.served)
        ),
        last_end(
            rank, world, Limits(limits.starts, limits.at_once, served=limits.served, concurrency=limits.concurrency)
        ),
    ]
    assert min(each.mean for each in slower) >= ended.mean * (1 - ROUNDING)
    assert max(each.mean for each in quicker) <= ended.mean * (1 + ROUNDING)


def test_the_same_is_computed_each_time():
    limits = Limits(starts=100, concurrency=300, **AWS)
    assert last_end(FIELD, 5000, limits) == last_end(FIELD, 5000, limits)


@given(st.floats(0, 0.3), st.floats(1, 6), st.floats(0.01, 0.5))
def test_a_spread_is_a_distribution_with_its_mean_and_deviation(slow, factor, sigma):
    import numpy as np  # only here

    spread = Spread(slow, factor, sigma)
    times = np.linspace(0, 12 * factor, 40_000)
    chances = np.exp(spread.log_chance(times))
    assert np.all(np.diff(chances) >= -1e-12)
    assert (chances[0], chances[-1]) == (pytest.approx(0), pytest.approx(1))
    mean = float((np.sum(1 - chances) - 0.5) * times[1])  # the first of them is 1, and counts half
    square = float(np.sum(2 * times * (1 - chances)) * times[1])
    assert mean == pytest.approx(spread.mean, rel=1e-3)
    assert math.sqrt(square - mean**2) == pytest.approx(spread.deviation, rel=2e-2, abs=2e-3)
    assert math.exp(spread.log_chance(np.array([spread.longest(100)]))[0]) > 1 - 1e-5
