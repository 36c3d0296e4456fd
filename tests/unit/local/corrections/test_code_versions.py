"""Functions run the version of an object that was asked for."""

import base64
import hashlib

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.code_versions import versions_of_code_read

CODE = {"S3Bucket": "code-of-functions", "S3Key": "code.zip"}


def client(service):
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    return boto3.client(service, **keys)


@pytest.fixture
def versions():
    """The ids of two versions of an object, by their content."""
    with mock_aws(), versions_of_code_read():
        s3 = client("s3")
        s3.create_bucket(Bucket=CODE["S3Bucket"])
        s3.put_bucket_versioning(Bucket=CODE["S3Bucket"], VersioningConfiguration={"Status": "Enabled"})
        put = {"Bucket": CODE["S3Bucket"], "Key": CODE["S3Key"]}
        yield {text: s3.put_object(**put, Body=text)["VersionId"] for text in ("old", "new")}


@pytest.fixture
def role(versions):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    return client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def create(role, **code):
    given = {"FunctionName": "f", "Runtime": "python3.11", "Handler": "h.handler", "Role": role}
    return client("lambda").create_function(**given, Code={**CODE, **code})["CodeSha256"]


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_a_function_is_made_and_changed_with_the_version_that_was_named(role, versions):
    assert create(role, S3ObjectVersion=versions["old"]) == digest("old")
    update = client("lambda").update_function_code
    assert update(FunctionName="f", **CODE)["CodeSha256"] == digest("new")
    assert update(FunctionName="f", **CODE, S3ObjectVersion=versions["old"])["CodeSha256"] == digest("old")


def test_a_version_that_is_not_there_is_refused(role, versions):
    with pytest.raises(ClientError, match=r"S3 Error Code: NoSuchVersion\. S3 Error Message: The specified version"):
        create(role, S3ObjectVersion="none")
