"""S3's objects on the embedded cloud do as AWS's own API reference says.

What is asked here was found by running ceph/s3-tests (its tests of objects, copies, versions, parts, checksums and
conditional writes) against the cloud. Where that program and AWS's reference differ, the reference counts:

- PutObject's If-None-Match takes ``*`` and nothing else (501 for a tag, which Ceph takes).
- A part beyond the last one is InvalidPartNumber with status 416 (Ceph: InvalidPart, 400).
- A range of a copy beyond the object's end is InvalidArgument (Ceph: InvalidRange).
- A checksum that is none at all is InvalidRequest (Ceph: BadDigest).
- The end of an upload with COMPOSITE checksums must name those of its parts (Ceph takes it without).
- SSE-C is blocked, as in each bucket that is made since April 2026.

Not held: anonymous requests and forms (POST), which the door refuses by name.

Source: Amazon S3 API Reference and User Guide (read 2026-11-30).
"""

import base64
import hashlib
import os
import zlib

import pytest
from botocore.exceptions import ClientError
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from shared.local.objects.versions import new_key, publish
from tests.helpers.in_process import go_straight

PLACE = Place("123456789012", "us-east-1", "dev")
PART = 5 << 20
NAMED = {"PartNumber", "ETag", "ChecksumCRC32", "ChecksumSHA256"}
THERE = {"Bucket": "plain-bucket", "Key": "k"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("lanes")) as cloud:
        client = go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application).client("s3")
        client.create_bucket(Bucket="plain-bucket")
        yield client


@pytest.fixture
def versions(s3, request):
    name = f"versions-{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def refused():
    def told(call, **parameters):
        with pytest.raises(ClientError) as error:
            call(**parameters)
        response = error.value.response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]

    return told


def read(s3, **parameters):
    return s3.get_object(**parameters)["Body"].read()


