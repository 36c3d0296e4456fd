"""Uploads a workflow's sample data where a team has no data, so that a first run has something to work on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from shared.config.lane import SCRATCH
from shared.local.state import scratch
from shared.run.upload import files_below, upload
from shared.values import as_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.cards import Card
    from shared.config.lane import Lane
    from shared.values import Json

SAMPLE = "sample"
"""The folder of a team's own workflow whose files a rehearsal puts into the team's bucket."""
UNFINISHED = f"{SCRATCH}sample-unfinished"
"""The object that marks an upload under way: written before the first file, deleted after the last."""


def place_sample(card: Card, lane: Lane, given: Json, aws: Aws, folder: Path) -> str | None:
    """Upload the sample of the workflow's *card* to the folder that the team's file names, if that folder is empty.

    A folder that holds anything is left alone. So is a run that looks for its data elsewhere: who names a folder of
    their own has to be told that it is empty, and must not get our galaxies from it. An upload that was cut off is
    done again, unless objects of the team's own have come since.

    Args:
        card: The workflow's.
        lane: Whose bucket it is.
        given: The run's input.
        aws: Where the bucket is.
        folder: Scratch space. What a killed command left there is removed.

    Returns:
        A line that tells the user what was done; None when nothing was done.
    """
    told = card.file.sample
    if told is None:
        return None
    payload = as_mapping(given)  # a card with a sample declares the parameter that names its folder
    if payload[told.prefix] != lane.workflows[card.key].parameters[told.prefix]:
        return None
    if (payload.get("data_bucket") or payload.get("bucket") or lane.bucket) != lane.bucket:
        return None  # it reads shared data, which is not ours to fill
    prefix = str(payload[told.prefix]).strip("/")
    there = _keys(aws, lane, f"{prefix}/")
    if there and not _keys(aws, lane, UNFINISHED):
        return None
    with scratch(folder) as space:
        files = _write(told.writer, prefix, space)
        if not there <= set(files):
            return None
        owner = lane.place.account
        aws.s3.put_object(Bucket=lane.bucket, Key=UNFINISHED, ExpectedBucketOwner=owner)
        upload(aws, lane, files)
        aws.s3.delete_object(Bucket=lane.bucket, Key=UNFINISHED, ExpectedBucketOwner=owner)
    return f"put the sample data into s3://{lane.bucket}/{prefix}/: {len(files)} files"


def place_own_sample(lane: Lane, workflow: str, aws: Aws) -> str | None:
    """Upload what a team's own *workflow* has in ``sample/``, each file to the key of its path below that folder.

    What is there under a key is left alone, whoever put it there.

    Returns:
        A line that tells the user what was done; None when nothing was done.
    """
    folder = lane.workflows[workflow].folder
    sample = folder / SAMPLE if folder else None
    if sample is None or not sample.is_dir():
        return None
    files = {key: path for key, path in files_below(sample) if key not in _keys(aws, lane, key)}
    upload(aws, lane, files)
    told = "1 sample file" if len(files) == 1 else f"{len(files)} sample files"
    return f"put {told} of {workflow} into s3://{lane.bucket}/" if files else None


def _keys(aws: Aws, lane: Lane, prefix: str) -> set[str]:
    page = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix=prefix, ExpectedBucketOwner=lane.place.account)
    return {entry["Key"] for entry in page.get("Contents", [])}


def _write(writer: str, prefix: str, folder: Path) -> dict[str, Path]:
    """Write the sample into *folder*, and return its files by the keys that they get in the bucket."""
    module, _, name = writer.rpartition(".")
    paths: list[Path] = getattr(import_module(module), name)(folder)
    return {f"{prefix}/{path.name}": path for path in paths}
