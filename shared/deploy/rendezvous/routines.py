"""The steps of its plan that need an answer first: the id of a group, the newest revision, the address of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.rendezvous.keys import MASTER_SECRET, find_master
from shared.errors import LanesError
from shared.handlers.rendezvous.service import Service, ServiceError, await_ready, point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.deploy.aws import Aws

    Sleep = Callable[[float], None]

_POLL_SECONDS = 3.0
_POLLS = 100  # five minutes: a task has 30 s to end, its interface goes after it


def make_security_group(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all
    """Make a security group with its tags, then open its ports."""
    ec2 = aws.client("ec2")
    made = ec2.create_security_group(
        GroupName=params["name"],
        Description="The rendezvous of FMI ranks",
        VpcId=params["vpc"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": params["tags"]}],
    )
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=params["permissions"])


def register_task_definition(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all
    """Make a new revision that is given the master key of today.

    Raises:
        LanesError: There is no master key, or it is not the platform's.
    """
    master = find_master(aws)
    if master is None:
        raise LanesError(f"there is no secret {MASTER_SECRET}", fix="run the command again: it makes one")
    (container,) = params["containerDefinitions"]
    told = [{**each, "valueFrom": master.properties["reference"]} for each in container["secrets"]]
    aws.client("ecs").register_task_definition(**{**params, "containerDefinitions": [{**container, "secrets": told}]})


def create_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all
    """Make a service that runs the newest revision."""
    aws.client("ecs").create_service(
        serviceName=params["service"],
        launchType="FARGATE",
        tags=params["tags"],
        propagateTags="SERVICE",
        **_settings(aws, params),
    )


def update_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  one shape for all
    """Move a service to the newest revision and its other settings, with a new task whatever changed."""
    aws.client("ecs").update_service(service=params["service"], forceNewDeployment=True, **_settings(aws, params))


def await_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until the service's newest task is healthy.

    Raises:
        ServiceError: It is not, and why; or ECS went back to an older revision, whose task is.
    """
    service = Service(**params["service"])
    state = await_ready(aws.client, service, sleep)
    newest = aws.client("ecs").describe_task_definition(taskDefinition=params["family"])["taskDefinition"]
    if state.definition != newest["taskDefinitionArn"]:
        raise ServiceError(
            f"the new task never became healthy, and ECS went back to {state.definition.rpartition('/')[2]}",
            where=f"service {service.service}",
            fix="see that the image exists and starts (its log group tells), then run the command again",
        )


def await_no_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Wait until a deleted service's tasks have stopped: its security group and cluster are in use until then.

    Raises:
        LanesError: It takes too long.
    """
    ecs = aws.client("ecs")
    for _ in range(_POLLS):
        found = ecs.describe_services(cluster=params["cluster"], services=[params["service"]])["services"]
        if all(service["status"] == "INACTIVE" for service in found):
            return
        sleep(_POLL_SECONDS)
    raise LanesError(
        f"service {params['service']} is still draining after {_POLLS * _POLL_SECONDS:.0f} s",
        fix="run the command again later; it goes on from there",
    )


def deregister_task_definitions(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:  # noqa: ARG001  as above
    """Deregister every revision of a family."""
    ecs = aws.client("ecs")
    pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix=params["family"], status="ACTIVE")
    for arn in [arn for page in pages for arn in page["taskDefinitionArns"]]:
        ecs.deregister_task_definition(taskDefinition=arn)


def point_record(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Point the record at the service's task, once that is healthy.

    Raises:
        ServiceError: It never is, or Route 53 takes too long.
    """
    service = Service(**params["service"])
    state = await_ready(aws.client, service, sleep)
    point(aws.client, service, state.address, params["mark"], sleep)


def _settings(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what making and changing a service have in common."""
    newest = aws.client("ecs").describe_task_definition(taskDefinition=params["family"])["taskDefinition"]
    filters = [{"Name": "group-name", "Values": params["security_groups"]}]
    groups = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return {
        "cluster": params["cluster"],
        "taskDefinition": newest["taskDefinitionArn"],
        "desiredCount": params["desiredCount"],
        "deploymentConfiguration": params["deployment"],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": params["subnets"],
                "securityGroups": [group["GroupId"] for group in groups],
                "assignPublicIp": params["assignPublicIp"],
            }
        },
    }


ROUTINES: Mapping[str, Callable[[Aws, Mapping[str, Any], Sleep], None]] = {
    "make security group": make_security_group,
    "register task definition": register_task_definition,
    "create service": create_service,
    "update service": update_service,
    "await service": await_service,
    "await no service": await_no_service,
    "deregister task definitions": deregister_task_definitions,
    "point record": point_record,
}
