"""What S3 tells of each object and moto 5.2 does not: how it is encrypted, and of what its checksum is.

Since January 2023, S3 encrypts every object, with keys of its own (AES256) where neither the request nor the bucket
says otherwise, and says so in its answers. A checksum of an object that was put in one piece is of the FULL_OBJECT.

Since April 2026 it refuses keys of the customer's own (SSE-C) unless the bucket lets them in. They are never taken here
(:mod:`shared.local.objects.putting`), so that a bucket lets them in is refused too.

Sources: Amazon S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets" and "Blocking or
unblocking SSE-C for a general purpose bucket"; S3 API reference, PutObject and GetBucketEncryption (read 2026-11-30);
answers recorded on AWS.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Checksum = tuple[str, str | None]  # its algorithm and its value

_OWN_KEYS = "AES256"
_USUAL = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": _OWN_KEYS}, "BucketKeyEnabled": "false"}}
_SUM = "x-amz-checksum-"


@contextlib.contextmanager
def encryption_of_objects_told() -> Iterator[None]:
    """Have moto tell of encryption and checksums as S3 does, while the block lasts."""
    seams = (
        Seam(FakeKey, "__init__", _encrypted),
        Seam(S3Backend, "get_bucket_encryption", _usual),
        Seam(S3Backend, "put_bucket_encryption", _without_customer_keys),
        Seam(S3Response, "_get_checksum", _of_the_full_object),
    )
    with plugged(seams):
        yield


def _encrypted(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: FakeKey, *args: object, **named: object) -> None:
        original(self, *args, **named)
        self.encryption = self.encryption or _OWN_KEYS

    return make


def _usual(original: Callable[[S3Backend, str], dict[str, Any] | None]) -> Callable[[S3Backend, str], dict[str, Any]]:
    @functools.wraps(original)
    def get_bucket_encryption(self: S3Backend, bucket_name: str) -> dict[str, Any]:
        return original(self, bucket_name) or _USUAL

    return get_bucket_encryption


class CustomerKeysError(S3ClientError):
    """A bucket is to take objects with keys of the customer's own (SSE-C)."""

    code = "NotImplemented"
    message = (
        "the embedded cloud takes no objects with keys of the customer's own (SSE-C): leave BlockedEncryptionTypes "
        "out, or block SSE-C, and use SSE-S3 or SSE-KMS"
    )


def _without_customer_keys(
    original: Callable[[S3Backend, str, dict[str, Any]], None],
) -> Callable[[S3Backend, str, dict[str, Any]], None]:
    @functools.wraps(original)
    def put_bucket_encryption(self: S3Backend, bucket_name: str, encryption: dict[str, Any]) -> None:
        blocked = encryption["Rule"].get("BlockedEncryptionTypes") or {}
        if blocked.get("EncryptionType", "SSE-C") != "SSE-C":
            raise CustomerKeysError
        original(self, bucket_name, encryption)

    return put_bucket_encryption


def _of_the_full_object(
    original: Callable[[S3Response, dict[str, Any]], Checksum],
) -> Callable[[S3Response, dict[str, Any]], Checksum]:
    @functools.wraps(original)
    def get_checksum(self: S3Response, response_headers: dict[str, Any]) -> Checksum:
        found = original(self, response_headers)
        if any(name.lower().startswith(_SUM) for name in response_headers):
            response_headers[f"{_SUM}type"] = "FULL_OBJECT"
        return found

    return get_checksum
