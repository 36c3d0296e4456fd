"""A run that is looked at again and again, against a Step Functions that says what a test tells it to."""

import json
from dataclasses import dataclass, field
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.errors import UsageError
from shared.run.find import Found
from shared.run.live import LiveRun
from tests.helpers.clock import Clock

MAP, OTHER = "arn:map", "arn:other"


def refused(code, operation="DescribeMapRun"):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def event(number, kind="PassStateEntered", **details):
    return {"id": number, "type": kind, "timestamp": number, **details}


def map_run(number, arn=MAP, kind="MapRunStarted"):
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return event(number, kind, **{name: {"mapRunArn": arn}})


@dataclass
class States:
    """One execution. What is in ``fails`` is raised by the next call of that name; ``calls`` counts them."""

    status: str = "RUNNING"
    redrives: int = 0
    events: list[Any] = field(default_factory=list)
    map_runs: dict[str, str] = field(default_factory=dict)
    fails: dict[str, ClientError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    limit: int = 1000

    def _called(self, name):
        self.calls.append(name)
        if error := self.fails.pop(name, None):
            raise error

    def describe_state_machine_for_execution(self, *, executionArn):
        return {"definition": json.dumps({"StartAt": "A"})}

    def describe_execution(self, *, executionArn):
        self._called("describe")
        stopped = {} if self.status == "RUNNING" else {"stopDate": 9}
        return {"status": self.status, "startDate": 1, "input": "{}", "redriveCount": self.redrives, **stopped}

    def get_execution_history(self, *, executionArn, reverseOrder, maxResults, nextToken="0"):
        assert reverseOrder
        self._called("history")
        size, at = min(maxResults, self.limit), int(nextToken)
        events = self.events[::-1][at : at + size]
        more = {"nextToken": str(at + size)} if at + size < len(self.events) else {}
        return {"events": events, **more}

    def describe_map_run(self, *, mapRunArn):
        self._called(mapRunArn)
        return {"mapRunArn": mapRunArn, "status": self.map_runs[mapRunArn]}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def states():
    return States()


@pytest.fixture
def live(states, run, clock):
    return LiveRun(SimpleNamespace(states=states), Found(run, "RUNNING", 1, None, "{}", None), clock)


def ids(live):
    return [each["id"] for each in live.events]


def test_each_look_reads_what_is_new_and_no_event_twice(live, states):
    states.events = [event(number) for number in range(1, 251)]
    live.look()
    before = live.events
    states.events += [event(number) for number in range(251, 256)]
    states.calls.clear()
    live.look()
    assert ids(live) == list(range(1, 256))
    assert len(before) == 250
    assert states.calls == ["describe", "history"]


def test_a_long_history_comes_in_pages(live, states):
    states.limit = 100
    states.events = [event(number) for number in range(1, 1001)]
    live.look()
    states.events += [event(number) for number in range(1001, 1301)]
    live.look()
    assert ids(live) == list(range(1, 1301))


def test_one_that_has_ended_costs_one_call(live, states):
    states.status, states.events = "SUCCEEDED", [event(1), event(2, "ExecutionSucceeded")]
    live.look()
    assert live.over
    states.calls.clear()
    live.look()
    assert states.calls == ["describe"]


def test_it_is_not_over_before_its_last_event_is_there(live, states):
    states.status, states.events = "FAILED", [event(1)]
    live.look()
    assert (live.over, live.found.status) == (False, "FAILED")
    states.events.append(event(2, "ExecutionFailed"))
    live.look()
    assert live.over
    assert ids(live) == [1, 2]


def test_a_redrive_is_found_and_its_events_come_after_those_before(live, states):
    states.status, states.events, states.map_runs = "FAILED", [map_run(1), event(2, "ExecutionFailed")], {MAP: "FAILED"}
    live.look()
    assert (live.over, live.redrives) == (True, 0)
    states.status, states.redrives, states.map_runs = "RUNNING", 1, {MAP: "RUNNING"}
    states.events += [event(3, "ExecutionRedriven"), map_run(4, kind="MapRunRedriven")]
    live.look()
    assert (live.over, live.redrives, live.map_runs[MAP]["status"]) == (False, 1, "RUNNING")
    states.status, states.map_runs = "SUCCEEDED", {MAP: "SUCCEEDED"}
    states.events.append(event(5, "ExecutionSucceeded"))
    live.look()
    assert (live.over, live.map_runs[MAP]["status"]) == (True, "SUCCEEDED")
    assert ids(live) == [1, 2, 3, 4, 5]


def test_what_was_read_stays_where_the_next_call_is_refused(live, states):
    states.events = [event(1)]
    states.fails["history"] = refused("ThrottlingException", "GetExecutionHistory")
    with pytest.raises(ClientError):
        live.look()
    assert (ids(live), live.redrives, live.over) == ([], -1, False)
    live.look()
    assert ids(live) == [1]
    states.status, states.events = "SUCCEEDED", [event(1), event(2, "ExecutionSucceeded")]
    states.fails["describe"] = refused("ThrottlingException", "DescribeExecution")
    with pytest.raises(ClientError):
        live.look()
    live.look()
    assert (ids(live), live.over) == ([1, 2], True)


def test_a_map_run_whose_call_is_throttled_is_asked_by_the_next_look(live, states):
    states.status, states.events = "SUCCEEDED", [map_run(1), event(2, "ExecutionSucceeded")]
    states.map_runs = {MAP: "SUCCEEDED"}
    states.fails[MAP] = refused("ThrottlingException")
    live.look()
    assert (ids(live), live.over, live.map_runs) == ([1, 2], False, {})
    live.look()
    assert (ids(live), live.over, live.map_runs[MAP]["status"]) == ([1, 2], True, "SUCCEEDED")


def test_a_map_run_that_may_not_be_asked_is_told_and_events_stay(live, states):
    states.events = [map_run(1)]
    states.fails[MAP] = refused("AccessDeniedException")
    with pytest.raises(ClientError):
        live.look()
    assert ids(live) == [1]


def test_map_runs_are_asked_at_most_every_two_seconds_and_not_after_their_end(live, states, clock):
    states.events, states.map_runs = [map_run(1)], {MAP: "RUNNING"}
    for _ in range(4):
        live.look()
        clock.now += 0.5
    assert states.calls.count(MAP) == 1
    live.look()
    assert states.calls.count(MAP) == 2
    states.map_runs[MAP] = "SUCCEEDED"
    clock.now += 2
    live.look()
    clock.now += 60
    live.look()
    assert states.calls.count(MAP) == 3


def test_of_several_map_runs_the_one_is_asked_that_was_asked_longest_ago(live, states, clock):
    states.events, states.map_runs = [map_run(1), map_run(2, OTHER)], {MAP: "RUNNING", OTHER: "RUNNING"}
    live.look()
    assert states.calls[-2:] == [MAP, OTHER] or states.calls[-2:] == [OTHER, MAP]
    asked = []
    for _ in range(4):
        clock.now += 2
        states.calls.clear()
        live.look()
        asked += [each for each in states.calls if each in {MAP, OTHER}]
    assert sorted(asked) == [MAP, MAP, OTHER, OTHER]


def test_one_that_is_gone_is_told_as_such(live, states):
    states.fails["describe"] = refused("ExecutionDoesNotExist", "DescribeExecution")
    with pytest.raises(UsageError, match="is not there any more"):
        live.look()


def test_two_threads_read_each_event_once(live, states):
    states.events = [event(number) for number in range(1, 501)]
    threads = [Thread(target=live.look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(live) == list(range(1, 501))
