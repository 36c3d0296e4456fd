"""Finds an execution of a lane by its run id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import UsageError, code_of
from shared.run.express import check_keeps_runs, keeping_runs, untold_runs
from shared.run.listing import list_runs
from shared.run.start import Run

if TYPE_CHECKING:
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane

_NONE = frozenset({"ExecutionDoesNotExist", "InvalidArn", "ValidationException"})
"""What DescribeExecution says where there is none of a name, or no execution can have it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An execution that exists: the run, what Step Functions says of it, and its input and output as JSON texts."""

    run: Run
    status: str
    started: datetime
    stopped: datetime | None
    input: str
    output: str | None

    @property
    def seconds(self) -> float | None:
        """How long the execution took; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None


def execution_arn(lane: Lane, workflow: str, run_id: str) -> str:
    """Return the ARN of the execution of *workflow* that is called *run_id*."""
    return f"{lane.state_machine_arn(workflow).replace(':stateMachine:', ':execution:')}:{run_id}"


def find_run(aws: Aws, lane: Lane, run_id: str | None = None, workflow: str | None = None) -> Found:
    """Return the execution called *run_id*, or the newest one, of *workflow* or of any workflow of the lane.

    Raises:
        UsageError: There is no such execution, or the workflow is an express one.
    """
    if workflow:
        check_keeps_runs(lane, workflow)
    keys = [workflow] if workflow else keeping_runs(lane)
    if run_id is None:
        newest = list_runs(aws, lane, 1, keys)
        if not newest:
            raise UsageError(
                f"{lane.team} has not run {workflow} here" if workflow else f"{lane.team} has run nothing here",
                fix=f"lanes up, then lanes run {lane.team} {workflow or 'WORKFLOW'}; or --aws for runs on AWS",
            )
        run_id = newest[0].run_id
    for key in keys:
        arn = execution_arn(lane, key, run_id)
        try:
            told = aws.states.describe_execution(executionArn=arn)
        except ClientError as error:
            if code_of(error) not in _NONE:
                raise
            continue
        run = Run(run_id, arn, lane, key)
        return Found(
            run, told["status"], told["startDate"], told.get("stopDate"), told.get("input", "{}"), told.get("output")
        )
    whose = f"{workflow} of {lane.team}" if workflow else lane.team
    untold = "".join(f"; {line}" for line in untold_runs(lane))
    raise UsageError(f"{whose} has no run {run_id!r}{untold}", fix=f"lanes runs {lane.team} lists them")
