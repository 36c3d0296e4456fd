"""A request that lacks a member that its action requires is refused in AWS's words, not with an error of the server."""

import json
import urllib.error
import urllib.request

import boto3
import pytest
from botocore import xform_name

from shared.local.asl.api import ACTIONS

MODEL = boto3.client("stepfunctions", region_name="us-east-1").meta.service_model
SHAPES = {name: MODEL.operation_model(name).input_shape for name in MODEL.operation_names}
REQUIRED = {
    name: shape.required_members for name, shape in SHAPES.items() if shape is not None and xform_name(name) in ACTIONS
}


def refused(cloud, operation, params):
    """Send a request as it is, which botocore would refuse itself; return the status, the error and the message."""
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AWSStepFunctions.{operation}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/states/aws4_request, Signature=s",
    }
    request = urllib.request.Request(cloud.endpoint, json.dumps(params).encode(), headers)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    answer = json.loads(error.value.read())
    return error.value.code, answer["__type"].rpartition("#")[2], answer["message"]


def null(name):
    return f"Value null at '{name}' failed to satisfy constraint: Member must not be null"


@pytest.mark.parametrize("operation", [name for name, members in REQUIRED.items() if len(members) == 1])
def test_the_one_member_that_is_required(cloud, operation):
    (member,) = REQUIRED[operation]
    wanted = (400, "ValidationException", f"1 validation error detected: {null(member)}")
    assert refused(cloud, operation, {}) == wanted
    assert refused(cloud, operation, {member: None}) == wanted


def test_all_members_that_are_missing_are_named(cloud):
    assert refused(cloud, "SendTaskSuccess", {}) == (
        400,
        "ValidationException",
        f"2 validation errors detected: {null('taskToken')}; {null('output')}",
    )
    assert refused(cloud, "SendTaskSuccess", {"output": "{}"})[2] == f"1 validation error detected: {null('taskToken')}"


def test_executions_are_listed_of_a_machine_or_of_a_map_run(cloud):
    assert refused(cloud, "ListExecutions", {}) == (
        400,
        "ValidationException",
        f"1 validation error detected: {null('stateMachineArn')}",
    )