def upload(s3, *parts, key="parts", **settings):
    there = {"Bucket": "plain-bucket", "Key": key}
    begun = s3.create_multipart_upload(**there, **settings)["UploadId"]
    told = [
        s3.upload_part(
            **there,
            UploadId=begun,
            PartNumber=number,
            Body=part,
            **({"ChecksumAlgorithm": settings["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in settings else {}),
        )
        for number, part in enumerate(parts, 1)
    ]
    return there | {"UploadId": begun}, [
        {"PartNumber": number, **{name: value for name, value in each.items() if name.startswith(("ETag", "Checksum"))}}
        for number, each in enumerate(told, 1)
    ]


def complete(s3, begun, parts, **more):
    named = [{name: part[name] for name in part if name in NAMED} for part in parts]
    return s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": named}, **more)


# Names and sizes.


@pytest.mark.parametrize(
    "key", ["a b", "a//b/", "/a", "ü€𝄞", "a+b%20c", "a?b#c&d=e", "..", "a/../b", "'\"<>&", "x" * 1024]
)
def test_a_name_may_have_any_characters(s3, key):
    s3.put_object(Bucket="plain-bucket", Key=key, Body=key.encode())
    assert read(s3, Bucket="plain-bucket", Key=key) == key.encode()
    s3.copy_object(Bucket="plain-bucket", Key="copy", CopySource={"Bucket": "plain-bucket", "Key": key})
    assert read(s3, Bucket="plain-bucket", Key="copy") == key.encode()


def test_a_name_may_not_be_longer(s3, refused):
    assert refused(s3.put_object, Bucket="plain-bucket", Key="x" * 1025) == (400, "KeyTooLongError")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_an_object_is_what_was_put(s3, size):
    body = os.urandom(size)
    put = s3.put_object(
        **THERE, Body=body, Metadata={"a-b": "c"}, ContentType="text/x", ContentEncoding="gzip,aws-chunked"
    )
    got = s3.get_object(**THERE)
    assert got["Body"].read() == body
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert (got["ContentLength"], got["ContentType"], got["Metadata"]) == (size, "text/x", {"a-b": "c"})
    assert got["ContentEncoding"] == "gzip"
    head = s3.head_object(**THERE)
    for name in ("ETag", "ContentLength", "ContentType", "Metadata", "AcceptRanges", "LastModified"):
        assert head[name] == got[name]


# Parts of objects.


@pytest.mark.parametrize(
    ("wanted", "got", "told"),
    [
        ("bytes=0-1", b"01", "bytes 0-1/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range(s3, wanted, got, told):
    s3.put_object(**THERE, Body=b"0123456789")
    answer = s3.get_object(**THERE, Range=wanted)
    assert (answer["Body"].read(), answer["ContentRange"]) == (got, told)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("wanted", ["bytes=3-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=-"])
def test_what_is_no_range_is_all(s3, wanted):
    s3.put_object(**THERE, Body=b"0123456789")
    assert read(s3, **THERE, Range=wanted) == b"0123456789"


@pytest.mark.parametrize(("body", "wanted"), [(b"0123456789", "bytes=10-"), (b"", "bytes=0-0"), (b"01", "bytes=-0")])
def test_a_range_that_is_not_there(s3, refused, body, wanted):
    s3.put_object(**THERE, Body=body)
    assert refused(s3.get_object, **THERE, Range=wanted) == (416, "InvalidRange")


def test_parts_of_an_object(s3, refused):
    begun, parts = upload(s3, b"a" * PART, b"b" * PART, b"c")
    complete(s3, begun, parts)
    there = {"Bucket": "plain-bucket", "Key": "parts"}
    assert read(s3, **there) == b"a" * PART + b"b" * PART + b"c"
    part = s3.get_object(**there, PartNumber=2)
    assert (part["Body"].read(), part["PartsCount"]) == (b"b" * PART, 3)
    assert part["ContentRange"] == f"bytes {PART}-{2 * PART - 1}/{2 * PART + 1}"
    assert read(s3, **there, Range=f"bytes={PART - 1}-{PART}") == b"ab"
    assert s3.head_object(**there, PartNumber=3)["ContentLength"] == 1
    assert refused(s3.get_object, **there, PartNumber=4) == (416, "InvalidPartNumber")
    assert refused(s3.get_object, **there, PartNumber=1, Range="bytes=0-1") == (400, "InvalidRequest")
    tags = b"".join(hashlib.md5(each).digest() for each in (b"a" * PART, b"b" * PART, b"c"))
    assert s3.head_object(**there)["ETag"] == f'"{hashlib.md5(tags).hexdigest()}-3"'
    told = s3.get_object_attributes(**there, ObjectAttributes=["ObjectParts"], MaxParts=1, PartNumberMarker=1)
    assert [part["PartNumber"] for part in told["ObjectParts"]["Parts"]] == [2]
    assert (told["ObjectParts"]["TotalPartsCount"], told["ObjectParts"]["IsTruncated"]) == (3, True)


# Uploads in parts.


def test_the_end_of_an_upload_is_checked(s3, refused):
    begun, parts = upload(s3, b"a", b"b")
    assert refused(complete, s3=s3, begun=begun, parts=parts) == (400, "EntityTooSmall")
    assert refused(complete, s3=s3, begun=begun, parts=parts[::-1]) == (400, "InvalidPartOrder")
    assert refused(complete, s3=s3, begun=begun, parts=[]) == (400, "MalformedXML")
    assert refused(complete, s3=s3, begun=begun, parts=[{"PartNumber": 9, "ETag": "x"}]) == (400, "InvalidPart")
    assert refused(complete, s3=s3, begun=begun, parts=[parts[0] | {"ETag": "x"}]) == (400, "InvalidPart")
    assert refused(complete, s3=s3, begun=begun, parts=parts[:1], MpuObjectSize=9) == (400, "InvalidRequest")
    one = complete(s3, begun, parts[1:])
    assert complete(s3, begun, parts[1:])["ETag"] == one["ETag"]  # it is told once more
    assert read(s3, Bucket="plain-bucket", Key="parts") == b"b"
    s3.delete_object(Bucket="plain-bucket", Key="parts")
    assert refused(complete, s3=s3, begun=begun, parts=parts[1:]) == (404, "NoSuchUpload")


@pytest.mark.parametrize("number", [0, 10_001])
def test_parts_have_numbers_up_to_ten_thousand(s3, refused, number):
    begun, _ = upload(s3, b"a")
    assert refused(s3.upload_part, **begun, PartNumber=number, Body=b"x") == (400, "InvalidArgument")
    s3.abort_multipart_upload(**begun)
    assert refused(s3.upload_part, **begun, PartNumber=1, Body=b"x") == (404, "NoSuchUpload")


def test_a_part_that_is_sent_again_counts(s3):
    begun, _ = upload(s3, b"a" * PART, b"b")
    again = s3.upload_part(**begun, PartNumber=1, Body=b"c" * PART)
    listed = s3.list_parts(**begun)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, PART), (2, 1)]
    assert listed[0]["ETag"] == again["ETag"]
    complete(s3, begun, listed)
    assert read(s3, Bucket="plain-bucket", Key="parts") == b"c" * PART + b"b"


def test_parts_of_other_objects(s3, refused):
    s3.put_object(**THERE, Body=b"0123456789")
    begun, _ = upload(s3, b"")
    source = {"Bucket": "plain-bucket", "Key": "k"}
    part = s3.upload_part_copy(**begun, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-4")["CopyPartResult"]
    assert part["ETag"] == f'"{hashlib.md5(b"234").hexdigest()}"'
    for wrong in ("bytes=2-10", "bytes=4-2", "bytes=2-", "2-4"):
        told = refused(s3.upload_part_copy, **begun, PartNumber=1, CopySource=source, CopySourceRange=wrong)
        assert told == (400, "InvalidArgument")
    complete(s3, begun, [{"PartNumber": 1, "ETag": part["ETag"]}])
    s3.delete_object(**THERE)
    assert read(s3, Bucket="plain-bucket", Key="parts") == b"234"


# Checksums.


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_kept_and_told(s3, refused, algorithm):
    name = f"Checksum{algorithm}"
    if algorithm in {"CRC32", "SHA1", "SHA256"}:  # botocore calculates the others with a library of its own
        put = s3.put_object(**THERE, Body=b"hello", ChecksumAlgorithm=algorithm)
        assert (
            s3.copy_object(Bucket="plain-bucket", Key="c", CopySource="plain-bucket/k")["CopyObjectResult"][name]
            == put[name]
        )
    else:
        s3.put_object(Bucket="plain-bucket", Key="other", Body=b"hello")
        s3.copy_object(**THERE, CopySource="plain-bucket/other", ChecksumAlgorithm=algorithm)
        put = s3.get_object_attributes(**THERE, ObjectAttributes=["Checksum"])["Checksum"]
        assert s3.put_object(**THERE, Body=b"hello", **{name: put[name]})[name] == put[name]
    head = s3.head_object(**THERE, ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (put[name], "FULL_OBJECT")
    assert name not in s3.head_object(**THERE)
    wrong = base64.b64encode(bytes(len(base64.b64decode(put[name])))).decode()
    assert refused(s3.put_object, **THERE, Body=b"hello", **{name: wrong}) == (400, "BadDigest")
    assert refused(s3.put_object, **THERE, Body=b"hello", **{name: "AA"}) == (400, "InvalidRequest")


def test_an_object_without_a_checksum_gets_s3s_own(s3):
    s3.put_object(**THERE, Body=b"hello")
    s3.copy_object(**THERE, CopySource="plain-bucket/k", ChecksumAlgorithm="CRC64NVME", MetadataDirective="REPLACE")
    assert s3.head_object(**THERE, ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == "M3eFcAZSQlc="


def test_an_md5_is_checked(s3, refused):
    right = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    s3.put_object(**THERE, Body=b"hello", ContentMD5=right)
    assert refused(s3.put_object, **THERE, Body=b"jello", ContentMD5=right) == (400, "BadDigest")
    assert refused(s3.put_object, **THERE, Body=b"hello", ContentMD5="AAAA") == (400, "InvalidDigest")
    assert read(s3, **THERE) == b"hello"


def test_the_checksum_of_parts_is_that_of_the_whole_or_of_their_checksums(s3, refused):
    body = b"a" * PART + b"b"
    begun, parts = upload(s3, body[:PART], body[PART:], ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    whole = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    told = refused(complete, s3=s3, begun=begun, parts=parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT")
    assert told == (400, "BadDigest")
    done = complete(s3, begun, parts, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    begun, parts = upload(s3, body[:PART], body[PART:], ChecksumAlgorithm="SHA256")
    bare = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    assert refused(complete, s3=s3, begun=begun, parts=bare) == (400, "InvalidRequest")
    done = complete(s3, begun, parts)
    digests = hashlib.sha256(body[:PART]).digest() + hashlib.sha256(body[PART:]).digest()
    assert done["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"
    part = s3.get_object(Bucket="plain-bucket", Key="parts", PartNumber=2, ChecksumMode="ENABLED")
    assert part["ChecksumSHA256"] == parts[1]["ChecksumSHA256"]


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), ("", "COMPOSITE")]
)
def test_not_every_checksum_is_of_every_kind(s3, refused, algorithm, kind):
    asked = {"ChecksumType": kind, **({"ChecksumAlgorithm": algorithm} if algorithm else {})}

    def plain(params, **_):
        if not algorithm:
            params["headers"].pop("x-amz-checksum-algorithm", None)

    s3.meta.events.register("before-call.s3.CreateMultipartUpload", plain)
    try:
        assert refused(s3.create_multipart_upload, **THERE, **asked) == (400, "InvalidRequest")
    finally:
        s3.meta.events.unregister("before-call.s3.CreateMultipartUpload", plain)


def test_a_later_checksum_is_refused_by_name(s3, refused):
    value = base64.b64encode(hashlib.sha512(b"x").digest()).decode()
    assert refused(s3.put_object, **THERE, Body=b"x", ChecksumSHA512=value) == (501, "NotImplemented")


# Conditions.


def test_reading_on_conditions(s3, refused):
    s3.put_object(**THERE, Body=b"x")
    head = s3.head_object(**THERE)
    tag, then = head["ETag"], head["LastModified"]
    early, late = then.replace(year=2001), then.replace(year=2099)
    for fine in (
        {"IfMatch": tag},
        {"IfNoneMatch": '"x"'},
        {"IfModifiedSince": early},
        {"IfUnmodifiedSince": late},
        {"IfMatch": tag, "IfUnmodifiedSince": early},
        {"IfNoneMatch": '"x"', "IfModifiedSince": late},
    ):
        assert read(s3, **THERE, **fine) == b"x"
    for wrong in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": early}):
        assert refused(s3.get_object, **THERE, **wrong) == (412, "PreconditionFailed")
        assert refused(s3.head_object, **THERE, **wrong)[0] == 412
    for known in ({"IfNoneMatch": tag}, {"IfModifiedSince": late}, {"IfNoneMatch": tag, "IfModifiedSince": early}):
        assert refused(s3.get_object, **THERE, **known)[0] == 304


def test_writing_on_conditions(s3, refused):
    s3.delete_object(**THERE)
    assert refused(s3.put_object, **THERE, Body=b"1", IfMatch='"x"') == (404, "NoSuchKey")
    tag = s3.put_object(**THERE, Body=b"1", IfNoneMatch="*")["ETag"]
    assert refused(s3.put_object, **THERE, Body=b"2", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.put_object, **THERE, Body=b"2", IfNoneMatch=tag) == (501, "NotImplemented")
    assert refused(s3.put_object, **THERE, Body=b"2", IfMatch='"x"') == (412, "PreconditionFailed")
    begun, parts = upload(s3, b"2", key="k")
    assert refused(complete, s3=s3, begun=begun, parts=parts, IfNoneMatch="*") == (412, "PreconditionFailed")
    source = "plain-bucket/k"
    assert refused(s3.copy_object, **THERE, CopySource=source, MetadataDirective="REPLACE", IfNoneMatch="*")[0] == 412
    assert refused(s3.delete_object, **THERE, IfMatch='"x"') == (412, "PreconditionFailed")
    assert read(s3, **THERE) == b"1"
    complete(s3, begun, parts, IfMatch=tag)
    assert read(s3, **THERE) == b"2"
    s3.delete_object(**THERE, IfMatch=s3.head_object(**THERE)["ETag"])
    assert refused(s3.get_object, **THERE) == (404, "NoSuchKey")


def test_copying_on_conditions(s3, refused):
    tag = s3.put_object(**THERE, Body=b"x")["ETag"]
    copy = {"Bucket": "plain-bucket", "Key": "copy", "CopySource": "plain-bucket/k"}
    s3.copy_object(**copy, CopySourceIfMatch=tag)
    for wrong in ({"CopySourceIfMatch": '"x"'}, {"CopySourceIfNoneMatch": tag}):
        assert refused(s3.copy_object, **copy, **wrong) == (412, "PreconditionFailed")


# Copies.


def test_a_copy_has_what_its_source_has_or_what_the_request_says(s3, refused):
    s3.put_object(**THERE, Body=b"x", Metadata={"a": "1"}, ContentType="text/x", Tagging="t=1")
    copy = {"Bucket": "plain-bucket", "Key": "copy", "CopySource": "plain-bucket/k"}
    there = {"Bucket": "plain-bucket", "Key": "copy"}
    s3.copy_object(**copy)
    head = s3.head_object(**there)
    assert (head["Metadata"], head["ContentType"], head["TagCount"]) == ({"a": "1"}, "text/x", 1)
    s3.copy_object(
        **copy, MetadataDirective="REPLACE", Metadata={"b": "2"}, TaggingDirective="REPLACE", Tagging="u=2&v=3"
    )
    head = s3.head_object(**there)
    assert (head["Metadata"], head["ContentType"], head["TagCount"]) == ({"b": "2"}, "binary/octet-stream", 2)
    assert refused(s3.copy_object, **THERE, CopySource="plain-bucket/k") == (400, "InvalidRequest")
    assert refused(s3.copy_object, **THERE, CopySource="plain-bucket/none") == (404, "NoSuchKey")
    s3.delete_object(**THERE)
    assert read(s3, **there) == b"x"


def test_a_copy_of_parts_is_one_piece(s3):
    begun, parts = upload(s3, b"a" * PART, b"b")
    complete(s3, begun, parts)
    copied = s3.copy_object(**THERE, CopySource="plain-bucket/parts")["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(b"a" * PART + b"b").hexdigest()}"'
    assert copied["ChecksumType"] == "FULL_OBJECT"


# Versions.


def test_versions_are_kept_and_deleted_one_by_one(s3, versions, refused):
    there = {"Bucket": versions, "Key": "k"}
    one, two = (s3.put_object(**there, Body=body)["VersionId"] for body in (b"1", b"2"))
    assert (read(s3, **there), read(s3, **there, VersionId=one)) == (b"2", b"1")
    marker = s3.delete_object(**there)
    assert marker["DeleteMarker"] is True
    assert refused(s3.get_object, **there) == (404, "NoSuchKey")
    assert refused(s3.get_object, **there, VersionId=marker["VersionId"]) == (405, "MethodNotAllowed")
    assert refused(s3.get_object, **there, VersionId="none") == (404, "NoSuchVersion")
    assert read(s3, **there, VersionId=two) == b"2"
    assert s3.delete_object(**there, VersionId=marker["VersionId"])["DeleteMarker"] is True
    s3.delete_object(**there, VersionId=two)
    assert read(s3, **there) == b"1"
    s3.copy_object(Bucket="plain-bucket", Key="copy", CopySource={**there, "VersionId": one})
    assert read(s3, Bucket="plain-bucket", Key="copy") == b"1"


def test_suspended_versions_leave_those_that_were_kept(s3, versions):
    there = {"Bucket": versions, "Key": "k"}
    one = s3.put_object(**there, Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=versions, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"2", b"3"):
        s3.put_object(**there, Body=body)
    listed = s3.list_object_versions(Bucket=versions)["Versions"]
    assert sorted(version["VersionId"] for version in listed) == sorted([one, "null"])
    assert s3.delete_object(**there)["VersionId"] == "null"
    assert read(s3, **there, VersionId=one) == b"1"


def test_versions_are_listed_page_by_page_also_while_they_are_deleted(s3, versions):
    for key in ("a", "b", "c/1", "c/2", "d"):
        for body in (b"1", b"2"):
            s3.put_object(Bucket=versions, Key=key, Body=body)
    s3.delete_object(Bucket=versions, Key="a")
    pages = s3.get_paginator("list_object_versions").paginate

    def told(**asked):
        return [
            (each["Key"], each["IsLatest"])
            for page in pages(Bucket=versions, **asked)
            for each in (*page.get("DeleteMarkers", []), *page.get("Versions", []))
        ]

    each = [(key, latest) for key in ("b", "c/1", "c/2", "d") for latest in (True, False)]
    everything = [("a", True), ("a", False), ("a", False), *each]
    for size in (1, 2, 3, 1000):
        assert told(PaginationConfig={"PageSize": size}) == everything
    assert told(Prefix="c/") == everything[5:9]
    assert told(KeyMarker="c/1") == everything[7:]
    for size in (1, 2, 1000):
        found = pages(Bucket=versions, Delimiter="/", PaginationConfig={"PageSize": size})
        assert [each["Prefix"] for page in found for each in page.get("CommonPrefixes", [])] == ["c/"]
    for page in pages(Bucket=versions, PaginationConfig={"PageSize": 3}):
        for each in (*page.get("DeleteMarkers", []), *page.get("Versions", [])):
            s3.delete_object(Bucket=versions, Key=each["Key"], VersionId=each["VersionId"])
    assert told() == []
    s3.delete_bucket(Bucket=versions)


def test_a_mark_of_deletion_needs_no_object(s3, versions):
    assert s3.delete_object(Bucket=versions, Key="never")["DeleteMarker"] is True


def test_an_object_that_arrives_after_its_bucket_has_gone_is_not_acknowledged(s3):
    s3.create_bucket(Bucket="short-lived")
    (backend,) = (backend for _, _, backend in s3_backends.iter_backends() if "short-lived" in backend.buckets)
    bucket = backend.get_bucket("short-lived")
    key = new_key(backend, bucket, "k", b"x")
    s3.delete_bucket(Bucket="short-lived")
    with pytest.raises(MissingBucket):
        publish(backend, bucket, key, {}, None)
    s3.create_bucket(Bucket="short-lived")
    with pytest.raises(MissingBucket):
        publish(backend, bucket, key, {}, None)
    assert s3.list_objects_v2(Bucket="short-lived")["KeyCount"] == 0


# Encryption.


def test_keys_of_the_customers_own_are_blocked(s3, refused):
    asked = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
    for call in (s3.put_object, s3.create_multipart_upload):
        assert refused(call, **THERE, **asked) == (403, "AccessDenied")


# What reads whole objects.


def test_select_reads_objects(s3):
    s3.put_object(**THERE, Body=b'{"a": 1}\n{"a": 2}\n')
    answer = s3.select_object_content(
        **THERE, Expression="SELECT s.a FROM s3object s", ExpressionType="SQL",
        InputSerialization={"JSON": {"Type": "LINES"}}, OutputSerialization={"JSON": {}},
    )  # fmt: skip
    assert (
        b"".join(event["Records"]["Payload"] for event in answer["Payload"] if "Records" in event)
        == b'{"a":1}\n{"a":2}\n'
    )
