"""ECR repositories: one for each function that is an image. ``lanes images push`` fills them, Lambda fetches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import path_prefix
from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.isolation.roles.repository import repository_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Image, Lane
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "repository"
SERVICE = "ecr"
ARN = ("ecr", "repository/")


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield a repository for each function that is an image, but for those that somebody else's repository holds."""
    for each in sources.lane.functions.values():
        if each.image and each.image.uri is None:
            yield desired(sources.lane, each.image, sources.tags)


def desired(lane: Lane, image: Image, tags: Mapping[str, str]) -> Resource:
    """Return the repository of *image*: its tags may move, what is pushed is scanned, and Lambda may pull."""
    return Resource(
        KIND,
        image.repository,
        tags,
        {
            "arn": lane.place.arn(SERVICE, f"repository/{image.repository}"),
            "mutability": "MUTABLE",
            "scan_on_push": True,
            "policy": repository_policy(lane.team, lane.place),
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the repository as it is, or None."""
    ecr = aws.client(SERVICE)
    answer = if_there(lambda: ecr.describe_repositories(repositoryNames=[name]), "RepositoryNotFoundException")
    if answer is None:
        return None
    (found,) = answer["repositories"]
    arn = found["repositoryArn"]
    return Resource(
        KIND,
        name,
        read_tags(ecr.list_tags_for_resource(resourceArn=arn)["tags"]),
        {
            "arn": arn,
            "mutability": found["imageTagMutability"],
            "scan_on_push": found.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "policy": _policy(aws, name),
        },
    )


def _policy(aws: Aws, name: str) -> Json:
    ecr = aws.client(SERVICE)
    found = if_there(lambda: ecr.get_repository_policy(repositoryName=name), "RepositoryPolicyNotFoundException")
    policy: Json = json.loads(found["policyText"]) if found else None
    return policy


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the repositories of *team*."""
    pages = aws.client(SERVICE).get_paginator("describe_repositories").paginate()
    return listed_names(pages, "repositories", "repositoryName", path_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    on = {"repositoryName": want.name}
    scanning = {"imageScanningConfiguration": {"scanOnPush": want.properties["scan_on_push"]}}
    mutability = {"imageTagMutability": want.properties["mutability"]}
    policy = Call(SERVICE, "set_repository_policy", {**on, "policyText": json.dumps(want.properties["policy"])})
    if have is None:
        create = Call(SERVICE, "create_repository", {**on, **mutability, **scanning, "tags": tag_pairs(want.tags)})
        return created(want, create, policy)
    changed, tags = compare(want, have)
    tag = Call(SERVICE, "tag_resource", {"resourceArn": want.properties["arn"], "tags": tag_pairs(want.tags)})
    settings = {
        "mutability": Call(SERVICE, "put_image_tag_mutability", {**on, **mutability}),
        "scan_on_push": Call(SERVICE, "put_image_scanning_configuration", {**on, **scanning}),
        "policy": policy,
    }
    calls = [call for key, call in settings.items() if want.properties[key] != have.properties[key]]
    return updated(want, (*changed, *tags), *calls, *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have* and its images."""
    return removed(have, Call(SERVICE, "delete_repository", {"repositoryName": have.name, "force": True}))
