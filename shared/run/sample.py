"""Puts a workflow's sample data into a bucket that has none, so that a first run has something to work on."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.run.upload import upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.cards import Card
    from shared.config.lane import Lane
    from shared.deploy.aws import Aws


def place_sample(card: Card, lane: Lane, payload: Mapping[str, Any], aws: Aws) -> str | None:
    """Upload the sample of the workflow's *card* to the folder of the team's file, when the team's bucket is empty.

    A bucket that holds anything is left alone, and so is a run that looks for its data elsewhere: whoever asks for
    a folder of their own is to hear that it is empty, not to get our galaxies from it.

    Returns:
        What was done, for the user; None when nothing was.
    """
    if card.sample is None or payload[card.sample.prefix] != lane.workflows[card.key].parameters[card.sample.prefix]:
        return None
    if aws.s3.list_objects_v2(Bucket=lane.bucket, MaxKeys=1, ExpectedBucketOwner=lane.place.account)["KeyCount"]:
        return None
    prefix = str(payload[card.sample.prefix]).strip("/")
    module, _, writer = card.sample.writer.rpartition(".")
    with tempfile.TemporaryDirectory(prefix="lanes-sample-") as folder:
        paths: list[Path] = getattr(import_module(module), writer)(Path(folder))
        upload(aws, lane, {f"{prefix}/{path.name}": path for path in paths})
    return f"put the sample data into s3://{lane.bucket}/{prefix}/: {len(paths)} files"
