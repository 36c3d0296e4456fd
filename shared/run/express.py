"""Express workflows: one call runs them and brings their result. Of their runs AWS keeps no list and no history.

What such a run did stands in the log group of its state machine alone, some seconds later.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError, code_of
from shared.run.history import ENDINGS
from shared.run.patience import looks
from shared.run.start import Run, not_started, place_input
from shared.run.watch import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Lane
    from shared.values import Json

_BEFORE = timedelta(seconds=10)  # by which the clocks of the log and of Step Functions may differ


@dataclass(frozen=True, slots=True)
class ExpressRun:
    """An express execution that has ended.

    Attributes:
        run: The execution.
        end: Its last and only snapshot.
        error: The error's name, empty if it succeeded.
        cause: What the error says.
        gb_seconds: What AWS bills it for.
    """

    run: Run
    end: Snapshot
    error: str
    cause: str
    gb_seconds: float


def is_express(lane: Lane, workflow: str) -> bool:
    """Say whether *workflow* is an express one."""
    return lane.workflows[workflow].type == "express"


def keeping_runs(lane: Lane) -> list[str]:
    """Return the workflows of *lane* of whose runs AWS keeps a list and a history."""
    return [key for key in lane.workflows if not is_express(lane, key)]


def untold_runs(lane: Lane) -> list[str]:
    """Return a line for each workflow of *lane* whose runs no list has."""
    return [
        f"{key} is express, so AWS lists none of its runs: their events are in {each.log_group}"
        for key, each in lane.workflows.items()
        if is_express(lane, key)
    ]


def check_keeps_runs(lane: Lane, workflow: str) -> None:
    """Refuse what takes a list or a history of runs.

    Raises:
        UsageError: *workflow* is an express one.
    """
    if is_express(lane, workflow):
        raise UsageError(
            f"{workflow} is an express workflow: AWS keeps no list and no history of its runs, and stops none",
            fix=f"lanes run {lane.team} {workflow} prints what came of a run; its events are in the log group "
            f"{lane.workflows[workflow].log_group}",
        )


def run_express(aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str) -> ExpressRun:
    """Run *workflow* with *payload* as its input, and wait for its end: five minutes at most.

    Raises:
        LanesError: The workflow is not deployed, or AWS refuses.
    """
    arn = lane.state_machine_arn(workflow)
    text = place_input(aws, lane, workflow, payload, run_id)
    try:
        told = aws.sync_states.start_sync_execution(stateMachineArn=arn, name=run_id, input=text)
    except ClientError as error:
        if code_of(error) == "StateMachineTypeNotSupported":
            raise LanesError(
                f"the card of {workflow} says express, and what is deployed is not", fix=f"lanes deploy {lane.team}"
            ) from error
        raise not_started(error, lane, workflow) from error
    billed = told.get("billingDetails", {})
    seconds = billed.get("billedDurationInMilliseconds", 0) / 1000
    end = Snapshot(told["status"], None, {}, told["startDate"], told["stopDate"], told.get("output"))
    run = Run(run_id, told["executionArn"], lane, workflow)
    gb_seconds = seconds * billed.get("billedMemoryUsedInMB", 0) / 1024
    return ExpressRun(run, end, told.get("error", ""), told.get("cause", ""), gb_seconds)


def logged_events(aws: Aws, ended: ExpressRun, *, sleep: Sleep = time.sleep) -> list[HistoryEventTypeDef]:
    """Return the events of an execution in the form of a history's, oldest first, as far as its log shows them.

    CloudWatch shows them late, so it is asked until the last one is there.
    """
    run = ended.run
    since = ended.end.started - _BEFORE
    for _ in looks(sleep):
        events = _in_log(aws, run, since)
        if is_whole(events):
            break
    return events


def find_logged(aws: Aws, lane: Lane, run_id: str) -> tuple[str, list[HistoryEventTypeDef]] | None:
    """Return the workflow and the events of the express run *run_id* of *lane*; None where no log shows its end."""
    for key in lane.workflows:
        if is_express(lane, key):
            try:
                return key, events_of(aws, lane, key, run_id)
            except UsageError:
                continue
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
    return None


def _in_log(aws: Aws, run: Run, since: datetime) -> list[HistoryEventTypeDef]:
    """Return the events of *run*, from *since* on, oldest first."""
    group = run.lane.workflows[run.workflow].log_group
    pages = aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=int(since.timestamp() * 1000)
    )
    told = (json.loads(line["message"]) for page in pages for line in page.get("events", ()))
    found = {int(event["id"]): as_in_a_history(event) for event in told if event.get("execution_arn") == run.arn}
    return [found[number] for number in sorted(found)]


def events_of(aws: Aws, lane: Lane, workflow: str, run_id: str) -> list[HistoryEventTypeDef]:
    """Return the events of the newest run of *workflow* that is called *run_id*, as :func:`logged_events`.

    Raises:
        UsageError: The log has no such run, or not to its end.
    """
    group = lane.workflows[workflow].log_group
    pages = aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=f'"{run_id}"')
    by_run: dict[str, dict[int, HistoryEventTypeDef]] = {}
    for line in (line for page in pages for line in page.get("events", ())):
        event = json.loads(line["message"])
        arn = str(event.get("execution_arn"))
        if run_id in arn.split(":")[-2:]:  # after it comes an id that AWS gives
            by_run.setdefault(arn, {})[int(event["id"])] = as_in_a_history(event)
    whole = [events for events in by_run.values() if is_whole(events.values())]
    if not whole:
        what = f"{group} has no run {run_id!r} to its end"
        raise UsageError(what, fix=f"lanes run {lane.team} {workflow}; CloudWatch shows events some seconds late")
    return [whole[-1][number] for number in sorted(whole[-1])]


def is_whole(events: Iterable[HistoryEventTypeDef]) -> bool:
    """Say whether *events* go to the end of the execution."""
    return any(event["type"] in ENDINGS for event in events)


def as_in_a_history(event: Mapping[str, str]) -> HistoryEventTypeDef:
    """Return an *event* of a machine's log in the form that a history has it in."""
    kind = event["type"]
    part = next((f"state{end}" for end in ("Entered", "Exited") if kind.endswith(f"State{end}")), kind)
    return {
        "id": int(event["id"]),
        "previousEventId": int(event["previous_event_id"]),
        "type": kind,
        "timestamp": datetime.fromtimestamp(int(event["event_timestamp"]) / 1000, UTC),
        # The key follows from the type, which no TypedDict can say.
        f"{part[0].lower()}{part[1:]}EventDetails": event.get("details") or {},  # type: ignore[misc]
    }
