import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3.exceptions import InvalidBucketName
from moto.s3.models import s3_backends

from shared.local.corrections.bucket_names import reserved_names_refused

ACCOUNT = "123456789012"  # moto's own
OWN = f"team2-data-{ACCOUNT}-us-east-1-an"
MESSAGE = (
    "The requested bucket is an account-regional namespace bucket, but your request is missing the required "
    "x-amz-bucket-namespace header."
)


@pytest.fixture
def s3():
    with mock_aws(), reserved_names_refused():
        yield boto3.client("s3", region_name="us-east-1", aws_access_key_id="lanes", aws_secret_access_key="lanes")


def refusal(s3, **asked):
    with pytest.raises(ClientError) as caught:
        s3.create_bucket(**asked)
    return caught.value.response["Error"]


def test_a_name_of_the_accounts_own_is_taken_with_its_header(s3):
    s3.create_bucket(Bucket=OWN, BucketNamespace="account-regional")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [OWN]


@pytest.mark.parametrize(
    ("name", "namespace", "code"),
    [
        (OWN, None, "MissingNamespaceHeader"),
        (OWN, "global", "MissingNamespaceHeader"),
        ("team2-data-999999999999-us-east-1-an", None, "MissingNamespaceHeader"),
        ("team2-data-999999999999-us-east-1-an", "account-regional", "InvalidNamespaceHeader"),
        (f"team2-data-{ACCOUNT}-eu-west-1-an", "account-regional", "InvalidNamespaceHeader"),
        ("team2-data", "account-regional", "InvalidNamespaceHeader"),
        ("team2-an", None, "InvalidBucketName"),
        ("sthree-data", None, "InvalidBucketName"),
        ("amzn-s3-demo-data", None, "InvalidBucketName"),
        ("data-s3alias", None, "InvalidBucketName"),
        ("data--ol-s3", None, "InvalidBucketName"),
        ("data.mrap", None, "InvalidBucketName"),
        ("data--table-s3", None, "InvalidBucketName"),
    ],
)
def test_names_that_s3_keeps_are_refused(s3, name, namespace, code):
    asked = {"BucketNamespace": namespace} if namespace else {}
    error = refusal(s3, Bucket=name, **asked)
    assert error["Code"] == code
    assert code != "MissingNamespaceHeader" or error["Message"] == MESSAGE
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("name", ["xn--data", "data--x-s3"])
def test_names_that_boto3_sends_elsewhere_are_refused_too(s3, name):
    with pytest.raises(InvalidBucketName):
        s3_backends[ACCOUNT]["global"].create_bucket(name, "us-east-1")


def test_every_other_name_is_as_before(s3):
    for name in ("team2-data-7078ea12", "lan-an-x", "team2-s3aliases"):
        s3.create_bucket(Bucket=name)
    assert len(s3.list_buckets()["Buckets"]) == 3
