"""EventBridge rules that invoke a function on a schedule, with the leave for it on the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, pairs, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws

KIND = "rule"
_TARGET = "function"


def desired(name: str, tags: Mapping[str, str], schedule: str, function_arn: str) -> Resource:
    """Return the rule called *name*, which invokes the function at *function_arn* as *schedule* says."""
    return Resource(
        KIND,
        name,
        tags,
        {"schedule": schedule, "state": "ENABLED", "targets": [function_arn], "may_invoke": True},
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the rule as it is, or None."""
    events = aws.client("events")
    try:
        found = events.describe_rule(Name=name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    return Resource(
        KIND,
        name,
        {tag["Key"]: tag["Value"] for tag in tags},
        {
            "schedule": found.get("ScheduleExpression"),
            "state": found["State"],
            "targets": [target["Arn"] for target in targets],
            "may_invoke": all(_may_invoke(aws, target["Arn"], name, found["Arn"]) for target in targets),
            "arn": found["Arn"],
            "target_ids": [target["Id"] for target in targets],
        },
    )


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    if have is None:
        put = _put(want, Tags=pairs(want.tags))
        return Step("create", KIND, want.name, summary(want.properties), (put, _allow(want), _aim(want)))
    found = {key: have.properties[key] for key in want.properties}
    changed, tags = differences(want.properties, found), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    calls = [_put(want)] if any(want.properties[key] != found[key] for key in ("schedule", "state")) else []
    if not have.properties["may_invoke"] or want.properties["targets"] != have.properties["targets"]:
        calls += [*_unaim(have), _allow(want), _aim(want)]
    if tags:
        # put_rule takes no tags for a rule that is there
        calls.append(Call("events", "tag_resource", {"ResourceARN": have.properties["arn"], "Tags": pairs(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*; the leave goes with its function."""
    return Step("delete", KIND, have.name, calls=(*_unaim(have), Call("events", "delete_rule", {"Name": have.name})))


def _put(want: Resource, **more: Any) -> Call:
    rule = {"Name": want.name, "ScheduleExpression": want.properties["schedule"], "State": want.properties["state"]}
    return Call("events", "put_rule", {**rule, **more})


def _aim(want: Resource) -> Call:
    (arn,) = want.properties["targets"]
    return Call("events", "put_targets", {"Rule": want.name, "Targets": [{"Id": _TARGET, "Arn": arn}]})


def _unaim(have: Resource) -> list[Call]:
    ids = have.properties["target_ids"]
    return [Call("events", "remove_targets", {"Rule": have.name, "Ids": ids})] if ids else []


def _allow(want: Resource) -> Call:
    """Let this rule invoke the function. The statement is named after the rule, so a second one is refused as such."""
    (arn,) = want.properties["targets"]
    partition, _, region, account = arn.split(":")[1:5]
    leave = {
        "FunctionName": arn,
        "StatementId": want.name,
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": f"arn:{partition}:events:{region}:{account}:rule/{want.name}",
    }
    return Call("lambda", "add_permission", leave)


def _may_invoke(aws: Aws, function_arn: str, statement: str, rule_arn: str) -> bool:
    try:
        policy = json.loads(aws.lambda_.get_policy(FunctionName=function_arn)["Policy"])
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return False
    own = [each for each in policy["Statement"] if each.get("Sid") == statement]
    return any(each.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn") == rule_arn for each in own)
