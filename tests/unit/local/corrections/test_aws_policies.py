"""Policies that AWS manages are there when a call names them."""

import json

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight

PLACE = Place("123456789012", "us-east-1", "dev")
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture(scope="module")
def iam(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application).client("iam")


def test_one_is_attached_and_read(iam):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)

    iam.attach_role_policy(RoleName="r", PolicyArn=BASIC)

    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]
    version = iam.get_policy(PolicyArn=BASIC)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=BASIC, VersionId=version)["PolicyVersion"]["Document"]
    assert "logs:PutLogEvents" in document["Statement"][0]["Action"]


@pytest.mark.parametrize("arn", [f"{BASIC}x", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"])
def test_one_that_aws_has_not_is_refused(iam, arn):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)
