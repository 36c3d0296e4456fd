"""The engine behind moto's API: plain boto3 against a server with the plug in it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.local.asl.plug import install
from shared.local.asl.services import Services
from shared.local.server import MotoServer

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
        give_up = time.monotonic() + 120
        while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < give_up, "the execution does not end"
            time.sleep(0.005)
        return answer

    @staticmethod
    def task(**more: Any) -> dict[str, Any]:
        """Return a Task that doubles its input, or fails on the text ``fail``."""
        return {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:double", **more}

    @staticmethod
    def mapping(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Return a machine of one Map."""
        state = {"Type": "Map", "Label": "Each", "End": True, "ItemProcessor": processor, **more}
        return {"StartAt": "M", "States": {"M": state}}

    def code(self, call: Any, *args: Any, **kwargs: Any) -> str:
        """Return the code that *call* is refused with."""
        return self.refused(call, *args, **kwargs)[0]

    @staticmethod
    def refused(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
        """Return the code and message that *call* is refused with."""
        with pytest.raises(ClientError) as raised:
            call(*args, **kwargs)
        error = raised.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def cloud():
    server = MotoServer()
    with install(double_or_fail, Services(server.endpoint), speed=1000):
        server.start()
        yield Cloud(server.endpoint)
        server.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("asl-")] == []
