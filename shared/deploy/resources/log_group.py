"""CloudWatch log groups, with their retention. They are made here, so no role needs logs:CreateLogGroup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Step
from shared.deploy.steps import compare, created, removed, updated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place
    from shared.deploy.sources import Sources

KIND = "log group"
SERVICE = "logs"
ARN = ("logs", "log-group:")


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the log group of each function and of each state machine."""
    lane = sources.lane
    functions, machines = lane.functions.values(), lane.workflows.values()
    for name in (*(each.log_group for each in functions), *(each.log_group for each in machines)):
        yield desired(name, lane.place, sources.tags, lane.log_retention_days)


def desired(name: str, place: Place, tags: Mapping[str, str], retention_days: int) -> Resource:
    """Return the log group called *name*, whose events are removed after *retention_days*."""
    return Resource(KIND, name, tags, {"arn": _arn(place, name), "retention_days": retention_days})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the log group as it is, or None."""
    for page in aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                arn = _arn(aws.place, name)
                tags = aws.logs.list_tags_for_resource(resourceArn=arn)["tags"]
                return Resource(KIND, name, tags, {"arn": arn, "retention_days": group.get("retentionInDays")})
    return None


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the log groups of *team*'s functions and state machines."""
    for service in ("/aws/lambda/", "/aws/vendedlogs/states/"):
        prefix = service + name_prefix(team)
        for page in aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            yield from (group["logGroupName"] for group in page["logGroups"])


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    group = {"logGroupName": want.name}
    retention = Call("logs", "put_retention_policy", {**group, "retentionInDays": want.properties["retention_days"]})
    if have is None:
        create = Call("logs", "create_log_group", {**group, "tags": dict(want.tags)})
        return created(want, create, retention)
    changed, tags = compare(want, have)
    tag = Call("logs", "tag_resource", {"resourceArn": want.properties["arn"], "tags": dict(want.tags)})
    return updated(want, (*changed, *tags), *([retention] if changed else ()), *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have* and its events."""
    return removed(have, Call("logs", "delete_log_group", {"logGroupName": have.name}))


def _arn(place: Place, name: str) -> str:
    return place.arn("logs", f"log-group:{name}")
