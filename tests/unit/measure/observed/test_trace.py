import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.measure.observed.trace import MapChildren, read_trace, visits_of
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def history(event):
    """Return a maker of events from (id, previous id, type, details), a second apart."""

    def make(*events):
        return [event(*each, START + timedelta(seconds=each[0])) for each in events]

    return make


class Pages:
    def __init__(self, read):
        self.paginate = read


class States:
    """Histories by ARN, and the children of the one called ``parent``; ``told`` is how many its Map run says it had."""

    def __init__(self, histories, children, told=None):
        self.read = []
        self._histories = histories
        self._told = told
        runs = [{"mapRuns": [{"mapRunArn": "map"}]}]
        listed = [{"executions": [each if isinstance(each, dict) else {"executionArn": each} for each in children]}]
        self._pages = {
            "get_execution_history": lambda executionArn, **_: [{"events": self._events(executionArn)}],
            "list_map_runs": lambda executionArn, **_: runs if executionArn == "parent" else [],
            "list_executions": lambda mapRunArn, **_: listed if mapRunArn == "map" else [],
        }

    def get_paginator(self, name):
        return Pages(self._pages[name])

    def describe_map_run(self, *, mapRunArn):
        assert mapRunArn == "map"
        assert self._told is not None, "one small page says it"
        return {"executionCounts": {"total": self._told}}

    def _events(self, arn):
        self.read.append(arn)
        return self._histories[arn]


def test_retries_count_as_transitions_and_name_their_requests(history):
    failed = json.dumps({"errorMessage": "no", "errorType": "E", "requestId": "first"})
    answer = json.dumps({"Payload": 1, "SdkResponseMetadata": {"RequestId": "second"}})
    (visit,) = visits_of(
        history(
            (1, 0, "ExecutionStarted", {"input": "{}"}),
            (2, 0, "TaskStateEntered", {"name": "Init", "input": "{}"}),
            (3, 2, "TaskScheduled", {"resourceType": "lambda", "resource": "invoke"}),
            (4, 3, "TaskFailed", {"error": "E", "cause": failed}),
            (5, 4, "TaskScheduled", {"resourceType": "lambda", "resource": "invoke"}),
            (6, 5, "TaskSucceeded", {"resourceType": "lambda", "output": answer}),
            (7, 6, "TaskStateExited", {"name": "Init"}),
            (8, 7, "ExecutionSucceeded", {}),
        )
    )
    assert (visit.state, visit.kind, visit.rank, visit.transitions) == ("Init", "Task", None, 2)
    assert visit.requests == ["first", "second"]
    assert visit.failures == ["E"]
    assert visit.left - visit.entered == timedelta(seconds=5)


def test_a_call_of_the_platforms_function_is_a_transition_and_no_invocation_of_the_teams(history):
    """A prepaid lane begins with one: a run would wait for its log line, which the team's logs never have."""
    answer = json.dumps({"Payload": 1, "SdkResponseMetadata": {"RequestId": "of-it"}})
    functions = ["arn:aws:lambda:us-east-1:1:function:platform-ledger-ab12", "arn:aws:lambda:us-east-1:1:function:t-a"]
    visits = visits_of(
        event
        for number, function in enumerate(functions)
        for event in history(
            (10 * number + 1, 0, "TaskStateEntered", {"name": function[-4:], "input": "{}"}),
            (
                10 * number + 2,
                10 * number + 1,
                "TaskScheduled",
                {"resourceType": "lambda", "parameters": json.dumps({"FunctionName": function})},
            ),
            (10 * number + 3, 10 * number + 2, "TaskSucceeded", {"resourceType": "lambda", "output": answer}),
        )
    )
    assert [(visit.transitions, visit.requests) for visit in visits] == [(1, []), (1, ["of-it"])]


