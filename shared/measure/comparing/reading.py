"""Reads runs for a comparison: those of the cloud by their histories and logs, those of sweeps from their journals."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.errors import UsageError
from shared.measure.comparing.run_figures import read_figures
from shared.measure.comparing.timed import Group, Side, references, timed_cell, timed_side
from shared.measure.scaling.sweep import DONE, read_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Lane
    from shared.measure.comparing.timed import Timed
    from shared.measure.scaling.sweep import Record
    from shared.run.find import Found


def read_timed(aws: Aws, found: Found, place: str, now: datetime, *, sleep: Sleep = time.sleep) -> Timed:
    """Return a run of the cloud as a sample.

    Args:
        aws: Where it ran.
        found: The run.
        place: What to call that cloud.
        now: The time.
        sleep: Waits, where the run has just ended and its log is late.

    Raises:
        UsageError: It still runs.
    """
    if found.stopped is None:
        raise UsageError(f"{found.run.id} still runs, so it has no time yet", fix="compare it when it has ended")
    told = aws.states.describe_state_machine_for_execution(executionArn=found.run.arn)  # as it was when the run began
    figures = read_figures(aws, found, now, sleep=sleep)
    side = Side(found, json.loads(told["definition"]), figures, figures.redrives)
    lane = found.run.lane
    return timed_side(side, place, _changed(aws, lane, found.run.workflow), _tags(aws, lane, found))


def _changed(aws: Aws, lane: Lane, workflow: str) -> dict[str, datetime]:
    """Return when each function of *workflow* was changed last, by its step. AWS keeps no code of earlier runs."""
    changed = {}
    for step, key in lane.workflows[workflow].functions.items():
        try:
            told = aws.lambda_.get_function_configuration(FunctionName=lane.functions[key].name)
        except ClientError:  # it is gone, or its figures are not for us: then nothing is said of its code
            continue
        changed[step] = datetime.fromisoformat(told["LastModified"])
    return changed


def _tags(aws: Aws, lane: Lane, found: Found) -> dict[str, str]:
    """Return the entity tag of each object that the input refers to, by its key, of those that are still there."""
    owner = lane.place.account
    tags = {}
    for key in references(json.loads(found.input)):
        try:
            told = aws.s3.head_object(Bucket=lane.bucket, Key=key, ExpectedBucketOwner=owner)
        except ClientError:
            continue
        tags[key] = told["ETag"].strip('"')
    return tags


class Pinned(NamedTuple):
    """A sweep's folder, and the parameters whose values are fixed: ``sweeps/team2-cosmic:world-size=4``."""

    name: str
    folder: Path
    values: Mapping[str, str]


def read_pinned(word: str) -> Pinned | None:
    """Return the sweep that *word* names, ``FOLDER[:PARAMETER=VALUE...]``; None where it names no folder.

    Raises:
        UsageError: What follows the folder is no parameter with a value.
    """
    folder, *parts = word.split(":")
    if not Path(folder).is_dir():
        return None
    pairs = [part.partition("=") for part in parts]
    if not all(name and sign for name, sign, _ in pairs):
        raise UsageError(f"{word!r} does not name a configuration", fix=f"{folder}:world-size=4:batch-size=64")
    return Pinned(word, Path(folder), {name.replace("-", "_"): value for name, _, value in pairs})


def sweep_groups(before: Pinned, after: Pinned) -> list[tuple[str, Group, Group]]:
    """Return the groups of two sweeps, or of two parts of one, that stand at the same place on all axes not pinned.

    Returns:
        The place, empty where everything is pinned, and the runs of both that succeeded.

    Raises:
        UsageError: A folder has no sweep, an axis is none of it, or there is no place that both have.
    """
    sides = [_by_place(each) for each in (before, after)]
    both = [place for place in sides[0] if place in sides[1]]
    if not both:
        raise UsageError(
            f"{before.name} and {after.name} have no configuration in common that succeeded",
            fix="pin what differs: FOLDER:world-size=1 FOLDER:world-size=4",
        )
    return [
        (
            " ".join(f"{name}={value}" for name, value in place),
            Group(before.name, tuple(map(timed_cell, sides[0][place]))),
            Group(after.name, tuple(map(timed_cell, sides[1][place]))),
        )
        for place in both
    ]


_Place = tuple[tuple[str, object], ...]


def _by_place(pinned: Pinned) -> dict[_Place, list[Record]]:
    records = [record for record in read_sweep(pinned.folder) if record["status"] == DONE]
    axes: Sequence[str] = list(records[0]["axes"]) if records else []
    if unknown := [name for name in pinned.values if records and name not in axes]:
        raise UsageError(
            f"{', '.join(unknown)} is no axis of the sweep in {pinned.folder}", fix=f"its axes are {', '.join(axes)}"
        )
    found: dict[_Place, list[Record]] = defaultdict(list)
    for record in records:
        if all(str(record["axes"][name]) == value for name, value in pinned.values.items()):
            found[tuple(item for item in record["axes"].items() if item[0] not in pinned.values)].append(record)
    return found
