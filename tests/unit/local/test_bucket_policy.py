from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.bucket_policy import conditions_left_out

DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::team2-data", "arn:aws:s3:::team2-data/*"],
}
TLS_ONLY = {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


@pytest.fixture
def s3():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="lanes", aws_secret_access_key="lanes")
        client.create_bucket(Bucket="team2-data")
        yield client


def put(s3, *statements):
    s3.put_bucket_policy(Bucket="team2-data", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    s3.put_object(Bucket="team2-data", Key="a", Body=b"1")


def test_a_condition_shuts_a_bucket_in_moto_and_not_in_the_embedded_cloud(s3):
    with pytest.raises(ClientError, match="403"):
        put(s3, TLS_ONLY)
    with conditions_left_out():
        put(s3, TLS_ONLY)
        assert json.loads(s3.get_bucket_policy(Bucket="team2-data")["Policy"])["Statement"] == [TLS_ONLY]
    with pytest.raises(ClientError, match="403"):
        put(s3, TLS_ONLY)


def test_what_is_denied_without_a_condition_stays_denied(s3):
    with conditions_left_out(), pytest.raises(ClientError, match="403"):
        put(s3, TLS_ONLY, DENY)
    with conditions_left_out():
        s3.delete_bucket_policy(Bucket="team2-data")
        s3.put_object(Bucket="team2-data", Key="a", Body=b"1")
