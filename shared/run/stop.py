"""Ends an execution of a lane before its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.run.find import Found, find_named, find_run
from shared.run.listing import list_runs
from shared.run.watch import is_over

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane


def stop_run(aws: Aws, lane: Lane, run_id: str | None = None) -> Found | None:
    """Stop the execution called *run_id*, or the lane's only execution that runs. One that has ended stays as it is.

    Returns:
        The execution as it is afterwards; None when none was named and none runs.

    Raises:
        UsageError: No execution has that name; or none was named and several run, which the message lists.
    """
    if run_id is None:
        running = list_runs(aws, lane, None, status="RUNNING")
        if not running:
            return None
        if len(running) > 1:
            listed = "".join(f"\n  {each.run_id}  {each.workflow}" for each in running)
            raise UsageError(
                f"{len(running)} runs of {lane.team} go on:{listed}", fix=f"name one: lanes stop {lane.team} RUN"
            )
        run_id = running[0].run_id
    found = find_named(aws, lane, run_id)
    if is_over(found.status):
        return found
    who = f", by {aws.caller}" if aws.caller else ""
    aws.states.stop_execution(executionArn=found.run.arn, error="Stopped", cause=f"lanes stop{who}")
    return find_run(aws, lane, found.run.id, found.run.workflow)
