"""What the rendezvous service should be made of, read off the settings and AWS's answers. Pure: no AWS, no files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.lane import Image
from shared.config.platform import CHECK, RESTART
from shared.deploy.guard import lane_tags
from shared.deploy.rendezvous.image import command, health_command, http_port, own_image
from shared.deploy.rendezvous.policies import boundary, execution_policy, function_policy, task_trust
from shared.deploy.resources import (
    KINDS,
    alarm,
    cluster,
    function,
    log_group,
    policy,
    rendezvous_key,
    repository,
    role,
    rule,
    security_group,
    task_definition,
)
from shared.deploy.resources.record import Records
from shared.deploy.resources.service import Services
from shared.fmi.rendezvous.keys import MASTER_VARIABLE
from shared.handlers.rendezvous.operated import Service
from shared.isolation.roles.function_role import function_trust
from shared.packages.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.platform import RendezvousService
    from shared.deploy.model import Resource
    from shared.deploy.resources import Kind
    from shared.values import Json

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Network:
    """Where the task stands: a VPC, the VPC's own addresses, and public subnets of it."""

    vpc: str = ""
    cidr: str = ""
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What only AWS can tell of what the service is made of. Words stand for what is still to come.

    Attributes:
        network: Where its task stands.
        master: The current value of the master key, as ECS refers to it.
        task: The ARN of the newest task definition.
        address: The public address of the service's task.
    """

    network: Network = field(default_factory=Network)
    master: str = "that of the new secret"
    task: str = "the new revision"
    address: str = "that of the new task"


def operated(service: RendezvousService) -> Service:
    """Return what operating *service* needs of it."""
    at = service.lane.rendezvous
    return Service(service.lane.place.stage, service.cluster, service.service, service.zone, at.host, at.port)


def kinds(service: RendezvousService) -> dict[str, Kind]:
    """Return what reads and changes each kind that the service is made of."""
    own = {"service": asdict(operated(service))}
    platform: tuple[Kind, ...] = (
        *(security_group, cluster, task_definition, rule, alarm),
        Services(service.cluster, {**own, "family": service.task_definition}),
        Records(service.zone, own),
    )
    return {**KINDS, **{kind.KIND: kind for kind in platform}}


def names(service: RendezvousService) -> list[tuple[str, str]]:
    """Return the kind and name of all that the service is made of, in the order in which it is made."""
    unknown, no_code = Answers(), Package(Path(), "", 0, 0)
    task = (task_service(service, unknown), leading_record(service, unknown))
    made = (*foundation(service, unknown), *task, *schedules(service, no_code))
    return [(resource.kind, resource.name) for resource in made]


def foundation(service: RendezvousService, answers: Answers) -> Iterator[Resource]:
    """Yield what stands before there is a task: logs, a key, roles, the open ports, the cluster, and what a task runs.

    The last one is the task definition.
    """
    lane = service.lane
    tags = lane_tags(lane)
    for name in (service.log_group, *(each.log_group for each in lane.functions.values())):
        yield log_group.desired(name, lane.place, tags, lane.log_retention_days)
    yield rendezvous_key.desired(lane, tags)
    yield from image_repository(service)
    yield from access(service)
    port = lane.rendezvous.port
    ports = {port: _ANYWHERE, http_port(port): answers.network.cidr}
    yield security_group.desired(service.security_group, answers.network.vpc, tags, ports)
    yield cluster.desired(service.cluster, service.cluster_arn, tags)
    yield task_definition.desired(
        service.task_definition,
        tags,
        _container(service, answers.master),
        (service.cpu, service.memory_mb),
        lane.role_arn(service.execution_role),
    )


def image_repository(service: RendezvousService) -> Iterator[Resource]:
    """Yield the repository of the server's image, where it is the platform's own."""
    own = own_image(service)
    if own:
        image = Image(own.repository, base="", setup=(), libraries=False, entrypoint=())
        yield repository.desired(service.lane, image, lane_tags(service.lane))


def access(service: RendezvousService) -> Iterator[Resource]:
    """Yield who may do what: the boundary, and the three roles under it."""
    lane = service.lane
    tags, under = lane_tags(lane), lane.boundary_arn
    yield policy.desired(lane.boundary, lane.place, tags, boundary(service))
    yield role.desired(service.execution_role, tags, task_trust(service), execution_policy(service), under)
    for each in lane.functions.values():
        yield role.desired(each.role, tags, function_trust(), function_policy(service, each), under)


def task_service(service: RendezvousService, answers: Answers) -> Resource:
    """Return the service that keeps a task running."""
    tags, where = lane_tags(service.lane), (answers.network.subnets, service.security_group)
    return Services(service.cluster, {}).desired(service.service, tags, answers.task, where)


def leading_record(service: RendezvousService, answers: Answers) -> Resource:
    """Return the record that leads to the service's task."""
    return Records(service.zone, {}).desired(service.lane.rendezvous.host, whose(service), answers.address)


def whose(service: RendezvousService) -> dict[str, str]:
    """Return the tags that a record tells of its owner. They are few, for a TXT record has little room."""
    tags = lane_tags(service.lane)
    return {key: tags[key] for key in ("team", "owner", "stage", "managed-by")}


def schedules(service: RendezvousService, package: Package) -> Iterator[Resource]:
    """Yield the two functions, the rules that invoke them, and the alarm on the check."""
    lane, tags = service.lane, lane_tags(service.lane)
    for each in lane.functions.values():
        yield function.desired(lane, each, package, tags)
    for key, when in {CHECK: lane.rendezvous.schedule, RESTART: service.restart}.items():
        yield rule.desired(service.rules[key], tags, when, lane.function_arn(key))
    at, name = lane.rendezvous, lane.functions[CHECK].name
    watch = alarm.Watch(name, service.check_seconds, at.failure_threshold, at.success_threshold)
    yield alarm.desired(service.alarm, lane.place, tags, watch, service.notify)


def _container(service: RendezvousService, master: str) -> Mapping[str, Json]:
    port = service.lane.rendezvous.port
    return {
        "name": "rendezvous",
        "image": service.image,
        "essential": True,
        "user": "nobody",
        "memory": service.memory_mb,
        "command": command(port, allow_open=service.allow_open),
        "secrets": [{"name": MASTER_VARIABLE, "valueFrom": master}],
        "portMappings": [{"containerPort": each, "protocol": "tcp"} for each in (port, http_port(port))],
        "healthCheck": {
            "command": health_command(port),
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 10,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": service.log_group,
                "awslogs-region": service.lane.place.region,
                "awslogs-stream-prefix": "rendezvous",
            },
        },
    }
