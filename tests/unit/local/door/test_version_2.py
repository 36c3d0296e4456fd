"""Presigned URLs as boto3 makes them if nobody asks for Version 4."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from shared.aws.access_key import AccessKey
from shared.local.door import version_2
from shared.local.door.arrived import Arrived
from shared.local.door.refused import RefusedError, Wrong

KEY = AccessKey("AKIALANESEXAMPLE0000", "a secret")
SESSION = AccessKey("ASIALANESEXAMPLE0000", "another", "a/token+==")


@pytest.fixture
def presigned():
    def make(call="get_object", key=KEY, endpoint="http://127.0.0.1:4599", style="path", headers=(), **more):
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            aws_session_token=key.token or None,
            config=Config(s3={"addressing_style": style}),
        )
        told = {"Bucket": "some-bucket", "Key": "a b/ü+%2F?&", **more}
        url = urlsplit(client.generate_presigned_url(call, told, ExpiresIn=600))
        method = {"get_object": "GET", "put_object": "PUT", "upload_part": "PUT"}[call]
        return Arrived(method, f"{url.path}?{url.query}", [("host", url.netloc), *headers])

    return make


def check(arrived, key=KEY, now=None):
    signed = version_2.read(arrived)
    assert signed is not None
    assert (signed.key_id, signed.token) == (key.id, key.token)
    version_2.check(signed, arrived, key.secret, now or datetime.now(UTC))
    return signed


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"key": SESSION},
        {"VersionId": "null", "ResponseContentType": "text/plain; charset=utf-8"},
        {"call": "put_object", "ContentType": "image/png", "headers": [("content-type", "image/png")]},
        {"call": "put_object", "ACL": "private", "Metadata": {"one": "two"}},
        {"call": "upload_part", "UploadId": "x/y", "PartNumber": 3},
        {"endpoint": "http://s3.localhost:4599", "style": "virtual"},
        {"endpoint": "http://localhost:4599", "style": "virtual"},
    ],
)
def test_what_boto3_presigns_is_right(presigned, told):
    key = told.get("key", KEY)
    assert check(presigned(**told), key).key_id == key.id


def test_it_holds_as_long_as_it_says(presigned):
    arrived, now = presigned(), datetime.now(UTC)
    check(arrived, now=now + timedelta(seconds=590))
    with pytest.raises(RefusedError) as caught:
        check(arrived, now=now + timedelta(seconds=601))
    assert caught.value.wrong is Wrong.EXPIRED_REQUEST


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("some-bucket", "some-buckeu"),
        ("a%20b", "a%20c"),
        ("Expires=1", "Expires=2"),
        ("Signature=", "Signature=A"),
        ("uploadId=x", "uploadId=y"),
        ("partNumber=3", "partNumber=4"),
        ("x-amz-security-token=a", "x-amz-security-token=b"),
    ],
)
def test_what_is_changed_is_wrong(presigned, old, new):
    arrived = presigned("upload_part", SESSION, UploadId="x", PartNumber=3)
    assert old in arrived.target
    changed = Arrived("PUT", arrived.target.replace(old, new), arrived.headers)
    signed = version_2.read(changed)
    with pytest.raises(RefusedError) as caught:
        version_2.check(signed, changed, SESSION.secret, datetime.now(UTC))
    assert caught.value.wrong is Wrong.MISMATCH


@pytest.mark.parametrize("more", ["&retention", "&versionId=2", "&x-amz-acl=public-read", "&acl"])
def test_nothing_is_added_to_it(presigned, more):
    arrived = presigned(VersionId="1")
    changed = Arrived("GET", arrived.target + more, arrived.headers)
    with pytest.raises(RefusedError):
        check(changed)


def test_another_verb_or_type_is_wrong(presigned):
    arrived = presigned()
    for changed in (
        Arrived("PUT", arrived.target, arrived.headers),
        Arrived("GET", arrived.target, [*arrived.headers, ("content-type", "text/html")]),
        Arrived("GET", arrived.target, [*arrived.headers, ("x-amz-acl", "public-read")]),
    ):
        with pytest.raises(RefusedError, match="does not match"):
            check(changed)


def test_a_request_of_another_kind_is_not_its_business():
    assert version_2.read(Arrived("GET", "/bucket/key", [])) is None
    assert version_2.read(Arrived("GET", "/bucket/key?X-Amz-Signature=1", [])) is None
