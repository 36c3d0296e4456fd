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

from shared.local.asl.plug import install
from shared.local.server import MotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/states"


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None = None


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
    with install(double_or_fail, server.endpoint, speed=1000):
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
