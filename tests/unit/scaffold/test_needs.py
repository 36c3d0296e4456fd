"""Stubs answer so that a run gets through: with what the states after them read, on the way that leads furthest."""

import json
import runpy

import pytest

from shared.config.load import load_project
from shared.config.template import render_definition
from shared.run.payload import build_payload
from shared.scaffold.bring_in import new_from
from shared.scaffold.keys import function_name
from shared.scaffold.new_folder import take_away, write
from tests.helpers.stubbed import Stubbed

INVOKE = "arn:aws:states:::lambda:invoke"


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    return copy_project(tmp_path_factory.mktemp("needs") / "project")


@pytest.fixture
def run(root, tmp_path):
    """Return a function that brings a definition in and runs it on the engine; it returns the states that were seen."""

    def go(states, **more):
        path = tmp_path / "machine.asl.json"
        path.write_text(json.dumps({"StartAt": next(iter(states)), "States": states, **more}))
        new = new_from(path, load_project(root), "team1", "mine")
        write(root, new)
        lane = load_project(root).lane("team1")
        workflow = lane.workflows["mine"]
        stubs = runpy.run_path(str(root / new.path / "steps.py"))
        definition, payload = dict(render_definition(lane, "mine")), build_payload(workflow, {})
        take_away(root, new)
        world = Stubbed(
            {lane.function_arn(key): stubs[function_name(step)] for step, key in workflow.functions.items()}
        )
        execution = world.run(definition, payload)
        assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
        return [each[3]["name"] for each in execution.history.events if each[0].endswith("StateEntered")]

    return go


def work(name="Work", **more):
    more = more if "Next" in more else {"End": True, **more}
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": f"${{{name}}}", "Payload.$": "$"},
        **more,
    }


DONE = {"Type": "Succeed"}


def test_a_loop_that_polls_ends(run):
    seen = run(
        {
            "Submit": work("Submit", OutputPath="$.Payload", Next="Wait"),
            "Wait": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Ask"},
            "Ask": work("Ask", ResultSelector={"state.$": "$.Payload.status"}, ResultPath="$.job", Next="Is it done?"),
            "Is it done?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.job.state", "StringEquals": "FAILED", "Next": "Failed"},
                    {"Variable": "$.job.state", "StringEquals": "SUCCEEDED", "Next": "Fetch"},
                ],
                "Default": "Wait",
            },
            "Failed": {"Type": "Fail"},
            "Fetch": work("Fetch", Next="Done"),
            "Done": DONE,
        }
    )
    assert seen == ["Submit", "Wait", "Ask", "Is it done?", "Fetch", "Done"]


@pytest.mark.parametrize(
    ("rule", "way"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 3}, "Far"),
        ({"Variable": "$.n", "NumericLessThanEquals": 3}, "Far"),
        ({"Variable": "$.b", "BooleanEquals": False}, "Far"),
        ({"Variable": "$.t", "IsPresent": True}, "Far"),
        ({"Variable": "$.t", "StringMatches": "a*z"}, "Far"),
        ({"Not": {"Variable": "$.n", "NumericEquals": 0}}, "Far"),
        ({"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.t", "StringEquals": "x"}]}, "Far"),
        (
            {"Or": [{"Variable": "$.n", "NumericGreaterThanEquals": 5}, {"Variable": "$.b", "BooleanEquals": True}]},
            "Far",
        ),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_way_is_taken_that_leads_furthest(rule, way, turned, run):
    """Once the rule leads there, and once its being wrong does."""
    first, default = ("Short", "Far") if turned else ("Far", "Short")
    seen = run(
        {
            "Work": work(OutputPath="$.Payload", Next="Which?"),
            "Which?": {"Type": "Choice", "Choices": [{**rule, "Next": first}], "Default": default},
            "Short": DONE,
            "Far": {"Type": "Pass", "Next": "Done"},
            "Done": DONE,
        }
    )
    if "IsPresent" not in rule or not turned:
        assert way in seen


def test_a_map_gets_a_list_of_what_its_states_read(run):
    inner = {
        "StartAt": "Count",
        "States": {"Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.item.size, 1)"}, "End": True}},
    }
    assert "Count" in run(
        {
            "Split": work("Split", ResultPath="$.split", Next="Each"),
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.split.Payload.parts",
                "ItemSelector": {"item.$": "$$.Map.Item.Value", "all.$": "$.name"},
                "ItemProcessor": inner,
                "ResultPath": "$.counts",
                "Next": "Reduce",
            },
            "Reduce": work("Reduce"),
        }
    )


def test_branches_of_a_parallel_share_their_input(run):
    def branch(path):
        return {"StartAt": path, "States": {path: {"Type": "Pass", "Parameters": {"x.$": f"$.{path}"}, "End": True}}}

    seen = run(
        {
            "Work": work(OutputPath="$.Payload", Next="Both"),
            "Both": {"Type": "Parallel", "Branches": [branch("left"), branch("right")], "End": True},
        }
    )
    assert {"left", "right"} < set(seen)


def test_a_function_that_is_the_resource_itself_answers_plainly(run):
    seen = run(
        {
            "Work": {"Type": "Task", "Resource": "${WorkArn}", "ResultPath": "$.found", "Next": "Use"},
            "Use": {"Type": "Pass", "Parameters": {"x.$": "$.found.deep[0].x", "y.$": "$.given"}, "End": True},
        }
    )
    assert set(seen) == {"Work", "Use"}


def test_jsonata_is_read_too(run):
    inner = {
        "StartAt": "One",
        "States": {"One": {"Type": "Pass", "Output": "{% $states.input.key & '!' %}", "End": True}},
    }
    seen = run(
        {
            "Split": {
                "Type": "Task",
                "Resource": INVOKE,
                "Arguments": {"FunctionName": "${Split}", "Payload": {"pieces": "{% $number($states.input.pieces) %}"}},
                "Output": {"items": "{% $states.result.Payload.items %}", "n": "{% $states.result.Payload.count %}"},
                "Next": "Enough?",
            },
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n >= 2 %}", "Next": "Each"}],
                "Default": "None",
            },
            "None": {"Type": "Fail"},
            "Each": {"Type": "Map", "Items": "{% $states.input.items %}", "ItemProcessor": inner, "End": True},
        },
        QueryLanguage="JSONata",
    )
    assert seen == ["Split", "Enough?", "Each", "One"]
