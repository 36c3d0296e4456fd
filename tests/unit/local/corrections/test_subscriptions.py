"""A subscription by mail waits for its address, has no ARN meanwhile, and cannot be removed."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.subscriptions import mail_confirmed_first


@pytest.fixture
def sns():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), mail_confirmed_first():
        yield boto3.client("sns", **keys)


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="done")["TopicArn"]


def test_a_subscription_by_mail_is_pending(sns, topic):
    told = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.edu")
    assert told["SubscriptionArn"] == "pending confirmation"
    for listed in (sns.list_subscriptions(), sns.list_subscriptions_by_topic(TopicArn=topic)):
        (found,) = listed["Subscriptions"]
        assert found["SubscriptionArn"] == "PendingConfirmation"
        assert (found["Protocol"], found["Endpoint"], found["TopicArn"]) == ("email", "a@example.edu", topic)


def test_its_arn_is_told_to_whoever_asks_for_it(sns, topic):
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.edu", "ReturnSubscriptionArn": True}
    assert sns.subscribe(**asked)["SubscriptionArn"].startswith(f"{topic}:")


def test_one_that_is_pending_cannot_be_removed(sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.edu")
    with pytest.raises(ClientError, match="SubscriptionId"):
        sns.unsubscribe(SubscriptionArn="PendingConfirmation")


def test_other_subscriptions_are_there_at_once(sns, topic):
    queue = "arn:aws:sqs:us-east-1:123456789012:work"
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"] == arn
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []
