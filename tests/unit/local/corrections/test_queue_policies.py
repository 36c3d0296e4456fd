"""A queue's policy stays when another attribute is set, and goes when it is set to nothing."""

import json

import boto3
import pytest
from moto import mock_aws

from shared.local.corrections.queue_policies import queue_policies_kept

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*"}]})


@pytest.fixture
def sqs():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), queue_policies_kept():
        yield boto3.client("sqs", **keys)


def test_only_what_is_named_changes(sqs):
    url = sqs.create_queue(QueueName="work", Attributes={"Policy": POLICY})["QueueUrl"]

    def attributes():
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    assert (attributes()["Policy"], attributes()["VisibilityTimeout"]) == (POLICY, "90")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in attributes()
