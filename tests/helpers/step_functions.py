"""The API's actions in process, on a virtual clock: a request is read as it arrives, and answered or refused."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from botocore import xform_name

from shared.local.asl.activities import Activities
from shared.local.asl.api import ACTIONS
from shared.local.asl.api.members import read_request
from shared.local.asl.backend import AslBackend
from shared.local.asl.engine import Engine, Invocation
from shared.local.asl.refusals import Refused
from shared.local.asl.scheduler import VirtualScheduler

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def passing(**more: Any) -> str:
    """Return a definition of one Pass state."""
    return json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True, **more}}})


WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100, "End": True}}})


def _no_function(function: str, _payload: bytes, _client_context: str = "") -> Invocation:
    raise LookupError(function)


class Api:
    """One account and region."""

    def __init__(self) -> None:
        self.scheduler = VirtualScheduler()
        self.engine = Engine(self.scheduler, _no_function, random=Random(7))
        self.engine.activities = Activities(seconds=0, pollers=2)
        backend = type("Backend", (AslBackend,), {"engine": self.engine})
        self.backend = backend(REGION, ACCOUNT)
        self.engine.activities.check_with(lambda arn: arn in self.backend.activities)
        self.count = 0

    def __call__(self, operation: str, **params: Any) -> Any:
        """Answer a request."""
        answer = ACTIONS[xform_name(operation)](self.backend, read_request(operation, json.dumps(params)))
        return answer or {}

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Return the error and the message that a request is refused with."""
        with pytest.raises(Refused) as raised:
            self(operation, **params)
        return raised.value.kind, raised.value.message

    def machine(self, definition: str = passing(), **more: Any) -> str:
        """Make a machine with a name of its own; return its ARN."""
        self.count += 1
        made = {"name": f"m{self.count}", "definition": definition, "roleArn": ROLE, **more}
        return str(self("CreateStateMachine", **made)["stateMachineArn"])

    def version(self, arn: str, definition: str | None = None) -> str:
        """Publish a machine as it is, or with another definition; return the version's ARN."""
        if definition is not None:
            self("UpdateStateMachine", stateMachineArn=arn, definition=definition)
        return str(self("PublishStateMachineVersion", stateMachineArn=arn)["stateMachineVersionArn"])

    def start(self, arn: str, **more: Any) -> str:
        """Start an execution; return its ARN."""
        return str(self("StartExecution", stateMachineArn=arn, **more)["executionArn"])

    def run(self, arn: str, **more: Any) -> Any:
        """Run an execution to its end; return what is told of it."""
        started = self.start(arn, **more)
        self.scheduler.run()
        return self("DescribeExecution", executionArn=started)

    @staticmethod
    def arn(rest: str) -> str:
        """Return the ARN of a thing of this account."""
        return f"arn:aws:states:{REGION}:{ACCOUNT}:{rest}"
