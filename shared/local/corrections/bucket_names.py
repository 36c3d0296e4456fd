"""Names of buckets that S3 reserves, and moto gives to anybody.

moto knows the header for the account's own namespace (``...-ACCOUNT-REGION-an``), but not that such a name needs the
header. The error's code and words are S3's, as users report them (ansible-collections/amazon.aws issue 2935). For the
other reserved names moto has S3's error.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from moto.s3.exceptions import InvalidBucketName, S3ClientError
from moto.s3.models import FakeBucket, S3Backend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, read on 2026-11-29
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
_ACCOUNT_REGIONAL = re.compile(r".+-\d{12}-[a-z]{2,}(-[a-z]+)+-\d-an")


class MissingNamespaceHeaderError(S3ClientError):
    """A name in an account's own namespace was asked for without the header."""

    code = 400

    def __init__(self) -> None:
        super().__init__(
            "MissingNamespaceHeader",
            "The requested bucket is an account-regional namespace bucket, but your request is missing the required "
            "x-amz-bucket-namespace header.",
        )


@contextlib.contextmanager
def reserved_names_refused() -> Iterator[None]:
    """Make moto refuse the names that S3 refuses, while the block lasts."""
    with plugged([Seam(S3Backend, "create_bucket", _refusing)]):
        yield


def _refusing(original: Callable[..., FakeBucket]) -> Callable[..., FakeBucket]:
    def create_bucket(
        backend: S3Backend, bucket_name: str, region_name: str, bucket_namespace: str | None = None, **more: object
    ) -> FakeBucket:
        own = bucket_namespace == "account-regional"  # moto has checked that the name ends as this account's do
        if not own and _ACCOUNT_REGIONAL.fullmatch(bucket_name):
            raise MissingNamespaceHeaderError
        if _RESERVED.fullmatch(bucket_name) or (bucket_name.endswith("-an") and not own):
            raise InvalidBucketName
        return original(backend, bucket_name, region_name, bucket_namespace=bucket_namespace, **more)

    return create_bucket
