"""IAM managed policies: those of a lane are the boundaries that its roles carry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import created, differences, missing_tags, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.isolation.roles.boundary import boundary_policy
from shared.isolation.roles.deployer import deployer_boundary
from shared.values import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Place
    from shared.deploy.sources import Sources
    from shared.isolation.roles.policy import Policy

KIND = "policy"
SERVICE = "iam"
ARN = ("iam", "policy/")


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the boundary of the roles of functions and workflows, and that of the deployer's role."""
    lane, tags = sources.lane, sources.tags
    yield desired(lane.boundary, lane.place, tags, _of_roles(lane))
    yield desired(lane.deployer_boundary, lane.place, tags, deployer_boundary(lane))


def _of_roles(lane: Lane) -> Policy:
    ledger = lane.prepaid.function if lane.prepaid else ""
    return boundary_policy(lane.team, lane.place, lane.commons, ledger)


def desired(name: str, place: Place, tags: Mapping[str, str], policy: Policy) -> Resource:
    """Return the managed policy called *name*."""
    return Resource(KIND, name, tags, {"arn": place.arn("iam", f"policy/{name}"), "document": policy.document()})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the policy as it is, or None. ``older`` are its versions that are not in force."""
    arn = aws.place.arn("iam", f"policy/{name}")
    iam = aws.client(SERVICE)
    found = if_there(lambda: iam.get_policy(PolicyArn=arn), "NoSuchEntity")
    if found is None:
        return None
    force = found["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=force)["PolicyVersion"]["Document"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    return Resource(
        KIND,
        name,
        read_tags(found["Policy"].get("Tags", ())),
        {
            "arn": arn,
            "document": document,
            "older": tuple(version["VersionId"] for version in versions if version["VersionId"] != force),
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the policies of *team* among the account's own. IAM cannot search, so all are listed."""
    pages = aws.client(SERVICE).get_paginator("list_policies").paginate(Scope="Local")
    return listed_names(pages, "Policies", "PolicyName", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. IAM keeps five versions; ours has one, and two while it changes."""
    document = json.dumps(want.properties["document"])
    if have is None:
        made = {"PolicyName": want.name, "PolicyDocument": document}
        return created(want, Call("iam", "create_policy", {**made, "Tags": tag_pairs(want.tags)}), told={})
    policy = {"PolicyArn": have.properties["arn"]}
    changed = differences(want.properties["document"], have.properties["document"], "document")
    tags = missing_tags(want, have)
    calls: list[Call] = []
    if changed:
        calls += _drop_older(have)
        calls.append(Call("iam", "create_policy_version", {**policy, "PolicyDocument": document, "SetAsDefault": True}))
    if tags:
        calls.append(Call("iam", "tag_policy", {**policy, "Tags": tag_pairs(want.tags)}))
    return updated(want, (*changed, *tags), *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have*. The roles that carry it are removed before."""
    delete = Call("iam", "delete_policy", {"PolicyArn": have.properties["arn"]})
    return removed(have, *_drop_older(have), delete)


def _drop_older(have: Resource) -> list[Call]:
    return [
        Call("iam", "delete_policy_version", {"PolicyArn": have.properties["arn"], "VersionId": version})
        for version in as_list(have.properties["older"])
    ]