def test_a_call_of_a_functions_own_arn_names_no_request(history):
    (visit,) = visits_of(
        history(
            (1, 0, "ExecutionStarted", {"input": "{}"}),
            (2, 0, "TaskStateEntered", {"name": "Init", "input": "{}"}),
            (3, 2, "LambdaFunctionScheduled", {"resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}),
            (4, 3, "LambdaFunctionSucceeded", {"output": "1"}),
            (5, 4, "TaskStateExited", {"name": "Init"}),
        )
    )
    assert (visit.calls, visit.requests, visit.unnamed) == (1, [], 1)


def test_an_inline_maps_iterations_have_their_index_as_rank_and_what_follows_has_none(history):
    visits = visits_of(
        history(
            (1, 0, "ExecutionStarted", {"input": "{}"}),
            (2, 0, "MapStateEntered", {"name": "All", "input": "{}"}),
            (3, 2, "MapStateStarted", {"length": 2}),
            (4, 3, "MapIterationStarted", {"index": 0}),
            (5, 3, "MapIterationStarted", {"index": 1}),
            (6, 4, "PassStateEntered", {"name": "One", "input": "[]"}),
            (7, 5, "PassStateEntered", {"name": "One", "input": '{"rank": "9"}'}),
            (8, 7, "PassStateExited", {"name": "One"}),
            (9, 6, "PassStateExited", {"name": "One"}),
            (10, 9, "MapIterationSucceeded", {"index": 0}),
            (11, 8, "MapIterationSucceeded", {"index": 1}),
            (12, 11, "MapStateSucceeded", {}),
            (13, 12, "MapStateExited", {"name": "All"}),
            (14, 13, "SucceedStateEntered", {"name": "Done", "input": "[]"}),
        )
    )
    assert [(visit.state, visit.rank, visit.left is not None) for visit in visits] == [
        ("All", None, True),
        ("One", 0, True),
        ("One", 9, True),
        ("Done", None, False),
    ]


@pytest.fixture
def parent(history):
    return history((1, 0, "ExecutionStarted", {"input": "{}"}), (2, 0, "MapStateEntered", {"name": "M", "input": "{}"}))


@pytest.fixture
def child(history):
    return history(
        (1, 0, "ExecutionStarted", {"input": '{"rank": 3}'}),
        (2, 0, "PassStateEntered", {"name": "A", "input": "{}"}),
        (3, 2, "PassStateExited", {"name": "A"}),
        (4, 3, "PassStateEntered", {"name": "B", "input": "{}"}),
    )


def test_children_are_read_and_those_left_out_are_taken_for_average(parent, child):
    states = States({"parent": parent, "c1": child, "c2": child, "c3": child}, ["c1", "c2", "c3"])
    trace = read_trace(states, "parent")
    assert (trace.transitions, trace.children, trace.unread) == (7, 3, 0)
    assert {visit.rank for visit in trace.visits} == {None, 3}
    part = read_trace(states, "parent", most=1)
    assert (part.transitions, part.children, part.unread) == (7, 3, 2)


def engine_history(definition, value, bad):
    """Return the events of a run of *definition* that fails for *bad*, and is redriven when that is mended."""
    world = World()
    broken = {bad}

    def function(given):
        if given in broken:
            raise FunctionError("Bad")
        return given

    world.function = function
    execution = world.run(definition, value)
    broken.clear()
    with execution.lock:
        execution.redrive()
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    return execution.history.page(0, 10_000, reverse=False, data=True)


def test_a_redrive_is_a_transition_and_its_calls_are_told_by_rank():
    retry = [{"ErrorEquals": ["Bad"], "MaxAttempts": 1}]
    work = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": FUNCTION, "Retry": retry, "End": True}}}
    ranks = {"Type": "Map", "ItemProcessor": work, "Next": "Done"}
    definition = {"StartAt": "Ranks", "States": {"Ranks": ranks, "Done": {"Type": "Pass", "End": True}}}
    trace = read_trace(States({"alone": engine_history(definition, list(range(8)), 3)}, []), "alone")
    assert trace.redrives == 1
    assert [str(each) for each in trace.tried_again] == ["Work rank 3: 3 attempts, 1 of them by a redrive"]
    assert [visit.rank for visit in trace.visits if visit.state in {"Ranks", "Done"}] == [None, None, None]
    # The Map twice, eight ranks, a retry, rank 3 again, the redrive itself, and Done.
    assert trace.transitions == 2 + 8 + 1 + 1 + 1 + 1


def test_a_map_and_a_parallel_that_are_tried_again_are_a_transition_more_each():
    world, retry = World(), [{"ErrorEquals": ["Bad"], "MaxAttempts": 1}]
    fail = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Bad"}}}
    ranks = {"Type": "Map", "ItemProcessor": fail, "Retry": retry, "End": True}
    branch = {"StartAt": "Ranks", "States": {"Ranks": ranks}}
    both = {"Type": "Parallel", "Branches": [branch], "Retry": retry, "End": True}
    execution = world.run({"StartAt": "Both", "States": {"Both": both}}, [1])
    events = execution.history.page(0, 10_000, reverse=False, data=True)
    trace = read_trace(States({"alone": events}, []), "alone")
    # Both, Ranks, its rank, again with its rank; and all of that once more, since Both is tried again.
    assert trace.transitions == 2 * (1 + 1 + 1 + 1 + 1)
    told = [(each.state, each.attempts) for each in trace.tried_again]
    assert told == [("Both", 2), ("Ranks", 4)]


def test_a_loop_is_no_further_attempt(history):
    loop = [(1, 0, "ExecutionStarted", {"input": "{}"})]
    for start in (2, 6):
        loop += [
            (start, start - 1, "TaskStateEntered", {"name": "Ask", "input": "{}"}),
            (start + 1, start, "TaskScheduled", {"resourceType": "lambda", "resource": "invoke"}),
            (start + 2, start + 1, "TaskSucceeded", {"output": "1"}),
            (start + 3, start + 2, "TaskStateExited", {"name": "Ask"}),
        ]
    assert read_trace(States({"alone": history(*loop)}, []), "alone").tried_again == []


def test_children_that_were_redriven_are_read_first(parent, child):
    redriven = {"executionArn": "c3", "redriveCount": 1}
    states = States({"parent": parent, "c1": child, "c2": child, "c3": child}, ["c1", "c2", redriven])
    trace = read_trace(states, "parent", most=1)
    assert states.read == ["parent", "c3"]
    assert (trace.transitions, trace.unread) == (7, 2)


def test_express_children_keep_no_history_and_are_only_counted(parent):
    states = States({"parent": parent}, ["x:express:y"], told=2_000)
    trace = read_trace(states, "parent")
    assert (trace.transitions, trace.children, trace.unread) == (1, 0, 0)
    assert trace.maps == (MapChildren(2_000, express=True),)
    assert trace.largest_map.least_seconds == 2.0


def test_a_large_maps_run_itself_says_how_many_children_it_had(parent, child):
    children = [f"c{number}" for number in range(1_000)]  # what the embedded cloud remembers, and AWS's first page
    states = States({"parent": parent} | dict.fromkeys(children, child), children, told=10_000)
    trace = read_trace(states, "parent", most=10)
    assert (trace.transitions, trace.children, trace.unread) == (1 + 2 * 10_000, 10_000, 9_990)
    assert trace.largest_map.least_seconds == 100.0


def test_the_children_read_lie_all_over_the_run(parent, child):
    children = [f"c{number}" for number in range(100)]
    states = States({"parent": parent} | dict.fromkeys(children, child), children)
    read_trace(states, "parent", most=5)
    assert sorted(states.read) == ["c0", "c20", "c40", "c60", "c80", "parent"]


def test_a_run_without_a_distributed_map_needs_no_time_to_start_one(parent):
    states = States({"alone": parent}, [])
    assert read_trace(states, "alone").largest_map.least_seconds == 0.0
