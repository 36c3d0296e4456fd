"""What roles may do, read off the lane and its definitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.isolation.roles.function_role import function_policy, function_trust
from shared.isolation.roles.grants import ACCOUNT_WIDE
from shared.isolation.roles.workflow_role import UngrantedError, ungranted, workflow_policy, workflow_trust

PLACE = Place("123456789012", "us-east-1", "dev")
INVOKE = "arn:aws:states:::lambda:invoke"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:team2-w-go-7078ea12"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:team2-w-7078ea12"
EXECUTION = MACHINE.replace("stateMachine", "execution")
BUCKET = "arn:aws:s3:::team2-data-7078ea12"


@pytest.fixture
def lane():
    function = Function(
        key="w-go",
        name="team2-w-go-7078ea12",
        handler="shared.handlers.w.go.handler",
        role="team2-w-go-role-7078ea12",
        log_group="/aws/lambda/team2-w-go-7078ea12",
        memory_mb=128,
        timeout_seconds=3,
        reserved_concurrency=None,
        environment={},
    )
    workflow = Workflow(
        key="w",
        name="team2-w-7078ea12",
        template=Path("w.asl.json"),
        role="team2-w-stepfunctions-role-7078ea12",
        log_group="/aws/vendedlogs/states/team2-w-7078ea12",
        functions={"go": "w-go"},
        specs=(),
        parameters={},
    )
    return Lane(
        team="team2",
        owner="a@example.edu",
        hash="7078ea12",
        place=PLACE,
        bucket="team2-data-7078ea12",
        boundary="team2-boundary-7078ea12",
        deployer="team2-deployer-7078ea12",
        deployer_boundary="team2-deployer-boundary-7078ea12",
        tags={},
        functions={"w-go": function},
        workflows={"w": workflow},
        rendezvous=Rendezvous("localhost", 1, 1, 1, 1, 1, ""),
        log_retention_days=1,
        scratch_days=1,
    )


@pytest.fixture
def grants(lane):
    """Return a function: states -> {sid: (actions, resources)}."""

    def policy(**states):
        statements = workflow_policy(lane, lane.workflows["w"], {"States": states}).statements
        return {each.sid: (each.actions, each.resources) for each in statements}

    return policy


def task(resource, **parameters):
    return {"Type": "Task", "Resource": resource, "Parameters": parameters}


def distributed(**states):
    return {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "States": states}


def test_a_function_may_reach_its_own_bucket_and_log_group_and_nothing_else(lane):
    assert function_policy(lane, lane.functions["w-go"]).document() == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ListBucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [BUCKET]},
            {
                "Sid": "Objects",
                "Effect": "Allow",
                "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                "Resource": [f"{BUCKET}/*"],
            },
            {
                "Sid": "WriteLogs",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/team2-w-go-7078ea12:*"],
            },
        ],
    }


def test_only_the_service_may_take_a_role_and_only_for_this_state_machine(lane):
    (function,) = function_trust().document()["Statement"]
    assert function["Principal"] == {"Service": "lambda.amazonaws.com"}
    (machine,) = workflow_trust(lane, lane.workflows["w"]).document()["Statement"]
    assert machine["Principal"] == {"Service": "states.amazonaws.com"}
    assert machine["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": [MACHINE, f"{MACHINE}/*"]},
    }


def test_a_machine_that_calls_nothing_may_deliver_its_logs(grants):
    assert grants(A={"Type": "Succeed"}) == {"DeliverLogs": (ACCOUNT_WIDE, ("*",))}


@pytest.mark.parametrize(
    "state",
    [
        task(INVOKE, FunctionName=FUNCTION),
        task("arn:aws:states:::aws-sdk:lambda:invoke", FunctionName=FUNCTION),
        {"Type": "Task", "Resource": INVOKE, "Arguments": {"FunctionName": FUNCTION}},
        {"Type": "Task", "Resource": FUNCTION},
        {"Type": "Parallel", "Branches": [{"States": {"B": task(INVOKE, FunctionName=FUNCTION)}}]},
        {"Type": "Map", "ItemProcessor": {"States": {"B": task(INVOKE, FunctionName=FUNCTION)}}},
        {"Type": "Map", "Iterator": {"States": {"B": {"Type": "Task", "Resource": FUNCTION}}}},
    ],
)
def test_a_function_is_granted_wherever_it_is_called(grants, state):
    assert grants(A=state)["InvokeFunctions"] == (("lambda:InvokeFunction",), (FUNCTION,))


def test_a_qualifier_is_granted_as_it_is_written(grants):
    assert grants(A=task(INVOKE, FunctionName=f"{FUNCTION}:$LATEST"))["InvokeFunctions"][1] == (f"{FUNCTION}:$LATEST",)


def test_a_distributed_map_may_start_and_follow_its_own_children(grants):
    state = {"Type": "Map", "ItemProcessor": distributed(B=task(INVOKE, FunctionName=FUNCTION))}
    found = grants(A=state)
    assert found["InvokeFunctions"][1] == (FUNCTION,)
    assert found["StartChildren"] == (("states:StartExecution",), (MACHINE,))
    assert found["FollowChildren"][1] == (f"{EXECUTION}/*", f"{EXECUTION}:*")


def test_readers_and_writers_of_a_distributed_map_reach_the_own_bucket(grants, lane):
    state = {
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": lane.bucket}},
        "ItemProcessor": distributed(),
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket.$": "$.bucket"}},
    }
    found = grants(A=state)
    assert found["ReadObjects"] == (("s3:GetObject",), (f"{BUCKET}/*",))
    assert found["WriteResults"][1] == (f"{BUCKET}/*",)
    listing = {**state, "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"}}
    assert grants(A=listing)["ListBucket"] == (("s3:ListBucket",), (BUCKET,))


def test_a_nested_execution_is_granted_on_its_own_machine(grants):
    found = grants(A=task("arn:aws:states:::states:startExecution.sync:2", StateMachineArn=MACHINE))
    assert found["StartNested"] == (("states:StartExecution",), (MACHINE,))
    assert found["FollowNested"][1] == (f"{EXECUTION}:*",)
    assert found["AwaitNested"][1][0].endswith("StepFunctionsGetEventsForStepFunctionsExecutionRule")
    plain = grants(A=task("arn:aws:states:::states:startExecution", StateMachineArn=MACHINE))
    assert "AwaitNested" not in plain


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (task("arn:aws:states:::aws-sdk:dynamodb:scan", TableName="t"), "none of the tables of team team2"),
        (task("arn:aws:states:::aws-sdk:iam:createRole"), "iam:createRole is not granted"),
        (task("arn:aws:states:::http:invoke"), "http:invoke is not granted"),
        (task("arn:aws:states:us-east-1:123456789012:activity:a"), "activity:a is not granted"),
        (task(INVOKE, FunctionName=FUNCTION.replace("team2", "team1")), "none of the functions of team team2"),
        (task(INVOKE, FunctionName="team2-w-go-7078ea12"), "none of the functions of team team2"),
        (task(INVOKE, FunctionName="{% $f %}"), "FunctionName is computed when the state runs"),
        (task(INVOKE, **{"FunctionName.$": "$.f"}), "FunctionName is computed when the state runs"),
        (task("arn:aws:states:::states:startExecution", StateMachineArn=f"{MACHINE}0"), "none of the state machines"),
        (task("arn:aws:states:::aws-sdk:s3:getObject", Bucket="team1-data-1"), "bucket team1-data-1 is not the bucket"),
    ],
)
def test_what_nobody_granted_fails_with_the_state_and_the_fix(grants, state, said):
    nested = {"Type": "Map", "ItemProcessor": {"States": {"Inner": state}}}
    with pytest.raises(UngrantedError, match=said) as caught:
        grants(A=nested)
    assert "w.asl.json, state 'Inner'" in str(caught.value)
    assert caught.value.fix


def test_all_that_nobody_granted_is_told_at_once_each_with_its_path(lane):
    scan, activity = task("arn:aws:states:::aws-sdk:dynamodb:scan"), task("arn:aws:states:::http:invoke")
    states = {
        "First": scan,
        "Side": {"Type": "Parallel", "Branches": [{"States": {"Fine": task(FUNCTION)}}, {"States": {"In": activity}}]},
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"States": {"In each": scan}},
            "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "theirs"}},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "theirs"}},
        },
    }
    workflow = lane.workflows["w"]
    assert [".".join(map(str, each.path)) for each in ungranted(lane, workflow, {"States": states})] == [
        "States.First",
        "States.Side.Branches.1.States.In",
        "States.Each.ItemProcessor.States.In each",
        "States.Each.ItemReader",
        "States.Each.ResultWriter",
    ]
    with pytest.raises(UngrantedError) as caught:
        workflow_policy(lane, workflow, {"States": states})
    assert str(caught.value).startswith("5 calls that no role of a lane may make:\n  w.asl.json, state 'First': ")
    assert str(caught.value).count("w.asl.json, state ") == 5
