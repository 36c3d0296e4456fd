"""The steps of the rendezvous service's plan that need an answer first.

Such an answer is the id of a security group, the newest revision of a task definition, or the address of a task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.aws.settling.waiting import wait_until
from shared.deploy.guard import check_ownership
from shared.deploy.model import Resource
from shared.deploy.rendezvous_keys import MASTER_SECRET, find_master
from shared.deploy.resources import record, security_group, service, task_definition
from shared.deploy.tags import read_tags
from shared.errors import LanesError, code_of
from shared.handlers.rendezvous.operated import Service, ServiceError
from shared.handlers.rendezvous.record import point
from shared.handlers.rendezvous.service import await_ready
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef

    from shared.aws.client import Aws
    from shared.deploy.watch import RunRoutine, Watch
    from shared.values import Json

_EVERY = 3.0  # seconds
_SETTLES = 60.0  # seconds: what was just made is known everywhere after a few
_DRAINS = 300.0  # seconds: a task has 30 to end, and its network interface goes after it


def make_security_group(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Make a security group with its tags, then open its ports.

    Raises:
        OwnershipError: Somebody else made one of that name since the plan.
        LanesError: It was made and is not found.
    """
    ec2 = aws.client("ec2")
    name, tags = as_text(params["name"]), [as_mapping(pair) for pair in as_list(params["tags"])]
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
        (made,) = _groups(aws, [name], watch)  # an earlier try of ours made it, or somebody else
        check_ownership([Resource(security_group.KIND, name, read_tags(made.get("Tags", ())), {})], read_tags(tags))
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=params["permissions"])


def register_task_definition(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Make a new revision that is given the master key of today.

    Raises:
        LanesError: There is no master key, or it is not the platform's.
    """
    master = wait_until(lambda: find_master(aws), watch.sleep, every=_EVERY, longest=_SETTLES)
    if master is None:
        raise LanesError(f"there is no secret {MASTER_SECRET}", fix="see that nobody else removes it", again=True)
    container = as_mapping(*as_list(params["containerDefinitions"]))
    reference = master.properties["reference"]
    told = [{**as_mapping(each), "valueFrom": reference} for each in as_list(container["secrets"])]
    aws.client("ecs").register_task_definition(**{**params, "containerDefinitions": [{**container, "secrets": told}]})


def create_service(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Make a service that runs the newest revision."""
    aws.client("ecs").create_service(
        serviceName=params["service"],
        launchType="FARGATE",
        tags=params["tags"],
        propagateTags="SERVICE",
        **_settings(aws, params, watch),
    )


def update_service(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Move a service to the newest revision and its other settings, with a new task whatever changed."""
    settings = _settings(aws, params, watch)
    aws.client("ecs").update_service(service=params["service"], forceNewDeployment=True, **settings)


def await_service(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until the service's newest task is healthy, and tell how far it is.

    Raises:
        ServiceError: It is not; says why. Or ECS went back to an older revision, whose task is healthy.
    """
    operated = _operated(params)
    state = await_ready(aws.client, operated, watch.sleep, watch.on_wait)
    newest = aws.client("ecs").describe_task_definition(taskDefinition=params["family"])["taskDefinition"]
    if state.definition != newest["taskDefinitionArn"]:
        raise ServiceError(
            f"the new task never became healthy, and ECS went back to {state.definition.rpartition('/')[2]}",
            where=f"service {operated.service}",
            fix="see that the image exists and starts (its log group tells)",
            again=True,
        )


def await_no_service(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until a deleted service's tasks have stopped: its security group and cluster are in use until then.

    Raises:
        LanesError: It takes too long.
    """
    ecs = aws.client("ecs")

    def gone() -> bool:
        found = ecs.describe_services(cluster=params["cluster"], services=[params["service"]])["services"]
        return all(each["status"] == "INACTIVE" for each in found)

    if not wait_until(gone, watch.sleep, every=_EVERY, longest=_DRAINS):
        raise LanesError(f"service {params['service']} is still draining after {_DRAINS:.0f} s", again=True)


def deregister_task_definitions(aws: Aws, params: Mapping[str, Json], _watch: Watch) -> None:
    """Deregister every revision of a family."""
    ecs = aws.client("ecs")
    pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix=params["family"], status="ACTIVE")
    for arn in [arn for page in pages for arn in page["taskDefinitionArns"]]:
        ecs.deregister_task_definition(taskDefinition=arn)


def point_record(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Point the record at the service's task once that is healthy, and tell how far it is.

    Raises:
        ServiceError: It never is healthy, or Route 53 takes too long.
    """
    operated = _operated(params)
    state = await_ready(aws.client, operated, watch.sleep, watch.on_wait)
    point(aws.client, operated, state.address, as_text(params["mark"]), watch.sleep)


def _operated(params: Mapping[str, Json]) -> Service:
    """Return the service that *params* describe, as :class:`Service` has its fields."""
    fields = as_mapping(params["service"])
    port = fields["port"]
    if not isinstance(port, int):
        raise TypeError(f"{port!r} is not a port")
    return Service(**{name: as_text(value) for name, value in fields.items() if name != "port"}, port=port)


def _groups(aws: Aws, names: list[str], watch: Watch) -> list[SecurityGroupTypeDef]:
    """Return the security groups called *names*. EC2 may take a while to list those that were just made.

    Raises:
        LanesError: It does not find them.
    """
    filters = [{"Name": "group-name", "Values": names}]

    def look() -> list[SecurityGroupTypeDef] | None:
        answer = aws.client("ec2").describe_security_groups(Filters=filters)
        found: list[SecurityGroupTypeDef] = answer["SecurityGroups"]
        return found if len(found) == len(names) else None

    groups = wait_until(look, watch.sleep, every=_EVERY, longest=_SETTLES)
    if groups is None:
        raise LanesError(
            f"EC2 does not find security group {', '.join(names)}", fix="see that nobody else removes it", again=True
        )
    return groups


def _settings(aws: Aws, params: Mapping[str, Json], watch: Watch) -> dict[str, Json]:
    """Return what making and changing a service have in common."""
    newest = aws.client("ecs").describe_task_definition(taskDefinition=params["family"])["taskDefinition"]
    groups = _groups(aws, [as_text(name) for name in as_list(params["security_groups"])], watch)
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


ROUTINES: Mapping[str, RunRoutine] = {
    service.AWAIT: await_service,
    service.AWAIT_GONE: await_no_service,
    service.CREATE: create_service,
    service.UPDATE: update_service,
    record.POINT: point_record,
    security_group.MAKE: make_security_group,
    task_definition.REGISTER: register_task_definition,
    task_definition.DEREGISTER: deregister_task_definitions,
}
