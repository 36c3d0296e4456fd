"""EventBridge rules that invoke a function on a schedule, with the permission for it on the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.values import as_list, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.values import Json

KIND = "rule"
SERVICE = "events"
ARN = ("events", "rule/")
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
    events = aws.client(SERVICE)
    found = if_there(lambda: events.describe_rule(Name=name), "ResourceNotFoundException")
    if found is None:
        return None
    tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    return Resource(
        KIND,
        name,
        read_tags(tags),
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
        return created(want, _put(want, Tags=tag_pairs(want.tags)), _allow(want), _aim(want))
    changed, tags = compare(want, have)
    new, old = want.properties, have.properties
    calls = [_put(want)] if any(new[key] != old[key] for key in ("schedule", "state")) else []
    if not old["may_invoke"] or new["targets"] != old["targets"]:
        calls += [*_unaim(have), _allow(want), _aim(want)]
    if tags:  # put_rule takes none for a rule that is there
        calls.append(Call(SERVICE, "tag_resource", {"ResourceARN": old["arn"], "Tags": tag_pairs(want.tags)}))
    return updated(want, (*changed, *tags), *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have*. The permission is removed with its function."""
    return removed(have, *_unaim(have), Call(SERVICE, "delete_rule", {"Name": have.name}))


def _put(want: Resource, **more: Json) -> Call:
    rule = {"Name": want.name, "ScheduleExpression": want.properties["schedule"], "State": want.properties["state"]}
    return Call(SERVICE, "put_rule", {**rule, **more})


def _aim(want: Resource) -> Call:
    (arn,) = as_list(want.properties["targets"])
    return Call(SERVICE, "put_targets", {"Rule": want.name, "Targets": [{"Id": _TARGET, "Arn": arn}]})


def _unaim(have: Resource) -> list[Call]:
    ids = have.properties["target_ids"]
    return [Call(SERVICE, "remove_targets", {"Rule": have.name, "Ids": ids})] if ids else []


def _allow(want: Resource) -> Call:
    """Let this rule invoke the function. The statement is named after the rule, so AWS refuses a second one."""
    arn = as_text(*as_list(want.properties["targets"]))
    partition, _, region, account = arn.split(":")[1:5]
    permission = {
        "FunctionName": arn,
        "StatementId": want.name,
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": f"arn:{partition}:events:{region}:{account}:rule/{want.name}",
    }
    return Call("lambda", "add_permission", permission)


def _may_invoke(aws: Aws, function_arn: str, statement: str, rule_arn: str) -> bool:
    answer = if_there(lambda: aws.lambda_.get_policy(FunctionName=function_arn), "ResourceNotFoundException")
    policy = json.loads(answer["Policy"]) if answer else {"Statement": []}
    own = [each for each in policy["Statement"] if each.get("Sid") == statement]
    return any(each.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn") == rule_arn for each in own)
