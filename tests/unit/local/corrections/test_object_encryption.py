"""S3 tells how an object is encrypted, and of what its checksum is."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.object_encryption import encryption_of_objects_told

KMS = {"SSEAlgorithm": "aws:kms"}


@pytest.fixture
def s3():
    with mock_aws(), encryption_of_objects_told():
        keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
        client = boto3.client("s3", **keys)
        client.create_bucket(Bucket="bucket")
        yield client


def test_every_answer_about_an_object_tells_how_it_is_encrypted(s3):
    there = {"Bucket": "bucket", "Key": "k"}
    answers = [
        s3.put_object(**there, Body=b"x"),
        s3.get_object(**there),
        s3.head_object(**there),
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k"),
    ]
    assert [answer["ServerSideEncryption"] for answer in answers] == ["AES256"] * 4


def test_what_the_request_or_the_bucket_says_comes_first(s3):
    assert s3.put_object(Bucket="bucket", Key="k", ServerSideEncryption="aws:kms")["ServerSideEncryption"] == "aws:kms"
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": KMS}]}
    s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration=rules)
    assert s3.put_object(Bucket="bucket", Key="l")["ServerSideEncryption"] == "aws:kms"


def test_a_bucket_without_a_rule_of_its_own_has_s3s(s3):
    (rule,) = s3.get_bucket_encryption(Bucket="bucket")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_bucket_may_block_the_customers_own_keys_and_not_let_them_in(s3):
    def put(kind):
        rule = {"ApplyServerSideEncryptionByDefault": KMS, "BlockedEncryptionTypes": {"EncryptionType": [kind]}}
        s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})

    put("SSE-C")
    with pytest.raises(ClientError, match="takes no objects with keys of the customer's own") as error:
        put("NONE")
    assert error.value.response["Error"]["Code"] == "NotImplemented"


def test_a_checksum_is_of_the_full_object(s3):
    answer = s3.put_object(Bucket="bucket", Key="k", Body=b"x", ChecksumAlgorithm="CRC32")
    assert (answer["ChecksumCRC32"], answer["ChecksumType"]) == ("jNwWgw==", "FULL_OBJECT")
