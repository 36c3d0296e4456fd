"""How long IAM lets policies be: white space does not count, and inline policies count together."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.policy_sizes import long_policies_refused


def policy(length, **more):
    """Return a policy of so many characters, white space aside."""
    statement = {"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", **({"Resource": "*"} | more)}
    body = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Sid"] = "x" * (length - len(json.dumps(body, separators=(",", ":"))))
    return json.dumps(body, indent=4)


def trust(length):
    told = json.loads(policy(length - 12))
    (statement,) = told["Statement"]
    del statement["Resource"]
    statement |= {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}, "Sid": ""}
    statement["Sid"] = "x" * (length - len(json.dumps(told, separators=(",", ":"))))
    return json.dumps(told, indent=4)


@pytest.fixture
def iam():
    with mock_aws(), long_policies_refused():
        client = boto3.client("iam", region_name="us-east-1", aws_access_key_id="lanes", aws_secret_access_key="lanes")
        client.create_role(RoleName="r", AssumeRolePolicyDocument=trust(2048))
        client.create_user(UserName="u")
        client.create_group(GroupName="g")
        yield client


def refused(call, **asked):
    with pytest.raises(ClientError) as caught:
        call(**asked)
    told = caught.value.response["Error"]
    assert told["Code"] == "LimitExceeded"
    return told["Message"]


def test_a_trust_policy_may_have_2048_characters(iam):
    quota = "Cannot exceed quota for ACLSizePerRole: 2048"
    assert refused(iam.create_role, RoleName="s", AssumeRolePolicyDocument=trust(2049)) == quota
    assert refused(iam.update_assume_role_policy, RoleName="r", PolicyDocument=trust(2049)) == quota
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust(2048))


def test_a_managed_policy_may_have_6144_characters(iam):
    quota = "Cannot exceed quota for PolicySize: 6144"
    assert refused(iam.create_policy, PolicyName="p", PolicyDocument=policy(6145)) == quota
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy(6144))["Policy"]["Arn"]
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=policy(6145)) == quota


@pytest.mark.parametrize(("kind", "name", "most"), [("role", "r", 10_240), ("user", "u", 2_048), ("group", "g", 5_120)])
def test_inline_policies_count_together(iam, kind, name, most):
    put, whose = getattr(iam, f"put_{kind}_policy"), {f"{kind.capitalize()}Name": name}
    put(**whose, PolicyName="first", PolicyDocument=policy(1_000))
    told = refused(put, **whose, PolicyName="second", PolicyDocument=policy(most - 999))
    assert told == f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
    put(**whose, PolicyName="second", PolicyDocument=policy(most - 1_000))
    put(**whose, PolicyName="first", PolicyDocument=policy(999))
