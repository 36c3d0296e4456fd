"""CloudWatch log groups, with their retention. Made here, so that no role needs logs:CreateLogGroup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place

KIND = "log group"
SERVICE = "logs"


def desired(name: str, place: Place, tags: Mapping[str, str], retention_days: int) -> Resource:
    """Return the log group called *name*, whose events go after *retention_days*."""
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


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the lane's kind of log groups: those of functions and of state machines called *prefix*..."""
    for service in ("/aws/lambda/", "/aws/vendedlogs/states/"):
        for page in aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=service + prefix):
            yield from (group["logGroupName"] for group in page["logGroups"])


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    group = {"logGroupName": want.name}
    retention = Call("logs", "put_retention_policy", {**group, "retentionInDays": want.properties["retention_days"]})
    if have is None:
        create = Call("logs", "create_log_group", {**group, "tags": dict(want.tags)})
        return Step("create", KIND, want.name, summary(want.properties), (create, retention))
    changed, tags = differences(want.properties, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    calls = [retention] if changed else []
    if tags:
        calls.append(Call("logs", "tag_resource", {"resourceArn": want.properties["arn"], "tags": dict(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have* and its events."""
    return Step("delete", KIND, have.name, calls=(Call("logs", "delete_log_group", {"logGroupName": have.name}),))


def _arn(place: Place, name: str) -> str:
    return place.arn("logs", f"log-group:{name}")
