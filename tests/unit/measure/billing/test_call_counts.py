"""How often AWS is asked about a Map of 10,000 items: it gives an account 20 histories and one Map run a second."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from shared.config.aws_facts import HISTORY_CALLS
from shared.measure.billing.bill import price_team
from shared.measure.billing.month import month_of
from shared.measure.billing.spending import spent_by
from shared.measure.observed.run_log import RunLog
from shared.measure.observed.trace import read_trace
from shared.run.failure import find_failure
from shared.run.find import Found
from shared.run.start import Run

ITEMS = 10_000
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
ARN = MACHINE.replace(":stateMachine:", ":execution:") + ":run-1"


OWN = {
    "ExecutionStarted": "executionStartedEventDetails",
    "TaskStateEntered": "stateEnteredEventDetails",
    "MapRunStarted": "mapRunStartedEventDetails",
    "MapRunFailed": "mapRunFailedEventDetails",
    "ExecutionFailed": "executionFailedEventDetails",
}


def events(*told):
    return [
        {"id": number, "previousEventId": number - 1, "type": kind, "timestamp": START, OWN[kind]: details}
        for number, (kind, details) in enumerate(told, 1)
    ]


class States:
    """Executions of one machine whose Map had 10,000 children, all failed; counts each request, page by page."""

    def __init__(self, runs=1):
        self.calls = Counter()
        self.events = 0  # of the machine's own history, where a test wants many
        self._runs = [
            {"name": f"run-{number}", "status": "SUCCEEDED", "startDate": START, "stopDate": START + timedelta(hours=1)}
            for number in range(1, runs + 1)
        ]
        self._children = [
            {"executionArn": f"{ARN}-child-{number}", "stopDate": START + timedelta(seconds=number), "status": "FAILED"}
            for number in range(ITEMS)
        ]

    def describe_execution(self, *, executionArn):
        self.calls["describe_execution"] += 1
        return {"status": "FAILED", "error": "E", "cause": "", "input": json.dumps({"rank": 7}), "arn": executionArn}

    def describe_map_run(self, *, mapRunArn):
        self.calls["describe_map_run"] += 1
        counts = {"total": ITEMS}
        return {
            "executionCounts": counts, "itemCounts": counts, "toleratedFailureCount": 0,
            "toleratedFailurePercentage": 0.0,
        }  # fmt: skip

    def get_paginator(self, name):
        return SimpleNamespace(paginate=lambda **asked: self._pages(name, **asked))

    def _pages(self, name, PaginationConfig=None, **asked):
        key, found = getattr(self, f"_{name}")(**asked)
        size = (PaginationConfig or {}).get("PageSize", 100)
        for at in range(0, max(1, len(found)), size):
            self.calls[name] += 1
            more = {"nextToken": "more"} if at + size < len(found) else {}
            yield {key: found[at : at + size], **more}

    def _list_executions(self, *, stateMachineArn=None, **_):
        return "executions", self._runs if stateMachineArn else self._children

    def _list_map_runs(self, **_):
        return "mapRuns", [{"mapRunArn": "arn:map"}]

    def _get_execution_history(self, *, executionArn):
        if "-child-" in executionArn:
            return "events", events(
                ("ExecutionStarted", {"input": "{}"}),
                ("TaskStateEntered", {"name": "Work", "input": "{}"}),
                ("ExecutionFailed", {"error": "E", "cause": ""}),
            )
        if self.events:
            return "events", events(*[("ExecutionStarted", {"input": "{}"})] * self.events)
        return "events", events(
            ("ExecutionStarted", {"input": "{}"}),
            ("MapRunStarted", {"mapRunArn": "arn:map"}),
            ("MapRunFailed", {"error": "E", "cause": ""}),
            ("ExecutionFailed", {"error": "E", "cause": ""}),
        )


class Logs:
    """One group with a line that names no run, so that its reader has to ask the histories which run it belongs to."""

    def get_paginator(self, _):
        line = {"eventId": "1", "logStreamName": "s", "timestamp": 1_767_323_045_000}
        events = [line | {"message": "START RequestId: r Version: $LATEST\n"}]
        return SimpleNamespace(paginate=lambda **_: [{"events": events}])


@pytest.fixture
def lane():
    function = SimpleNamespace(log_group="/aws/lambda/work", name="work")
    workflow = SimpleNamespace(functions={"work": "w-work"}, type="standard")
    return SimpleNamespace(
        functions={"w-work": function}, workflows={"w": workflow}, state_machine_arn=lambda _: MACHINE, team="t"
    )


@pytest.fixture
def clients():
    def make(states):
        configuration = {"EphemeralStorage": {"Size": 512}}
        functions = SimpleNamespace(get_function_configuration=lambda **_: configuration)
        return SimpleNamespace(states=states, logs=Logs(), lambda_=functions)

    return make


def test_a_trace_reads_no_more_histories_than_aws_gives_at_once():
    states = States()
    trace = read_trace(states, ARN)
    assert (trace.children, trace.unread) == (ITEMS, ITEMS - HISTORY_CALLS.bucket // 2)
    assert states.calls == {
        "get_execution_history": 1 + HISTORY_CALLS.bucket // 2,
        "list_map_runs": 1,
        "list_executions": 1,
        "describe_map_run": 1,
    }


def test_a_failure_among_ten_thousand_is_found_in_ten_pages():
    states = States()
    assert find_failure(states, ARN).state == "Work"
    assert states.calls == {
        "describe_execution": 2, "list_executions": 10, "describe_map_run": 1, "get_execution_history": 2,
    }  # fmt: skip


def test_a_log_asks_the_children_once_however_often_it_is_read(lane, clients):
    states = States()
    log = RunLog(clients(states), Found(Run("run-1", ARN, lane, "w"), "FAILED", START, START, "{}", None))
    for _ in range(20):
        assert log.read() == []
    assert states.calls["get_execution_history"] == 2 + HISTORY_CALLS.bucket // 2
    assert log.unread == ITEMS - HISTORY_CALLS.bucket // 2


@pytest.mark.parametrize("runs", [1, 10, 1_000])
def test_a_bill_reads_no_more_histories_than_aws_gives_at_once_however_many_runs(lane, clients, runs):
    states = States(runs)
    bill = price_team(clients(states), lane, START - timedelta(days=1))
    assert states.calls["get_execution_history"] <= HISTORY_CALLS.bucket
    assert len(bill.runs) == runs
    assert bill.unread == (800 if runs == 1_000 else 0)
    each = {round(cost.usd, 6) for _, cost in bill.runs.values()}  # the log has each run's name, longer or shorter
    assert len(each) == 1, "runs that were not read count as average ones"


def test_teams_that_are_asked_about_together_share_the_histories_that_aws_gives(lane, clients):
    lane.budget = SimpleNamespace(monthly_usd=0.5)
    states = States(runs=100)
    month = month_of(START)
    spent = spent_by(clients(states), lane, month, START + timedelta(days=1), teams=20)
    assert states.calls["get_execution_history"] <= HISTORY_CALLS.bucket // 20
    assert (spent.runs, spent.team, spent.month) == (100, "t", month)
    assert spent.unread >= 100 - HISTORY_CALLS.bucket // 20
    assert len(spent.dearest) == 5
    assert spent.share == spent.usd / 0.5
    assert spent.forecast > spent.usd
    assert spent.as_record()["cost"]["invocations_with_requests_untold"] == 0


def test_an_older_workflow_has_runs_to_take_the_average_of_too(lane, clients):
    lane.workflows["old"] = SimpleNamespace(functions={}, type="standard")
    lane.state_machine_arn = lambda key: f"{MACHINE}-{key}"
    states = States(runs=30)
    newer = states._runs
    older = [{**run, "name": f"old-{run['name']}", "startDate": START - timedelta(hours=1)} for run in newer]
    states._list_executions = lambda *, stateMachineArn=None, **_: (
        "executions",
        {f"{MACHINE}-w": newer, f"{MACHINE}-old": older}.get(stateMachineArn, states._children),
    )
    bill = price_team(clients(states), lane, START - timedelta(days=1), histories=4)
    assert len(bill.runs) == 60
    assert min(cost.usd for _, cost in bill.runs.values()) > 0, "no run is taken for free"


def test_a_month_that_is_over_has_the_runs_that_began_in_it(lane, clients):
    lane.budget = None
    states = States(runs=10)
    begun_before = spent_by(clients(states), lane, month_of(START - timedelta(days=5)), START + timedelta(days=1))
    assert (begun_before.runs, begun_before.usd, begun_before.share) == (0, 0, None)
    assert begun_before.forecast == 0
    assert states.calls["get_execution_history"] == 0


def test_a_long_history_that_goes_on_is_looked_at_a_page_a_second(lane, clients):
    states, now = States(), [0.0]
    states.events = 5_000
    found = Found(Run("run-1", ARN, lane, "w"), "RUNNING", START, None, "{}", None)
    log = RunLog(clients(states), found, clock=lambda: now[0])
    for second in range(60):
        now[0] = float(second)
        log.read(ended=False)
    assert states.calls["get_execution_history"] == 60
