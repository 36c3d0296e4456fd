"""Every attempt of a task, as the engine's own history tells it."""

import json

import pytest

from shared.run.attempts import Item, attempts_in, by_item
from tests.unit.local.asl.conftest import FunctionError, World


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
