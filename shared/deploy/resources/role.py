"""IAM roles: of functions, machines, schedules and people, each with one inline policy and nothing attached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import differences, missing_tags, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.isolation.roles.deployer import deployer_policy, deployer_trust
from shared.isolation.roles.function_role import function_policy, function_trust
from shared.isolation.roles.trigger_roles import scheduler_policy, scheduler_trust
from shared.isolation.roles.workflow_role import workflow_policy, workflow_trust
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.deploy.sources import Sources
    from shared.isolation.roles.policy import Policy, Trust
    from shared.values import Json

KIND = "role"
SERVICE = "iam"
ARN = ("iam", "role/")
_INLINE = "lane"
_PATH = "/"  # consoles make roles under /service-role/


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the role of each function, each state machine, each workflow's schedules, and the team's people.

    Raises:
        UngrantedError: A workflow calls something that a team may not call.
    """
    lane, tags = sources.lane, sources.tags
    for each in lane.functions.values():
        yield desired(each.role, tags, function_trust(), function_policy(lane, each), lane.boundary_arn)
    for key, workflow in lane.workflows.items():
        grants = workflow_policy(lane, workflow, sources.definitions[key])
        yield desired(workflow.role, tags, workflow_trust(lane, workflow), grants, lane.boundary_arn)
    for key, workflow in lane.workflows.items():
        if told := workflow.schedules:
            grants = scheduler_policy(lane, key, told)
            yield desired(told.role, tags, scheduler_trust(lane, told), grants, lane.boundary_arn)
    trust = deployer_trust(lane.team, lane.place, lane.access)
    yield desired(lane.deployer, tags, trust, deployer_policy(lane), lane.deployer_boundary_arn)


def desired(name: str, tags: Mapping[str, str], trust: Trust, policy: Policy, boundary: str | None = None) -> Resource:
    """Return the role called *name*; *boundary* is the ARN of its permissions boundary."""
    return Resource(
        KIND,
        name,
        tags,
        {
            "path": _PATH,
            "trust": _canonical(trust.document()),
            "policies": {_INLINE: _canonical(policy.document())},
            "attached": (),
            "boundary": boundary,
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the role as it is, or None."""
    iam = aws.client(SERVICE)
    found = if_there(lambda: iam.get_role(RoleName=name), "NoSuchEntity")
    if found is None:
        return None
    role = found["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return Resource(
        KIND,
        name,
        read_tags(role.get("Tags", ())),
        {
            "path": role["Path"],
            "trust": _canonical(role["AssumeRolePolicyDocument"]),
            "policies": {
                policy: _canonical(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
                for policy in sorted(inline)
            },
            "attached": tuple(sorted(policy["PolicyArn"] for policy in attached)),
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the roles of *team*. IAM cannot search, so all are listed."""
    pages = aws.client(SERVICE).get_paginator("list_roles").paginate()
    return listed_names(pages, "Roles", "RoleName", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. A policy that was added by hand is removed: nothing proves it.

    Raises:
        OwnershipError: It lies under a path, which is part of its ARN and cannot be changed.
    """
    policy = Call("iam", "put_role_policy", {**_inline(want.name), "PolicyDocument": _policy(want)})
    if have is None:
        return Step("create", KIND, want.name, tuple(_grants(want)), (_create(want), policy))
    if want.properties["path"] != have.properties["path"]:
        raise OwnershipError(
            f"role {want.name} lies under the path {have.properties['path']}, which AWS cannot change",
            fix="take it off what uses it and delete it: a deploy makes it anew",
        )
    diff = (*differences(want.properties, have.properties), *missing_tags(want, have))
    return updated(want, diff, *_update(want, have, policy))


def remove(have: Resource) -> Step:
    """Return what removes *have* and every policy on it."""
    return removed(have, *_strip(have, keep=()), Call("iam", "delete_role", {"RoleName": have.name}))


def _create(want: Resource) -> Call:
    boundary = want.properties["boundary"]
    return Call(
        "iam",
        "create_role",
        {
            "RoleName": want.name,
            "AssumeRolePolicyDocument": json.dumps(want.properties["trust"]),
            "Tags": tag_pairs(want.tags),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        },
    )


def _update(want: Resource, have: Resource, policy: Call) -> Iterator[Call]:
    """Yield the calls for what differs. The boundary comes first: a wider policy must never be without it."""
    new, old = want.properties, have.properties
    role = {"RoleName": want.name}
    if new["boundary"] != old["boundary"]:
        if new["boundary"]:
            yield Call("iam", "put_role_permissions_boundary", {**role, "PermissionsBoundary": new["boundary"]})
        else:
            yield Call("iam", "delete_role_permissions_boundary", role)
    yield from _strip(have, keep=_inline_policies(want))
    if new["trust"] != old["trust"]:
        yield Call("iam", "update_assume_role_policy", {**role, "PolicyDocument": json.dumps(new["trust"])})
    if _inline_policies(want)[_INLINE] != _inline_policies(have).get(_INLINE):
        yield policy
    if missing_tags(want, have):
        yield Call("iam", "tag_role", {**role, "Tags": tag_pairs(want.tags)})


def _strip(have: Resource, keep: Collection[str]) -> Iterator[Call]:
    role = {"RoleName": have.name}
    for arn in as_list(have.properties["attached"]):
        yield Call("iam", "detach_role_policy", {**role, "PolicyArn": arn})
    for name in _inline_policies(have):
        if name not in keep:
            yield Call("iam", "delete_role_policy", {**role, "PolicyName": name})


def _grants(want: Resource) -> Iterator[str]:
    """Yield a line for each statement of a new role's policy, which is what a reader wants to know."""
    for statement in map(as_mapping, as_list(as_mapping(_inline_policies(want)[_INLINE])["Statement"])):
        actions, resources = (
            value if isinstance(value, str) else ", ".join(map(str, as_list(value)))
            for value in (statement["Action"], statement["Resource"])
        )
        yield f"may {actions} on {resources}"


def _policy(want: Resource) -> str:
    return json.dumps(_inline_policies(want)[_INLINE])


def _inline_policies(role: Resource) -> Mapping[str, Json]:
    return as_mapping(role.properties["policies"])


def _inline(name: str) -> dict[str, str]:
    return {"RoleName": name, "PolicyName": _INLINE}


def _canonical(value: Json) -> Json:
    """Return a policy in a form that compares by meaning: IAM may reorder a list and unwrap a list of one."""
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        inner = sorted((_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return inner[0] if len(inner) == 1 and isinstance(inner[0], str) else inner
    return value
