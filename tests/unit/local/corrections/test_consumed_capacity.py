"""DynamoDB tells the capacity of a call to those who ask."""

import boto3
import pytest
from moto import mock_aws

from shared.local.corrections.consumed_capacity import capacity_told_when_asked

PUT = {"PutRequest": {"Item": {"id": {"S": "1"}}}}
KEY = {"id": {"S": "1"}}
CHANGE = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "b"}}}


@pytest.fixture
def table():
    with mock_aws(), capacity_told_when_asked():
        keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
        client = boto3.client("dynamodb", **keys)
        client.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("update_item", {"TableName": "items", "Key": KEY, **CHANGE}),
        ("batch_write_item", {"RequestItems": {"items": [PUT]}}),
        ("batch_get_item", {"RequestItems": {"items": {"Keys": [KEY]}}}),
        ("transact_write_items", {"TransactItems": [{"Put": {"TableName": "items", "Item": KEY}}]}),
    ],
)
def test_only_who_asks_is_told(table, action, asked):
    assert {"ConsumedCapacity", "ItemCollectionMetrics"}.isdisjoint(getattr(table, action)(**asked))
    assert "ConsumedCapacity" in getattr(table, action)(**asked, ReturnConsumedCapacity="TOTAL")
