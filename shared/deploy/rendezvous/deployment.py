"""The deployment of the rendezvous service, with the plans that make it and remove it.

deployment = prepare_service(service, project, aws)
plan = deployment.plan()
deployment.carry_out(plan)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.deploy.apply import apply
from shared.deploy.chalice.deployer import with_chalice
from shared.deploy.code import package_code
from shared.deploy.guard import OwnershipError, check_ownership, is_ours, lane_tags
from shared.deploy.model import Plan
from shared.deploy.rendezvous.desired import (
    Answers,
    Network,
    foundation,
    image_repository,
    kinds,
    leading_record,
    names,
    operated,
    schedules,
    task_service,
    whose,
)
from shared.deploy.rendezvous_keys import find_master
from shared.deploy.resources import record, task_definition
from shared.deploy.resources.rendezvous_key import master_step
from shared.deploy.watch import UNWATCHED
from shared.errors import LanesError
from shared.handlers.rendezvous.record import MARK, mark, zone_id
from shared.handlers.rendezvous.service import observe
from shared.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.config.platform import RendezvousService
    from shared.deploy.model import Resource, Step
    from shared.deploy.resources import Kind
    from shared.deploy.watch import Watch
    from shared.packages.package import Package


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """What is deployed, and where. Commands make it themselves; :func:`prepare_service` is for all others.

    Attributes:
        service: The rendezvous service.
        project: Where the code of its functions comes from.
        aws: Where it goes.
        packages: The zip that its functions run, made once, under the key of no workflow.
    """

    service: RendezvousService
    project: Project
    aws: Aws
    packages: Mapping[str, Package]

    def plan(self) -> Plan:
        """Return what a deploy would do. Reads AWS, changes nothing.

        Raises:
            OwnershipError: A name, or the record, belongs to somebody else, or to nobody we know.
            LanesError: There is no such hosted zone or network.
        """
        service, aws = self.service, self.aws
        zone_id(aws.client, service.zone)
        known = kinds(service)
        answers = Answers(network(aws, service.subnets))
        if master := find_master(aws):
            answers = replace(answers, master=as_text(master.properties["reference"]))
        base = (master_step(aws), *_steps(foundation(service, answers), known, service, aws))
        task = known[task_definition.KIND].current(aws, service.task_definition)
        if task and base[-1].action == "nothing":
            answers = replace(answers, task=as_text(task.properties["arn"]))
        (moved,) = _steps([task_service(service, answers)], known, service, aws)
        state = observe(aws.client, operated(service))
        if moved.action == "nothing" and state.ready:
            answers = replace(answers, address=state.address)
        rest = (leading_record(service, answers), *schedules(service, self.packages[""]))
        steps = (*base, moved, *_steps(rest, known, service, aws), *_former_records(service, aws))
        return Plan(service.lane.team, service.lane.place.stage, steps, lane_tags(service.lane))

    def carry_out(self, todo: Plan, watch: Watch = UNWATCHED) -> None:
        """Carry out *todo*, a plan of this deployment.

        Raises:
            ApplyError: A step failed; running again finishes the job.
        """
        routines = with_chalice(self.service.lane, self.project, self.packages)
        apply(todo, self.aws, watch, routines=routines, kinds=kinds(self.service))


def prepare_service(service: RendezvousService, project: Project, aws: Aws) -> ServiceDeployment:
    """Return the deployment of *service*, with the code of its functions packaged.

    Args:
        service: The rendezvous service.
        project: Where the code comes from.
        aws: Where it goes.

    Raises:
        LanesError: The code cannot be packaged.
    """
    return ServiceDeployment(service, project, aws, package_code(project, service.lane))


def plan_repository(service: RendezvousService, aws: Aws) -> Plan:
    """Return the plan that makes the repository of the server's image, which is filled before there can be a task.

    Raises:
        OwnershipError: It belongs to somebody else.
    """
    steps = _steps(image_repository(service), kinds(service), service, aws)
    return Plan(service.lane.team, service.lane.place.stage, steps, lane_tags(service.lane))


def plan_service_removal(service: RendezvousService, aws: Aws) -> Plan:
    """Return the steps that remove all that is the service's, what was made last first. Others' is not touched."""
    tags = lane_tags(service.lane)
    known = kinds(service)
    found = ((kind, known[kind].current(aws, name)) for kind, name in reversed(names(service)))
    steps = tuple(known[kind].remove(have) for kind, have in found if have and is_ours(have.tags, tags))
    return Plan(service.lane.team, service.lane.place.stage, (*_former_records(service, aws), *steps), tags)


def _former_records(service: RendezvousService, aws: Aws) -> Iterator[Step]:
    """Yield the steps that remove the records of hosts that the settings named earlier."""
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
    """Refuse what is not the platform's. The fix does not speak of a team's file, since the platform has none."""
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
