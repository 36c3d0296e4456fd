"""ECR repositories: one for each function that is an image. ``lanes images push`` fills them, Lambda fetches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Step, differences, missing_tags, pairs, summary
from shared.errors import code_of
from shared.isolation.roles.repository import repository_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Image, Lane

KIND = "repository"
SERVICE = "ecr"


def desired(lane: Lane, image: Image, tags: Mapping[str, str]) -> Resource:
    """Return the repository of *image* as it should be: tags may move, what is pushed is scanned, Lambda comes in."""
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
    try:
        (found,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    except ClientError as error:
        if code_of(error) != "RepositoryNotFoundException":
            raise
        return None
    arn = found["repositoryArn"]
    return Resource(
        KIND,
        name,
        {tag["Key"]: tag["Value"] for tag in ecr.list_tags_for_resource(resourceArn=arn)["tags"]},
        {
            "arn": arn,
            "mutability": found["imageTagMutability"],
            "scan_on_push": found.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "policy": _policy(aws, name),
        },
    )


def _policy(aws: Aws, name: str) -> dict[str, Any] | None:
    ecr = aws.client(SERVICE)
    try:
        found: dict[str, Any] = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    except ClientError as error:
        if code_of(error) != "RepositoryPolicyNotFoundException":
            raise
        return None
    return found


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the repositories of the team whose other names begin with *prefix*: here its slug is a folder."""
    folder = f"{prefix.removesuffix('-')}/"
    for page in aws.client(SERVICE).get_paginator("describe_repositories").paginate():
        yield from (
            found["repositoryName"] for found in page["repositories"] if found["repositoryName"].startswith(folder)
        )


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    on = {"repositoryName": want.name}
    scanning = {"imageScanningConfiguration": {"scanOnPush": want.properties["scan_on_push"]}}
    mutability = {"imageTagMutability": want.properties["mutability"]}
    policy = Call(SERVICE, "set_repository_policy", {**on, "policyText": json.dumps(want.properties["policy"])})
    if have is None:
        create = Call(SERVICE, "create_repository", {**on, **mutability, **scanning, "tags": pairs(want.tags)})
        return Step("create", KIND, want.name, summary(want.properties), (create, policy))
    changed, tags = differences(want.properties, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    settings = {
        "mutability": Call(SERVICE, "put_image_tag_mutability", {**on, **mutability}),
        "scan_on_push": Call(SERVICE, "put_image_scanning_configuration", {**on, **scanning}),
        "policy": policy,
    }
    calls = [call for key, call in settings.items() if want.properties[key] != have.properties[key]]
    if tags:
        calls.append(Call(SERVICE, "tag_resource", {"resourceArn": want.properties["arn"], "tags": pairs(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have* and its images."""
    return Step(
        "delete",
        KIND,
        have.name,
        calls=(Call(SERVICE, "delete_repository", {"repositoryName": have.name, "force": True}),),
    )
