"""The engine behind moto's API: plain boto3 against a server with the plug in it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.local.asl.plug import install
from shared.local.asl.services import Services
from shared.local.server import MotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/states"


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None = None
    request_id: str = "request-1"
    version: str = "$LATEST"


def double_or_fail(function: str, payload: bytes) -> Invocation:
    value = json.loads(payload)
    if value == "fail":
        return Invocation(b'{"errorType": "ValueError", "errorMessage": "no"}', "Unhandled")
    return Invocation(json.dumps(value * 2).encode())


class Cloud:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}),
        )

    def machine(self, definition: dict[str, Any], name: str, **details: Any) -> str:
        states = self.client("stepfunctions")
        made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **details)
        return str(made["stateMachineArn"])

    def run(self, definition: dict[str, Any], name: str, value: Any = None) -> Any:
        states = self.client("stepfunctions")
        arn = states.start_execution(
            stateMachineArn=self.machine(definition, name), input=json.dumps({} if value is None else value)
        )["executionArn"]
        return self.wait(arn)

    def wait(self, arn: str) -> Any:
        states = self.client("stepfunctions")
        give_up = time.monotonic() + 10
        while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < give_up, "the execution does not end"
            time.sleep(0.005)
        return answer


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    server = MotoServer()
    with install(double_or_fail, Services(server.endpoint), speed=1000):
        server.start()
        yield Cloud(server.endpoint)
        server.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("asl-")] == []


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:double", **more}


def test_a_task_runs_behind_the_api(cloud: Cloud) -> None:
    answer = cloud.run({"StartAt": "T", "States": {"T": task(End=True)}}, "task", 21)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "42")


def test_a_failing_task_is_retried_and_caught(cloud: Cloud) -> None:
    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Done"}]
    answer = cloud.run(
        {
            "StartAt": "T",
            "States": {"T": task(InputPath="$.x", Retry=retry, Catch=catch, Next="Done"), "Done": {"Type": "Succeed"}},
        },
        "caught",
        {"x": "fail"},
    )
    assert json.loads(answer["output"])["why"]["Error"] == "ValueError"
    events = cloud.client("stepfunctions").get_execution_history(executionArn=answer["executionArn"])["events"]
    assert [event["type"] for event in events].count("LambdaFunctionFailed") == 3


def test_a_distributed_map_reads_json_from_s3(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="items")
    s3.put_object(Bucket="items", Key="items.json", Body=json.dumps(list(range(1200))))
    answer = cloud.run(
        {
            "StartAt": "M",
            "States": {
                "M": {
                    "Type": "Map",
                    "ItemReader": {
                        "Resource": "arn:aws:states:::s3:getObject",
                        "ReaderConfig": {"InputType": "JSON"},
                        "Parameters": {"Bucket": "items", "Key": "items.json"},
                    },
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "T",
                        "States": {"T": task(End=True)},
                    },
                    "End": True,
                }
            },
        },
        "distributed",
    )
    assert json.loads(answer["output"]) == [2 * item for item in range(1200)]
    states = cloud.client("stepfunctions")
    run = states.list_map_runs(executionArn=answer["executionArn"])["mapRuns"][0]
    described = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    assert described["itemCounts"]["succeeded"] == 1200


def test_an_execution_is_stopped(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}, "stopped"
    )
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    states.stop_execution(executionArn=arn, error="Enough", cause="for today")
    answer = states.describe_execution(executionArn=arn)
    assert (answer["status"], answer["error"], answer["cause"]) == ("ABORTED", "Enough", "for today")
    listed = states.list_executions(stateMachineArn=machine, statusFilter="ABORTED")["executions"]
    assert [entry["executionArn"] for entry in listed] == [arn]


def test_an_api_is_called_and_its_error_named(cloud: Cloud) -> None:
    definition = {
        "StartAt": "Get",
        "States": {
            "Get": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Parameters": {"Bucket": "none-such", "Key": "k"},
                "End": True,
            }
        },
    }
    answer = cloud.run(definition, "sdk")
    assert answer["error"] == "S3.NoSuchBucketException"
    assert answer["cause"].startswith(
        "The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: "
    )


WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}
ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def error_of(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(*args, **kwargs)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_definition_is_refused_with_every_problem(cloud: Cloud) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"}}}
    code, message = error_of(cloud.machine, definition, "refused")
    assert code == "InvalidDefinition"
    assert message == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next, "
        'MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C\''
    )
    answer = cloud.client("stepfunctions").validate_state_machine_definition(definition=json.dumps(definition))
    assert answer["result"] == "FAIL"
    assert [each["location"] for each in answer["diagnostics"]] == ["/States/A/Next", "/States/C"]


def test_a_name_is_idempotent_while_it_runs(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(WAIT, "idempotent")
    first = states.start_execution(stateMachineArn=machine, name="one", input='{"a": 1}')
    again = states.start_execution(stateMachineArn=machine, name="one", input='{"a":1}')
    assert again["executionArn"] == first["executionArn"]
    assert again["startDate"] == first["startDate"]
    code, _ = error_of(states.start_execution, stateMachineArn=machine, name="one", input='{"a": 2}')
    assert code == "ExecutionAlreadyExists"
    states.stop_execution(executionArn=first["executionArn"])
    code, _ = error_of(states.start_execution, stateMachineArn=machine, name="one", input='{"a": 1}')
    assert code == "ExecutionAlreadyExists"


def test_what_is_no_input_or_name_is_refused(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "inputs")
    assert error_of(states.start_execution, stateMachineArn=machine, input="{")[0] == "InvalidExecutionInput"
    assert error_of(states.start_execution, stateMachineArn=machine, input="NaN")[0] == "InvalidExecutionInput"
    assert error_of(states.start_execution, stateMachineArn=machine, name="a b")[0] == "InvalidName"
    large = json.dumps("x" * 262_144)
    assert error_of(states.start_execution, stateMachineArn=machine, input=large)[0] in {
        "InvalidExecutionInput",
        "ValidationException",
    }
    missing = machine.replace("inputs", "nothing")
    assert error_of(states.start_execution, stateMachineArn=missing)[0] == "StateMachineDoesNotExist"
    assert error_of(states.describe_execution, executionArn=f"{machine}:x".replace("stateMachine", "execution"))[0] == (
        "ExecutionDoesNotExist"
    )


@pytest.mark.parametrize("value", ["text", None, 0, [], False])
def test_any_json_is_an_output(cloud: Cloud, value: Any) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, f"any-{type(value).__name__}")
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]
    assert json.loads(cloud.wait(arn)["output"]) == value


def test_history_comes_in_pages_from_either_end(cloud: Cloud) -> None:
    answer = cloud.run(ECHO, "paged")
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history")
    arguments = {"executionArn": answer["executionArn"], "PaginationConfig": {"PageSize": 1}}
    forward = [event["id"] for page in pages.paginate(**arguments) for event in page["events"]]
    backward = [event["id"] for page in pages.paginate(**arguments, reverseOrder=True) for event in page["events"]]
    assert forward == [1, 2, 3, 4]
    assert backward == [4, 3, 2, 1]
    bare = cloud.client("stepfunctions").get_execution_history(
        executionArn=answer["executionArn"], includeExecutionData=False
    )
    assert "input" not in bare["events"][0]["executionStartedEventDetails"]


def test_executions_are_listed_in_pages(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "listed")
    for number in range(5):
        states.start_execution(stateMachineArn=machine, name=f"n{number}")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 2})
    assert [entry["name"] for page in pages for entry in page["executions"]] == ["n4", "n3", "n2", "n1", "n0"]
    assert error_of(states.list_executions, stateMachineArn=machine, statusFilter="NONE")[0] == "ValidationException"


def test_an_express_machine_answers_at_once(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "express", type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=machine, input='{"a": 1}')
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"a": 1})
    assert ":express:express:" in answer["executionArn"]
    assert answer["billingDetails"]["billedDurationInMilliseconds"] >= 100
    started = states.start_execution(stateMachineArn=machine)["executionArn"]
    assert error_of(states.describe_execution, executionArn=started)[0] == "InvalidArn"
    assert error_of(states.list_executions, stateMachineArn=machine)[0] == "StateMachineTypeNotSupported"
    failing = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    answer = states.start_sync_execution(stateMachineArn=cloud.machine(failing, "express-fail", type="EXPRESS"))
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "c")
    standard = cloud.machine(ECHO, "standard")
    assert error_of(states.start_sync_execution, stateMachineArn=standard)[0] == "StateMachineTypeNotSupported"


def test_an_execution_is_redriven(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    answer = cloud.run({"StartAt": "T", "States": {"T": task(End=True)}}, "redriven", "fail")
    assert answer["redriveStatus"] == "REDRIVABLE"
    states.redrive_execution(executionArn=answer["executionArn"])
    again = cloud.wait(answer["executionArn"])
    assert (again["status"], again["redriveCount"]) == ("FAILED", 1)
    fine = cloud.run(ECHO, "fine")
    assert error_of(states.redrive_execution, executionArn=fine["executionArn"])[0] == "ExecutionNotRedrivable"


def test_versions_and_aliases_choose_what_runs(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")

    def result(value: int) -> dict[str, Any]:
        return {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": value, "End": True}}}

    machine = cloud.machine(result(1), "versioned")
    first = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(result(2)))
    second = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    assert states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"] == second
    listed = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [second, first]
    routes = [{"stateMachineVersionArn": first, "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    started = [states.start_execution(stateMachineArn=arn)["executionArn"] for arn in (machine, first, second, alias)]
    outputs = [cloud.wait(arn)["output"] for arn in started]
    assert outputs == ["2", "1", "2", "1"]
    described = states.describe_execution(executionArn=started[3])
    assert (described["stateMachineVersionArn"], described["stateMachineAliasArn"]) == (first, alias)
    assert error_of(states.delete_state_machine_version, stateMachineVersionArn=first)[0] == "ConflictException"
    states.delete_state_machine_version(stateMachineVersionArn=second)
    assert len(states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]) == 1


def mapping(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    state = {"Type": "Map", "Label": "Each", "End": True, "ItemProcessor": processor, **more}
    return {"StartAt": "M", "States": {"M": state}}


DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **ECHO}


def test_an_execution_tells_the_machine_that_it_started_with(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    definition = mapping(DISTRIBUTED)
    machine = cloud.machine(definition, "described")
    arn = states.start_execution(stateMachineArn=machine, input="[1]")["executionArn"]
    cloud.wait(arn)
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(ECHO), roleArn=ROLE + "2")
    told = states.describe_state_machine_for_execution(executionArn=arn)
    assert (told["stateMachineArn"], told["name"], told["roleArn"]) == (machine, "described", ROLE)
    assert json.loads(told["definition"]) == definition
    assert "mapRunArn" not in told
    run = states.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    child = states.list_executions(mapRunArn=run)["executions"][0]["executionArn"]
    told = states.describe_state_machine_for_execution(executionArn=child)
    assert (told["stateMachineArn"], told["mapRunArn"], told["label"]) == (machine, run, "Each")


def test_a_machine_takes_its_executions_and_tags_with_it(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    definition = mapping(DISTRIBUTED)
    machine = cloud.machine(definition, "deleted", tags=[{"key": "team", "value": "a"}])
    ended = states.start_execution(stateMachineArn=machine, name="one", input="[1]")["executionArn"]
    cloud.wait(ended)
    run = states.list_map_runs(executionArn=ended)["mapRuns"][0]["mapRunArn"]
    neighbour = states.start_execution(stateMachineArn=cloud.machine(ECHO, "deleted2"))["executionArn"]
    states.delete_state_machine(stateMachineArn=machine)
    assert error_of(states.describe_execution, executionArn=ended)[0] == "ExecutionDoesNotExist"
    assert error_of(states.describe_map_run, mapRunArn=run)[0] == "ResourceNotFound"
    assert cloud.machine(definition, "deleted") == machine
    assert states.list_executions(stateMachineArn=machine)["executions"] == []
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == []
    cloud.wait(states.start_execution(stateMachineArn=machine, name="one", input="[2]")["executionArn"])
    assert cloud.wait(neighbour)["status"] == "SUCCEEDED"


def test_a_machine_is_deleted_while_it_runs(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}
    inner = cloud.machine(waiting, "deleted-inside")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner},
        "End": True,
    }
    outer = cloud.machine({"StartAt": "T", "States": {"T": task}}, "outlives")
    arn = states.start_execution(stateMachineArn=outer)["executionArn"]
    while not states.list_executions(stateMachineArn=inner)["executions"]:
        assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    states.delete_state_machine(stateMachineArn=inner)
    assert cloud.wait(arn)["error"] == "States.TaskFailed"


def test_what_is_not_there_is_not_tagged(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "tagged")
    states.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    states.untag_resource(resourceArn=machine, tagKeys=["a"])
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "b", "value": "2"}]
    missing = f"{machine}x"
    assert (
        error_of(states.tag_resource, resourceArn=missing, tags=[{"key": "a", "value": "1"}])[0] == "ResourceNotFound"
    )
    assert error_of(states.untag_resource, resourceArn=missing, tagKeys=["a"])[0] == "ResourceNotFound"
    activity = states.create_activity(name="tagged", tags=[{"key": "a", "value": "1"}])["activityArn"]
    states.tag_resource(resourceArn=activity, tags=[{"key": "b", "value": "2"}])
    assert len(states.list_tags_for_resource(resourceArn=activity)["tags"]) == 2


def test_children_are_listed_by_whether_they_were_redriven(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    each = {"StartAt": "T", "States": {"T": task(End=True)}}
    # One after the other: too many failures would stop a child that still runs, and it were redriven, too.
    definition = mapping({**DISTRIBUTED, **each}, ToleratedFailurePercentage=50, MaxConcurrency=1)
    machine = cloud.machine(definition, "redriven-children")
    arn = states.start_execution(stateMachineArn=machine, input='[1, "fail", "fail"]')["executionArn"]
    assert cloud.wait(arn)["status"] == "FAILED"
    states.redrive_execution(executionArn=arn)
    cloud.wait(arn)
    run = states.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    counts = [
        len(states.list_executions(mapRunArn=run, redriveFilter=wanted)["executions"])
        for wanted in ("REDRIVEN", "NOT_REDRIVEN")
    ]
    assert counts == [2, 1]
    refused = error_of(states.list_executions, stateMachineArn=machine, redriveFilter="REDRIVEN")
    assert refused[0] == "ValidationException"
    assert error_of(states.get_execution_history, executionArn=arn, nextToken="no token of ours")[0] == "InvalidToken"


def test_an_activity_is_worked_off(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    activity = states.create_activity(name="work")["activityArn"]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": True}}}
    arn = states.start_execution(stateMachineArn=cloud.machine(definition, "activity"), input='"in"')["executionArn"]
    polled = states.get_activity_task(activityArn=activity, workerName="w")
    assert polled["input"] == '"in"'
    states.send_task_heartbeat(taskToken=polled["taskToken"])
    states.send_task_success(taskToken=polled["taskToken"], output='"out"')
    assert cloud.wait(arn)["output"] == '"out"'
    assert error_of(states.send_task_success, taskToken=polled["taskToken"], output="1")[0] == "TaskTimedOut"
    assert error_of(states.send_task_success, taskToken="never given", output="1")[0] == "InvalidToken"


def test_a_state_is_tested_alone(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")

    def test(state: dict[str, Any], **more: Any) -> Any:
        return states.test_state(definition=json.dumps(state), roleArn=ROLE, **more)

    answer = test(
        {"Type": "Pass", "Parameters": {"b.$": "$.a"}, "Next": "B"}, input='{"a": 1}', inspectionLevel="DEBUG"
    )
    assert (answer["status"], answer["output"], answer["nextState"]) == ("SUCCEEDED", '{"b":1}', "B")
    assert json.loads(answer["inspectionData"]["afterParameters"]) == {"b": 1}
    failing = task(
        Next="B", Retry=[{"ErrorEquals": ["ValueError"]}], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    )
    assert test(failing, input='"fail"')["status"] == "RETRIABLE"
    answer = test(failing, input='"fail"', stateConfiguration={"retrierRetryCount": 3})
    assert (answer["status"], answer["nextState"], answer["error"]) == ("CAUGHT_ERROR", "C", "ValueError")
    answer = test(task(End=True), input="1", mock={"result": '"mocked"'})
    assert answer["output"] == '"mocked"'
    answer = test({"Type": "Fail", "Error": "E"})
    assert (answer["status"], answer["error"]) == ("FAILED", "E")
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}], "Default": "Other"}
    assert test(choice, input='{"a": 1}')["nextState"] == "One"
    whole = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Result": 5, "End": True}},
    }
    assert test(whole, stateName="B")["output"] == "5"


def test_tasks_reach_other_services(cloud: Cloud) -> None:
    queue = cloud.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def service(resource: str, following: str | None, **parameters: Any) -> dict[str, Any]:
        onward: dict[str, Any] = {"Next": following} if following else {"End": True}
        return {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": parameters,
            "ResultPath": f"$.{resource.rsplit(':', maxsplit=1)[-1]}",
            **onward,
        }

    states = {
        "Put": service("dynamodb:putItem", "Get", TableName="t", Item={"id": {"S": "1"}}),
        "Get": service("dynamodb:getItem", "Send", TableName="t", Key={"id": {"S": "1"}}),
        "Send": service("sqs:sendMessage", "Queues", QueueUrl=queue, MessageBody={"hello": 1}),
        "Queues": service("aws-sdk:sqs:listQueues", None),
    }
    output = json.loads(cloud.run({"StartAt": "Put", "States": states}, "services")["output"])
    assert output["getItem"]["Item"] == {"id": {"S": "1"}}
    assert output["getItem"]["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["listQueues"]["QueueUrls"] == [queue]
    message = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    assert json.loads(message["Body"]) == {"hello": 1}
    bad = cloud.run(
        {"StartAt": "P", "States": {"P": service("dynamodb:getItem", None, TableName="no", Key={})}}, "no-table"
    )
    assert bad["error"] == "DynamoDB.ResourceNotFoundException"
    typo = cloud.run({"StartAt": "P", "States": {"P": service("aws-sdk:sqs:listQueues", None, Bogus=1)}}, "typo")
    assert 'The field "Bogus" is not supported by Step Functions' in typo["cause"]


def test_an_execution_starts_another_and_waits(cloud: Cloud) -> None:
    inner = cloud.machine(ECHO, "inner")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner, "Input": {"deep": True}},
        "End": True,
    }
    output = json.loads(cloud.run({"StartAt": "T", "States": {"T": task}}, "outer")["output"])
    assert output["Output"] == {"deep": True}


def test_events_go_to_the_machines_log_group(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/vendedlogs/states/logged")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/logged:*"
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    machine = cloud.machine(ECHO, "logged", type="EXPRESS", loggingConfiguration=logging)
    cloud.client("stepfunctions").start_sync_execution(stateMachineArn=machine, input='{"a":1}')
    give_up = time.monotonic() + 10
    while not (events := logs.filter_log_events(logGroupName="/aws/vendedlogs/states/logged")["events"]):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    entries = [json.loads(event["message"]) for event in events]
    assert [entry["type"] for entry in entries] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert entries[0]["details"]["input"] == '{"a":1}'


def test_a_machine_is_created_once(cloud: Cloud) -> None:
    first = cloud.machine(ECHO, "once")
    assert cloud.machine(ECHO, "once") == first
    assert error_of(cloud.machine, WAIT, "once")[0] == "StateMachineAlreadyExists"
