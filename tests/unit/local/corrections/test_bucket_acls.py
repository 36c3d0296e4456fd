"""What S3 refuses of access control lists, where the bucket's owner owns all objects."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.bucket_acls import acls_held_to_ownership

NAME = "team2-data"
ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.fixture
def s3():
    with mock_aws(), acls_held_to_ownership():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="lanes", aws_secret_access_key="lanes")
        client.create_bucket(Bucket=NAME)
        yield client


def code_of(call, **asked):
    with pytest.raises(ClientError) as caught:
        call(Bucket=NAME, **asked)
    return caught.value.response["Error"]["Code"]


def test_a_list_that_lets_others_in_stays_only_where_objects_may_be_others(s3):
    s3.put_bucket_acl(Bucket=NAME, ACL="public-read")
    asked = {"OwnershipControls": ENFORCED}
    assert code_of(s3.put_bucket_ownership_controls, **asked) == "InvalidBucketAclWithObjectOwnership"
    others = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls=others)
    s3.put_bucket_acl(Bucket=NAME, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls=ENFORCED)
    assert code_of(s3.put_bucket_acl, ACL="authenticated-read") == "AccessControlListNotSupported"
    s3.put_bucket_acl(Bucket=NAME, ACL="private")
