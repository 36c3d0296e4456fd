"""The schedules of a lane as EventBridge Scheduler has them: when each comes next, and whether it is paused."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from shared.config.schedule_times import parse, time_zone, times
from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.resources import schedules
from shared.errors import LanesError, unknown
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """One schedule.

    Attributes:
        workflow: The workflow that it starts.
        key: What the card calls it.
        expression: When, as Scheduler has it or, where it is not deployed, as the card says.
        timezone: By whose clock.
        state: ``active``, ``paused`` or ``not deployed``.
        next: The next times, in UTC; none while it is paused or not deployed. Of a rate only the length of its pauses
            is known here, not when Scheduler began to count, so it has none.
    """

    workflow: str
    key: str
    expression: str
    timezone: str
    state: str
    next: tuple[datetime, ...] = ()


def list_schedules(aws: Aws, lane: Lane, now: datetime) -> list[ScheduleState]:
    """Return the schedules of *lane*'s workflows, in the order of their cards."""
    return [each for workflow in lane.workflows for each in _states(aws, lane, workflow, now)]


def _states(aws: Aws, lane: Lane, workflow: str, now: datetime) -> Iterator[ScheduleState]:
    told = lane.workflows[workflow].schedules
    if told is None:
        return
    group = schedules.current(aws, told.group)
    deployed = as_mapping(group.properties["schedules"]) if group else {}
    for key, schedule in told.by_key.items():
        if key not in deployed:
            yield ScheduleState(workflow, key, schedule.expression, schedule.timezone, "not deployed")
            continue
        found = as_mapping(deployed[key])
        expression, zone = str(found["ScheduleExpression"]), str(found.get("ScheduleExpressionTimezone", "UTC"))
        paused = found.get("State") == schedules.PAUSED
        coming = () if paused else _next(expression, zone, now)
        yield ScheduleState(workflow, key, expression, zone, "paused" if paused else "active", coming)


def _next(expression: str, zone: str, now: datetime) -> tuple[datetime, ...]:
    if not expression.startswith("cron("):
        return ()
    try:
        return tuple(islice(times(parse(expression), now, zone=time_zone(zone)), _SHOWN))
    except LanesError:  # changed by hand to what no card may say
        return ()


def set_state(
    aws: Aws, lane: Lane, workflow: str | None, key: str | None, *, paused: bool
) -> list[tuple[str, str, bool]]:
    """Pause schedules of *lane*, or let them go on.

    Args:
        aws: Where.
        lane: Whose.
        workflow: Of which workflow; of all when left out.
        key: Which one of the workflow; all when left out.
        paused: Whether they are to be paused.

    Returns:
        The workflow, the key, and whether anything changed, for each schedule that was meant.

    Raises:
        UsageError: There is no such workflow, or no such schedule on its card.
        LanesError: One is not deployed, or a group of its name is another's.
    """
    wanted = list(_meant(lane, workflow, key))
    groups = {name: schedules.current(aws, name) for name in {group for group, _, _ in wanted}}
    check_ownership((group for group in groups.values() if group), lane_tags(lane))
    deployed = {name: as_mapping(group.properties["schedules"]) if group else {} for name, group in groups.items()}
    missing = [f"{of}/{each}" for group, of, each in wanted if each not in deployed[group]]
    if missing:
        raise LanesError(f"not deployed: {', '.join(missing)}; nothing was done", fix=f"lanes deploy {lane.team}")
    state = schedules.PAUSED if paused else schedules.ACTIVE
    done = []
    for group, of, each in wanted:
        settings = dict(as_mapping(deployed[group][each]))
        changes = settings.get("State") != state
        if changes:
            aws.client(schedules.SERVICE).update_schedule(GroupName=group, Name=each, **{**settings, "State": state})
        done.append((of, each, changes))
    return done


def _meant(lane: Lane, workflow: str | None, key: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield group, workflow and key of each schedule that is meant."""
    told = {name: each.schedules for name, each in lane.workflows.items() if each.schedules}
    if workflow is not None and workflow not in lane.workflows:
        raise unknown("workflow", workflow, list(lane.workflows))
    if workflow is not None and workflow not in told:
        raise LanesError(f"no schedule starts {workflow}", fix="write schedule: on its card, and deploy")
    for name, each in told.items():
        if workflow not in (None, name):
            continue
        if key is not None and key not in each.by_key:
            raise unknown("schedule", key, list(each.by_key), where=f"workflow {name}")
        yield from ((each.group, name, which) for which in each.by_key if key in (None, which))
