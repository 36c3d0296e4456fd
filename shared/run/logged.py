"""An express run as far as its log tells it. AWS keeps neither a list nor a history of such runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.run.express import find_logged
from shared.run.failure import Ended, Failure, failure_in
from shared.run.find import Found
from shared.run.history import ENDINGS, STATUS_OF, details
from shared.run.start import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef, HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


class LoggedRun:
    """An express run that has ended. It may be looked at as a :class:`~shared.run.live.LiveRun`.

    Attributes:
        found: What its log tells of it.
        definition: The machine as it is deployed now: AWS does not tell which one an express run had.
        events: Its events, oldest first.
        map_runs: None: an express machine has no distributed Map.
        redrives: 0: none is redriven.
        over: True.
    """

    def __init__(self, found: Found, definition: Mapping[str, Json], events: Sequence[HistoryEventTypeDef]) -> None:
        self.found = found
        self.definition = definition
        self.events = events
        self.map_runs: Mapping[str, DescribeMapRunOutputTypeDef] = {}
        self.redrives = 0
        self.over = True

    @property
    def failure(self) -> Failure | None:
        """Why it failed; None where it did not."""
        status, told = self.found.status, details(self.events[-1])
        if status == "SUCCEEDED":
            return None
        return failure_in(self.events, Ended(status, str(told.get("error") or ""), str(told.get("cause") or "")))


def read_logged(aws: Aws, lane: Lane, run_id: str) -> LoggedRun | None:
    """Return the express run *run_id* of *lane*; None where no log shows one to its end."""
    logged = find_logged(aws, lane, run_id)
    if logged is None:
        return None
    workflow, events = logged
    first, last = events[0], next(event for event in reversed(events) if event["type"] in ENDINGS)
    output = details(last).get("output")
    machine = lane.state_machine_arn(workflow)
    told = aws.states.describe_state_machine(stateMachineArn=machine)
    found = Found(
        Run(run_id, f"{machine.replace(':stateMachine:', ':express:')}:{run_id}", lane, workflow),
        STATUS_OF[last["type"]],
        first["timestamp"],
        last["timestamp"],
        str(details(first).get("input") or "{}"),
        None if output is None else str(output),
    )
    return LoggedRun(found, json.loads(told["definition"]), events)
