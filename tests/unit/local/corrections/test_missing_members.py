"""DynamoDB and SQS refuse a request that lacks what it must have, in their own words and not with 500."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.missing_members import missing_members_refused

UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})  # as what is no SDK asks
KEY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}


@pytest.fixture
def client():
    """Return a function that makes a client which lets any request through."""
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), missing_members_refused():
        yield lambda service: boto3.client(service, config=UNCHECKED, **keys)


@pytest.fixture
def table(client):
    dynamodb = client("dynamodb")
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    dynamodb.create_table(TableName="items", AttributeDefinitions=attributes, **KEY)
    return dynamodb


def refusal(call, **asked):
    with pytest.raises(ClientError) as caught:
        call(**asked)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Code"], error["Error"]["Message"]


def test_what_a_call_of_dynamodb_lacks_is_named(table):
    code, message = refusal(table.put_item)
    assert code == "ValidationException"
    assert message == (
        "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be "
        "null; Value null at 'item' failed to satisfy constraint: Member must not be null"
    )


@pytest.mark.parametrize("value", [{}, {"L": [{}]}, {"M": {"inner": {}}}])
def test_a_value_of_no_type_is_refused(table, value):
    code, message = refusal(table.put_item, TableName="items", Item={"id": {"S": "a"}, "more": value})
    assert (code, message.partition(",")[0]) == ("ValidationException", "Supplied AttributeValue is empty")


@pytest.mark.parametrize("value", [{"S": "a", "N": "1"}, {"L": [{"BOOL": True, "NULL": True}]}])
def test_a_value_of_two_types_is_refused(table, value):
    code, message = refusal(table.put_item, TableName="items", Item={"id": {"S": "a"}, "more": value})
    assert (code, message.partition(",")[0]) == (
        "ValidationException",
        "Supplied AttributeValue has more than one datatypes set",
    )


def test_whole_requests_and_empty_texts_pass(table):
    table.put_item(
        TableName="items", Item={"id": {"S": "a"}, "text": {"S": ""}, "none": {"NULL": True}, "l": {"L": []}}
    )
    assert table.get_item(TableName="items", Key={"id": {"S": "a"}})["Item"]["text"] == {"S": ""}


def test_what_an_entry_of_a_batch_lacks_is_named(client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    entries = [{"Id": "a", "MessageBody": "x"}, {"Id": "b"}]
    code, message = refusal(sqs.send_message_batch, QueueUrl=url, Entries=entries)
    assert code == "MissingParameter"
    assert message == "The request must contain the parameter SendMessageBatchRequestEntry.2.MessageBody."


def test_what_a_call_of_sqs_lacks_is_named(client):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    code, message = refusal(sqs.send_message, QueueUrl=url)
    assert (code, message) == ("MissingParameter", "The request must contain the parameter MessageBody.")
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="") == (code, message)
    sqs.send_message(QueueUrl=url, MessageBody="a")
