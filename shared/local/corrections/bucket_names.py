"""Names of buckets that S3 keeps for itself, which moto gives to anybody.

Of the account's own namespace (``...-ACCOUNT-REGION-an``) moto knows the header, and not that such a name needs it. The
errors' codes and words are S3's, as users report them (ansible-collections/amazon.aws issue 2935); for the other
reserved names it has one.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from moto.s3.exceptions import InvalidBucketName, S3ClientError
from moto.s3.models import S3Backend

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAM = "create_bucket"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, read on 2026-11-29
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
_ACCOUNT_REGIONAL = re.compile(r".+-\d{12}-[a-z]{2,}(-[a-z]+)+-\d-an")


class MissingNamespaceHeaderError(S3ClientError):
    """A name of an account's own namespace, asked for as any other."""

    code = 400

    def __init__(self) -> None:
        super().__init__(
            "MissingNamespaceHeader",
            "The requested bucket is an account-regional namespace bucket, but your request is missing the required "
            "x-amz-bucket-namespace header.",
        )


@contextlib.contextmanager
def reserved_names_refused() -> Iterator[None]:
    """Make moto refuse the names that S3 refuses, for as long as the block lasts."""
    original = getattr(S3Backend, _SEAM)

    def create_bucket(
        backend: Any, bucket_name: str, region_name: str, bucket_namespace: str | None = None, **more: Any
    ) -> Any:
        own = bucket_namespace == "account-regional"  # moto has seen that the name ends as the account's do
        if not own and _ACCOUNT_REGIONAL.fullmatch(bucket_name):
            raise MissingNamespaceHeaderError
        if _RESERVED.fullmatch(bucket_name) or (bucket_name.endswith("-an") and not own):
            raise InvalidBucketName
        return original(backend, bucket_name, region_name, bucket_namespace=bucket_namespace, **more)

    setattr(S3Backend, _SEAM, create_bucket)
    try:
        yield
    finally:
        setattr(S3Backend, _SEAM, original)
