"""The schedules of a workflow: a group of EventBridge Scheduler, whose tags say whose it is, with all schedules in it.

They are one resource because Scheduler tags groups alone, and takes a role for a group and no less. So what somebody
adds to the group by hand is removed, as on a role. Whether a schedule fires is no matter of files: who pauses it
(``lanes schedule pause``) decides that, and no deploy lets it go on. What ``lanes sleep`` paused has a mark in its
description, so that ``lanes wake`` lets go on that alone. Source: EventBridge Scheduler user guide,
"Managing a schedule group" and "Confused deputy prevention in EventBridge Scheduler" (read 2026-11-29).
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import created, differences, missing_tags, removed
from shared.deploy.tags import read_tags, tag_pairs
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.config.triggers import Schedule, Schedules
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "schedules"
SERVICE = "scheduler"
ARN = ("scheduler", "schedule-group/")
AWAIT_GONE = "await no schedule group"
EXECUTION_ID = "<aws.scheduler.execution-id>"
"""What Scheduler replaces by an id of the start. Source: user guide, "Adding context attributes" (read 2026-11-29)."""
START = "aws-sdk:sfn:startExecution"
PAUSED, ACTIVE = "DISABLED", "ENABLED"
SLEEPING = {"State": PAUSED, "Description": "asleep: lanes wake lets it go on"}
"""How a schedule is while its lane sleeps."""
_RETRIES = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}  # Scheduler's own, and its most
_NOT_THERE = "ResourceNotFoundException"
_STATE = "State"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the schedules of each workflow that has any, once there is a state machine to start."""
    if sources.packages is not None:
        for workflow in sources.lane.workflows.values():
            if workflow.schedules:
                yield desired(sources.lane, workflow, workflow.schedules, sources.tags)


def desired(lane: Lane, workflow: Workflow, told: Schedules, tags: Mapping[str, str]) -> Resource:
    """Return the schedules of *workflow*, each as Scheduler's calls have it, but for its name, group and state."""
    schedules: dict[str, Json] = {key: _wanted(lane, workflow, told, key) for key in told.by_key}
    arn, asleep = lane.schedule_group_arn(told.group), bool(lane.asleep)
    return Resource(KIND, told.group, tags, {"arn": arn, "schedules": schedules, "asleep": asleep})


def target_input(machine: str, key: str, payload: Json) -> str:
    """Return what Scheduler sends to Step Functions for the schedule *key*: the execution's name tells what started it.

    Standard machines take no name twice. So what Scheduler delivers twice under one id starts once.
    """
    told = {
        "StateMachineArn": machine,
        "Name": f"schedule-{key}-{EXECUTION_ID}",
        "Input": json.dumps(payload, ensure_ascii=False),
    }
    return json.dumps(told, ensure_ascii=False)


def _wanted(lane: Lane, workflow: Workflow, told: Schedules, key: str) -> dict[str, Json]:
    schedule = told.by_key[key]
    return {
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "FlexibleTimeWindow": _window(schedule),
        "Target": {
            "Arn": f"arn:{lane.place.partition}:scheduler:::{START}",
            "RoleArn": lane.role_arn(told.role),
            "Input": target_input(lane.state_machine_arn(workflow.key), key, schedule.payload),
            "RetryPolicy": _RETRIES,
            "DeadLetterConfig": {"Arn": lane.queue_arn(told.dead_letters)},
        },
    }


