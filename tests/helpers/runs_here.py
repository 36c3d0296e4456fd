"""Runs of any machine as a lane's own, in a cloud in this process, and a function for them to call."""

from __future__ import annotations

import io
import json
import zipfile
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.helpers.eventually import eventually

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane


class RunsHere:
    """Starts machines as *workflow* of *lane*."""

    def __init__(self, aws: Aws, lane: Lane, workflow: str) -> None:
        self.aws = aws
        self.arn = lane.state_machine_arn(workflow)
        self._name = lane.workflows[workflow].name
        self._count = count()
        self._role = _role(aws)
        self._made = False

    def start(self, definition: dict[str, Any], value: Any = None) -> str:
        """Start *definition* with the input *value*; return the run's id."""
        text = json.dumps(definition)
        if self._made:
            self.aws.states.update_state_machine(stateMachineArn=self.arn, definition=text)
        else:
            self.aws.states.create_state_machine(name=self._name, definition=text, roleArn=self._role)
            self._made = True
        run_id = f"20260102T030405Z-{next(self._count):06x}"
        self.aws.states.start_execution(stateMachineArn=self.arn, name=run_id, input=json.dumps(value))
        return run_id

    def ended(self, definition: dict[str, Any], value: Any = None) -> str:
        """Run *definition* to its end; return the run's id."""
        run_id = self.start(definition, value)
        self.wait(run_id)
        return run_id

    def wait(self, run_id: str) -> None:
        """Wait for the end of a run."""
        arn = self.execution(run_id)
        eventually(lambda: self.aws.states.describe_execution(executionArn=arn)["status"] != "RUNNING")

    def execution(self, run_id: str) -> str:
        """Return the ARN of a run."""
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{run_id}"

    def make_function(self, name: str, code: str) -> None:
        """Make a function called *name* whose handler is ``handle`` of the module *code*."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("work.py", code)
        self.aws.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self._role,
            Handler="work.handle",
            Code={"ZipFile": file.getvalue()},
            Timeout=60,
        )


def _role(aws: Aws) -> str:
    iam = aws.client("iam")
    services = ["states.amazonaws.com", "lambda.amazonaws.com"]
    trust = _statement(Principal={"Service": services}, Action="sts:AssumeRole")
    role = str(iam.create_role(RoleName="machine", AssumeRolePolicyDocument=trust)["Role"]["Arn"])
    allowed = ["lambda:InvokeFunction", "states:*", "events:*", "logs:*"]
    iam.put_role_policy(RoleName="machine", PolicyName="all", PolicyDocument=_statement(Action=allowed, Resource="*"))
    return role


def _statement(**parts: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **parts}]})
