"""An open cloud treats strangers' roles as its owner's, and decides about all others as always."""

import json

import pytest
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.errors import code_of
from shared.local.cloud import EmbeddedCloud
from shared.local.door.sessions import Issuer

PLACE = Place("123456789012", "us-east-1", "test")
NOBODY = "arn:aws:iam::123456789012:role/nobody"
NO_TRUST = '{"Version": "2012-10-17", "Statement": []}'
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
PUT = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:putItem",
    "Parameters": {"TableName": "t", "Item": {"id": {"S": "a"}}},
    "End": True,
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("state"), any_key=True) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def owner(cloud):
    return connect_endpoint(PLACE, cloud.endpoint, cloud.key)


@pytest.fixture(scope="module")
def stranger(cloud):
    aws = connect_endpoint(PLACE, cloud.endpoint, AccessKey("x", "x"))
    aws.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws


def run(aws, name, role, state=PUT):
    definition = json.dumps({"StartAt": "S", "States": {"S": state}})
    machine = aws.states.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]
    execution = aws.states.start_execution(stateMachineArn=machine)["executionArn"]
    while (found := aws.states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        pass
    return found


def test_a_role_that_is_not_there_may_what_the_owner_may(stranger):
    assert run(stranger, "nobodys", NOBODY)["status"] == "SUCCEEDED"


def test_so_may_a_role_that_a_stranger_made_whoever_it_trusts(stranger):
    role = stranger.iam.create_role(RoleName="mine", AssumeRolePolicyDocument=NO_TRUST)["Role"]["Arn"]
    assert run(stranger, "strangers", role)["status"] == "SUCCEEDED"


def test_a_role_of_the_owners_is_decided_about_as_ever(owner, stranger):
    role = owner.iam.create_role(RoleName="lanes", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    found = run(stranger, "lanes", role)
    assert (found["status"], found["error"]) == ("FAILED", "DynamoDB.AmazonDynamoDBException")
    assert "because no identity-based policy allows the dynamodb:PutItem action" in found["cause"]


def test_and_taken_by_whom_it_trusts_alone(owner, stranger):
    role = owner.iam.create_role(RoleName="locked", AssumeRolePolicyDocument=NO_TRUST)["Role"]["Arn"]
    with pytest.raises(ClientError) as caught:
        run(stranger, "locked", role)
    assert code_of(caught.value) == "AccessDeniedException"


def test_a_role_that_is_not_there_has_sessions_that_hold(cloud):
    key = Issuer(cloud.key).of_role(NOBODY, "worker")
    told = connect_endpoint(PLACE, cloud.endpoint, key).client("sts").get_caller_identity()
    assert told["Arn"] == "arn:aws:sts::123456789012:assumed-role/nobody/worker"
