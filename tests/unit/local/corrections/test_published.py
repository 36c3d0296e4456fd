"""SNS and EventBridge refuse what they cannot publish, in their own words."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.published import publishing_refused

TOPIC = "arn:aws:sns:us-east-1:123456789012:none"


@pytest.fixture
def client():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), publishing_refused():
        yield lambda service: boto3.client(service, **keys)


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (TOPIC, "NotFound", "Topic does not exist"),
        ("none", "InvalidParameter", "Invalid parameter: TopicArn"),
        (f"{TOPIC.rpartition(':')[0]}:endpoint/GCM/app/x", "NotFound", "Endpoint does not exist"),
    ],
)
def test_a_topic_that_is_not_there(client, arn, code, message):
    with pytest.raises(ClientError) as caught:
        client("sns").publish(TargetArn=arn, Message="m")
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, message)


def test_a_topic_that_is_there(client):
    arn = client("sns").create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError, match="Invalid parameter: Empty message"):
        client("sns").publish(TopicArn=arn, Message="")
    assert client("sns").publish(TopicArn=arn, Message="m")["MessageId"]


@pytest.mark.parametrize(
    ("message", "problem"),
    [("no", "JSON message body failed to parse"), ('{"sqs": "a"}', "No default entry"), ("[1]", "No default entry")],
)
def test_a_text_for_each_protocol(client, message, problem):
    sns = client("sns")
    arn = sns.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError, match=f"Invalid parameter: Message Structure - {problem}"):
        sns.publish(TopicArn=arn, Message=message, MessageStructure="json")
    assert sns.publish(TopicArn=arn, Message='{"default": "a"}', MessageStructure="json")["MessageId"]


def test_messages_of_a_fifo_topic_have_growing_numbers(client):
    sns = client("sns")
    arn = sns.create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    told = [sns.publish(TopicArn=arn, Message="m", MessageGroupId="g", MessageDeduplicationId=d) for d in "ab"]
    first, second = (answer["SequenceNumber"] for answer in told)
    assert (len(first), first < second) == (20, True)


@pytest.mark.parametrize(
    ("detail", "code"),
    [("[1]", "MalformedDetail"), ("1", "MalformedDetail"), ("no", "MalformedDetail"), ("", "InvalidArgument")],
)
def test_a_detail_is_an_object(client, detail, code):
    entry = {"Source": "s", "DetailType": "d"}
    good = {**entry, "Detail": json.dumps({"a": 1})}
    told = client("events").put_events(Entries=[{**entry, "Detail": detail}, good])
    assert [each.get("ErrorCode") for each in told["Entries"]] == [code, None]
