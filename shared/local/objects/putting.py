"""PutObject and DeleteObject."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.s3 import notifications
from moto.s3.responses import S3Response
from moto.s3.utils import metadata_from_headers

from shared.local.objects import sums
from shared.local.objects.arriving import receive
from shared.local.objects.getting import checksum_of
from shared.local.objects.preconditions import check_delete, check_write
from shared.local.objects.refusals import Answer, Refusal, answering
from shared.local.objects.versions import delete, latest, new_key, publish
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.s3.models import FakeBucket, FakeKey

    from shared.local.objects.contents import Contents

_LONGEST_NAME = 1024  # bytes
_MOST_AT_ONCE = 1000  # objects that one request deletes
_MOST_METADATA = 2048  # bytes
_OF_THE_REQUEST = ("content-md5", "x-amz-content-sha256", "x-amz-checksum-algorithm", "x-amz-checksum-type")


def seams(contents: Contents) -> tuple[Seam, ...]:
    """Return what makes moto put objects into *contents*."""

    def put_object(self: S3Response) -> Answer:
        return _put(self, contents)

    return (
        replacing(S3Response, "put_object", answering(put_object)),
        replacing(S3Response, "delete_object", answering(_delete)),
        Seam(S3Response, "_bucket_response_delete_keys", _deleting_many),
    )


def _put(response: S3Response, contents: Contents) -> Answer:
    name, bucket = response.parse_key_name(), response.backend.get_bucket(response.bucket_name)
    check_name(name)
    headers = response.headers
    check_write(headers, name, latest(bucket, name))  # before the body comes, and again when it is there
    settings = encryption_of(headers) | locks_of(response, bucket)
    metadata, acl = metadata_of(headers, response.querystring), acl_of(response, bucket)
    tags = response._tagging_from_headers(headers)  # noqa: SLF001  moto's own
    received = receive(response.request.environ, contents)
    storage = headers.get("x-amz-storage-class", "STANDARD")
    key = new_key(response.backend, bucket, name, received, storage=storage, **settings)
    key.set_metadata(metadata)
    key.set_acl(acl)
    key.website_redirect_location = headers.get("x-amz-website-redirect-location")
    event = notifications.S3NotificationEvent.OBJECT_CREATED_PUT_EVENT
    publish(response.backend, bucket, key, tags, event, lambda there: check_write(headers, name, there))
    return 200, told_of(response, key), ""


def told_of(response: S3Response, key: FakeKey) -> dict[str, Any]:
    """Return what the answer to who made *key* tells of it."""
    headers: dict[str, Any] = response._get_cors_headers_other()  # noqa: SLF001  moto's own
    headers.update(key.response_dict)
    for name in ("content-length", "last-modified", "x-amz-tagging-count", "x-amz-sdk-checksum-algorithm"):
        headers.pop(name, None)
    headers[f"x-amz-checksum-{key.checksum_algorithm.lower()}"] = checksum_of(key)
    headers["x-amz-checksum-type"] = key.checksum_type or sums.FULL
    return headers


def check_name(name: str) -> None:
    """Refuse a name that is too long."""
    if len(name.encode()) > _LONGEST_NAME:
        raise Refusal(
            "KeyTooLongError",
            "Your key is too long",
            more={"Size": len(name.encode()), "MaxSizeAllowed": _LONGEST_NAME},
        )


def metadata_of(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> Any:
    """Return what a request says of its object for those who read it.

    Raises:
        Refusal: It is too much.
    """
    found = metadata_from_headers(headers)
    found.update(metadata_from_headers(query))
    for name in _OF_THE_REQUEST:
        found.pop(name, None)
    encodings = [each.strip() for each in found.pop("content-encoding", "").split(",")]
    if kept := ",".join(each for each in encodings if each not in {"", "aws-chunked"}):
        found["Content-Encoding"] = kept
    own = {name: value for name, value in found.items() if name.startswith("x-amz-meta-")}
    size = sum(len(name.removeprefix("x-amz-meta-").encode()) + len(value.encode()) for name, value in own.items())
    if size > _MOST_METADATA:
        raise Refusal(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            more={"Size": size, "MaxSizeAllowed": _MOST_METADATA},
        )
    return found


def acl_of(response: S3Response, bucket: FakeBucket) -> Any:
    """Return the access control list that a request asks for, or else the bucket's."""
    asked = response._acl_from_headers(response.headers)  # noqa: SLF001  moto's own
    return bucket.acl if asked is None else asked


def encryption_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return how a request wants its object encrypted.

    Raises:
        Refusal: With a key of the customer's own, which no new bucket takes, or in a way that makes no sense.
    """
    start = "x-amz-server-side-encryption"
    refuse_customer_keys(headers, start)
    asked, key = headers.get(start), headers.get(f"{start}-aws-kms-key-id")
    if asked not in {None, "AES256", "aws:kms", "aws:kms:dsse", "aws:fsx"}:
        raise Refusal("InvalidArgument", "The encryption method specified is not supported")
    if key and not str(asked).startswith("aws:kms"):
        raise Refusal(
            "InvalidArgument",
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
        )
    of_bucket = headers.get(f"{start}-bucket-key-enabled")
    return {
        "encryption": asked,
        "kms_key_id": key,
        "bucket_key_enabled": None if of_bucket is None else of_bucket.lower(),
    }


def refuse_customer_keys(headers: Mapping[str, str], start: str) -> None:
    """Refuse a request with a key of the customer's own (SSE-C), as S3 does for each bucket since April 2026.

    Source: Amazon S3 User Guide, "Blocking or unblocking SSE-C for a general purpose bucket" (read 2026-11-30).
    """
    if any(name.lower().startswith(f"{start}-customer-") for name in headers.keys()):  # noqa: SIM118  not a dictionary
        raise Refusal(
            "AccessDenied",
            "Requests specifying Server Side Encryption with Customer provided keys are not allowed for this bucket: "
            "S3 blocks them in new buckets, and the embedded cloud has no others; use SSE-S3 or SSE-KMS",
            HTTPStatus.FORBIDDEN,
        )


def locks_of(response: S3Response, bucket: FakeBucket) -> dict[str, Any]:
    """Return how long an object may not be deleted, as the request or else the bucket says."""
    hold, mode, until = response._get_lock_details(bucket, bucket.object_lock_enabled)  # noqa: SLF001  moto's own
    return {"lock_legal_status": hold, "lock_mode": mode, "lock_until": until}


def _deleting_many(original: Callable[..., Answer]) -> Callable[..., Answer]:
    """Wrap DeleteObjects: it takes a thousand names and no more."""

    def delete_many(self: S3Response, *args: object, **named: object) -> Answer:
        if self.body.count(b"</Object>") > _MOST_AT_ONCE:
            raise Refusal(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )
        return original(self, *args, **named)

    return answering(delete_many)


def _delete(self: S3Response) -> Answer:
    version = self.querystring.get("versionId")
    _, told = delete(
        self.backend,
        self.bucket_name,
        self.parse_key_name(),
        version_id=None if version is None else str(version[0]),
        bypass=self.headers.get("X-Amz-Bypass-Governance-Retention", "").lower() == "true",
        check=lambda there: check_delete(self.headers, there),
    )
    return 204, {f"x-amz-{name}": value for name, value in told.items()}, ""
