"""Where an archive may lie: a folder that is no part of the project's own, or a bucket that is no lane's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.archive.stores import BucketStore, FolderStore
from shared.config.team import FOLDER
from shared.errors import LanesError, UsageError, code_of
from shared.local.state import STATE_DIR

if TYPE_CHECKING:
    from shared.archive.stores import Store
    from shared.aws.client import Aws
    from shared.config.load import Project

S3 = "s3://"
_OURS = (FOLDER, "shared", "statemachines", STATE_DIR, ".git")


def store_at(place: str, project: Project, aws: Aws | None) -> Store:
    """Return the store at *place*: a folder, which need not be there, or ``s3://bucket/prefix``.

    Args:
        place: As a user wrote it.
        project: Whose lanes' buckets are none for an archive.
        aws: Where buckets are; None where only folders are.

    Raises:
        UsageError: An archive may not lie there.
        LanesError: There is no such bucket in the account, or it cannot be seen.
    """
    if not place.startswith(S3):
        return _folder(Path(place).expanduser(), project)
    bucket, _, prefix = place.removeprefix(S3).partition("/")
    if not bucket or aws is None:
        raise UsageError(f"{place!r} names no bucket", fix="s3://BUCKET/PREFIX")
    for team, names in project.names.items():
        if bucket in {each.value for each in names}:
            raise UsageError(
                f"bucket {bucket} belongs to the lane of {team}, and goes with it", fix="name a bucket of no lane"
            )
    try:
        aws.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.place.account)
    except ClientError as error:
        raise LanesError(
            f"there is no bucket {bucket} that these credentials may see in account {aws.place.account} "
            f"({code_of(error)})",
            fix="make it first, or archive to a folder",
        ) from error
    return BucketStore(aws, bucket, prefix)


def _folder(folder: Path, project: Project) -> Store:
    place, root = folder.resolve(), project.root.resolve()
    if any(place.is_relative_to(root / each) for each in _OURS) or place == root:
        raise UsageError(
            "that is a folder of the project's own", where=str(folder), fix="archives/TEAM, or a folder elsewhere"
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError("that is a file", where=str(folder), fix="name a folder with --to")
    return FolderStore(folder)
