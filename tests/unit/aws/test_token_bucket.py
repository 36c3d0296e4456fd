"""The bucket by which AWS throttles: never more than it holds and gains, whoever comes and however clocks go."""

from hypothesis import given
from hypothesis import strategies as st

from shared.aws.token_bucket import TokenBucket

BURSTS = st.integers(1, 50)
RATES = st.floats(0.5, 100)
GAPS = st.lists(st.floats(0, 5), max_size=200)


@given(BURSTS, RATES, GAPS)
def test_in_no_span_more_turns_than_the_bucket_and_what_it_gains(burst, rate, gaps):
    bucket, now, given_at = TokenBucket(burst, rate, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now) is not None:
            given_at.append(now)
    for first, start in enumerate(given_at):
        for last in range(first, len(given_at)):
            assert last - first + 1 <= burst + rate * (given_at[last] - start) + 1e-6


@given(BURSTS, RATES, GAPS)
def test_who_waits_for_turns_gets_them_no_faster_either(burst, rate, gaps):
    bucket, now, turns = TokenBucket(burst, rate, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        turns.append(now + bucket.take(now, float("inf")))
    assert turns == sorted(turns)
    for first, start in enumerate(turns):
        for last in range(first, len(turns)):
            assert last - first + 1 <= burst + rate * (turns[last] - start) + 1e-6


@given(BURSTS, RATES)
def test_it_fills_again_and_never_over(burst, rate):
    bucket = TokenBucket(burst, rate, 0.0)
    for now in (0.0, 10_000.0):
        assert all(bucket.take(now) == 0.0 for _ in range(burst))
        assert bucket.take(now) is None


@given(BURSTS, RATES)
def test_after_the_wait_that_it_tells_there_is_a_turn(burst, rate):
    bucket = TokenBucket(burst, rate, 0.0)
    while bucket.take(0.0) is not None:
        pass
    wait = bucket.wait(0.0)
    assert wait > 0
    assert bucket.take(wait / 2) is None
    assert bucket.take(wait + 1e-9) is not None


def test_a_refused_turn_costs_nothing():
    bucket = TokenBucket(1, 0.5, 0.0)
    assert bucket.take(0.0) == 0.0
    assert [bucket.take(0.0, 1.9) for _ in range(5)] == [None] * 5
    assert bucket.take(0.0, 2.0) == 2.0


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing():
    bucket = TokenBucket(1, 1, 100.0)
    assert bucket.take(100.0) == 0.0
    assert bucket.take(50.0) is None
    assert bucket.take(51.0) == 0.0


def test_it_knows_nobody_so_one_caller_may_take_all_as_on_aws():
    bucket = TokenBucket(10, 1, 0.0)
    assert [bucket.take(0.0) for _ in range(10)] == [0.0] * 10  # of one team
    assert bucket.take(0.0) is None  # of any other
