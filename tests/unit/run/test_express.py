"""An express run: one call, and its log read until it shows the end."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.load import load_project
from shared.errors import LanesError
from shared.run.express import events_of, is_whole, logged_events, run_express
from shared.run.failure import Ended, failure_in

LANE = load_project(Path(__file__).parents[3]).lane("team2")
ARN = "arn:aws:states:us-east-1:123456789012:express:m:run-1:9"
START = datetime(2026, 11, 29, 12, tzinfo=UTC)


class States:
    """Step Functions that answers StartSyncExecution with *answer*, or refuses with the code that it is."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def start_sync_execution(self, **asked):
        self.asked.append(asked)
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "no"}}, "StartSyncExecution")
        return self.answer


class Logs:
    """CloudWatch that shows one event more at each look."""

    def __init__(self, events):
        self.events, self.looks = events, 0

    def get_paginator(self, _name):
        return self

    def paginate(self, **_asked):
        self.looks += 1
        return [{"events": [{"message": json.dumps(each)} for each in self.events[: self.looks]]}]


def answer(status="SUCCEEDED", **more):
    billed = {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 1600}
    end = {"startDate": START, "stopDate": START + timedelta(seconds=2), "billingDetails": billed}
    return {"executionArn": ARN, "status": status, **end, **more}


def event(number, kind, details, arn=ARN):
    return {
        "id": str(number),
        "type": kind,
        "details": details,
        "previous_event_id": str(number - 1),
        "event_timestamp": str(int(START.timestamp() * 1000)),
        "execution_arn": arn,
    }


EVENTS = [
    event(1, "ExecutionStarted", {"input": '{"rank": 3}'}),
    event(2, "TaskStateEntered", {"name": "Work", "input": '{"rank": 3}'}),
    event(3, "TaskFailed", {"error": "Bad", "cause": "no good"}),
    event(4, "ExecutionFailed", {"error": "Bad", "cause": "no good"}),
]


def run(answered):
    states = States(answered)
    return states, lambda: run_express(SimpleNamespace(sync_states=states), LANE, "cosmic", {"a": 1}, "run-1")


def test_it_is_asked_once_and_billed_by_what_it_says():
    states, begin = run(answer(output='{"b": 2}'))
    ended = begin()
    assert states.asked[0]["name"] == "run-1"
    assert json.loads(states.asked[0]["input"]) == {"a": 1}
    assert (ended.run.arn, ended.end.output, ended.end.ended) == (ARN, '{"b": 2}', True)
    assert ended.gb_seconds == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("StateMachineDoesNotExist", "is not deployed"),
        ("StateMachineTypeNotSupported", "the card of cosmic says express, and what is deployed is not"),
        ("AccessDeniedException", "did not start"),
    ],
)
def test_a_refusal_is_told(code, told):
    with pytest.raises(LanesError, match=told):
        run(code)[1]()


def test_its_log_is_read_until_it_shows_the_end_and_without_other_runs():
    ended = run(answer("FAILED", error="Bad", cause="no good"))[1]()
    logs, slept = Logs([event(1, "ExecutionSucceeded", {}, "another"), *EVENTS]), []
    events = logged_events(SimpleNamespace(logs=logs), ended, sleep=slept.append)
    assert [each["type"] for each in events] == [each["type"] for each in EVENTS]
    assert (is_whole(events), len(slept)) == (True, 4)
    failure = failure_in(events, Ended("FAILED", "Bad", "no good"))
    assert (failure.state, failure.rank, failure.error, failure.message) == ("Work", 3, "Bad", "no good")


def test_a_log_that_never_shows_the_end_is_not_whole():
    ended = run(answer("FAILED", error="Bad", cause="no good"))[1]()
    events = logged_events(SimpleNamespace(logs=Logs(EVENTS[:2])), ended, sleep=lambda _: None)
    assert not is_whole(events)
    failure = failure_in(events, Ended("FAILED", "Bad", "no good"))
    assert (failure.state, failure.error, failure.message) == (None, "Bad", "no good")


def test_a_run_is_found_in_the_log_by_its_name_the_newest_of_several():
    older = [
        event(1, "ExecutionSucceeded", {}, ARN.replace(":9", ":8")),
        event(1, "ExecutionStarted", {}, "a:run-10:1"),
    ]
    logs = Logs([*older, *EVENTS])
    logs.looks = len(logs.events)
    events = events_of(SimpleNamespace(logs=logs), LANE, "cosmic", "run-1")
    assert [each["type"] for each in events] == [each["type"] for each in EVENTS]


def test_a_run_that_the_log_does_not_show_to_its_end_is_refused():
    logs = Logs(EVENTS[:3])
    logs.looks = 3
    with pytest.raises(LanesError, match="has no run 'run-1' to its end"):
        events_of(SimpleNamespace(logs=logs), LANE, "cosmic", "run-1")
