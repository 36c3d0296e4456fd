"""Lists the executions of a lane."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution. ``seconds`` is None while it runs."""

    run_id: str
    workflow: str
    status: str
    started: datetime
    seconds: float | None


def list_runs(
    aws: Aws, lane: Lane, limit: int | None, workflows: Iterable[str] | None = None, *, status: str | None = None
) -> list[Execution]:
    """Return the newest *limit* executions of each deployed workflow, or of *workflows* alone, newest first.

    All of them without a limit; those with one *status* alone where it is given.
    """
    found: list[Execution] = []
    for key in workflows or lane.workflows:
        asked: dict[str, Any] = {"stateMachineArn": lane.state_machine_arn(key)}
        if status is not None:
            asked["statusFilter"] = status
        pages = aws.states.get_paginator("list_executions").paginate(**asked)
        try:
            newest = list(islice((execution for page in pages for execution in page["executions"]), limit))
        except ClientError as error:
            if code_of(error) != "StateMachineDoesNotExist":
                raise
            continue
        for execution in newest:
            stopped = execution.get("stopDate")
            seconds = (stopped - execution["startDate"]).total_seconds() if stopped else None
            found.append(Execution(execution["name"], key, execution["status"], execution["startDate"], seconds))
    return sorted(found, key=lambda execution: execution.started, reverse=True)
