"""ECS services on Fargate: one task with a public address. A new task is started beside it before the old one goes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.resources.task_definition import as_asked
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import lower_tag_pairs, read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.values import Json

KIND = "service"
SERVICE = "ecs"
ARN = ("ecs", "service/")
CREATE, UPDATE = "create service", "update service"
AWAIT, AWAIT_GONE = "await service", "await no service"
# ECS starts the new task first, and stops the old one when the new one is healthy. If it never is, ECS goes back.
_DEPLOYMENT: Mapping[str, Json] = {
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}


@dataclass(frozen=True, slots=True)
class Services:
    """The services of *cluster*.

    ``awaited`` is what the routine :data:`AWAIT` takes: a service that was changed is done when its task is healthy.
    """

    cluster: str
    awaited: Mapping[str, Json]
    KIND: str = KIND

    def desired(self, name: str, tags: Mapping[str, str], task: str, network: tuple[tuple[str, ...], str]) -> Resource:
        """Return the service called *name*.

        Args:
            name: Its name.
            tags: Whose it is.
            task: The ARN of the newest task definition, or words for one that is still to be made.
            network: Its subnets, and the name of its security group.
        """
        subnets, group = network
        properties: dict[str, Json] = {
            "task_definition": task,
            "tasks": 1,
            "subnets": sorted(subnets),
            "security_groups": [group],
            "public_address": "ENABLED",
            "deployment": _DEPLOYMENT,
            "rollout": "sound",
        }
        return Resource(KIND, name, tags, properties)

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the service as it is, or None. One that was deleted can be read for a while, and counts as gone."""
        ask = partial(aws.client(SERVICE).describe_services, cluster=self.cluster, services=[name], include=["TAGS"])
        answer = if_there(ask, "ClusterNotFoundException") or {"services": []}
        active = [found for found in answer["services"] if found["status"] == "ACTIVE"]
        if not active:
            return None
        found = active[0]
        network = found["networkConfiguration"]["awsvpcConfiguration"]
        failed = any(each.get("rolloutState") == "FAILED" for each in found["deployments"])
        return Resource(
            KIND,
            name,
            read_tags(found.get("tags", ())),
            {
                "task_definition": found["taskDefinition"],
                "tasks": found["desiredCount"],
                "subnets": sorted(network["subnets"]),
                "security_groups": _group_names(aws, network.get("securityGroups", [])),
                "public_address": network.get("assignPublicIp", "DISABLED"),
                "deployment": as_asked(_DEPLOYMENT, found.get("deploymentConfiguration", {})),
                "rollout": "failed" if failed else "sound",
                "arn": found["serviceArn"],
            },
        )

    def steps(self, want: Resource, have: Resource | None) -> Step:
        """Return what makes *have* into *want*, and waits for the task."""
        done = Routine(AWAIT, self.awaited)
        if have is None:
            return created(want, Routine(CREATE, {**self._params(want), "tags": lower_tag_pairs(want.tags)}), done)
        changed, tags = compare(want, have)
        change = Routine(UPDATE, self._params(want))
        on = {"resourceArn": have.properties["arn"]}
        tag = Call(SERVICE, "tag_resource", {**on, "tags": lower_tag_pairs(want.tags)})
        return updated(want, (*changed, *tags), *([change] if changed else ()), *([tag] if tags else ()), done)

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*, and waits until its tasks have stopped."""
        on = {"cluster": self.cluster, "service": have.name}
        return removed(have, Call(SERVICE, "delete_service", {**on, "force": True}), Routine(AWAIT_GONE, on))

    def _params(self, want: Resource) -> dict[str, Json]:
        return {
            "cluster": self.cluster,
            "service": want.name,
            "family": self.awaited["family"],
            "desiredCount": want.properties["tasks"],
            "subnets": want.properties["subnets"],
            "security_groups": want.properties["security_groups"],
            "assignPublicIp": want.properties["public_address"],
            "deployment": want.properties["deployment"],
        }


def _group_names(aws: Aws, ids: list[str]) -> list[str]:
    if not ids:
        return []
    groups = aws.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
    return sorted(group["GroupName"] for group in groups)
