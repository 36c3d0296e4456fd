"""DynamoDB refuses an expression that does not parse, and names the member that it came in."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.condition_expressions import bad_expressions_refused

ITEM = {"id": {"S": "a"}}


@pytest.fixture
def dynamodb():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), bad_expressions_refused():
        client = boto3.client("dynamodb", **keys)
        client.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.mark.parametrize("text", ["bad(", "(", "a = = b", "a b"])
def test_a_condition_that_does_not_parse(dynamodb, text):
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(TableName="items", Item=ITEM, ConditionExpression=text)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["Error"]["Message"].startswith("Invalid ConditionExpression: ")
    assert dynamodb.scan(TableName="items")["Count"] == 0


def test_a_filter_that_does_not_parse(dynamodb):
    dynamodb.put_item(TableName="items", Item=ITEM, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(ClientError, match='Invalid FilterExpression: Syntax error; near: "bad\\('):
        dynamodb.scan(TableName="items", FilterExpression="bad(")
