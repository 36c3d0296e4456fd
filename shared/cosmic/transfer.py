"""Puts files into a team's bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane


def neighbours(aws: Aws, lane: Lane, prefix: str, keys: Iterable[str]) -> list[str]:
    """Return the keys under *prefix* in the lane's bucket that are none of *keys*.

    Raises:
        LanesError: The lane has no bucket yet, or another account owns it.
    """
    known = set(keys)
    pages = aws.s3.get_paginator("list_objects_v2")
    try:
        found = [
            entry["Key"]
            for page in pages.paginate(Bucket=lane.bucket, Prefix=prefix, ExpectedBucketOwner=lane.place.account)
            for entry in page.get("Contents", [])
        ]
    except ClientError as error:
        code = code_of(error)
        raise LanesError(
            "the team's bucket is not there" if code == "NoSuchBucket" else f"the team's bucket cannot be read: {code}",
            where=f"s3://{lane.bucket}",
            fix=f"lanes up (or --aws), then lanes deploy {lane.team}",
        ) from error
    return [key for key in found if key not in known]


def upload(
    aws: Aws, lane: Lane, files: Iterable[tuple[Path, str]], on_bytes: Callable[[int], object] = lambda _: None
) -> None:
    """Write each file to its key in the lane's bucket; large files go in parallel parts.

    An interrupted upload leaves whole files only; running it again completes it.
    """
    owner = {"ExpectedBucketOwner": lane.place.account}
    for path, key in files:
        aws.s3.upload_file(str(path), lane.bucket, key, ExtraArgs=owner, Callback=on_bytes)
