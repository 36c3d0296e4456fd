"""Every attempt of a task, as the engine's own history tells it."""

import json
from datetime import UTC, datetime

import pytest

from shared.run.attempts import Item, attempts_in, by_item
from tests.unit.local.asl.conftest import FunctionError, World

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def fails():
    """Return a function that fails so many times for each value, of some values or of all, and then echoes it."""

    def function(times, of=None):
        left = {}

        def answer(value):
            key = json.dumps(value)
            left.setdefault(key, times)
            if left[key] and (of is None or value in of):
                left[key] -= 1
                raise FunctionError("Flaky", "again")
            return value

        return answer

    return function


@pytest.fixture
def attempts(world):
    """Return the attempts of a definition that is run with an input, and a function that fails as it likes."""

    def run(definition, value=None):
        execution = world.run(definition, value)
        return attempts_in(execution.history.page(0, 10_000, reverse=False, data=True))

    return run


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$"},
    "OutputPath": "$.Payload",
    "Retry": RETRY,
}


def machine(state, name="First", **others):
    return {"StartAt": name, "States": {name: state, **others}}


def test_a_retry_is_a_further_attempt_of_the_same_entry(world, attempts, fails):
    world.function = fails(2)
    first, second, third = attempts(machine({**INVOKE, "End": True}), {"n": 1})
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert len({each.entry for each in (first, second, third)}) == 1
    assert (first.status, first.error, third.status) == ("FAILED", "Flaky", "SUCCEEDED")
    assert (third.function, third.event) == ("f", {"n": 1})
    assert third.result["Payload"] == {"n": 1}
    assert third.ended >= third.began > first.began


def test_a_bare_functions_attempts(world, attempts):
    (only,) = attempts(machine({"Type": "Task", "Resource": FUNCTION, "End": True}), {"n": 2})
    assert (only.function, only.event, only.result, only.kind) == (FUNCTION, {"n": 2}, {"n": 2}, "lambda")


def nested():
    cell = machine({**INVOKE, "End": True}, "Cell")
    row = {"Type": "Map", "ItemsPath": "$", "Iterator": cell, "End": True}
    rows = {"Type": "Map", "ItemsPath": "$.rows", "Iterator": machine(row, "Row"), "Next": "Both", "ResultPath": "$.a"}
    branches = [machine({**INVOKE, "End": True}, "Left"), machine({"Type": "Pass", "End": True}, "Right")]
    both = {"Type": "Parallel", "Branches": branches, "ResultPath": "$.b", "Next": "Last"}
    return machine(rows, "Rows", Both=both, Last={**INVOKE, "End": True})


def test_the_path_of_items_is_told_through_nested_maps_and_ends_with_them(attempts):
    found = by_item(attempts(nested(), {"rows": [["a", "b"], ["c"]]}))
    assert set(found) == {
        ("Cell", (Item("Rows", 0), Item("Row", 0))),
        ("Cell", (Item("Rows", 0), Item("Row", 1))),
        ("Cell", (Item("Rows", 1), Item("Row", 0))),
        ("Left", ()),
        ("Last", ()),
    }
    assert found["Cell", (Item("Rows", 0), Item("Row", 1))][0].event == "b"


def test_states_after_a_map_that_was_caught_are_outside_of_it(world, attempts, fails):
    world.function = fails(99, of=["x"])
    caught = {
        "Type": "Map",
        "Iterator": machine({**INVOKE, "End": True}, "Each"),
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After", "ResultPath": "$.error"}],
        "End": True,
    }
    found = attempts(machine({**caught, "ItemsPath": "$.rows"}, After={**INVOKE, "End": True}), {"rows": ["x"]})
    assert [(each.state, each.items) for each in found][-1] == ("After", ())
    assert [each.status for each in found] == ["FAILED", "FAILED", "FAILED", "SUCCEEDED"]


def test_arguments_of_other_services_are_told(world, attempts):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
        "Parameters": {"Prefix": "x"},
        "End": True,
    }
    (only,) = attempts(machine(state))
    assert (only.kind, only.action, only.arguments, only.function) == (
        "aws-sdk:s3",
        "listBuckets",
        {"Prefix": "x"},
        None,
    )
    assert only.status == "FAILED"
    assert json.dumps(only.arguments)


