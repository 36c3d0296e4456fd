"""What the drill does to an account: a lane, or the rendezvous service, deployed, changed and destroyed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict

from shared.config.platform import rendezvous_service
from shared.deploy.apply import apply
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.pushed import make_repositories
from shared.deploy.rendezvous.deployment import plan_service_removal, prepare_service
from shared.deploy.rendezvous.desired import kinds
from shared.deploy.resources import KINDS
from shared.deploy.watch import Watch
from shared.local.images import images_here
from tests.drill import drift

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = Watch(sleep=lambda _seconds: None)
OF_LANES = tuple(dict.fromkeys(kind.SERVICE for kind in KINDS.values()))
OF_THE_RENDEZVOUS = (*OF_LANES, "ecs", "events", "cloudwatch", "route53", "ec2")


class LaneWork:
    """Deploying and destroying a lane."""

    services = OF_LANES

    def __init__(self, account: Any, lane: Any) -> None:
        self.account = account
        self.lane = lane
        self.name = lane.team
        self._images = account.project.root / "images"

    def prepare(self) -> None:
        """Start from an account with nothing in it."""
        BackendDict.reset()

    def deploy(self) -> None:
        """Deploy, without waiting for anything."""
        self._deploy(self.lane)

    def change(self) -> None:
        """Deploy other settings, where somebody has changed all by hand meanwhile."""
        with self.account.quiet():
            drift.drift_of_a_lane(self.account.aws, self.lane)
        self._deploy(drift.changed(self.lane))

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.change, self.destroy)

    def _deploy(self, lane: Any) -> None:
        images = self._push(lane)
        prepare_lane(lane, self.account.project, self.account.aws, images=images).deploy(AT_ONCE)

    def _push(self, lane: Any) -> dict[str, str]:
        """Make the repositories, without waiting for anything, and bring the images."""
        own = package_code(self.account.project, lane)
        make_repositories(lane, self.account.aws, AT_ONCE)
        return images_here(lane, own, self._images, self.account.aws, push=True)

    def destroy(self) -> None:
        """Destroy, without waiting for anything."""
        destroy(self.lane, self.account.aws, AT_ONCE)


class TeamWork(LaneWork):
    """Deploying and destroying a sample team's lane, which nobody changes by hand meanwhile."""

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.destroy)


class RendezvousWork:
    """Deploying and destroying the rendezvous service."""

    name = "rendezvous"
    services = OF_THE_RENDEZVOUS

    def __init__(self, account: Any) -> None:
        self.account = account
        self.service = rendezvous_service(account.project)

    def prepare(self) -> None:
        """Start from an account that has the zone and nothing else."""
        BackendDict.reset()
        zone = self.service.zone
        self.account.aws.client("route53").create_hosted_zone(Name=zone, CallerReference="1")
        self.account.take()

    def deploy(self) -> None:
        """Deploy, without waiting for anything."""
        self._deploy(self.service)

    def change(self) -> None:
        """Deploy other settings, where somebody has changed all by hand meanwhile."""
        with self.account.quiet():
            drift.drift_of_the_rendezvous(self.account.aws, self.service)
        self._deploy(dataclasses.replace(self.service, cpu=512, memory_mb=1024, restart="rate(7 days)"))

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what is done to it, in order."""
        return (self.deploy, self.change, self.destroy)

    def _deploy(self, service: Any) -> None:
        deployment = prepare_service(service, self.account.project, self.account.aws)
        deployment.carry_out(deployment.plan(), AT_ONCE)

    def destroy(self) -> None:
        """Destroy, without waiting for anything."""
        todo = plan_service_removal(self.service, self.account.aws)
        apply(todo, self.account.aws, AT_ONCE, kinds=kinds(self.service))
