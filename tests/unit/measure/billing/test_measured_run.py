"""What the cost of an earlier run lacks."""

from datetime import UTC, datetime

from shared.measure.billing.cost import Cost
from shared.measure.billing.measured_run import MeasuredRun
from shared.measure.observed.trace import Trace, Visit


def visit(*requests, unnamed=0):
    return Visit("A", "Task", None, datetime(2026, 1, 1, tzinfo=UTC), requests=list(requests), unnamed=unnamed)


def test_invocations_without_a_report_line_are_told():
    trace = Trace((visit("a", "b"), visit("b", "c", unnamed=2)), 4)
    assert MeasuredRun(None, trace, ("row of a", "row of b"), Cost(())).uncounted == 3
    assert MeasuredRun(None, Trace((visit("a"),), 1), ("row of a", "of a retry"), Cost(())).uncounted == 0