def _window(schedule: Schedule) -> dict[str, Json]:
    if schedule.window_minutes is None:
        return {"Mode": "OFF"}
    return {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": schedule.window_minutes}


def current(aws: Aws, name: str) -> Resource | None:
    """Return the group as it is, or None. One that Scheduler is still deleting counts as gone."""
    scheduler = aws.client(SERVICE)
    group = if_there(lambda: scheduler.get_schedule_group(Name=name), _NOT_THERE)
    if group is None or group.get("State") == "DELETING":
        return None
    tags = scheduler.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
    return Resource(KIND, name, read_tags(tags), {"arn": group["Arn"], "schedules": dict(read_schedules(aws, name))})


def read_schedules(aws: Aws, group: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield (name, schedule) for each schedule of *group*, as Scheduler tells it, state and all."""
    scheduler = aws.client(SERVICE)
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    for name in sorted(each["Name"] for page in pages for each in page["Schedules"]):
        found = if_there(partial(scheduler.get_schedule, GroupName=group, Name=name), _NOT_THERE)
        if found:
            yield name, settings_of(found)


def settings_of(found: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of a schedule, as GetSchedule tells it, can be set: UpdateSchedule drops what it is not told."""
    told = (
        *("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", _STATE),
        *("Description", "StartDate", "EndDate", "KmsKeyArn", "ActionAfterCompletion"),
    )
    return {key: found[key] for key in told if found.get(key) not in (None, "NONE")}  # which is no action's word


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the groups that are named like *team*'s."""
    prefix = name_prefix(team)
    asked = {"NamePrefix": prefix} if prefix else {}
    pages = aws.client(SERVICE).get_paginator("list_schedule_groups").paginate(**asked)
    return listed_names(pages, "ScheduleGroups", "Name", prefix)


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. A schedule that is paused stays so, and the plan says it."""
    new = as_mapping(want.properties["schedules"])
    if have is None:
        group = Call(SERVICE, "create_schedule_group", {"Name": want.name, "Tags": tag_pairs(want.tags)})
        told = {key: as_mapping(each)["ScheduleExpression"] for key, each in new.items()}
        return created(want, group, *(_create(want, key) for key in new), told=told)
    old = {key: as_mapping(each) for key, each in as_mapping(have.properties["schedules"]).items()}
    diff: list[str] = []
    calls: list[Call] = []
    for key in new:
        change = _difference(key, as_mapping(new[key]), old.get(key))
        if change:
            calls.append(_update(want, key, old[key]) if key in old else _create(want, key))
        diff += change
    for key in old.keys() - new.keys():
        diff.append(f"{key}: removed")
        calls.append(Call(SERVICE, "delete_schedule", {"GroupName": want.name, "Name": key}))
    if lost := missing_tags(want, have):
        diff += lost
        calls.append(
            Call(SERVICE, "tag_resource", {"ResourceArn": want.properties["arn"], "Tags": tag_pairs(want.tags)})
        )
    stays = [f"{key}: {why}" for key in new if key in old and (why := _stays(old[key]))]
    return Step("update" if calls else "nothing", KIND, want.name, (*diff, *stays), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes the group, with all schedules in it."""
    which = {"Name": have.name}
    return removed(have, Call(SERVICE, "delete_schedule_group", which), Routine(AWAIT_GONE, which))


def _difference(key: str, want: Mapping[str, Json], have: Mapping[str, Json] | None) -> tuple[str, ...]:
    if have is None:
        return (f"{key}: {as_text(want['ScheduleExpression'])}",)
    found = {field: value for field, value in have.items() if field not in _standing(have)}
    return differences(want, found, key)


def sleeps(have: Mapping[str, Json]) -> bool:
    """Say whether a schedule, as Scheduler tells it, was paused because its lane sleeps."""
    return SLEEPING.items() <= have.items()


def _standing(have: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of a schedule a deploy leaves as it is."""
    return {**SLEEPING} if sleeps(have) else {_STATE: have.get(_STATE, ACTIVE)}


def _stays(have: Mapping[str, Json]) -> str:
    """Say what of a schedule a deploy leaves as it is, where that is not what the reader expects."""
    if sleeps(have):
        return "paused, for the lane sleeps (lanes wake)"
    return "paused, and stays so (lanes schedule resume)" if have.get(_STATE) == PAUSED else ""


def _create(want: Resource, key: str) -> Call:
    return _put("create_schedule", want, key, SLEEPING if want.properties["asleep"] else {_STATE: ACTIVE})


def _update(want: Resource, key: str, old: Mapping[str, Json]) -> Call:
    return _put("update_schedule", want, key, _standing(old))


def _put(method: str, want: Resource, key: str, standing: Mapping[str, Json]) -> Call:
    told = as_mapping(as_mapping(want.properties["schedules"])[key])
    return Call(SERVICE, method, {"GroupName": want.name, "Name": key, **told, **standing})
