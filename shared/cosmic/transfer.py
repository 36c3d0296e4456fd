"""Puts files into a team's bucket, or into data that teams share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane


class Into(NamedTuple):
    """The bucket that files go into, the account that must own it, what it is called, and what to do if it is gone."""

    bucket: str
    owner: str
    called: str
    fix: str


def own_bucket(lane: Lane) -> Into:
    """Return the lane's own bucket."""
    return Into(
        lane.bucket, lane.place.account, "the team's bucket", f"lanes up (or --aws), then lanes deploy {lane.team}"
    )


def shared_data(lane: Lane, name: str) -> Into:
    """Return the shared data *name*, which the lane may read. Only who owns it may write it.

    Raises:
        UsageError: The settings let the team read no such data.
    """
    if name not in lane.commons:
        known = ", ".join(sorted(lane.commons)) or "none"
        raise UsageError(
            f"{lane.team} reads no shared data called {name!r}",
            where="shared/settings.yaml",
            fix=f"name it there under commons; {lane.team} reads: {known}",
        )
    fix = "make the bucket in its account, and let its people write it"
    return Into(name, lane.commons[name], "shared data", fix)


def neighbours(aws: Aws, into: Into, prefix: str, keys: Iterable[str]) -> list[str]:
    """Return the keys under *prefix* in the bucket that are none of *keys*.

    Raises:
        LanesError: There is no bucket yet, or another account owns it.
    """
    known = set(keys)
    pages = aws.s3.get_paginator("list_objects_v2")
    try:
        found = [
            entry["Key"]
            for page in pages.paginate(Bucket=into.bucket, Prefix=prefix, ExpectedBucketOwner=into.owner)
            for entry in page.get("Contents", [])
        ]
    except ClientError as error:
        code = code_of(error)
        raise LanesError(
            f"{into.called} is not there" if code == "NoSuchBucket" else f"{into.called} cannot be read: {code}",
            where=f"s3://{into.bucket}",
            fix=into.fix,
        ) from error
    return [key for key in found if key not in known]


def upload(
    aws: Aws, into: Into, files: Iterable[tuple[Path, str]], on_bytes: Callable[[int], object] = lambda _: None
) -> None:
    """Write each file to its key in the bucket; large files go in parallel parts.

    An interrupted upload leaves whole files only; running it again completes it.
    """
    owner = {"ExpectedBucketOwner": into.owner}
    for path, key in files:
        aws.s3.upload_file(str(path), into.bucket, key, ExtraArgs=owner, Callback=on_bytes)
