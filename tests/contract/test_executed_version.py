"""A state machine on the whole embedded cloud, nothing of it faked, learns which version of a function ran."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.zips import zipped

if TYPE_CHECKING:
    from shared.aws.client import Aws

PLACE = Place("123456789012", "us-east-1", "test")
PATIENCE = 60  # seconds for an execution, on a machine that is busy


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield connect_endpoint(PLACE, cloud.endpoint, cloud.key)


@pytest.fixture(scope="module")
def role(aws):
    """The ARN of a role that Lambda and Step Functions take, and that may invoke."""
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
    calls = {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "logs:*"], "Resource": "*"}
    trusted, allowed = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, calls))
    iam = aws.client("iam")
    arn = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName="runs", PolicyName="calls", PolicyDocument=allowed)
    return arn


@pytest.fixture(scope="module")
def function(aws, role):
    """A function that says which version it is; version 1 is published, and the alias ``live`` leads to it."""
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="told",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": zipped("def handler(event, context):\n    return context.function_version\n")},
    )
    version = functions.publish_version(FunctionName="told")["Version"]
    functions.create_alias(FunctionName="told", Name="live", FunctionVersion=version)
    return functions.get_function(FunctionName="told")["Configuration"]["FunctionArn"]


def run(aws: Aws, role: str, name: str, parameters: dict[str, str]) -> dict[str, object]:
    """Return the output of a machine *name* that invokes a function with *parameters*."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, "End": True}
    states = aws.client("stepfunctions")
    definition = json.dumps({"StartAt": "T", "States": {"T": task}})
    machine = states.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    give_up = time.monotonic() + PATIENCE
    while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < give_up, "the execution does not end"
        time.sleep(0.01)
    assert answer["status"] == "SUCCEEDED", answer
    output: dict[str, object] = json.loads(answer["output"])
    return output


@pytest.mark.parametrize(
    ("name", "qualifier", "version"), [("latest", "$LATEST", "$LATEST"), ("version", "1", "1"), ("alias", "live", "1")]
)
def test_the_version_that_ran_is_told(aws, role, function, name, qualifier, version):
    output = run(aws, role, name, {"FunctionName": function, "Qualifier": qualifier})
    assert (output["ExecutedVersion"], output["Payload"]) == (version, version)


def test_an_arn_that_names_an_alias_tells_the_version_behind_it(aws, role, function):
    assert run(aws, role, "by-arn", {"FunctionName": f"{function}:live"})["ExecutedVersion"] == "1"
