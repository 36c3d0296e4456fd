"""The rendezvous service as the platform owns it: a lane of its own, under a slug that no team can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.field_types import rate_seconds
from shared.config.lane import Function, Lane
from shared.config.naming import PLATFORM
from shared.config.resources import KEY_COMPONENT
from shared.config.variables import KEY_VARIABLE, RENDEZVOUS_VARIABLES
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.load import Project
    from shared.config.naming import KindName
    from shared.config.rendezvous_settings import ServiceSettings

SLUG = PLATFORM
CHECK, RESTART = "rendezvous-check", "rendezvous-restart"
_COMPONENT = "rendezvous"
_SECONDS = {CHECK: 60, RESTART: 900}  # a restart waits for a new task, and Lambda gives it 15 minutes at most
_MEMORY_MB = 256


@dataclass(frozen=True, slots=True)
class RendezvousService:
    """The rendezvous server on Fargate, every name known. Frozen, like a lane.

    ``lane`` holds its tags, its endpoint, its key and its two functions. ``cpu`` is in units of 1/1024 vCPU.
    ``subnets`` are public ones; none means those of the default VPC. ``restart`` is an EventBridge schedule.
    ``check_seconds`` is the time between two checks. The SNS topic ``notify``, if there is one, hears of the alarm.
    ``allow_open`` lets in names that are not signed.
    """

    lane: Lane
    image: str
    cpu: int
    memory_mb: int
    zone: str
    subnets: tuple[str, ...]
    restart: str
    check_seconds: int
    notify: str
    allow_open: bool
    cluster: str
    service: str
    task_definition: str
    security_group: str
    log_group: str
    execution_role: str
    rules: Mapping[str, str]
    alarm: str

    @property
    def service_arn(self) -> str:
        """The ARN of the service."""
        return self.lane.place.arn("ecs", f"service/{self.cluster}/{self.service}")

    @property
    def cluster_arn(self) -> str:
        """The ARN of the cluster."""
        return self.lane.place.arn("ecs", f"cluster/{self.cluster}")


def rendezvous_service(project: Project) -> RendezvousService:
    """Return the rendezvous service of *project*.

    Raises:
        UsageError: The settings describe none: the endpoint is somebody else's to run.
        LanesError: AWS would refuse one of its names.
    """
    settings = project.settings.rendezvous.service
    if settings is None:
        raise UsageError(
            f"nothing says how to run {project.settings.rendezvous.endpoint}, so nothing is known of its cpu",
            where="shared/settings.yaml",
            fix="add rendezvous.service (image, cpu, memory, zone, restart), if it is yours to run",
        )
    names = PlatformNames(project)
    service = RendezvousService(
        lane=_lane(project, settings, names),
        image=settings.image,
        cpu=settings.cpu,
        memory_mb=settings.memory,
        zone=settings.zone,
        subnets=settings.subnets,
        restart=settings.restart,
        check_seconds=rate_seconds(project.settings.rendezvous.schedule),
        notify=settings.notify,
        allow_open=settings.allow_open,
        cluster=names.make("cluster", _COMPONENT),
        service=names.make("service", _COMPONENT),
        task_definition=names.make("taskDefinition", _COMPONENT),
        security_group=names.make("securityGroup", _COMPONENT),
        log_group=names.make("containerLogGroup", _COMPONENT),
        execution_role=names.make("role", f"{_COMPONENT}-execution-role"),
        rules={key: names.make("rule", key) for key in (CHECK, RESTART)},
        alarm=names.make("alarm", CHECK),
    )
    if names.problems:
        raise LanesError("; ".join(names.problems), where="naming.yaml", fix="shorten the templates")
    return service


class PlatformNames:
    """Makes the platform's names, and collects what AWS would refuse about them."""

    def __init__(self, project: Project) -> None:
        self._naming, self._place = project.naming, project.place
        self.digest = self._naming.hash.make(SLUG, self._place)
        self.problems: list[str] = []

    def make(self, kind: KindName, component: str) -> str:
        """Return the platform's name of *component*, as one of *kind*."""
        name = self._naming.make(kind, component, team=SLUG, place=self._place, digest=self.digest)
        self.problems += self._naming.name_problems(name)
        return name.value


def _lane(project: Project, settings: ServiceSettings, names: PlatformNames) -> Lane:
    """Return a lane with two functions: no data, no workflow and no people of its own."""
    rendezvous = project.settings.rendezvous.resolve()
    key = names.make("secret", KEY_COMPONENT)
    times = (rendezvous.endpoint, f"{rendezvous.timeout:g}", f"{rendezvous.degraded_after:g}")
    environment = {
        "TEAM": SLUG,
        "STAGE": project.place.stage,
        "CLUSTER": names.make("cluster", _COMPONENT),
        "SERVICE": names.make("service", _COMPONENT),
        "ZONE": settings.zone,
        "RECORD": rendezvous.host,
        "PORT": str(rendezvous.port),
        **dict(zip(RENDEZVOUS_VARIABLES, times, strict=True)),
        KEY_VARIABLE: key,
    }
    functions = {
        key: Function(
            key=key,
            name=names.make("function", key),
            handler=f"shared.handlers.rendezvous.{key.rpartition('-')[2]}.handler",
            role=names.make("role", f"{key}-role"),
            log_group=names.make("functionLogGroup", key),
            memory_mb=_MEMORY_MB,
            timeout_seconds=seconds,
            reserved_concurrency=None,
            environment=environment,
            runtime=project.runtime,
        )
        for key, seconds in _SECONDS.items()
    }
    return Lane(
        team=SLUG,
        owner=SLUG,
        hash=names.digest,
        place=project.place,
        bucket="",
        boundary=names.make("policy", "boundary"),
        deployer="",
        deployer_boundary="",
        tags=project.settings.tags,
        functions=functions,
        workflows={},
        rendezvous=rendezvous,
        log_retention_days=project.settings.defaults.log_retention_in_days,
        scratch_days=project.settings.defaults.scratch_days,
        rendezvous_key=key,
    )
