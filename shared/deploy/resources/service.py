"""ECS services on Fargate: one task with a public address, and a new one beside it before it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, summary
from shared.deploy.resources.cluster import read_tags, write_tags
from shared.deploy.resources.task_definition import as_asked
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.deploy.model import Action

KIND = "service"
# ECS starts the new task first, stops the old one when the new is healthy, and goes back when it never is.
_DEPLOYMENT = {
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}


@dataclass(frozen=True, slots=True)
class Services:
    """The services of *cluster*.

    ``awaited`` is what the routine "await service" takes: a service that was changed is done when its task is healthy.
    """

    cluster: str
    awaited: Mapping[str, Any]
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
        properties = {
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
        """Return the service as it is, or None; one that was deleted stays readable for a while, and counts as gone."""
        ecs = aws.client("ecs")
        try:
            answer = ecs.describe_services(cluster=self.cluster, services=[name], include=["TAGS"])
        except ClientError as error:
            if code_of(error) != "ClusterNotFoundException":
                raise
            return None
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
        if have is None:
            create = Routine("create service", {**self._params(want), "tags": write_tags(want.tags)})
            return self._step("create", want, summary(want.properties), create)
        found = {key: have.properties[key] for key in want.properties}
        changed, tags = differences(want.properties, found), missing_tags(want, have)
        if changed:
            change = [Routine("update service", self._params(want))]
        elif tags:
            change = []
        else:
            return Step("nothing", KIND, want.name)
        tag = Call("ecs", "tag_resource", {"resourceArn": have.properties["arn"], "tags": write_tags(want.tags)})
        return self._step("update", want, (*changed, *tags), *change, *([tag] if tags else ()))

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*, and waits until its tasks have stopped."""
        on = {"cluster": self.cluster, "service": have.name}
        calls = (Call("ecs", "delete_service", {**on, "force": True}), Routine("await no service", on))
        return Step("delete", KIND, have.name, calls=calls)

    def _step(self, action: Action, want: Resource, diff: tuple[str, ...], *calls: Call | Routine) -> Step:
        return Step(action, KIND, want.name, diff, (*calls, Routine("await service", self.awaited)))

    def _params(self, want: Resource) -> dict[str, Any]:
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
