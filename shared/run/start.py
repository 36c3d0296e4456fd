"""Starts an execution: its name, and its input."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.template import render_definition
from shared.deploy.concurrency import mapped_functions
from shared.errors import LanesError, UsageError, code_of
from shared.handlers.payload import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: its id (its name in Step Functions), its ARN, and the lane and workflow it belongs to."""

    id: str
    arn: str
    lane: Lane
    workflow: str


def new_run_id(now: datetime) -> str:
    """Return a name no other run has, which sorts by time: ``20260102T030405Z-a1b2c3``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def check_payload(lane: Lane, workflow: str, payload: Mapping[str, Any]) -> None:
    """See before anything starts that the team's lane can carry out *payload*.

    Raises:
        UsageError: It names another bucket than the team's, or its ranks cannot all run at once.
    """
    check_bucket(lane, payload)
    check_together(lane, workflow, payload)


def check_together(lane: Lane, workflow: str, payload: Mapping[str, Any]) -> None:
    """See that ranks which wait for each other can all run at once: those of a function that is told the rendezvous.

    Raises:
        UsageError: Such a function has reserved concurrency for fewer ranks than there are.
    """
    ranks = _ranks(lane, workflow, payload)
    if ranks is None or not payload.get("fmi_enabled", True):
        return
    for key in lane.workflows[workflow].functions.values():
        function = lane.functions[key]
        reserved = function.reserved_concurrency
        if "RENDEZVOUS_ENDPOINT" in function.environment and reserved is not None and reserved < ranks:
            raise UsageError(
                f"{ranks} ranks wait for each other, and only {reserved} of {key} may run at once",
                where=f"teams/{lane.team}.yaml",
                fix=f"lower --world-size, or raise reservedConcurrency of {key}",
            )


def check_account(aws: Aws, lane: Lane, workflow: str, payload: Mapping[str, Any]) -> str:
    """See that the account can run so many ranks at once as *payload* asks for, of functions without a reservation.

    Returns:
        What to say where there is less room than ranks and these do not wait for each other; "" where nothing is.

    Raises:
        UsageError: They wait for each other, so that none would ever end.
    """
    ranks = _ranks(lane, workflow, payload)
    if ranks is None or ranks == 1:
        return ""
    mapped = mapped_functions(lane, render_definition(lane, workflow))
    open_to_all = [function for function in mapped if function.reserved_concurrency is None]
    if not open_to_all:
        return ""
    limit = aws.lambda_.get_account_settings()["AccountLimit"]
    room = limit["UnreservedConcurrentExecutions"]
    if ranks <= room:
        return ""
    what = f"{ranks} ranks, and the account runs {room} functions at once that have no reservation"
    meet = any("RENDEZVOUS_ENDPOINT" in function.environment for function in open_to_all)
    if meet and payload.get("fmi_enabled", True):
        raise UsageError(
            f"{what}; the ranks wait for each other, so none would end",
            where=f"account {lane.place.account}, {lane.place.region}",
            fix=f"lower --world-size to {room}, or ask AWS for more (Concurrent executions of AWS Lambda)",
        )
    return f"{what}: the others are refused for a while and tried again"


def check_bucket(lane: Lane, payload: Mapping[str, Any]) -> None:
    """Refuse a payload that names another bucket than the team's, in the words that the workflow's first step has.

    Raises:
        BadInput: It does.
    """
    reader = Reader(payload, payload)
    reader.own_bucket(lane.bucket, ("bucket", "data_bucket"))
    reader.finish()


def _ranks(lane: Lane, workflow: str, payload: Mapping[str, Any]) -> int | None:
    """Return how many ranks *payload* asks for, by world_size or by what that follows from."""
    followed = [spec.name for spec in lane.workflows[workflow].specs if spec.instead_of == "world_size"]
    given = (payload.get(name) for name in ("world_size", *followed))
    return next((ranks for ranks in given if isinstance(ranks, int)), None)


def start(aws: Aws, lane: Lane, workflow: str, payload: Mapping[str, Any], run_id: str) -> Run:
    """Start *workflow* with *payload* as its input.

    Raises:
        LanesError: The workflow is not deployed, or AWS refuses.
    """
    arn = lane.state_machine_arn(workflow)
    try:
        answer = aws.states.start_execution(stateMachineArn=arn, name=run_id, input=json.dumps(payload))
    except ClientError as error:
        if code_of(error) == "StateMachineDoesNotExist":
            raise LanesError(
                f"workflow {workflow} of {lane.team} is not deployed", fix=f"lanes deploy {lane.team}"
            ) from error
        raise LanesError(f"the execution did not start: {error}", where=arn) from error
    return Run(run_id, answer["executionArn"], lane, workflow)
