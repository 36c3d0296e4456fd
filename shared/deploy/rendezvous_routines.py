"""The steps of its plan that need an answer first: the id of a group, the newest revision, the address of a task."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from shared.deploy.guard import check_ownership
from shared.deploy.model import Resource
from shared.deploy.rendezvous_keys import MASTER_SECRET, find_master
from shared.errors import LanesError, code_of
from shared.handlers.rendezvous.operated import Service, ServiceError
from shared.handlers.rendezvous.record import point
from shared.handlers.rendezvous.service import await_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws

    Sleep = Callable[[float], None]
    Tell = Callable[[str], None]

_T = TypeVar("_T")
_POLL_SECONDS = 3.0
_SETTLES = 20  # a minute: what was just made is known everywhere in seconds
_POLLS = 100  # five minutes: a task has 30 s to end, its interface goes after it


def make_security_group(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Make a security group with its tags, then open its ports.

    Raises:
        OwnershipError: Somebody else made one of that name since the plan.
        LanesError: It was made and is not found.
    """
    ec2 = aws.client("ec2")
    name, tags = params["name"], params["tags"]
    try:
        made = ec2.create_security_group(
            GroupName=name,
            Description="The rendezvous of FMI ranks",
            VpcId=params["vpc"],
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )
    except ClientError as error:
        if code_of(error) != "InvalidGroup.Duplicate":
            raise
        (made,) = _groups(aws, [name], sleep)  # an earlier try of ours, or somebody
        found = {tag["Key"]: tag["Value"] for tag in made.get("Tags", ())}
        check_ownership([Resource("security group", name, found, {})], {tag["Key"]: tag["Value"] for tag in tags})
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=params["permissions"])


def register_task_definition(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Make a new revision that is given the master key of today.

    Raises:
        LanesError: There is no master key, or it is not the platform's.
    """
    master = _once_told(lambda: find_master(aws), sleep)
    if master is None:
        raise LanesError(f"there is no secret {MASTER_SECRET}", fix="run the command again: it makes one")
    (container,) = params["containerDefinitions"]
    told = [{**each, "valueFrom": master.properties["reference"]} for each in container["secrets"]]
    aws.client("ecs").register_task_definition(**{**params, "containerDefinitions": [{**container, "secrets": told}]})


def create_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Make a service that runs the newest revision."""
    aws.client("ecs").create_service(
        serviceName=params["service"],
        launchType="FARGATE",
        tags=params["tags"],
        propagateTags="SERVICE",
        **_settings(aws, params, sleep),
    )


def update_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> None:
    """Move a service to the newest revision and its other settings, with a new task whatever changed."""
    settings = _settings(aws, params, sleep)
    aws.client("ecs").update_service(service=params["service"], forceNewDeployment=True, **settings)


def await_service(aws: Aws, params: Mapping[str, Any], sleep: Sleep, tell: Tell = lambda _said: None) -> None:
    """Wait until the service's newest task is healthy; *tell* hears how far it is.

    Raises:
        ServiceError: It is not, and why; or ECS went back to an older revision, whose task is.
    """
    service = Service(**params["service"])
    state = await_ready(aws.client, service, sleep, tell)
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


def point_record(aws: Aws, params: Mapping[str, Any], sleep: Sleep, tell: Tell = lambda _said: None) -> None:
    """Point the record at the service's task, once that is healthy; *tell* hears how far it is.

    Raises:
        ServiceError: It never is, or Route 53 takes too long.
    """
    service = Service(**params["service"])
    state = await_ready(aws.client, service, sleep, tell)
    point(aws.client, service, state.address, params["mark"], sleep)


def _groups(aws: Aws, names: list[str], sleep: Sleep) -> list[dict[str, Any]]:
    """Return the security groups called *names*, once EC2 finds those that were just made: it lists what it knows of.

    Raises:
        LanesError: It does not find them.
    """
    filters = [{"Name": "group-name", "Values": names}]

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return found if len(found) == len(names) else None

    groups = _once_told(look, sleep)
    if groups is None:
        raise LanesError(
            f"EC2 does not find security group {', '.join(names)}",
            fix="see that nobody else removes it, then run the command again",
        )
    return groups


def _once_told(look: Callable[[], _T | None], sleep: Sleep) -> _T | None:
    """Return what *look* finds, once AWS tells of what was just made; None when it does not."""
    for _ in range(_SETTLES):
        found = look()
        if found is not None:
            return found
        sleep(_POLL_SECONDS)
    return None


def _settings(aws: Aws, params: Mapping[str, Any], sleep: Sleep) -> dict[str, Any]:
    """Return what making and changing a service have in common."""
    newest = aws.client("ecs").describe_task_definition(taskDefinition=params["family"])["taskDefinition"]
    groups = _groups(aws, params["security_groups"], sleep)
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


def waiting(tell: Tell) -> dict[str, Callable[[Aws, Mapping[str, Any], Sleep], None]]:
    """Return the routines that wait for a task, which takes minutes, as such that *tell* how far it is."""
    return {"await service": partial(await_service, tell=tell), "point record": partial(point_record, tell=tell)}


ROUTINES: Mapping[str, Callable[[Aws, Mapping[str, Any], Sleep], None]] = {
    "await service": await_service,
    "point record": point_record,
    "make security group": make_security_group,
    "register task definition": register_task_definition,
    "create service": create_service,
    "update service": update_service,
    "await no service": await_no_service,
    "deregister task definitions": deregister_task_definitions,
}
