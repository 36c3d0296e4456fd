"""What starts something by itself in an account: schedules, event source mappings, and what teams' buckets tell."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.documents import schedule_links
from shared.deploy.reading import if_there
from shared.deploy.resources import bucket, event_source, notification
from shared.isolation.proof.account.trigger_links import TriggerLinks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.readback.sight import Sight

_TARGETS = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}


def read_triggers(lanes: list[Lane], aws: Aws, sight: Sight) -> Iterator[TriggerLinks]:
    """Yield what each schedule and each mapping of the account reaches, and what the *lanes*' buckets tell whom."""
    yield from _schedules(aws, sight)
    for told in sight.list("event source mappings", partial(event_source.mappings, aws)) or ():
        if source := told.get("EventSourceArn"):
            function = aws.place.arn("lambda", f"function:{event_source.function_of(told)}")
            yield TriggerLinks(event_source.KIND, function, (str(source),))
    for lane in lanes:
        names = sight.list(f"buckets named {lane.team}-...", partial(bucket.names, aws, lane.team))
        for name in [lane.bucket, *lane.buckets] if names is None else names:
            with sight.looking(f"what bucket {name} tells"):
                yield from _notification(name, aws)


def _schedules(aws: Aws, sight: Sight) -> Iterator[TriggerLinks]:
    scheduler = aws.client("scheduler")
    pages = sight.list("schedules", lambda: scheduler.get_paginator("list_schedules").paginate())
    for each in (each for page in pages or () for each in page["Schedules"]):
        group, name = each["GroupName"], each["Name"]
        with sight.looking(f"schedule {group}/{name}"):
            read = partial(scheduler.get_schedule, GroupName=group, Name=name)
            found = if_there(read, "ResourceNotFoundException")
            if found:
                yield schedule_links(aws.place, group, name, found)


def _notification(name: str, aws: Aws) -> Iterator[TriggerLinks]:
    told = notification.configured(aws, name)
    aims = [each[key] for kind, key in _TARGETS.items() for each in told.get(kind, ())]
    if "EventBridgeConfiguration" in told:
        aims.append(aws.place.arn("events", "event-bus/default"))
    if aims:
        yield TriggerLinks(notification.KIND, aws.place.arn("s3", name), tuple(aims))
