"""Functions that are called for what they do themselves, on a whole cloud: stopped after 16 calls, as on AWS."""

from __future__ import annotations

import io
import logging
import threading
import zipfile

import pytest

from shared.config.runtimes import MACHINE
from tests.helpers.eventually import eventually

SOURCE = """
import json, os, uuid, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody="seen")
    if "QUEUE" in os.environ:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="again")
    elif "BUCKET" in os.environ:
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=str(uuid.uuid4()), Body=b"again")
    else:
        again = {"FunctionName": context.function_name, "Payload": json.dumps(event).encode()}
        boto3.client("lambda").invoke(InvocationType="Event", **again)
"""
MAY = ("sqs:*", "s3:PutObject", "lambda:InvokeFunction")


@pytest.fixture
def make(account):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", SOURCE)

    def function(name, *, dead=None, timeout=30, **variables):
        seen = account.sqs.create_queue(QueueName=f"{name}-seen")["QueueUrl"]
        made = account.lambda_.create_function(
            FunctionName=name,
            Role=account.role(f"{name}-role", "lambda.amazonaws.com", *MAY),
            Runtime=MACHINE,
            Handler="app.handler",
            Code={"ZipFile": buffer.getvalue()},
            Timeout=timeout,
            MemorySize=512,
            Environment={"Variables": {"SEEN": seen, **variables}},
            **({"DeadLetterConfig": {"TargetArn": dead}} if dead else {}),
        )
        return made["FunctionArn"], seen

    return function


def received(account, name):
    """Wait for the message in the queue *name*."""
    url = account.sqs.get_queue_url(QueueName=name)["QueueUrl"]
    for _ in range(6):
        if messages := account.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages"):
            return messages[0]["Body"]
    raise AssertionError(f"nothing came to {name}")


def count(account, url):
    told = account.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(told["Attributes"]["ApproximateNumberOfMessages"])


class Told(logging.Handler):
    """Waits for a loop to be told of in the log."""

    def __init__(self):
        super().__init__()
        self.came = threading.Event()
        self.times = 0

    def emit(self, record):
        self.times += "calls itself without an end" in record.getMessage()
        self.came.set()


def test_a_function_that_writes_into_its_own_queue(account, make):
    queue = account.queue("loop")
    url = account.sqs.get_queue_url(QueueName="loop")["QueueUrl"]
    _, seen = make("loops", QUEUE=url)
    told = Told()
    log = logging.getLogger("shared.local.lambda_runtime.lineage")
    log.addHandler(told)
    try:
        account.lambda_.create_event_source_mapping(FunctionName="loops", EventSourceArn=queue)
        account.sqs.send_message(QueueUrl=url, MessageBody="first")
        assert told.came.wait(120)
    finally:
        log.removeHandler(told)
    assert count(account, seen) == 16
    assert told.times == 1
    # The message of the call before may still be on its way out when the refusal is told.
    eventually(lambda: in_flight(account, url) == 1)


def in_flight(account, url):
    told = account.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(told["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def test_a_function_that_writes_into_the_bucket_that_tells_it(account, make):
    dead = account.queue("bucket-loop-dead")
    arn, seen = make("bucket-loops", dead=dead, BUCKET="loop-bucket")
    account.s3.create_bucket(Bucket="loop-bucket")
    account.lambda_.add_permission(
        FunctionName="bucket-loops", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    account.s3.put_bucket_notification_configuration(
        Bucket="loop-bucket",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    account.s3.put_object(Bucket="loop-bucket", Key="first", Body=b"first")
    assert "ObjectCreated:Put" in received(account, "bucket-loop-dead")
    assert count(account, seen) == 16


def test_a_function_that_calls_itself(account, make):
    _, seen = make("self-calls", dead=account.queue("self-dead"))
    account.lambda_.invoke(FunctionName="self-calls", InvocationType="Event", Payload=b'{"n": 1}')
    assert received(account, "self-dead") == '{"n": 1}'
    assert count(account, seen) == 16


def test_who_is_no_function_may_call_as_often_as_he_likes(account, make):
    seen = account.sqs.create_queue(QueueName="often-too")["QueueUrl"]
    make("often", QUEUE=seen)
    for _ in range(20):
        assert "FunctionError" not in account.lambda_.invoke(FunctionName="often", Payload=b"{}")
    assert count(account, seen) == 20
