"""What comes between a user's wish and the start of a run: the same for whoever takes the wish, a command or a page.

All checks come first, so that nothing is deployed or uploaded for a run that cannot be.

    asked = ask(lane, "cosmic", {}, {"world_size": "4"})
    payload = make_ready(aws, here, asked, run_id, print)
    start(aws, asked.lane, asked.workflow, payload, run_id)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.run.payload import build_payload, check_account, check_payload
from shared.run.upload import upload_files
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.clouds import Cloud
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that was asked for, and that its card and its lane allow.

    Attributes:
        lane: Whose it is.
        workflow: The workflow's key.
        payload: Its input, before files are uploaded.
        options: Parameters as texts, by their names with underscores. Only these may name files of this machine.
    """

    lane: Lane
    workflow: str
    payload: Json
    options: Mapping[str, str | list[str]]


def ask(lane: Lane, workflow: str, given: Json, options: Mapping[str, str | list[str]]) -> Asked:
    """Return the run of *workflow* on what is *given* as JSON, with *options* over it.

    Raises:
        UsageError: The card or the lane does not allow it.
    """
    payload = build_payload(lane.workflows[workflow], given, options)
    check_payload(lane, workflow, payload)
    return Asked(lane, workflow, payload, options)


def check_cloud(aws: Aws, here: Cloud, asked: Asked) -> str:
    """Check that the cloud, as it is now, has room for the ranks of *asked*. It changes nothing.

    Returns:
        What to tell the user where it has less room than ranks, and these need not run at once; else "".

    Raises:
        UsageError: The ranks wait for each other, and some would never start.
        LanesError: The lane sleeps.
    """
    here.check_awake(asked.lane)
    here.check_room(asked.lane, asked.workflow, asked.payload)
    return check_account(aws, asked.lane, asked.workflow, asked.payload)


def make_ready(aws: Aws, here: Cloud, asked: Asked, run_id: str, note: Callable[[str], None]) -> Json:
    """Deploy and place what the run lacks, as far as the cloud does so by itself, and upload its files.

    Args:
        aws: Where it will run.
        here: The same as a run works against it.
        asked: The run.
        run_id: Its id.
        note: Is told what the user should know beside the result.

    Returns:
        The run's input as it is started.

    Raises:
        LanesError: The cloud has no room for its ranks, a deployment fails, or a file is not there.
    """
    here.check_room(asked.lane, asked.workflow, asked.payload)
    here.make_ready(asked.lane, asked.workflow, asked.payload)
    if told := check_account(aws, asked.lane, asked.workflow, asked.payload):  # a deployment reserves some of the room
        note(told)
    return place_files(aws, here, asked, run_id)


def place_files(aws: Aws, here: Cloud, asked: Asked, run_id: str) -> Json:
    """Upload the files that *asked* names, and return its input with all that it names where the run finds it.

    Raises:
        LanesError: A file is not there, or the bucket refuses.
    """
    changed = upload_files(aws, asked.lane, asked.lane.workflows[asked.workflow].specs, asked.options, run_id)
    changed |= here.meeting_here(asked.lane, asked.payload)
    return {**as_mapping(asked.payload), **changed} if changed else asked.payload
