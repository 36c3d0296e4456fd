"""Has an execution go on from where it failed: what succeeded in it is not run again.

Step Functions runs the definition that the execution started with, but calls functions as they are now.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.template import render_definition
from shared.errors import LanesError, UsageError, code_of
from shared.run.find import find_named
from shared.run.listing import list_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.clouds import Cloud
    from shared.run.find import Found
    from shared.run.start import Run
    from shared.values import Json

_UNSUCCESSFUL: tuple[ExecutionStatusType, ...] = ("FAILED", "TIMED_OUT", "ABORTED")
_NEW_RUN = "lanes run {team} {workflow} starts a new one"
_END_IT = "wait for its end, or lanes stop {team} {run}"
_DEPLOY = "lanes deploy {team}, then lanes run {team} {workflow}"
_WHY = {
    "RUNNING": ("it still runs", _END_IT),
    "SUCCEEDED": ("it has succeeded, so there is nothing to do again", _NEW_RUN),
    "history event limit": (
        "its history is full: Step Functions keeps 25,000 events, and a redrive adds some",
        _NEW_RUN,
    ),
    "redrivable period": ("it ended more than 14 days ago, and Step Functions redrives none that old", _NEW_RUN),
    "max execution time": ("it began more than a year ago", _NEW_RUN),
    "before the launch": ("it began before Step Functions could redrive", _NEW_RUN),
    "DELETING": ("its state machine is being deleted", _DEPLOY),
}
"""By words of what AWS gives as a reason (API reference, DescribeExecution): what it means, and the fix."""


@dataclass(frozen=True, slots=True)
class Redrivable:
    """An execution that may be redriven, and how often it was already."""

    found: Found
    redrives: int


def find_redrivable(aws: Aws, lane: Lane, run_id: str | None = None) -> Redrivable:
    """Return the execution called *run_id*, or the lane's newest that did not succeed, if it may be redriven.

    Raises:
        UsageError: There is none, the lane is prepaid, or AWS says that it may not be redriven, and why.
    """
    if lane.prepaid:
        raise UsageError(
            f"the lane of {lane.team} is prepaid, and a redrive would skip the state that reserves what a run may cost",
            fix=_NEW_RUN.format(team=lane.team, workflow="WORKFLOW"),
        )
    if run_id is None:
        runs = [run for status in _UNSUCCESSFUL for run in list_runs(aws, lane, 1, status=status)]
        if not runs:
            raise UsageError(f"no run of {lane.team} failed here", fix=f"lanes runs {lane.team} lists its runs")
        run_id = max(runs, key=lambda run: run.started).run_id
    found = find_named(aws, lane, run_id)
    told = aws.states.describe_execution(executionArn=found.run.arn)
    if told.get("redriveStatus") == "NOT_REDRIVABLE":
        raise _not_redrivable(found.run, told.get("redriveStatusReason", ""))
    return Redrivable(found, told.get("redriveCount", 0))


def definition_changed(aws: Aws, run: Run) -> bool:
    """Say whether the template of *run*'s workflow is another one than the run started with."""
    told = aws.states.describe_state_machine_for_execution(executionArn=run.arn)
    definition: Json = json.loads(told["definition"])
    return definition != render_definition(run.lane, run.workflow)


def redrive_told(aws: Aws, here: Cloud, redrivable: Redrivable, note: Callable[[str], None], options: str) -> Run:
    """Have the execution go on with the project's functions, as far as the cloud takes them by itself.

    Args:
        aws: Where it is.
        here: The same as a run works against it.
        redrivable: The execution.
        note: Is told in what it will differ from a new run of the project as it is.
        options: The options of commands that go to the same place, each with a space before it.

    Raises:
        LanesError: A deployment fails, or AWS refuses.
    """
    run = redrivable.found.run
    lane = run.lane
    differs = here.make_current(lane)
    if stale := differs & {lane.functions[key].name for key in lane.workflows[run.workflow].functions.values()}:
        note(
            f"{', '.join(sorted(stale))} differ from the project, and run as they are deployed; "
            f"lanes deploy {lane.team}{options} brings the project's"
        )
    if definition_changed(aws, run):
        note(
            f"the template of {run.workflow} has changed: a redrive goes by the one that the run started with; "
            f"lanes run {lane.team} {run.workflow} takes the new one"
        )
    return redrive(aws, redrivable)


def redrive(aws: Aws, redrivable: Redrivable, token: Callable[[], object] = uuid.uuid4) -> Run:
    """Have the execution go on, once, and return it as it runs then.

    Args:
        aws: Where it is.
        redrivable: The execution.
        token: Makes the token by which AWS knows a call that is made again after its answer was lost.

    Raises:
        LanesError: AWS refuses.
    """
    run = redrivable.found.run
    try:
        aws.states.redrive_execution(executionArn=run.arn, clientToken=str(token()))
    except ClientError as error:
        if code_of(error) == "ExecutionNotRedrivable":
            raise _not_redrivable(run, error.response["Error"].get("Message", "")) from error
        if code_of(error) == "ExecutionLimitExceeded":
            what = f"{run.id} is not redriven: the account has as many open executions as AWS allows"
            raise LanesError(what, fix="wait for some to end, or stop them") from error
        raise LanesError(f"{run.id} is not redriven: {error}", where=run.arn) from error
    return replace(run, redrives=redrivable.redrives + 1)


def _not_redrivable(run: Run, reason: str) -> UsageError:
    """Return what to tell where AWS gives *reason* why *run* may not be redriven."""
    what, fix = next((told for words, told in _WHY.items() if words in reason), (reason, _NEW_RUN))
    fix = fix.format(team=run.lane.team, workflow=run.workflow, run=run.id)
    return UsageError(f"{run.id} of {run.workflow} cannot be redriven: {what}", where=run.arn, fix=fix)
