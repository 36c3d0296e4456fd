"""Answers with items are the same as moto's, without its search for names; an update of nothing is one."""

import boto3
import pytest
from moto import mock_aws

from shared.local.corrections.item_answers import items_answered_as_they_are

ITEM = {
    "id": {"S": "1"},
    "day": {"S": "monday"},
    "n": {"N": "1.5"},
    "b": {"B": b"\x00\xff"},
    "flag": {"BOOL": True},
    "none": {"NULL": True},
    "ns": {"NS": ["1"]},
    "bs": {"BS": [b"\x01"]},
    "l": {"L": [{"M": {"a": {"S": "ö"}}}, {"B": b"\x02"}]},
}
QUERY = {"KeyConditionExpression": "id = :id", "ExpressionAttributeValues": {":id": {"S": "1"}}}


@pytest.fixture
def table():
    with mock_aws(), items_answered_as_they_are():
        keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
        client = boto3.client("dynamodb", **keys)
        client.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "day", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName="items", Item=ITEM)
        yield client


@pytest.mark.parametrize(("action", "asked"), [("scan", {}), ("query", QUERY)])
def test_every_kind_of_value_comes_back(table, action, asked):
    answer = getattr(table, action)(TableName="items", **asked)
    assert answer["Items"] == [ITEM]
    assert (answer["Count"], answer["ScannedCount"]) == (1, 1)
    assert "LastEvaluatedKey" not in answer


def test_pages_and_counts(table):
    table.put_item(TableName="items", Item={"id": {"S": "2"}, "day": {"S": "monday"}})
    first = table.scan(TableName="items", Limit=1)
    second = table.scan(TableName="items", ExclusiveStartKey=first["LastEvaluatedKey"])
    assert {each["id"]["S"] for each in first["Items"] + second["Items"]} == {"1", "2"}
    assert "Items" not in table.scan(TableName="items", Select="COUNT")
    asked = {"ProjectionExpression": "n", "ReturnConsumedCapacity": "TOTAL"}
    told = table.query(TableName="items", **QUERY, **asked)
    assert told["Items"] == [{"n": {"N": "1.5"}}]
    assert told["ConsumedCapacity"]["TableName"] == "items"


def test_an_update_of_nothing_makes_the_item(table):
    key = {"id": {"S": "3"}, "day": {"S": "tuesday"}}
    table.update_item(TableName="items", Key=key)
    assert table.get_item(TableName="items", Key=key)["Item"] == key
