"""A task that its machine's role may not do fails in Step Functions' words, and calls nothing."""

from __future__ import annotations

import pytest

from shared.local.asl.delivery import deliver_at_the_end
from shared.local.asl.errors import StateFailure
from shared.local.asl.integrations.base import Deadline
from shared.local.asl.integrations.resolve import resolve
from shared.local.asl.services import Services
from shared.local.asl.strand import Strand
from shared.local.asl.variables import Scope

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
ROLE = "arn:aws:iam::123456789012:role/r"
TASK = {"Type": "Task", "Resource": FUNCTION, "End": True}
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload": {}},
    "End": True,
}
NESTED = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution",
    "Parameters": {"StateMachineArn": MACHINE + "2"},
    "End": True,
}
DISTRIBUTED = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    },
    "End": True,
}


class DeniedError(Exception):
    code, message = "AccessDeniedException", "User: r is not authorized"


def alone(state):
    return {"StartAt": "S", "States": {"S": state}}


@pytest.fixture
def denying(world):
    """A world whose roles may nothing, and what they asked for."""
    asked = []

    def permit(role, action, resource):
        asked.append((role, action, resource))
        raise DeniedError

    world.engine.enforce(permit, lambda *_: True)
    return world, asked


@pytest.mark.parametrize("state", [TASK, INVOKE, {**INVOKE, "Parameters": {"FunctionName": FUNCTION}}])
def test_a_function_that_the_role_may_not_invoke(denying, state):
    world, asked = denying
    execution = world.run(alone(state))
    assert execution.error == "Lambda.AWSLambdaException"
    assert execution.cause.startswith(
        "User: r is not authorized (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request "
    )
    assert execution.cause.endswith("; Proxy: null)")
    assert asked == [(ROLE, "lambda:InvokeFunction", FUNCTION)]
    assert world.calls == []


def test_a_version_is_asked_for_by_itself(denying):
    world, asked = denying
    world.run(alone({**INVOKE, "Parameters": {"FunctionName": "f", "Qualifier": "live"}}))
    assert asked == [(ROLE, "lambda:InvokeFunction", f"{FUNCTION}:live")]


def test_what_is_denied_can_be_caught(denying):
    world, _ = denying
    caught = {**TASK, "Catch": [{"ErrorEquals": ["Lambda.AWSLambdaException"], "Next": "C"}]}
    definition = {"StartAt": "S", "States": {"S": caught, "C": {"Type": "Pass", "End": True}}}
    assert world.output(definition)["Error"] == "Lambda.AWSLambdaException"


def test_a_machine_that_the_role_may_not_start(denying):
    world, asked = denying
    execution = world.run(alone(NESTED))
    assert execution.error == "StepFunctions.AWSStepFunctionsException"
    assert "(Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException; " in execution.cause
    assert asked == [(ROLE, "states:StartExecution", MACHINE + "2")]


def test_a_distributed_map_starts_its_own_machine(denying):
    world, asked = denying
    execution = world.run(alone(DISTRIBUTED), [1, 2])
    assert execution.error == "StepFunctions.AWSStepFunctionsException"
    assert asked == [(ROLE, "states:StartExecution", MACHINE)]
    assert execution.map_runs == []


def test_log_delivery_comes_in_by_the_groups_policy(world):
    asked = []

    def lets_in(service, action, resource, source):
        asked.append((service, action, resource.rpartition("/")[0], source))
        return False

    world.engine.enforce(lambda *_: None, lets_in)
    execution = world.start(alone({"Type": "Pass", "End": True}))
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"}}
    deliver_at_the_end(execution, {"level": "ALL", "destinations": [group]})
    world.scheduler.run()
    assert asked == [
        (
            "delivery.logs.amazonaws.com",
            "logs:CreateLogStream",
            "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:states/m/2023-11-14-22-13",
            "arn:aws:logs:us-east-1:123456789012:*",
        )
    ]


def test_an_asynchronous_invocation_is_made_in_the_role_of_its_task(world):
    seen = []
    world.engine.enforce(lambda role, action, _resource: seen.append((role, action)), lambda *_: True)
    invoke = {**INVOKE, "Parameters": {**INVOKE["Parameters"], "InvocationType": "Event"}}
    execution = world.run(alone({**invoke, "Credentials": {"RoleArn": "arn:other"}}))
    assert (execution.status, len(world.calls)) == ("SUCCEEDED", 1)
    assert seen == [(ROLE, "sts:AssumeRole"), ("arn:other", "lambda:InvokeFunction")]


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        ((), [(ROLE, "sts:AssumeRole", "arn:other")]),
        (
            ("sts:AssumeRole",),
            [(ROLE, "sts:AssumeRole", "arn:other"), ("arn:other", "lambda:InvokeFunction", FUNCTION)],
        ),
    ],
)
def test_a_task_with_credentials_of_another_role_takes_it_first(world, granted, asked):
    seen = []

    def permit(role, action, resource):
        seen.append((role, action, resource))
        if action not in granted:
            raise DeniedError

    world.engine.enforce(permit, lambda *_: True)
    execution = world.run(alone({**TASK, "Credentials": {"RoleArn": "arn:other"}}))
    assert (execution.status, seen) == ("FAILED", asked)
    assert "User: r is not authorized" in execution.cause


class StoppedError(Exception):
    """Ends a call once it is known who makes it."""


@pytest.mark.parametrize(
    ("resource", "arguments"),
    [
        (FUNCTION, {}),
        ("arn:aws:states:::lambda:invoke", {"FunctionName": "f"}),
        ("arn:aws:states:::states:startExecution", {"StateMachineArn": MACHINE}),
        ("arn:aws:states:::aws-sdk:s3:listBuckets", {}),
        ("arn:aws:states:::dynamodb:getItem", {"TableName": "t"}),
        ("arn:aws:states:::events:putEvents", {"Entries": []}),
    ],
)
def test_a_call_that_its_timeout_overtakes_still_goes_out_in_the_role_of_its_task(world, resource, arguments):
    seen = []

    def stop(role):
        seen.append(role)
        raise StoppedError

    class Observed(Services):
        def client(self, _service, _region, role=""):
            stop(role)

    world.engine.services = Observed("")
    world.engine.enforce(lambda role, *_: stop(role), lambda *_: True)
    execution = world.start(alone({"Type": "Pass", "End": True}))
    strand = Strand(execution, Scope(), 0, print)
    strand.act_as("arn:other")
    call = next(resolve(resource).run(strand, arguments, Deadline(strand, 1, None)))
    strand.act_as("")  # the timeout has resumed the strand, and the task has given its role back
    with pytest.raises((StoppedError, StateFailure)):
        call.make()
    assert seen == ["arn:other"]
