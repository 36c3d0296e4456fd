"""A template that calls something new, or somebody else's, fails the build: nothing is granted by accident."""

from dataclasses import replace

import pytest

from shared.config.resources import NOTHING
from shared.isolation.roles.workflow_role import UngrantedError, workflow_policy

OTHERS = "arn:aws:lambda:us-east-1:123456789012:function:team10-cosmic-init-0a1b2c3d"
INVOKE = "arn:aws:states:::lambda:invoke"


def task(resource, **parameters):
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


CALLS = {
    "new integration": task("arn:aws:states:::sqs:sendMessage", QueueUrl="q"),
    "SDK integration": task("arn:aws:states:::aws-sdk:iam:createUser", UserName="u"),
    "log delivery": task("arn:aws:states:::aws-sdk:cloudwatchlogs:deleteLogDelivery", DeliveryId="d"),
    "another's function": task(INVOKE, FunctionName=OTHERS),
    "another's function by its ARN": task(OTHERS),
    "a function by its plain name": task(INVOKE, FunctionName="team10-cosmic-init-0a1b2c3d"),
    "a function computed at run time": task(INVOKE, **{"FunctionName.$": "$.function"}),
    "a function computed by JSONata": task(INVOKE, FunctionName="{% $function %}"),
    "another's machine": task(
        "arn:aws:states:::states:startExecution",
        StateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:team10-cosmic-0a1b2c3d",
    ),
    "another's bucket": task("arn:aws:states:::aws-sdk:s3:getObject", Bucket="team10-data-0a1b2c3d", Key="k"),
    "a task token": task(f"{INVOKE}.waitForTaskToken", FunctionName="OWN"),
    "an activity": task("arn:aws:states:us-east-1:123456789012:activity:team1-x"),
    "nothing at all": {"Type": "Task", "End": True},
    "an HTTP endpoint": task("arn:aws:states:::http:invoke", ApiEndpoint="https://example.org"),
    "another's manifest": {
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "cosmicai-data"}},
        "ItemProcessor": {"States": {"Pass": {"Type": "Pass", "End": True}}},
        "End": True,
    },
}


def inline(state):
    return {"Type": "Map", "ItemProcessor": {"StartAt": "Call", "States": {"Call": state}}, "End": True}


def distributed(state):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Call", "States": {"Call": state}}
    return {"Type": "Map", "ItemProcessor": processor, "End": True}


def parallel(state):
    return {"Type": "Parallel", "Branches": [{"StartAt": "Call", "States": {"Call": state}}], "End": True}


@pytest.mark.parametrize("wrap", [lambda state: state, inline, distributed, parallel, lambda s: parallel(inline(s))])
@pytest.mark.parametrize("name", CALLS)
def test_what_nobody_granted_is_refused_at_any_depth(name, wrap, lane):
    team = lane("team1")
    state = CALLS[name]
    if state.get("Parameters", {}).get("FunctionName") == "OWN":
        state = {**state, "Parameters": {"FunctionName": team.function_arn("cosmic-init")}}
    with pytest.raises(UngrantedError) as refused:
        workflow_policy(team, team.workflows["cosmic"], {"StartAt": "Top", "States": {"Top": wrap(state)}})
    assert refused.value.where.startswith("cosmic.asl.json, state ")
    assert refused.value.fix


@pytest.mark.parametrize("states", [[], {"Top": "Task"}, {"Top": {"Type": "Map", "ItemProcessor": []}}])
def test_what_is_no_state_is_granted_nothing_and_breaks_nothing(states, lane):
    team = lane("team1")
    workflow = replace(team.workflows["cosmic"], uses=NOTHING)
    (only,) = workflow_policy(team, workflow, {"StartAt": "Top", "States": states}).statements
    assert only.sid == "DeliverLogs"
