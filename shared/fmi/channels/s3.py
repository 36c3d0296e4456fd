"""The S3 channel: slow and nearly free, for ranks that have no other way to each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NotRequired, TypedDict

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of
from shared.fmi.channels.objects import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_AT_ONCE = 8  # threads that read objects: our choice, below botocore's 10 connections
_DELETE_AT_ONCE = 1000  # S3's own limit of one DeleteObjects


class _Where(TypedDict):
    """What every call says of the bucket."""

    Bucket: str
    ExpectedBucketOwner: NotRequired[str]


class S3Store(Store):
    """Objects in a bucket.

    Args:
        client: A boto3 S3 client.
        bucket: The team's bucket.
        owner: The 12-digit account that must own it, else S3 refuses; empty where it is not known.
        first_poll: Seconds from the first look to the second: our choice, about what a request takes within a region.
        longest_poll: Seconds between two looks at most.
    """

    def __init__(
        self, client: S3Client, bucket: str, owner: str = "", *, first_poll: float = 0.01, longest_poll: float = 0.2
    ) -> None:
        self._client, self._bucket = client, bucket
        self._on: _Where = {"Bucket": bucket}
        if owner:
            self._on["ExpectedBucketOwner"] = owner
        self.first_poll, self.longest_poll = first_poll, longest_poll

    def put(self, key: str, data: bytes) -> None:
        """See Store."""
        self._client.put_object(**self._on, Key=key, Body=data)

    def claim(self, key: str, data: bytes) -> bool:
        """See Store."""
        try:
            self._client.put_object(**self._on, Key=key, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if code_of(error) != "PreconditionFailed":
                raise
            return self._one(key) == data  # it is equal where the client has sent its request twice
        return True

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See Store."""
        wanted = list(keys)
        if len(wanted) == 1:
            objects = [self._one(wanted[0])]
        else:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fmi-s3") as pool:
                objects = list(pool.map(self._one, wanted))
        return {key: data for key, data in zip(wanted, objects, strict=True) if data is not None}

    def delete(self, keys: Iterable[str]) -> None:
        """See Store.

        Raises:
            LanesError: S3 refused to delete some; they are named.
        """
        doomed = list(keys)
        for start in range(0, len(doomed), _DELETE_AT_ONCE):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in doomed[start : start + _DELETE_AT_ONCE]]
            answer = self._client.delete_objects(**self._on, Delete={"Objects": objects, "Quiet": True})
            refused = [f"{error['Key']}: {error['Code']}" for error in answer.get("Errors", [])]
            if refused:
                raise LanesError(f"cannot delete {'; '.join(refused)}", where=f"bucket {self._bucket}")

    def names(self, prefix: str) -> list[str]:
        """See Store."""
        pages = self._client.get_paginator("list_objects_v2").paginate(**self._on, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _one(self, key: str) -> bytes | None:
        try:
            return bytes(self._client.get_object(**self._on, Key=key)["Body"].read())
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return None
