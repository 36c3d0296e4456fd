"""A function that a topic tells gets the message as it was published."""

import json

import pytest
from moto.awslambda.models import LambdaBackend
from moto.core.base_backend import BackendDict
from moto.sns.models import sns_backends

from shared.local.corrections.topic_functions import functions_told_by_topics

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f:live"


@pytest.fixture
def topics(monkeypatch):
    called = []
    monkeypatch.setattr(LambdaBackend, "invoke", lambda _self, **given: called.append(given))
    with functions_told_by_topics():
        backend = sns_backends["123456789012"]["us-east-1"]
        backend.called = called
        yield backend
    BackendDict.reset()


def test_it_gets_the_message_of_the_topic(topics):
    topic = topics.create_topic("t")
    subscription = topics.subscribe(topic.arn, FUNCTION, "lambda")
    attributes = {"kind": {"Type": "String", "Value": "star"}}
    topics.publish("hello", arn=topic.arn, subject="news", message_attributes=attributes)
    (given,) = topics.called
    assert (given["function_name"], given["headers"]) == (FUNCTION, {"x-amz-invocation-type": "Event"})
    (record,) = json.loads(given["body"])["Records"]
    assert record["EventSubscriptionArn"] == subscription.arn
    told = record["Sns"]
    assert (told["TopicArn"], told["Message"], told["Subject"]) == (topic.arn, "hello", "news")
    assert told["MessageAttributes"] == attributes
    assert {"Timestamp", "MessageId", "SigningCertUrl", "UnsubscribeUrl", "Signature"} <= told.keys()


def test_a_filter_keeps_messages_away(topics):
    topic = topics.create_topic("t")
    subscription = topics.subscribe(topic.arn, FUNCTION, "lambda")
    topics.set_subscription_attributes(subscription.arn, "FilterPolicy", '{"kind": ["planet"]}')
    topics.publish("hello", arn=topic.arn, message_attributes={"kind": {"Type": "String", "Value": "star"}})
    assert topics.called == []
