"""Definitions alone in tests: what answers, what virtual time does, and what a test is told when it does not fit."""

import pytest

from shared.errors import LanesError
from shared.testing import per_item, raises, real, returns, sequence, silent

INVOKE = "arn:aws:states:::lambda:invoke"


def task(**more):
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        "ResultSelector": {"got.$": "$.Payload"},
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def machine(*names, **states):
    return {"StartAt": next(iter(states)), "States": states}


RETRY = [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 2, "MaxAttempts": 2}]


def test_a_retry_waits_in_virtual_time(workflow):
    asleep = {"Type": "Wait", "Seconds": 7200, "Next": "Count"}
    run = workflow.definition(machine(Pause=asleep, Count=task(Retry=RETRY))).run(
        {"a": 1},
        mocks={"Count": sequence(raises("Lambda.TooManyRequestsException", "busy"), returns({"Payload": 3}))},
    )
    assert run.succeeded
    assert run.output == {"got": 3}
    assert run.path == ["Pause", "Count"]
    assert run.attempts("Count") == 2
    assert run.waits == [2.0]
    assert run.seconds == 7202.0
