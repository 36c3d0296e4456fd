from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.bucket_policy import left_to_iam

TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::team2-data", "arn:aws:s3:::team2-data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.fixture
def s3():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="lanes", aws_secret_access_key="lanes")
        client.create_bucket(Bucket="team2-data")
        yield client


def put(s3):
    policy = {"Version": "2012-10-17", "Statement": [TLS_ONLY]}
    s3.put_bucket_policy(Bucket="team2-data", Policy=json.dumps(policy))
    s3.put_object(Bucket="team2-data", Key="a", Body=b"1")


def test_a_condition_shuts_a_bucket_in_moto_and_not_in_the_embedded_cloud(s3):
    with pytest.raises(ClientError, match="403"):
        put(s3)
    with left_to_iam():
        put(s3)
        assert json.loads(s3.get_bucket_policy(Bucket="team2-data")["Policy"])["Statement"] == [TLS_ONLY]
    with pytest.raises(ClientError, match="403"):
        put(s3)
