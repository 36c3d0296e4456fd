"""Starts an execution under a name of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of
from shared.run.by_reference import as_text_of, place, refer

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: its id (its name in Step Functions), its ARN, and the lane and workflow that it belongs to.

    ``redrives`` is how often it has been redriven, as far as that is known here.
    """

    id: str
    arn: str
    lane: Lane
    workflow: str
    redrives: int = 0


def new_run_id(now: datetime) -> str:
    """Return a name that no other run has, and that sorts by time: ``20260102T030405Z-a1b2c3``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def start(aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str) -> Run:
    """Start *workflow* with *payload* as its input. What goes by reference is written into the bucket before.

    Raises:
        LanesError: The workflow is not deployed, or AWS refuses.
    """
    arn = lane.state_machine_arn(workflow)
    text = place_input(aws, lane, workflow, payload, run_id)
    try:
        answer = aws.states.start_execution(stateMachineArn=arn, name=run_id, input=text)
    except ClientError as error:
        raise not_started(error, lane, workflow) from error
    return Run(run_id, answer["executionArn"], lane, workflow)


def place_input(aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str) -> str:
    """Write what of *payload* goes by reference into the bucket, and return the input that the execution gets."""
    referred = refer(lane, workflow, payload, run_id)
    place(aws, lane, referred)
    return as_text_of(referred.payload)


def not_started(error: ClientError, lane: Lane, workflow: str) -> LanesError:
    """Return what to tell where AWS refuses to start *workflow*."""
    if code_of(error) == "StateMachineDoesNotExist":
        return LanesError(f"workflow {workflow} of {lane.team} is not deployed", fix=f"lanes deploy {lane.team}")
    return LanesError(f"the execution did not start: {error}", where=lane.state_machine_arn(workflow))
