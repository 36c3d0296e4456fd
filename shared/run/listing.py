"""Lists the executions of a lane."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile, islice, takewhile
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.express import keeping_runs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef, ListExecutionsInputPaginateTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane


MOST_A_PAGE = 1000
"""Executions in an answer, at most."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution. ``seconds`` is None while it runs; of one that was redriven, the time before that is in them."""

    run_id: str
    workflow: str
    status: str
    started: datetime
    seconds: float | None
    redrives: int = 0


def list_runs(  # noqa: PLR0913  which runs
    aws: Aws,
    lane: Lane,
    limit: int | None,
    workflows: Iterable[str] | None = None,
    *,
    status: ExecutionStatusType | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Execution]:
    """Return executions of the deployed workflows, newest first. Of express ones AWS keeps none.

    Args:
        aws: Where they run.
        lane: Whose they are.
        limit: How many of each workflow, at most; None for all.
        workflows: The workflows to look at; all of the lane's that keep runs when left out.
        status: Only executions with this status.
        since: Only those that started then or later.
        until: Only those that started before.
    """
    found: list[Execution] = []
    for key in workflows or keeping_runs(lane):
        asked: ListExecutionsInputPaginateTypeDef = {
            "stateMachineArn": lane.state_machine_arn(key),
            "PaginationConfig": {"PageSize": min(limit or MOST_A_PAGE, MOST_A_PAGE)},
        }
        if status is not None:
            asked["statusFilter"] = status
        pages = aws.states.get_paginator("list_executions").paginate(**asked)
        try:
            told = (execution for page in pages for execution in page["executions"])  # newest first
            late = dropwhile(lambda each: until is not None and each["startDate"] >= until, told)
            newest = list(islice(takewhile(lambda each: since is None or each["startDate"] >= since, late), limit))
        except ClientError as error:
            if code_of(error) != "StateMachineDoesNotExist":
                raise
            continue
        found += [execution_of(told, key) for told in newest]
    return sorted(found, key=lambda execution: execution.started, reverse=True)


def execution_of(told: ExecutionListItemTypeDef, workflow: str) -> Execution:
    """Return an execution of *workflow* as ListExecutions has *told* it."""
    stopped = told.get("stopDate")
    seconds = (stopped - told["startDate"]).total_seconds() if stopped else None
    return Execution(told["name"], workflow, told["status"], told["startDate"], seconds, told.get("redriveCount", 0))
