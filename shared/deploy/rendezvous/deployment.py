"""Plans for the rendezvous service, to make it and to remove it, and the hand that carries them out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.deploy.apply import apply
from shared.deploy.chalice.deployer import ChaliceDeployer
from shared.deploy.guard import OwnershipError, check_ownership, is_ours, lane_tags
from shared.deploy.lane_deployment import APP_DIR, package
from shared.deploy.model import Plan
from shared.deploy.rendezvous.desired import (
    Network,
    foundation,
    image_repository,
    kinds,
    leading_record,
    operated,
    schedules,
    task_service,
    whose,
)
from shared.deploy.rendezvous_keys import find_master
from shared.deploy.rendezvous_routines import waiting
from shared.deploy.resources import (
    alarm,
    cluster,
    policy,
    record,
    rendezvous_key,
    repository,
    rule,
    security_group,
    task_definition,
)
from shared.deploy.resources import function as functions
from shared.deploy.resources import log_group as log_groups
from shared.deploy.resources import role as roles
from shared.deploy.resources import service as services
from shared.deploy.resources.rendezvous_key import master_step
from shared.errors import LanesError
from shared.handlers.rendezvous.record import MARK, mark, zone_id
from shared.handlers.rendezvous.service import observe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.config.platform import RendezvousService
    from shared.deploy.apply import OnStep, OnWait, Sleep
    from shared.deploy.model import Resource, Step
    from shared.deploy.resources import Kind

_NEW_TASK = "that of the new task"
_NEW_REVISION = "the new revision"
_NEW_MASTER = "that of the new secret"


def plan(service: RendezvousService, project: Project, aws: Aws, *, packaged: bool = False) -> Plan:
    """Return what a deploy of *service* would do. Reads AWS, changes nothing.

    Raises:
        OwnershipError: A name, or the record, belongs to somebody else, or to nobody we know.
        LanesError: There is no such hosted zone or network, or the code cannot be packaged.
    """
    zone_id(aws.client, service.zone)
    where = network(aws, service.subnets)
    known = kinds(service)
    master = find_master(aws)
    reference = master.properties["reference"] if master else _NEW_MASTER
    base = (master_step(aws), *_steps(foundation(service, where, reference), known, service, aws))
    task = known[task_definition.KIND].current(aws, service.task_definition)
    unchanged = task and base[-1].action == "nothing"
    newest = task.properties["arn"] if task and unchanged else _NEW_REVISION
    (moved,) = _steps([task_service(service, where, newest)], known, service, aws)
    state = observe(aws.client, operated(service))
    settled = moved.action == "nothing" and state.ready
    led = leading_record(service, state.address if settled else _NEW_TASK)
    rest = (led, *schedules(service, package(project, packaged=packaged)))
    steps = (*base, moved, *_steps(rest, known, service, aws), *_former_records(service, aws))
    return Plan(service.lane.team, service.lane.place.stage, steps, lane_tags(service.lane))


def repository_plan(service: RendezvousService, aws: Aws) -> Plan:
    """Return what makes the repository of the server's image, which is filled before there can be a task.

    Raises:
        OwnershipError: It belongs to somebody else.
    """
    steps = _steps(image_repository(service), kinds(service), service, aws)
    return Plan(service.lane.team, service.lane.place.stage, steps, lane_tags(service.lane))


def carry_out(  # noqa: PLR0913  the plan, what it is about, where, and how to watch it
    todo: Plan,
    service: RendezvousService,
    project: Project,
    aws: Aws,
    *,
    packaged: bool = False,
    on_step: OnStep | None = None,
    on_wait: OnWait = lambda _said: None,
    sleep: Sleep = time.sleep,
) -> None:
    """Carry out *todo*, a plan of *service*; *on_wait* is told what is waited for, and how far it is.

    Raises:
        ApplyError: A step failed; running again finishes the job.
    """
    deployer = ChaliceDeployer(service.lane, project.root / APP_DIR, package(project, packaged=packaged))
    apply(
        todo,
        aws,
        deployer=deployer,
        routines=waiting(on_wait),
        kinds=kinds(service),
        on_step=on_step,
        on_wait=on_wait,
        sleep=sleep,
    )


def destroy_plan(service: RendezvousService, aws: Aws) -> Plan:
    """Return the steps that remove all that is the service's, last made first. Others' is not touched."""
    tags = lane_tags(service.lane)
    known = kinds(service)
    found = ((kind, known[kind].current(aws, name)) for kind, name in reversed(_names(service)))
    steps = tuple(known[kind].remove(have) for kind, have in found if have and is_ours(have.tags, tags))
    return Plan(service.lane.team, service.lane.place.stage, (*_former_records(service, aws), *steps), tags)


def _former_records(service: RendezvousService, aws: Aws) -> Iterator[Step]:
    """Yield the steps that remove the records of hosts that the settings named once."""
    records = record.Records(service.zone, {})
    for host in records.marked(aws, lane_tags(service.lane)):
        have = None if host == service.lane.rendezvous.host else records.current(aws, host)
        if have:
            yield records.remove(have)


def network(aws: Aws, subnets: tuple[str, ...]) -> Network:
    """Return the network of *subnets*, or the default VPC's when there are none.

    Raises:
        LanesError: There is no such network.
    """
    ec2 = aws.client("ec2")
    if subnets:
        found = ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    else:
        found = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    vpcs = {subnet["VpcId"] for subnet in found}
    if len(vpcs) != 1:
        what = f"the subnets lie in {len(vpcs)} networks" if vpcs else f"{aws.place.region} has no default VPC"
        fix = "name public subnets of one VPC under rendezvous.service.subnets"
        raise LanesError(what, where="shared/settings.yaml", fix=fix)
    (vpc,) = ec2.describe_vpcs(VpcIds=list(vpcs))["Vpcs"]
    return Network(vpc["VpcId"], vpc["CidrBlock"], tuple(sorted(subnet["SubnetId"] for subnet in found)))


def _steps(
    wanted: Iterable[Resource], known: dict[str, Kind], service: RendezvousService, aws: Aws
) -> tuple[Step, ...]:
    pairs = [(want, known[want.kind].current(aws, want.name)) for want in wanted]
    _check_ownership((have for _, have in pairs if have), service)
    return tuple(known[want.kind].steps(want, have) for want, have in pairs)


def _check_ownership(found: Iterable[Resource], service: RendezvousService) -> None:
    """Refuse what is not the platform's, in words that fit it: it has no team's file."""
    try:
        check_ownership(found, lane_tags(service.lane))
    except OwnershipError as error:
        host = service.lane.rendezvous.host
        own = whose(service)
        raise OwnershipError(
            error.what,
            where=f"the rendezvous service, stage {service.lane.place.stage}",
            fix="ask its owner to delete it; or, if it is yours, tag it "
            + " ".join(f"{key}={value}" for key, value in own.items())
            + f" (a record: a TXT record {MARK}.{host} that holds {mark(own)})",
        ) from error


def _names(service: RendezvousService) -> list[tuple[str, str]]:
    """Return the kind and name of all that the service is made of, in the order it is made."""
    own = service.lane.functions.values()
    return [
        *((log_groups.KIND, name) for name in (service.log_group, *(each.log_group for each in own))),
        *((repository.KIND, each.name) for each in image_repository(service)),
        (policy.KIND, service.lane.boundary),
        (rendezvous_key.KIND, service.lane.rendezvous_key),
        *((roles.KIND, name) for name in (service.execution_role, *(each.role for each in own))),
        (security_group.KIND, service.security_group),
        (cluster.KIND, service.cluster),
        (task_definition.KIND, service.task_definition),
        (services.KIND, service.service),
        (record.KIND, service.lane.rendezvous.host),
        *((functions.KIND, each.name) for each in own),
        *((rule.KIND, name) for name in service.rules.values()),
        (alarm.KIND, service.alarm),
    ]
