"""What EventBridge is told of an execution."""

from types import SimpleNamespace

import pytest

from shared.local.triggers.machine_events import is_told, news

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


def execution(status="SUCCEEDED", *, alias=None, version=None, output='{"b":2}', text='{"a":1}', **more):
    machine = SimpleNamespace(arn=version or MACHINE)
    identity = SimpleNamespace(machine=machine, machine_arn=MACHINE, name="e", express=False, alias=alias)
    given = {
        "arn": "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "identity": identity,
        "status": status,
        "input_text": text,
        "output_text": lambda: output,
        "map_run": None,
        "error": None,
        "cause": None,
        "started_at": 1.5,
        "stopped_at": 2.25,
        "redrives": 0,
        "redriven_at": None,
    }
    return SimpleNamespace(**given | more)


def test_it_tells_the_execution_as_it_is():
    told = news(execution())
    assert (told.account, told.region, told.source) == ("123456789012", "us-east-1", "aws.states")
    assert told.kind == "Step Functions Execution Status Change"
    detail = told.detail
    assert (detail["startDate"], detail["stopDate"]) == (1500, 2250)
    assert (detail["input"], detail["output"]) == ('{"a":1}', '{"b":2}')
    assert (detail["stateMachineVersionArn"], detail["stateMachineAliasArn"]) == (None, None)
    assert detail["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"


def test_one_that_failed_can_be_redriven():
    detail = news(execution("FAILED", output=None, error="E", cause="C", redrives=1, redriven_at=2.0)).detail
    assert (detail["error"], detail["cause"], detail["outputDetails"]) == ("E", "C", None)
    assert (detail["redriveStatus"], detail["redriveStatusReason"]) == ("REDRIVABLE", None)
    assert (detail["redriveCount"], detail["redriveDate"]) == (1, 2000)


@pytest.mark.parametrize(
    ("alias", "version", "told"),
    [
        (f"{MACHINE}:3", f"{MACHINE}:3", (f"{MACHINE}:3", None)),
        (f"{MACHINE}:live", f"{MACHINE}:3", (f"{MACHINE}:3", f"{MACHINE}:live")),
    ],
)
def test_it_tells_the_version_and_the_alias(alias, version, told):
    detail = news(execution(alias=alias, version=version)).detail
    assert (detail["stateMachineVersionArn"], detail["stateMachineAliasArn"]) == told


def test_what_is_too_large_is_left_out_the_input_first():
    large = '"' + "x" * 255_000 + '"'
    detail = news(execution(text=large)).detail
    assert (detail["input"], detail["inputDetails"], detail["output"]) == (None, {"included": False}, '{"b":2}')
    detail = news(execution(output=large)).detail
    assert (detail["input"], detail["output"], detail["outputDetails"]) == (None, None, {"included": False})


def test_express_ones_children_and_single_states_are_not_told():
    assert is_told(execution())
    assert not is_told(execution(map_run=object()))
    express = execution()
    express.identity.express = True
    assert not is_told(express)
    single = execution()
    single.identity.machine = None
    assert not is_told(single)
