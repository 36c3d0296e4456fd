"""Buckets as handlers use them: every listing is paginated, and every call names the account that must own the bucket.

A team's own bucket is read and written, shared data only read.

With ``ExpectedBucketOwner``, S3 refuses (403) when a bucket of that name belongs to another account. So a name that was
deleted and taken by somebody else can neither feed a run nor collect its results.
"""

from __future__ import annotations

import errno
import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

PIECE = 1024**2  # bytes that a download writes at once: boto3's 256 KB cost half as much processor time again
POOL = 16  # connections, and threads that callers use at once: our choice, for one or two CPUs
_GONE = {"404", "NoSuchKey"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}  # it is there, or somebody else is writing it now


class MissingObject(LanesError):
    """An object that should be in the bucket is not."""


class StorageFull(LanesError):
    """The function's /tmp has no room for what it downloads."""


class ForeignBucket(UsageError):
    """An event names a bucket that is neither the team's own nor shared data that the function may read."""


@functools.cache
def client() -> S3Client:
    """Return this process's S3 client. The environment says where it points (AWS_ENDPOINT_URL)."""
    return boto3.client("s3", config=Config(retries={"mode": "standard"}, max_pool_connections=POOL))


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a listing."""

    key: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A bucket that is read, and the 12-digit account that must own it."""

    name: str
    owner: str

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield the objects under *prefix* in the order of their keys, however many there are."""
        pages = client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix, ExpectedBucketOwner=self.owner):
            for entry in page.get("Contents", []):
                yield Found(entry["Key"], entry["Size"])

    def head(self, key: str) -> tuple[int, str]:
        """Return the size in bytes and the ETag of the object *key*.

        Raises:
            MissingObject: There is no such object.
        """
        try:
            answer = client().head_object(Bucket=self.name, Key=key, ExpectedBucketOwner=self.owner)
        except ClientError as error:
            raise self._named(error, key) from error
        return answer["ContentLength"], answer["ETag"]

    def get(self, key: str) -> bytes:
        """Return the whole object *key*.

        Raises:
            MissingObject: There is no such object.
        """
        try:
            answer = client().get_object(Bucket=self.name, Key=key, ExpectedBucketOwner=self.owner)
        except ClientError as error:
            raise self._named(error, key) from error
        with answer["Body"] as body:
            return body.read()

    def download(self, key: str, path: Path) -> None:
        """Write the object *key* to the file *path*, in parallel parts when it is large.

        Raises:
            MissingObject: There is no such object.
            StorageFull: The file system of *path* has no room for it.
        """
        try:
            with path.open("wb") as file:
                client().download_fileobj(
                    self.name,
                    key,
                    file,
                    ExtraArgs={"ExpectedBucketOwner": self.owner},
                    Config=TransferConfig(io_chunksize=PIECE),
                )
        except ClientError as error:
            raise self._named(error, key) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise StorageFull(
                f"no room in {path.parent} for a whole partition",
                where=f"s3://{self.name}/{key}",
                fix="split the data smaller (lanes data split --megabytes 25 IN OUT), "
                "or raise the function's ephemeral storage (512 MB unless set)",
            ) from error

    def _named(self, error: ClientError, key: str) -> Exception:
        if code_of(error) not in _GONE:
            return error
        return MissingObject(
            "there is no such object", where=f"s3://{self.name}/{key}", fix="check the key, or upload it"
        )


@dataclass(frozen=True, slots=True)
class Bucket(Source):
    """The team's own bucket, which is written too."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write the object *key* in one piece: a reader sees the old object or the new one."""
        client().put_object(
            Bucket=self.name, Key=key, Body=body, ContentType=content_type, ExpectedBucketOwner=self.owner
        )

    def put_new(self, key: str, body: bytes, content_type: str) -> bool:
        """Write the object *key* unless there is one; return whether it was written. Of two at once, one wins."""
        try:
            client().put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ContentType=content_type,
                ExpectedBucketOwner=self.owner,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) in _TAKEN:
                return False
            raise
        return True

    def put_json(self, key: str, value: object) -> None:
        """Write *value* as JSON to the object *key*, in one piece."""
        self.put(key, json.dumps(value, indent=1).encode(), "application/json")


def readable(name: str, own: Bucket, commons: Mapping[str, str]) -> Source:
    """Return the bucket called *name*, to read: the team's *own*, or one of *commons* (bucket -> its owner).

    Raises:
        ForeignBucket: It is neither.
    """
    if name == own.name:
        return own
    if name not in commons:
        known = " or ".join((own.name, *sorted(commons)))
        raise ForeignBucket(f"bucket {name} is none that this function may read", fix=f"name {known}")
    return Source(name, commons[name])
