"""What runs in a cloud now, whoever's it is: its executions, by team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.local.owners import owner_of

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True, slots=True)
class TeamRuns:
    """Executions of one team that run.

    Attributes:
        since: When the first of them started.
    """

    team: str
    count: int
    since: datetime


def running_by_team(states: SFNClient) -> list[TeamRuns]:
    """Return the executions that run, by team. Of express ones no API tells."""
    found: dict[str, list[datetime]] = {}
    for machines in states.get_paginator("list_state_machines").paginate():
        for machine in machines["stateMachines"]:
            if machine["type"] == "STANDARD":
                found.setdefault(owner_of(machine["name"]), []).extend(_starts(states, machine["stateMachineArn"]))
    return [TeamRuns(team, len(starts), min(starts)) for team, starts in sorted(found.items()) if starts]


def _starts(states: SFNClient, machine: str) -> list[datetime]:
    """Return when each execution of *machine* that runs has started; none if the machine is gone by now."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    try:
        return [each["startDate"] for page in pages for each in page["executions"]]
    except ClientError as error:
        if code_of(error) != "StateMachineDoesNotExist":
            raise
        return []
