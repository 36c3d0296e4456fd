"""A small world for the engine: a clock that moves when told to, and Lambda functions that are Python functions."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.asl.services import Services
from shared.local.asl.validation import problems_of

PREFIX = "arn:aws:states:us-east-1:123456789012"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None = None
    request_id: str = "request-1"
    version: str = "$LATEST"
    log_tail: str = "END RequestId: request-1"


class FunctionError(Exception):
    """What a function of the world raises to fail as a handler would."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(kind, message)
        self.payload = {"errorType": kind, "errorMessage": message}


class World:
    """Runs definitions."""

    def __init__(self) -> None:
        self.scheduler = VirtualScheduler()
        self.calls: list[tuple[str, Any]] = []
        self.contexts: list[str] = []
        self.function: Any = lambda value: value
        self.version = "$LATEST"
        self.engine = Engine(self.scheduler, self._invoke, random=Random(7))
        self.count = 0

    def _invoke(self, function: str, payload: bytes, client_context: str = "") -> Invocation:
        value = json.loads(payload)
        self.calls.append((function, value))
        self.contexts.append(client_context)
        try:
            return Invocation(json.dumps(self.function(value)).encode(), version=self.version)
        except FunctionError as error:
            return Invocation(json.dumps(error.payload).encode(), "Unhandled")

    def start(self, definition: dict[str, Any], value: Any = None, name: str = "m") -> Execution:
        """Start *definition* with the input *value*; nothing has run yet."""
        text = json.dumps(definition)
        assert problems_of(text) == []
        self.count += 1
        value = {} if value is None else value
        run, machine = f"x{self.count}", f"{PREFIX}:stateMachine:{name}"
        identity = Identity(f"{PREFIX}:execution:{name}:{run}", run, machine, name, "arn:aws:iam::123456789012:role/r")
        execution = Execution(self.engine, Machine(json.loads(text)), identity, json.dumps(value))
        execution.start(value)
        return execution

    def run(self, definition: dict[str, Any], value: Any = None) -> Execution:
        """Run *definition* to its end."""
        execution = self.start(definition, value)
        self.scheduler.run()
        return execution

    def output(self, definition: dict[str, Any], value: Any = None) -> Any:
        """Return what *definition* makes of *value*; it must succeed."""
        execution = self.run(definition, value)
        assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
        return execution.output

    @property
    def elapsed(self) -> float:
        """The virtual seconds since the world began."""
        return self.scheduler.now() - 1_700_000_000.0


def events(execution: Execution) -> list[str]:
    """Return the types of all events."""
    return [event[0] for event in execution.history.events]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def types() -> Any:
    """Return a function from an execution to its event types."""
    return events


@pytest.fixture
def fail() -> Any:
    """Return what a function raises to fail: ``raise fail("Kind")``."""
    return FunctionError


@pytest.fixture
def one() -> Any:
    """Return a function that makes a machine of one state."""

    def machine(**state: Any) -> dict[str, Any]:
        onward = {} if state["Type"] in {"Choice", "Succeed", "Fail"} else {"End": True}
        return {"StartAt": "S", "States": {"S": {**state, **onward}}}

    return machine


@pytest.fixture
def call() -> Any:
    """Return a function that makes a Task state that calls the world's function."""

    def task(**more: Any) -> dict[str, Any]:
        more = more if "Next" in more else {"End": True, **more}
        return {"Type": "Task", "Resource": FUNCTION, **more}

    return task


def _refusal(code: str, message: str, status: int, action: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, action)


class FakeS3:
    """A bucket in memory: what readers and writers ask of boto's client."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.closed = False

    def get_object(self, Bucket: str, Key: str, **_more: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise _refusal("NoSuchKey", "The specified key does not exist.", 404, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: Any, **_more: str) -> None:
        if self.closed:
            raise _refusal("AccessDenied", "Access Denied", 403, "PutObject")
        self.objects[Key] = Body if isinstance(Body, bytes) else Body.read()

    def get_paginator(self, _name: str) -> FakeS3:
        return self

    def paginate(self, Bucket: str, Prefix: str = "", **_more: str) -> Any:
        entries = [
            {"Key": key, "ETag": '"e"', "Size": len(body), "LastModified": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)}
            for key, body in sorted(self.objects.items())
            if key.startswith(Prefix)
        ]
        yield from ({"Contents": entries[at : at + 1000]} for at in range(0, len(entries), 1000))


@pytest.fixture
def s3(world: World) -> FakeS3:
    """Return the bucket that the world's engine sees as S3."""
    fake = FakeS3()

    class FakeServices(Services):
        def client(self, _service: str, _region: str, _role: str = "") -> Any:
            return fake

    world.engine.services = FakeServices("")
    return fake
