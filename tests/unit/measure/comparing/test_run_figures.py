"""What histories and logs tell of one run: times of states and ranks, and what is missing."""

from datetime import UTC, datetime, timedelta

from shared.measure.billing.cost import Cost
from shared.measure.comparing.run_figures import RankTime, StateTime, figures_of
from shared.measure.observed.invocations import Row
from shared.measure.observed.trace import Trace, Visit
from shared.run.report_line import Report

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def visit(state, begin, end, rank=None, requests=(), unnamed=0):
    left = NOW + timedelta(seconds=end) if end is not None else None
    return Visit(state, "Task", rank, NOW + timedelta(seconds=begin), left, requests=list(requests), unnamed=unnamed)


def row(request, rank, ms):
    return Row(Report(request, ms, int(ms), 128, 64, None, ""), "group", 0, "run", rank, "Work", *[False] * 3)


def test_visits_make_the_times_of_states():
    visits = (visit("Init", 0, 1), visit("Work", 1, 3, 0), visit("Work", 1, 9, 1), visit("Work", 1, None, 2))
    assert figures_of(Trace(visits, 4), [], Cost(())).states == (
        StateTime("Init", 1, 1.0, 1.0), StateTime("Work", 2, 5.0, 8.0)
    )  # fmt: skip


def test_all_invocations_of_a_rank_make_its_time():
    rows = [row("a", 0, 1000.0), row("b", 0, 500.0), row("c", 1, 2000.0), row("d", None, 9000.0)]
    assert figures_of(Trace((), 0), rows, Cost(())).ranks == RankTime(2, 1.5, 2.0, 2.0)
    assert figures_of(Trace((), 0), [], Cost(())).ranks is None


def test_what_was_not_read_is_told():
    told = figures_of(
        Trace((visit("Work", 0, 1, requests=["a", "b"], unnamed=1),), 4, children=100, unread=84),
        [row("a", 0, 1.0)],
        Cost(()),
    )
    assert told.lacks == "84 of 100 child executions were not read, 2 invocations have no REPORT line in the logs"
    assert figures_of(Trace((), 0), [], Cost(())).lacks == ""
