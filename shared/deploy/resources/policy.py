"""IAM managed policies: those of a lane are the boundaries that its roles carry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, pairs
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place
    from shared.isolation.roles.policy import Policy

KIND = "policy"
SERVICE = "iam"


def desired(name: str, place: Place, tags: Mapping[str, str], policy: Policy) -> Resource:
    """Return the managed policy called *name*."""
    return Resource(KIND, name, tags, {"arn": place.arn("iam", f"policy/{name}"), "document": policy.document()})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the policy as it is, or None. ``older`` are its versions that are not in force."""
    arn = aws.place.arn("iam", f"policy/{name}")
    try:
        policy = aws.iam.get_policy(PolicyArn=arn)["Policy"]
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return None
    force = policy["DefaultVersionId"]
    document: Any = aws.iam.get_policy_version(PolicyArn=arn, VersionId=force)["PolicyVersion"]["Document"]
    versions = aws.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    return Resource(
        KIND,
        name,
        {tag["Key"]: tag["Value"] for tag in policy.get("Tags", ())},
        {
            "arn": arn,
            "document": document,
            "older": tuple(version["VersionId"] for version in versions if version["VersionId"] != force),
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the account's own policies whose names begin with *prefix*. IAM cannot search, so all are listed."""
    for page in aws.iam.get_paginator("list_policies").paginate(Scope="Local"):
        yield from (policy["PolicyName"] for policy in page["Policies"] if policy["PolicyName"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. IAM keeps five versions; ours has one, and two while it changes."""
    document = json.dumps(want.properties["document"])
    if have is None:
        create = {"PolicyName": want.name, "PolicyDocument": document, "Tags": pairs(want.tags)}
        return Step("create", KIND, want.name, calls=(Call("iam", "create_policy", create),))
    policy = {"PolicyArn": have.properties["arn"]}
    changed = differences(want.properties["document"], have.properties["document"], "document")
    tags = missing_tags(want, have)
    calls: list[Call] = []
    if changed:
        calls += _drop_older(have)
        calls.append(Call("iam", "create_policy_version", {**policy, "PolicyDocument": document, "SetAsDefault": True}))
    if tags:
        calls.append(Call("iam", "tag_policy", {**policy, "Tags": pairs(want.tags)}))
    if not calls:
        return Step("nothing", KIND, want.name)
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*; the roles that carry it go before."""
    delete = Call("iam", "delete_policy", {"PolicyArn": have.properties["arn"]})
    return Step("delete", KIND, have.name, calls=(*_drop_older(have), delete))


def _drop_older(have: Resource) -> list[Call]:
    return [
        Call("iam", "delete_policy_version", {"PolicyArn": have.properties["arn"], "VersionId": version})
        for version in have.properties["older"]
    ]
