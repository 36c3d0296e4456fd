"""Event source mappings of queues: what Lambda refuses, and what a batch and its answer look like."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import Message

from shared.config.runtimes import MACHINE
from shared.local.triggers.batches import event, failed, record

WRONG, NOT_HERE = "InvalidParameterValueException", "NotImplementedException"
READS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@pytest.fixture(scope="module")
def function(account):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return None\n")

    def make(name, *actions, timeout=10):
        account.lambda_.create_function(
            FunctionName=name,
            Role=account.role(f"{name}-role", "lambda.amazonaws.com", *actions),
            Runtime=MACHINE,
            Handler="app.handler",
            Code={"ZipFile": buffer.getvalue()},
            Timeout=timeout,
        )
        return name

    make("reads", *READS)
    make("slow", *READS, timeout=60)
    make("may-not")
    return make


@pytest.mark.parametrize(
    ("queue", "fields", "code", "words"),
    [
        ("q", {"BatchSize": 11}, WRONG, "batch window in seconds must be greater than 0"),
        ("q", {"BatchSize": 10_001}, WRONG, "BatchSize 10001"),
        ("q", {"MaximumBatchingWindowInSeconds": 301}, WRONG, "not between 0 and 300"),
        ("q", {"FunctionName": "slow"}, WRONG, "is less than Function timeout: 60 seconds"),
        ("q", {"FunctionName": "may-not"}, WRONG, "permissions to call ReceiveMessage on SQS"),
        ("q", {"BisectBatchOnFunctionError": True}, WRONG, "Unsupported parameter"),
        ("gone", {}, WRONG, "NonExistentQueue"),
        ("q", {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, WRONG, "Invalid filter pattern definition"),
        ("q", {"ProvisionedPollerConfig": {"MinimumPollers": 2}}, NOT_HERE, "ProvisionedPollerConfig"),
        ("q.fifo", {}, NOT_HERE, "FIFO"),
        ("q", {"EventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/c/1"}, NOT_HERE, "cluster/c"),
    ],
)
def test_a_mapping_that_would_not_work_is_refused(account, function, queue, fields, code, words):
    if queue == "q":
        account.queue(queue)
    if queue == "q.fifo":
        account.queue(queue, FifoQueue="true")
    with pytest.raises(ClientError, match=words) as caught:
        account.lambda_.create_event_source_mapping(
            **{"EventSourceArn": account.arn("sqs", queue), "FunctionName": "reads", **fields}
        )
    assert caught.value.response["Error"]["Code"] == code
    assert account.lambda_.list_event_source_mappings(FunctionName="reads")["EventSourceMappings"] == []


def test_there_is_one_mapping_of_a_queue_to_a_function_and_an_update_is_checked_too(account, function):
    queue = account.queue("once")
    lambda_ = account.lambda_
    made = lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="reads", Enabled=False)
    with pytest.raises(ClientError, match=f"ResourceConflictException.*{made['UUID']}"):
        lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="reads")
    with pytest.raises(ClientError, match="batch window"):
        lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=100)
    told = lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=100, MaximumBatchingWindowInSeconds=5)
    assert (told["BatchSize"], told["MaximumBatchingWindowInSeconds"]) == (100, 5)
    lambda_.delete_event_source_mapping(UUID=made["UUID"])


def test_sending_does_not_wait_for_a_function_and_a_disabled_mapping_takes_nothing(account, function):
    queue = account.queue("resting")
    made = account.lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="reads", Enabled=False)
    url = account.sqs.get_queue_url(QueueName="resting")["QueueUrl"]
    account.sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert [each["Body"] for each in account.messages(queue)] == ["hello"]
    account.lambda_.delete_event_source_mapping(UUID=made["UUID"])


def test_a_binary_attribute_is_base64():
    message = Message("id-1", "hello")
    message.message_attributes = {"b": {"DataType": "Binary", "BinaryValue": b"\xff\xfe"}}
    message.mark_sent()
    message.mark_received(30)
    told = record(message, "arn:aws:sqs:us-east-1:123456789012:q", "us-east-1")["messageAttributes"]["b"]
    assert (told["dataType"], told["binaryValue"]) == ("Binary", "//4=")


def test_a_record_tells_a_message_as_lambda_does():
    message = Message("id-1", "hello")
    message.message_attributes = {"kind": {"DataType": "String", "StringValue": "small"}}
    message.mark_sent()
    message.mark_received(30)
    told = record(message, "arn:aws:sqs:us-east-1:123456789012:q", "us-east-1")
    assert told["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert told["attributes"]["ApproximateReceiveCount"] == "1"
    assert told["messageAttributes"] == {
        "kind": {"stringListValues": [], "binaryListValues": [], "dataType": "String", "stringValue": "small"}
    }
    assert (told["eventSource"], told["eventSourceARN"], told["awsRegion"]) == (
        "aws:sqs",
        "arn:aws:sqs:us-east-1:123456789012:q",
        "us-east-1",
    )
    assert json.loads(event([told]))["Records"][0]["messageId"] == "id-1"


@pytest.mark.parametrize(
    ("answer", "bad"),
    [
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', {"a"}),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b"{}", set()),
        (b"null", set()),
        (b"", set()),
        (b"not JSON", {"a", "b"}),
        (b"[" * 100_000, {"a", "b"}),
        (b'"done"', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"identifier": "a"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "c"}]}', {"a", "b"}),
        (b'{"batchItemFailures": "a"}', {"a", "b"}),
    ],
)
def test_an_answer_says_which_messages_failed(answer, bad):
    assert failed(["a", "b"], answer, reports_failures=True) == bad


def test_an_answer_says_nothing_where_it_is_not_asked():
    assert failed(["a"], b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', reports_failures=False) == set()
