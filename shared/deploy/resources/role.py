"""IAM roles: of functions, state machines and a team's people, each with one inline policy and nothing attached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, pairs
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.isolation.roles.policy import Policy, Trust

KIND = "role"
SERVICE = "iam"
_INLINE = "lane"


def desired(name: str, tags: Mapping[str, str], trust: Trust, policy: Policy, boundary: str | None = None) -> Resource:
    """Return the role called *name*; *boundary* is the ARN of its permissions boundary."""
    return Resource(
        KIND,
        name,
        tags,
        {
            "trust": _canonical(trust.document()),
            "policies": {_INLINE: _canonical(policy.document())},
            "attached": (),
            "boundary": boundary,
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the role as it is, or None."""
    iam = aws.iam
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return None
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return Resource(
        KIND,
        name,
        {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
        {
            "trust": _canonical(role["AssumeRolePolicyDocument"]),
            "policies": {
                policy: _canonical(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
                for policy in sorted(inline)
            },
            "attached": tuple(sorted(policy["PolicyArn"] for policy in attached)),
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the roles whose names begin with *prefix*. IAM cannot search, so all are listed."""
    for page in aws.iam.get_paginator("list_roles").paginate():
        yield from (role["RoleName"] for role in page["Roles"] if role["RoleName"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*; a policy put there by hand is taken away, or nothing would be proved."""
    policy = Call("iam", "put_role_policy", {**_inline(want.name), "PolicyDocument": _policy(want)})
    if have is None:
        return Step("create", KIND, want.name, tuple(_grants(want)), (_create(want), policy))
    diff = (*differences(want.properties, have.properties), *missing_tags(want, have))
    if not diff:
        return Step("nothing", KIND, want.name)
    return Step("update", KIND, want.name, diff, tuple(_update(want, have, policy)))


def remove(have: Resource) -> Step:
    """Return what removes *have* and every policy on it."""
    return Step(
        "delete",
        KIND,
        have.name,
        calls=(*_strip(have, keep=()), Call("iam", "delete_role", {"RoleName": have.name})),
    )


def _create(want: Resource) -> Call:
    boundary = want.properties["boundary"]
    return Call(
        "iam",
        "create_role",
        {
            "RoleName": want.name,
            "AssumeRolePolicyDocument": json.dumps(want.properties["trust"]),
            "Tags": pairs(want.tags),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        },
    )


def _update(want: Resource, have: Resource, policy: Call) -> Iterator[Call]:
    """Yield the calls for what differs: the boundary first, so that no wider policy is ever without it."""
    new, old = want.properties, have.properties
    role = {"RoleName": want.name}
    if new["boundary"] != old["boundary"]:
        if new["boundary"]:
            yield Call("iam", "put_role_permissions_boundary", {**role, "PermissionsBoundary": new["boundary"]})
        else:
            yield Call("iam", "delete_role_permissions_boundary", role)
    yield from _strip(have, keep=tuple(new["policies"]))
    if new["trust"] != old["trust"]:
        yield Call("iam", "update_assume_role_policy", {**role, "PolicyDocument": json.dumps(new["trust"])})
    if new["policies"][_INLINE] != old["policies"].get(_INLINE):
        yield policy
    if missing_tags(want, have):
        yield Call("iam", "tag_role", {**role, "Tags": pairs(want.tags)})


def _strip(have: Resource, keep: tuple[str, ...]) -> Iterator[Call]:
    role = {"RoleName": have.name}
    for arn in have.properties["attached"]:
        yield Call("iam", "detach_role_policy", {**role, "PolicyArn": arn})
    for name in have.properties["policies"]:
        if name not in keep:
            yield Call("iam", "delete_role_policy", {**role, "PolicyName": name})


def _grants(want: Resource) -> Iterator[str]:
    """Yield a line for each statement of a new role's policy: what a reader wants to know of it."""
    for statement in want.properties["policies"][_INLINE]["Statement"]:
        actions, resources = (
            value if isinstance(value, str) else ", ".join(value)
            for value in (statement["Action"], statement["Resource"])
        )
        yield f"may {actions} on {resources}"


def _policy(want: Resource) -> str:
    return json.dumps(want.properties["policies"][_INLINE])


def _inline(name: str) -> dict[str, str]:
    return {"RoleName": name, "PolicyName": _INLINE}


def _canonical(value: Any) -> Any:
    """Return a policy in a form that compares by meaning: IAM may reorder a list and unwrap a list of one."""
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        inner = sorted((_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return inner[0] if len(inner) == 1 and isinstance(inner[0], str) else inner
    return value
