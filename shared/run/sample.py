"""Puts a workflow's sample data where a team has none, so that a first run has something to work on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shared.deploy.resources.bucket import SCRATCH
from shared.local.state import scratch
from shared.run.upload import upload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.cards import Card
    from shared.config.lane import Lane

UNFINISHED = f"{SCRATCH}sample-unfinished"
"""The mark of a sample that is being uploaded: there before its first file, gone after its last."""


def place_sample(card: Card, lane: Lane, payload: Mapping[str, Any], aws: Aws, folder: Path) -> str | None:
    """Upload the sample of the workflow's *card* to the folder of the team's file, when nothing lies there.

    A folder that holds anything is left alone, and so is a run that looks for its data elsewhere: whoever asks for
    a folder of their own is to hear that it is empty, not to get our galaxies from it. An upload that was cut off is
    done again, unless somebody's own objects came since.

    Args:
        card: The workflow's.
        lane: Whose bucket it is.
        payload: The run's.
        aws: Where the bucket is.
        folder: Where there is scratch space; what a killed command left there is removed.

    Returns:
        What was done, for the user; None when nothing was.
    """
    if card.sample is None or payload[card.sample.prefix] != lane.workflows[card.key].parameters[card.sample.prefix]:
        return None
    on: dict[str, Any] = {"Bucket": lane.bucket, "ExpectedBucketOwner": lane.place.account}
    prefix = str(payload[card.sample.prefix]).strip("/")
    there = _keys(aws, on, f"{prefix}/")
    if there and not _keys(aws, on, UNFINISHED):
        return None
    with scratch(folder) as space:
        files = _write(card.sample.writer, prefix, space)
        if not there <= set(files):
            return None
        aws.s3.put_object(**on, Key=UNFINISHED)
        upload(aws, lane, files)
        aws.s3.delete_object(**on, Key=UNFINISHED)
    return f"put the sample data into s3://{lane.bucket}/{prefix}/: {len(files)} files"


def _keys(aws: Aws, on: Mapping[str, Any], prefix: str) -> set[str]:
    return {entry["Key"] for entry in aws.s3.list_objects_v2(**on, Prefix=prefix).get("Contents", [])}


def _write(writer: str, prefix: str, folder: Path) -> dict[str, Path]:
    """Write the sample into *folder*; return its files by their keys."""
    module, _, name = writer.rpartition(".")
    paths: list[Path] = getattr(import_module(module), name)(folder)
    return {f"{prefix}/{path.name}": path for path in paths}
