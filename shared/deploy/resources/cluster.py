"""ECS clusters: a name that services stand under; Fargate brings the machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step, missing_tags, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws

KIND = "cluster"


def desired(name: str, arn: str, tags: Mapping[str, str]) -> Resource:
    """Return the cluster called *name*."""
    return Resource(KIND, name, tags, {"arn": arn})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the cluster as it is, or None; one that was deleted stays readable for a while, and counts as gone."""
    for found in aws.client("ecs").describe_clusters(clusters=[name], include=["TAGS"])["clusters"]:
        if found["status"] == "ACTIVE":
            return Resource(KIND, name, read_tags(found.get("tags", ())), {"arn": found["clusterArn"]})
    return None


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    if have is None:
        create = Call("ecs", "create_cluster", {"clusterName": want.name, "tags": write_tags(want.tags)})
        return Step("create", KIND, want.name, summary(want.properties), (create,))
    diff = missing_tags(want, have)
    if not diff:
        return Step("nothing", KIND, want.name)
    tag = Call("ecs", "tag_resource", {"resourceArn": have.properties["arn"], "tags": write_tags(want.tags)})
    return Step("update", KIND, want.name, diff, (tag,))


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return Step("delete", KIND, have.name, calls=(Call("ecs", "delete_cluster", {"cluster": have.name}),))


def read_tags(pairs: tuple[dict[str, str], ...] | list[dict[str, str]]) -> dict[str, str]:
    """Return ECS's *pairs* as a mapping."""
    return {pair["key"]: pair["value"] for pair in pairs}


def write_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *tags* as ECS takes them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
