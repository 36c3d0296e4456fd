"""What a run of a prepaid lane may cost, read off its definition; what is refused; and the gate before it."""

import dataclasses
import json

import pytest

from shared.config.lane import Prepaid
from shared.config.load import load_project
from shared.config.prepaid import GATE, GATE_TRIES, ITEMS, bound
from shared.config.prepaid_gate import gated
from shared.config.template import render_definition
from shared.errors import LanesError
from shared.handlers.ledger.prices import FEE, SERVICE_CALL, TRANSITION, most_of_a_call
from shared.local.asl.validation import problems_of
from tests.helpers.project import REPOSITORY

LEDGER = "arn:aws:lambda:us-east-1:123456789012:function:platform-ledger-0a1b2c3d"
GATE_SUM = GATE_TRIES * FEE


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def lane(project):
    return dataclasses.replace(project.lane("team2"), prepaid=Prepaid(20.0, LEDGER))


@pytest.fixture(scope="module")
def read(lane):
    """Return a function that reads the bound of a machine of *states*, beginning with the first, as of cosmic."""

    def of(states, **top):
        machine = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **top}
        return bound(lane, lane.workflows["cosmic"], machine)

    return of


@pytest.fixture(scope="module")
def call(lane):
    """Return a function that makes a state which calls the function init, of 256 MB and 60 s."""

    def state(**more):
        arguments = {"FunctionName": lane.function_arn("cosmic-init")}
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": arguments,
            "End": True,
        } | more

    return state


MOST = most_of_a_call(256, 512, 60)
BOTH = MOST + TRANSITION


def test_a_call_counts_its_timeout_a_cold_start_and_each_retry(read, call):
    assert most_of_a_call(1024, 512, 1) == 200 + round(11 * 16666.7 + 0.5)
    assert read({"A": call()}).most == (GATE_SUM + BOTH, 0)
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"ErrorEquals": ["States.ALL"]}]
    assert read({"A": call(Retry=retry)}).most.fixed == GATE_SUM + 6 * BOTH


def test_the_longest_way_counts_and_both_branches(read, call):
    ways = {
        "Which": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Long"}], "Default": "Short"},
        "Long": {**call(), "End": False, "Next": "Short"} | {"Catch": [{"ErrorEquals": ["X"], "Next": "Other"}]},
        "Other": call(),
        "Short": {"Type": "Succeed"},
    }
    assert read(ways).most.fixed == GATE_SUM + TRANSITION + 2 * BOTH
    branch = {"StartAt": "A", "States": {"A": call()}}
    assert read({"Both": {"Type": "Parallel", "Branches": [branch, branch], "End": True}}).most.fixed == (
        GATE_SUM + TRANSITION + 2 * BOTH
    )


def test_a_map_counts_by_item_or_by_what_it_says_itself(read, call):
    body = {"StartAt": "A", "States": {"A": call()}}
    each = {"Type": "Map", "ItemProcessor": body, "End": True}
    assert read({"M": {**each, "Items": "{% $states.input.all %}"}}).most == (GATE_SUM + TRANSITION, BOTH)
    assert read({"M": {**each, "Items": [1, 2, 3]}}).most == (GATE_SUM + TRANSITION + 3 * BOTH, 0)
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "MaxItems": 5}}
    assert read({"M": {**each, "ItemReader": reader}}).most == (GATE_SUM + TRANSITION + 5 * BOTH, 0)


def test_services_count_as_the_dearest_call_and_nested_runs_have_gates_of_their_own(read, lane):
    put = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Arguments": {}, "Next": "B"}
    nested = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    found = read({"A": put, "B": nested})
    assert found.most.fixed == GATE_SUM + 2 * TRANSITION + SERVICE_CALL
    assert found.unheld == ()


def _map(**more):
    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    return {"Type": "Map", "Items": "{% $states.input %}", "ItemProcessor": processor, "End": True} | more


