"""What histories and logs tell of one run: times of states and ranks, and what is missing."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.measure.billing.cost import Cost
from shared.measure.billing.measured_run import MeasuredRun
from shared.measure.comparing.run_figures import RankTime, StateTime, figures_of, read_figures
from shared.measure.observed.invocations import Row
from shared.measure.observed.trace import Trace, Visit
from shared.run.find import Found
from shared.run.report_line import Report
from shared.run.start import Run

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def visit(state, begin, end, rank=None, requests=(), unnamed=0):
    left = NOW + timedelta(seconds=end) if end is not None else None
    return Visit(state, "Task", rank, NOW + timedelta(seconds=begin), left, requests=list(requests), unnamed=unnamed)


def row(request, rank, ms):
    return Row(Report(request, ms, int(ms), 128, 64, None, ""), "group", 0, "run", rank, "Work", *[False] * 3)


def measured(trace, *rows):
    return MeasuredRun(None, trace, rows, Cost(()))


def test_visits_make_the_times_of_states():
    visits = (visit("Init", 0, 1), visit("Work", 1, 3, 0), visit("Work", 1, 9, 1), visit("Work", 1, None, 2))
    assert figures_of(measured(Trace(visits, 4))).states == (
        StateTime("Init", 1, 1.0, 1.0), StateTime("Work", 2, 5.0, 8.0)
    )  # fmt: skip


def test_all_invocations_of_a_rank_make_its_time():
    rows = [row("a", 0, 1000.0), row("b", 0, 500.0), row("c", 1, 2000.0), row("d", None, 9000.0)]
    assert figures_of(measured(Trace((), 0), *rows)).ranks == RankTime(2, 1.5, 2.0, 2.0)
    assert figures_of(measured(Trace((), 0))).ranks is None


def test_samples_memory_and_cold_starts_are_kept():
    cold = Row(Report("e", 1.0, 1, 512, 64, 200.0, ""), "group", 0, "run", None, "Init", *[False] * 3)
    told = figures_of(measured(Trace((), 0, redrives=1), row("a", 0, 2000.0), row("b", 1, 1000.0), cold))
    assert (told.rank_seconds, told.invocations, told.cold, told.redrives) == ((1.0, 2.0), 3, 1, 1)
    assert told.memory == {"Work": 128, "Init": 512}


def test_what_was_not_read_is_told():
    trace = Trace((visit("Work", 0, 1, requests=["a", "b"], unnamed=1),), 4, children=100, unread=84)
    told = figures_of(measured(trace, row("a", 0, 1.0)))
    assert told.lacks == "child executions not read: 84 of 100, invocations without a REPORT line in the logs: 2"
    assert figures_of(measured(Trace((), 0))).lacks == ""


class Cloud:
    """A run with one invocation, of which no log tells."""

    def __init__(self, events):
        self.pages = {
            "get_execution_history": [{"events": events}],
            "list_map_runs": [{"mapRuns": []}],
            "filter_log_events": [{"events": []}],
        }
        self.states = self.logs = self.lambda_ = self
        self.asked = []

    def get_paginator(self, name):
        def paginate(**_):
            self.asked.append(name)
            return self.pages[name]

        return SimpleNamespace(paginate=paginate)

    def get_function_configuration(self, FunctionName):
        return {"FunctionName": FunctionName}


@pytest.mark.parametrize(("ago", "waits"), [(timedelta(seconds=30), 19), (timedelta(hours=3), 0)])
def test_only_the_log_of_a_run_that_has_just_ended_is_waited_for(event, ago, waits):
    output = '{"SdkResponseMetadata": {"RequestId": "r-1"}}'
    cloud = Cloud(
        [
            event(1, 0, "TaskStateEntered", {"name": "Work", "input": "{}"}, NOW),
            event(2, 1, "TaskSucceeded", {"resourceType": "lambda", "output": output}, NOW),
            event(3, 2, "TaskStateExited", {"name": "Work"}, NOW + timedelta(seconds=2)),
        ]
    )
    function = SimpleNamespace(log_group="/aws/lambda/work", name="work")
    flow = SimpleNamespace(functions={"work": "work"})
    lane = SimpleNamespace(workflows={"flow": flow}, functions={"work": function})
    found = Found(Run("one", "arn", lane, "flow"), "SUCCEEDED", NOW, NOW + timedelta(seconds=2), "{}", "{}")
    slept = []
    told = read_figures(cloud, found, found.stopped + ago, sleep=slept.append)
    assert len(slept) == waits
    assert told.states == (StateTime("Work", 1, 2.0, 2.0),)
    assert told.lacks == "invocations without a REPORT line in the logs: 1"
