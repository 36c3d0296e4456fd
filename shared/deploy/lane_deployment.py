"""The deployment of a lane: its packages and its images are known, so it can be planned and carried out.

    deployment = prepare_lane(lane, project, aws)
    plan = deployment.plan()
    deployment.carry_out(plan)

Foundation first, then functions, then state machines: in the order of :data:`shared.deploy.resources.KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.deploy.apply import apply
from shared.deploy.caller import check_may
from shared.deploy.chalice.deployer import with_chalice
from shared.deploy.code import package_code
from shared.deploy.ledger import ledger_routines, with_ledger
from shared.deploy.plan import plan_changes, plan_removal
from shared.deploy.pushed import pushed_images
from shared.deploy.quota import check_maps
from shared.deploy.record import KIND, digest_wanted, with_record
from shared.deploy.resources import wanted_resources
from shared.deploy.sleeping import as_it_stands
from shared.deploy.sources import read_sources
from shared.deploy.watch import UNWATCHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.model import Plan, Resource
    from shared.deploy.record import Records
    from shared.deploy.watch import Watch
    from shared.packages.package import Package


@dataclass(frozen=True, slots=True)
class LaneDeployment:
    """What is deployed, and where. Commands make it in ``run/clouds.py``; :func:`prepare_lane` is for all others.

    Attributes:
        lane: The team's lane.
        project: Where its code comes from.
        aws: Where it goes.
        packages: The zip that the functions of a workflow run, by its key, made once.
        images: The image of each function that is one, by its key, looked up once.
    """

    lane: Lane
    project: Project
    aws: Aws
    packages: Mapping[str, Package]
    images: Mapping[str, str]

    def wanted(self) -> tuple[Resource, ...]:
        """Return all that the lane should own.

        Raises:
            LanesError: A workflow calls what nobody granted, or more of a function at once than it may.
        """
        sources = read_sources(self.lane, self.packages, self.images)
        check_maps(self.lane, sources.definitions)
        return wanted_resources(sources)

    def as_recorded(self, records: Records) -> bool:
        """Whether the last deploy, as its *records* claim, made all that is wanted. Nothing of the lane is read."""
        return records.agree_with(digest_wanted(self.wanted()))

    def as_it_stands(self) -> LaneDeployment:
        """Return this deployment so that a lane that sleeps in the cloud goes on to sleep."""
        return replace(self, lane=as_it_stands(self.lane, self.aws))

    def plan(self) -> Plan:
        """Return what a deploy would do. Reads AWS, changes nothing.

        Raises:
            LanesError: As :meth:`wanted`; or a name belongs to another, or more is reserved than there is.
        """
        now = self.as_it_stands()
        return with_ledger(plan_changes(now.lane, now.wanted(), self.aws), self.lane, self.project, self.aws)

    def carry_out(self, todo: Plan, watch: Watch = UNWATCHED) -> None:
        """Carry out *todo*, a plan of this deployment, and write down who did and when.

        Raises:
            FoundationError: The team's own people deploy, and it changes more than code; nothing was done.
            ApplyError: A step failed, or the record could not be written; running again finishes the job.
        """
        check_may(todo, self.lane, self.aws)
        whole = with_record(todo, self.lane, self.project.root, self.aws)
        told = replace(watch, on_step=lambda step: None if step.kind == KIND else watch.on_step(step))
        routines = with_chalice(self.as_it_stands().lane, self.project, self.packages)
        apply(whole, self.aws, told, routines={**routines, **ledger_routines(self.project, self.aws)})

    def deploy(self, watch: Watch = UNWATCHED) -> Plan:
        """Make the lane what it should be, and return what was done.

        Raises:
            LanesError: As :meth:`plan` and :meth:`carry_out`.
        """
        todo = self.plan()
        self.carry_out(todo, watch)
        return todo


def prepare_lane(
    lane: Lane,
    project: Project,
    aws: Aws,
    *,
    images: Mapping[str, str] | None = None,
    packages: Mapping[str, Package] | None = None,
) -> LaneDeployment:
    """Return the deployment of *lane*: its code is packaged, and its images are looked up.

    Args:
        lane: The team's lane.
        project: Where its code comes from; :func:`shared.run.valid_project.load_valid` reads it, and refuses templates
            that Step Functions would refuse once roles and functions are made.
        aws: Where it goes.
        images: The image of each function that is one, by its key; those that are pushed when left out.
        packages: The code of its workflows, by their keys; made when left out.

    Raises:
        LanesError: The code cannot be packaged, or an image is not pushed.
    """
    images = pushed_images(lane, aws) if images is None else images
    packages = package_code(project, lane) if packages is None else packages
    return LaneDeployment(lane, project, aws, packages, images)


def destroy(lane: Lane, aws: Aws, watch: Watch = UNWATCHED) -> Plan:
    """Remove all that *lane* owns, its data too, and return what was done.

    Raises:
        ApplyError: A step failed; running again finishes the job.
    """
    todo = plan_removal(lane, aws)
    apply(todo, aws, watch)
    return todo
