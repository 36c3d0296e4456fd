"""ECS clusters: a name that services are grouped under. Fargate brings the machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step
from shared.deploy.steps import created, missing_tags, removed, updated
from shared.deploy.tags import lower_tag_pairs, read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws

KIND = "cluster"
SERVICE = "ecs"
ARN = ("ecs", "cluster/")


def desired(name: str, arn: str, tags: Mapping[str, str]) -> Resource:
    """Return the cluster called *name*."""
    return Resource(KIND, name, tags, {"arn": arn})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the cluster as it is, or None. One that was deleted can be read for a while, and counts as gone."""
    for found in aws.client(SERVICE).describe_clusters(clusters=[name], include=["TAGS"])["clusters"]:
        if found["status"] == "ACTIVE":
            return Resource(KIND, name, read_tags(found.get("tags", ())), {"arn": found["clusterArn"]})
    return None


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    tags = lower_tag_pairs(want.tags)
    if have is None:
        return created(want, Call(SERVICE, "create_cluster", {"clusterName": want.name, "tags": tags}))
    tag = Call(SERVICE, "tag_resource", {"resourceArn": have.properties["arn"], "tags": tags})
    return updated(want, missing_tags(want, have), tag)


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return removed(have, Call(SERVICE, "delete_cluster", {"cluster": have.name}))
