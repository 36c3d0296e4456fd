"""Finds an execution of a lane by its run id, or by what people call it: every command takes the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import UsageError, code_of
from shared.run.express import check_keeps_runs, keeping_runs, untold_runs
from shared.run.listing import list_runs
from shared.run.start import Run
from shared.run.watch import is_over

if TYPE_CHECKING:
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane

_NONE = frozenset({"ExecutionDoesNotExist", "InvalidArn", "ValidationException"})
"""What DescribeExecution says where there is none of a name, or no execution can have it."""

NEWEST = "last"
"""What people call the newest run."""
_LISTED = 1000  # runs of each workflow among which a short name is looked for
_SHOWN = 3


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


def check_over(found: Found, why: str) -> None:
    """Refuse what can be made only of a run that has ended; *why* says why.

    Raises:
        UsageError: The run *found* goes on.
    """
    if not is_over(found.status) or found.stopped is None:
        raise UsageError(
            f"run {found.run.id} goes on ({found.status}): {why}",
            fix=f"wait for it (lanes logs {found.run.lane.team} {found.run.id} --follow), then again",
        )


def find_named(aws: Aws, lane: Lane, name: str | None = None, workflow: str | None = None) -> Found:
    """Return the execution that people call *name*: by its run id, by how that begins or ends, or ``last``.

    Args:
        aws: Where it is.
        lane: Whose it is.
        name: What they call it; None for the newest.
        workflow: Of which workflow; of any unless given.

    Raises:
        UsageError: There is no such execution, several are meant, or the workflow is an express one.
    """
    if name is None or name == NEWEST:
        return find_run(aws, lane, None, workflow)
    try:
        return find_run(aws, lane, name, workflow)
    except UsageError:
        if whole := _whole(aws, lane, name, workflow):
            return find_run(aws, lane, whole, workflow)
        raise


def _whole(aws: Aws, lane: Lane, part: str, workflow: str | None) -> str | None:
    """Return the only run id that begins or ends with *part*; None where none does.

    Raises:
        UsageError: Several do.
    """
    if workflow:
        check_keeps_runs(lane, workflow)
    known = [run.run_id for run in list_runs(aws, lane, _LISTED, [workflow] if workflow else None)]
    meant = [run_id for run_id in known if run_id.startswith(part) or run_id.endswith(part)]
    if len(meant) > 1:
        shown = ", ".join(meant[:_SHOWN]) + (f" and {len(meant) - _SHOWN} more" if len(meant) > _SHOWN else "")
        raise UsageError(f"{part!r} may be {len(meant)} runs of {lane.team}: {shown}", fix="write more of its id")
    return meant[0] if meant else None
