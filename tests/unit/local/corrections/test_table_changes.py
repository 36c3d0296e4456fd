"""Changes of indexes and ttl that DynamoDB refuses are refused here too, in its words."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.table_changes import table_changes_checked

INDEX = {
    "IndexName": "by-day",
    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")]


@pytest.fixture
def dynamodb():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), table_changes_checked():
        client = boto3.client("dynamodb", **keys)
        key = [{"AttributeName": "id", "KeyType": "HASH"}]
        client.create_table(
            TableName="items", KeySchema=key, AttributeDefinitions=ATTRIBUTES[:1], BillingMode="PAY_PER_REQUEST"
        )
        yield client


@pytest.fixture
def change(dynamodb):
    """Return a function that makes or removes an index."""
    return lambda **update: dynamodb.update_table(
        TableName="items", AttributeDefinitions=ATTRIBUTES, GlobalSecondaryIndexUpdates=[update]
    )


@pytest.fixture
def expire(dynamodb):
    """Return a function that switches ttl."""

    def switch(to, attribute):
        told = {"Enabled": to == "on", "AttributeName": attribute}
        dynamodb.update_time_to_live(TableName="items", TimeToLiveSpecification=told)
        return dynamodb.describe_time_to_live(TableName="items")["TimeToLiveDescription"]

    return switch


def refusal(call, *words, **asked):
    with pytest.raises(ClientError) as caught:
        call(*words, **asked)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Code"], error["Error"]["Message"]


def test_an_index_is_made_once_and_removed_once(change):
    change(Create=INDEX)
    assert refusal(change, Create=INDEX) == (
        "ValidationException",
        "Attempting to create an index which already exists",
    )
    change(Delete={"IndexName": "by-day"})
    gone = ("ResourceNotFoundException", "Requested resource not found: Index by-day for table items")
    assert refusal(change, Delete={"IndexName": "by-day"}) == gone


def test_ttl_is_switched_on_once_for_one_attribute_and_off_once(expire):
    assert refusal(expire, "off", "until") == ("ValidationException", "TimeToLive is already disabled")
    assert expire("on", "until") == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    assert refusal(expire, "on", "until") == ("ValidationException", "TimeToLive is already enabled")
    other = "TimeToLive is active on a different AttributeName: current AttributeName is until"
    assert refusal(expire, "on", "other") == ("ValidationException", other)
    assert expire("off", "until") == {"TimeToLiveStatus": "DISABLED"}
    expire("on", "other")
