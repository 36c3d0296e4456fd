"""A role's rights as AWS's IAM tells them, in its own answers' shapes."""

from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from shared.errors import LanesError
from shared.local.calls import Call, needs
from shared.run.debug.deployed import Deployed
from shared.run.debug.rights import read_rights

ACCOUNT = "123456789012"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/team-boundary"
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/team-extra"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@pytest.fixture
def iam():
    """An IAM that answers what a test has it answer, each checked against AWS's description of it."""
    keys = {"region_name": "us-east-1", "aws_access_key_id": "A", "aws_secret_access_key": "B"}
    client, s3 = boto3.client("iam", **keys), boto3.client("s3", **keys)
    with Stubber(client) as stub, Stubber(s3) as bucket:
        yield SimpleNamespace(client=client, stub=stub, s3=s3, bucket=bucket)


def answer_role(iam, inline, attached=None, boundary=None, bucket=None):
    stub = iam.stub
    if bucket:
        iam.bucket.add_response("get_bucket_policy", {"Policy": str_of(bucket)})
    else:
        iam.bucket.add_client_error("get_bucket_policy", "NoSuchBucketPolicy")
    role = {
        "Path": "/",
        "RoleName": "team-w-role",
        "RoleId": "AROAEXAMPLEEXAMPLE",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/team-w-role",
        "CreateDate": "2026-01-02T03:04:05Z",
        "Tags": [{"Key": "team", "Value": "team"}],
        **({"PermissionsBoundary": {"PermissionsBoundaryArn": BOUNDARY}} if boundary else {}),
    }
    named = {"RoleName": "team-w-role"}
    stub.add_response("get_role", {"Role": role}, named)
    stub.add_response("list_role_policies", {"PolicyNames": ["lane"], "IsTruncated": False}, named)
    stub.add_response(
        "get_role_policy",
        {**named, "PolicyName": "lane", "PolicyDocument": str_of(inline)},
        {**named, "PolicyName": "lane"},
    )
    listed = [{"PolicyName": "extra", "PolicyArn": EXTRA}] if attached else []
    stub.add_response("list_attached_role_policies", {"AttachedPolicies": listed, "IsTruncated": False}, named)
    for arn, told in ((EXTRA, attached), (BOUNDARY, boundary)):
        if told:
            stub.add_response("get_policy", {"Policy": {"Arn": arn, "DefaultVersionId": "v2"}}, {"PolicyArn": arn})
            version = {"PolicyVersion": {"Document": str_of(told), "VersionId": "v2"}}
            stub.add_response("get_policy_version", version, {"PolicyArn": arn, "VersionId": "v2"})


def str_of(told):
    """Return a policy as IAM sends it: JSON. A client decodes it, and so gives an object; a stub gives it as it is."""
    import json

    return json.dumps(told)


@pytest.fixture
def deployed(lane):
    role = f"arn:aws:iam::{ACCOUNT}:role/team-w-role"
    told = {"handler": "h.h", "variables": {}, "runtime": "python3.13", "architecture": "x86_64", "sha256": ""}
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:team-w-work-0"
    return Deployed(lane.functions["w-work"], arn, role, **told, memory_mb=128, timeout=3)


def may(rights, service, operation, **parameters):
    call = Call(service, operation, parameters, "us-east-1")
    return rights(call, needs(call, ACCOUNT)) is None


def test_inline_attached_and_boundary_are_read(iam, lane, deployed):
    answer_role(
        iam,
        document(allow("s3:GetObject", "arn:aws:s3:::team-b/*")),
        document(allow("dynamodb:*", "*")),
        document(allow("s3:*", "*"), allow("dynamodb:GetItem", "*")),
    )
    rights = read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    iam.stub.assert_no_pending_responses()
    assert may(rights, "s3", "GetObject", Bucket="team-b", Key="k")
    assert not may(rights, "s3", "GetObject", Bucket="other", Key="k")
    assert may(rights, "dynamodb", "GetItem", TableName="t")
    assert not may(rights, "dynamodb", "PutItem", TableName="t")
    assert may(rights, "sts", "GetCallerIdentity")


def test_what_the_teams_bucket_denies_the_role_is_denied(iam, lane, deployed):
    barred = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{lane.bucket}/incoming/*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": [deployed.role]}},
    }
    answer_role(iam, document(allow("s3:*", "*")), bucket=document(barred))
    rights = read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    assert may(rights, "s3", "PutObject", Bucket=lane.bucket, Key="results/1")
    assert not may(rights, "s3", "PutObject", Bucket=lane.bucket, Key="incoming/1")
    assert may(rights, "s3", "PutObject", Bucket="team-other", Key="incoming/1")


def test_a_role_that_may_not_be_read_is_no_leave(iam, lane, deployed):
    iam.stub.add_client_error("get_role", "AccessDenied", "not authorized to perform: iam:GetRole", 403)
    with pytest.raises(LanesError, match="the rights of team-w-role cannot be read, so nobody can tell here") as error:
        read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    assert "--as deployer" in error.value.fix


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}, "AuthorizationError"),
        ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q"}, "AccessDenied"),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "AccessDenied"),
        ("lambda", "Invoke", {"FunctionName": "f"}, "AccessDeniedException"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, "AccessDeniedException"),
    ],
)
def test_each_service_refuses_with_its_own_code(service, operation, parameters, code, iam, lane, deployed):
    answer_role(iam, document(allow("logs:PutLogEvents", "*")))
    rights = read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    call = Call(service, operation, parameters, "us-east-1")
    assert rights(call, needs(call, ACCOUNT)).code == code


def test_the_secret_of_a_name_is_the_one_with_its_random_end(iam, lane, deployed):
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:team/token-??????"
    answer_role(iam, document(allow("secretsmanager:GetSecretValue", arn)))
    rights = read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    assert may(rights, "secretsmanager", "GetSecretValue", SecretId="team/token")
    assert not may(rights, "secretsmanager", "GetSecretValue", SecretId="team/tokens")


def test_what_nobody_can_tell_is_denied(iam, lane, deployed):
    answer_role(iam, document(allow("*", "*")))
    rights = read_rights(SimpleNamespace(iam=iam.client, s3=iam.s3), lane, deployed)
    call = Call("s3", "GetObject", {}, "us-east-1")
    assert "nobody can tell here which resource" in rights(call, needs(call, ACCOUNT)).message
