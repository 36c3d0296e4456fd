"""Event source mappings of streams, on a whole cloud: what a function gets, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from shared.config.runtimes import MACHINE

WRONG, NOT_HERE = "InvalidParameterValueException", "NotImplementedException"
READS = (
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "sqs:SendMessage"),
    *("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
)
SOURCE = "def handler(event, context): raise ValueError(event)\n"


@pytest.fixture(scope="module")
def function(account):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", SOURCE)
    account.lambda_.create_function(
        FunctionName="fails",
        Role=account.role("fails-role", "lambda.amazonaws.com", *READS),
        Runtime=MACHINE,
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
        Timeout=10,
    )
    return "fails"


@pytest.fixture(scope="module")
def table(account):
    """Return a client of DynamoDB and the ARN of the stream of the table t."""
    client = account.aws.client("dynamodb")
    told = client.create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return client, told["TableDescription"]["LatestStreamArn"]


def letter(account, queue):
    url = account.sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
    (message,) = account.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    account.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def test_changes_of_a_table_come_in_order_and_what_fails_is_told(account, function, table):
    client, stream = table
    queue = account.queue("given-up")
    made = account.lambda_.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="LATEST",
        MaximumRetryAttempts=0,
        FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["MODIFY"]}'}]},
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    for number in ("1", "2"):
        client.put_item(TableName="t", Item={"id": {"S": "a"}, "n": {"N": number}})
    told = letter(account, queue)
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    info = told["DDBStreamBatchInfo"]
    assert (info["batchSize"], info["streamArn"]) == (1, stream)
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    assert made["State"] in {"Creating", "Enabled"}
    account.lambda_.delete_event_source_mapping(UUID=made["UUID"])
    client.put_item(TableName="t", Item={"id": {"S": "a"}, "n": {"N": "3"}})
    assert account.messages(queue) == []


def test_records_of_kinesis_come_too(account, function):
    kinesis = account.aws.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    stream = account.arn("kinesis", "stream/s")
    queue = account.queue("kinesis-given-up")
    kinesis.put_record(StreamName="s", PartitionKey="p", Data=b'{"kind": "star"}')
    kinesis.put_record(StreamName="s", PartitionKey="p", Data=b'{"kind": "planet"}')
    made = account.lambda_.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"kind": ["planet"]}}'}]},
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    info = letter(account, queue)["KinesisBatchInfo"]
    assert (info["batchSize"], info["startSequenceNumber"]) == (1, "2")
    account.lambda_.delete_event_source_mapping(UUID=made["UUID"])


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({}, WRONG, "startingPosition"),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1}, WRONG, "startingPosition"),
        ({"StartingPosition": "LATEST", "BatchSize": 10_001}, WRONG, "BatchSize 10001"),
        ({"StartingPosition": "LATEST", "MaximumRetryAttempts": 10_001}, WRONG, "MaximumRetryAttempts"),
        ({"StartingPosition": "LATEST", "MaximumRecordAgeInSeconds": 5}, WRONG, "MaximumRecordAgeInSeconds"),
        ({"StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}}, WRONG, "ScalingConfig"),
        (
            {"StartingPosition": "LATEST", "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::b"}}},
            NOT_HERE,
            "arn:aws:s3:::b",
        ),
        ({"StartingPosition": "LATEST", "TumblingWindowInSeconds": 5}, NOT_HERE, "TumblingWindowInSeconds"),
        ({"StartingPosition": "LATEST", "ParallelizationFactor": 2}, NOT_HERE, "ParallelizationFactor"),
    ],
)
def test_a_mapping_that_would_not_work_is_refused(account, function, table, fields, code, words):
    with pytest.raises(ClientError, match=words) as caught:
        account.lambda_.create_event_source_mapping(EventSourceArn=table[1], FunctionName=function, **fields)
    assert caught.value.response["Error"]["Code"] == code