def test_an_iteration_that_takes_anothers_place_is_of_the_same_map(world, attempts):
    inner = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": machine({**INVOKE, "End": True}, "Cell"), "End": True}
    outer = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": machine(inner, "Row"), "End": True}
    found = attempts(machine(outer, "Rows"), [[1, 2], [3]])
    assert [(each.event, each.items) for each in found] == [
        (1, (Item("Rows", 0), Item("Row", 0))),
        (2, (Item("Rows", 0), Item("Row", 1))),
        (3, (Item("Rows", 1), Item("Row", 0))),
    ]


def redriven(world, definition, value):
    """Run *definition*, which fails, redrive it, and return its attempts; and run it while it fails no more."""
    execution = world.run(definition, value)
    assert execution.status == "FAILED"
    world.function = lambda given: given
    with execution.lock:
        execution.redrive()
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    return attempts_in(execution.history.page(0, 10_000, reverse=False, data=True))


def test_an_attempt_says_after_how_many_redrives_it_was_made(world, fails):
    world.function = fails(9, of=[3])
    each = {"Type": "Map", "ItemProcessor": machine({**INVOKE, "End": True}, "Work"), "Next": "Last"}
    found = by_item(redriven(world, machine(each, "Ranks", Last={**INVOKE, "End": True}), list(range(8))))
    tried = {items: [attempt.redrive for attempt in attempts] for (_, items), attempts in found.items()}
    assert tried.pop((Item("Ranks", 3),)) == [0, 0, 0, 1]
    assert tried.pop(()) == [1]
    assert set(map(tuple, tried.values())) == {(0,)}
    again = found["Work", (Item("Ranks", 3),)][-1]
    assert (again.number, again.status, again.event) == (1, "SUCCEEDED", 3)


def test_a_branch_of_a_parallel_is_redriven_where_it_was(world, fails):
    world.function = fails(9, of=["b"])

    def branch(name, value):
        return machine({"Type": "Pass", "Result": value, "Next": name}, f"{name}0", **{name: {**INVOKE, "End": True}})

    both = {"Type": "Parallel", "Branches": [branch("A", "a"), branch("B", "b")], "Next": "Last"}
    found = by_item(redriven(world, machine(both, "Both", Last={**INVOKE, "End": True}), {}))
    assert {name: len(attempts) for (name, _), attempts in found.items()} == {"A": 1, "B": 4, "Last": 1}


def event(number, before, kind, told):
    """Return an event of a history, its details under the name that AWS gives them."""
    part = next((f"state{end}" for end in ("Entered", "Exited") if kind.endswith(f"State{end}")), kind)
    details = f"{part[0].lower()}{part[1:]}EventDetails"
    return {"id": number, "previousEventId": before, "type": kind, "timestamp": START, details: told}


def test_what_is_scheduled_again_in_the_entry_that_it_had_is_a_further_attempt_of_it():
    """No page shows what AWS writes after ExecutionRedriven; this is the other of the two forms that it may have."""
    arguments = {"resourceType": "lambda", "resource": "invoke", "parameters": '{"FunctionName": "f", "Payload": 1}'}
    told = {"resourceType": "lambda", "resource": "invoke"}
    events = [
        (1, 0, "ExecutionStarted", {"input": "{}"}),
        (2, 0, "TaskStateEntered", {"name": "Work", "input": "{}"}),
        (3, 2, "TaskScheduled", arguments),
        (4, 3, "TaskStarted", told),
        (5, 4, "TaskFailed", {**told, "error": "E", "cause": "c"}),
        (6, 5, "ExecutionFailed", {"error": "E", "cause": "c"}),
        (7, 6, "ExecutionRedriven", {"redriveCount": 1}),
        (8, 7, "TaskScheduled", arguments),
        (9, 8, "TaskStarted", told),
        (10, 9, "TaskSucceeded", {**told, "output": "1"}),
        (11, 10, "TaskStateExited", {"name": "Work", "output": "1"}),
        (12, 11, "ExecutionSucceeded", {"output": "1"}),
    ]
    first, second = attempts_in(event(*each) for each in events)
    assert (first.entry, first.number, first.redrive, first.status) == (2, 1, 0, "FAILED")
    assert (second.entry, second.number, second.redrive, second.status) == (2, 2, 1, "SUCCEEDED")
