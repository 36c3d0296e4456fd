"""A run is slower than usual by a rule that outliers do not bend."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.measure.comparing.usual import BEFORE, Unusual, Usual, usual_for, usual_of
from shared.run.listing import Execution

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def run(number, seconds=10.0, *, status="SUCCEEDED", workflow="cosmic", redrives=0):
    return Execution(f"run-{number}", workflow, status, NOW - timedelta(minutes=number), seconds, redrives)


def told(one, earlier, sizes=None):
    return usual_for(one, earlier, sizes if sizes is not None else {each.run_id: 4 for each in (one, *earlier)})


def test_runs_that_took_the_same_time_leave_a_fifth_of_it():
    usual = usual_of([10.0] * 8)
    assert (usual.median, usual.margin) == (10.0, 2.0)
    assert [usual.word(seconds) for seconds in (7.9, 8.0, 10.0, 12.0, 12.1)] == [
        "faster", "as usual", "as usual", "as usual", "slower"
    ]  # fmt: skip


def test_short_runs_leave_a_fifth_of_a_second():
    assert usual_of([0.1] * 5).word(0.29) == "as usual"
    assert usual_of([0.1] * 5).word(0.31) == "slower"


def test_runs_that_differ_leave_three_spreads():
    usual = usual_of([6.0, 8.0, 10.0, 12.0, 14.0])  # distances 4 2 0 2 4: their median is 2
    assert (usual.least, usual.greatest) == (6.0, 14.0)
    assert usual.margin == pytest.approx(3 * 1.4826 * 2)


@pytest.mark.parametrize("hung", [1, 4, 9])
def test_less_than_half_of_them_may_hang(hung):
    usual = usual_of([10.0 + 0.1 * (number % 3) for number in range(20 - hung)] + [3600.0] * hung)
    assert usual.word(14) == "slower"
    assert usual.word(10.1) == "as usual"


def test_only_the_newest_before_it_count():
    usual = told(run(0, 30.0), [run(n, 10.0 if n <= BEFORE else 1000.0) for n in range(1, 60)])
    assert usual == Usual(10.0, 2.0, BEFORE, 10.0, 10.0, 4)


@pytest.mark.parametrize(
    "others",
    [
        [run(number, 500.0, status="FAILED") for number in range(10, 30)],
        [run(number, None, status="RUNNING") for number in range(10, 30)],
        [run(number, 500.0, workflow="other") for number in range(10, 30)],
        [run(number, 500.0, redrives=1) for number in range(10, 30)],
    ],
)
def test_what_failed_or_runs_or_was_redriven_or_is_of_another_workflow_does_not_count(others):
    assert told(run(0), [*(run(number) for number in range(1, 6)), *others]) == Usual(10.0, 2.0, 5, 10.0, 10.0, 4)


def test_runs_of_another_size_do_not_count():
    earlier = [run(number) for number in range(1, 11)]
    sizes = {each.run_id: 1000 if number % 2 else 4 for number, each in enumerate(earlier)} | {"run-0": 1000}
    assert told(run(0), earlier, sizes) == Usual(10.0, 2.0, 5, 10.0, 10.0, 1000)


def test_too_few_tell_nothing():
    few = told(run(0), [run(number) for number in range(1, 5)])
    assert few == Unusual("too few to tell: 4 earlier runs on 4 ranks are known to have succeeded")


def test_nothing_is_said_of_a_run_whose_input_is_not_known():
    earlier = [run(number) for number in range(1, 11)]
    assert told(run(0), earlier, {each.run_id: 4 for each in earlier}) == Unusual(
        "not known yet: its input is to be read"
    )


def test_a_workflow_without_ranks_is_compared_as_well():
    runs = [run(number) for number in range(8)]
    assert told(runs[0], runs[1:], dict.fromkeys((each.run_id for each in runs), None)) == Usual(
        10.0, 2.0, 7, 10.0, 10.0, None
    )


def test_a_run_that_was_redriven_is_not_called_slower_for_the_time_that_it_lay_failed():
    earlier = [run(number) for number in range(1, 9)]
    usual = told(run(0, 3600.0, redrives=1), earlier)
    assert isinstance(usual, Unusual)
    assert "redriven" in usual.why