UNHELD = {
    "goes in a circle": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}},
    "is a Map in a Map": {"A": _map(ItemProcessor={"StartAt": "B", "States": {"B": _map()}})},
    "children are express": {
        "A": _map(
            ItemProcessor={
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "P",
                "States": {"P": {"Type": "Pass", "End": True}},
            }
        )
    },
    "reads its items by a path": {"A": {**_map(ItemsPath="$.all"), "QueryLanguage": "JSONPath", "Items": None}},
    "ecs:runTask.sync costs": {"A": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}},
    "http:invoke costs": {"A": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}},
    "called Prepaid or prepaid_items": {"A": {"Type": "Pass", "Assign": {ITEMS: 9999}, "End": True}},
    "calls a function that is computed": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "{% $states.input.f %}"},
            "End": True,
        }
    },
}


@pytest.mark.parametrize(("words", "states"), UNHELD.items(), ids=UNHELD.keys())
def test_what_nothing_bounds_is_told(read, words, states):
    assert any(words in each.what for each in read(states).unheld)


def test_a_state_called_as_the_gate_is_told(read):
    assert "called Prepaid" in read({GATE: {"Type": "Pass", "End": True}}).unheld[0].what


@pytest.mark.parametrize("kind", ["Event", "DryRun", "{% $states.input.kind %}"])
def test_a_call_that_nobody_waits_for_is_told(read, call, lane, kind):
    arguments = {"FunctionName": lane.function_arn("cosmic-init"), "InvocationType": kind}
    assert "does not wait" in read({"A": call(Arguments=arguments)}).unheld[0].what


def test_the_ledgers_own_function_is_none_of_a_templates(read, call):
    assert "computed" in read({"A": call(Arguments={"FunctionName": LEDGER})}).unheld[0].what


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"uses": {"functions": ("x",)}}, "calls functions"),
        ({"uses": {"services": ("bedrock:InvokeModel",)}}, "uses bedrock"),
        ({"asynchronous": object()}, "nobody waits for"),
    ],
)
def test_functions_that_spend_by_themselves_are_told(lane, changes, words):
    function = lane.functions["cosmic-init"]
    if "uses" in changes:
        changes = {"uses": dataclasses.replace(function.uses, **changes["uses"])}
    functions = {**lane.functions, "cosmic-init": dataclasses.replace(function, **changes)}
    spending = dataclasses.replace(lane, functions=functions)
    definition = render_definition(spending, "cosmic")
    assert any(words in each.what for each in bound(spending, spending.workflows["cosmic"], definition).unheld)


@pytest.mark.parametrize("changes", [{"type": "express"}, {"upload": object()}])
def test_workflows_that_no_history_tells_are_told(lane, changes):
    workflow = dataclasses.replace(lane.workflows["cosmic"], **changes)
    assert bound(lane, workflow, render_definition(lane, "cosmic")).unheld


@pytest.mark.parametrize(
    ("team", "key", "asked"),
    [
        ("team2", "cosmic", ("world_size", "file_limit")),
        ("team1", "fmi-script", ("world_size",)),
        ("topics", "item-map", ()),
        ("wssr", "random-mean", ("repetitions",)),
        ("wssr", "wssr", ("iterations",)),
    ],
)
def test_each_shared_workflow_is_bounded_and_valid_behind_its_gate(project, team, key, asked):
    lane = project.lane(team)
    lane = dataclasses.replace(lane, prepaid=Prepaid(20.0, LEDGER))
    workflow, definition = lane.workflows[key], render_definition(lane, key)
    found = bound(lane, workflow, definition)
    assert (found.unheld, found.asked) == ((), asked)
    assert found.most.item > 0
    made = gated(lane, workflow, definition)
    assert problems_of(json.dumps(made), "STANDARD", here=False) == []
    assert (made["StartAt"], made["States"][GATE]["Next"]) == (GATE, definition["StartAt"])


def test_a_map_keeps_to_what_was_reserved(lane):
    made = gated(lane, lane.workflows["cosmic"], render_definition(lane, "cosmic"))
    assert made["States"]["Ranks"]["ItemReader"]["ReaderConfig"] == {
        "InputType": "JSON",
        "MaxItemsPath": "$prepaid_items",
    }


def test_a_lane_that_is_not_prepaid_has_no_gate(project):
    lane = project.lane("team2")
    definition = render_definition(lane, "cosmic")
    assert gated(lane, lane.workflows["cosmic"], definition) is definition


def test_nothing_is_deployed_that_is_not_bounded(lane):
    endless = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    with pytest.raises(LanesError, match="goes in a circle"):
        gated(lane, lane.workflows["cosmic"], endless)
