"""The rendezvous in shared/settings.yaml: the endpoint, its health check, and the service on Fargate behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from shared.config.field_types import SECONDS_IN, Count, Endpoint, RendezvousProtocol, Schedule, Seconds, rate_seconds
from shared.config.lane import Rendezvous
from shared.config.model import FileModel
from shared.fmi.worlds import Server

if TYPE_CHECKING:
    from shared.config.document import Document

# How far an alarm may look back, in seconds: with a period below an hour, and with a longer one.
_DAY, _WEEK = 86_400, 604_800
# What Fargate offers: MB of memory for each number of CPU units (1024 are one vCPU), as a range.
FARGATE = {
    256: (512, *range(1024, 2049, 1024)),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
}


class ServiceSettings(FileModel):
    """The rendezvous server as the platform runs it on Fargate. ``subnets`` are the default VPC's when left out.

    ``notify`` is the ARN of an SNS topic. It is told when the alarm of the scheduled check goes off and when it ends.
    ``allowOpen`` lets in names that are not signed, as those of old clients.
    """

    image: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$")]
    cpu: int
    memory: int
    zone: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z0-9-]+$")]
    subnets: Annotated[tuple[str, ...], Field(strict=False)] = ()
    restart: Schedule
    notify: Annotated[str, Field(pattern=r"^(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256})?$")] = ""
    allow_open: bool = False


class RendezvousSettings(FileModel):
    """The FMI rendezvous endpoint, its health check with times in seconds, and the service that answers there."""

    endpoint: Endpoint
    timeout: Seconds
    degraded_after: Seconds
    failure_threshold: Count
    success_threshold: Count
    schedule: Schedule
    protocol: RendezvousProtocol = "v2"
    service: ServiceSettings | None = None

    def resolve(self) -> Rendezvous:
        """Return it as lanes carry it."""
        host, _, port = self.endpoint.rpartition(":")
        return Rendezvous(
            host=host,
            port=int(port),
            timeout=self.timeout,
            degraded_after=self.degraded_after,
            failure_threshold=self.failure_threshold,
            success_threshold=self.success_threshold,
            schedule=self.schedule,
            protocol=self.protocol,
            server=self._server(),
        )

    def _server(self) -> Server | None:
        """Return what answers at the endpoint. Our server takes all pairings of a rank over one connection in v2."""
        if self.service is None:
            return None
        return Server(self.service.cpu, self.service.memory, many=self.protocol == "v2")


def check_health(rendezvous: RendezvousSettings, document: Document) -> None:
    """Report a health check whose warning could never come before its timeout."""
    if rendezvous.degraded_after >= rendezvous.timeout:
        document.problem(
            ("rendezvous", "degradedAfter"),
            f"rendezvous.degradedAfter is {rendezvous.degraded_after:g}, not less than the timeout of "
            f"{rendezvous.timeout:g} seconds",
        )


def check_service(rendezvous: RendezvousSettings, document: Document) -> None:
    """Report a service that Fargate has no size for, or whose zone cannot hold the endpoint's name."""
    service = rendezvous.service
    if service is None:
        return
    path = ("rendezvous", "service")
    if service.cpu not in FARGATE:
        known = ", ".join(map(str, FARGATE))
        document.problem((*path, "cpu"), f"rendezvous.service.cpu is {service.cpu}, not one of {known}")
    elif service.memory not in FARGATE[service.cpu]:
        known = ", ".join(map(str, FARGATE[service.cpu]))
        document.problem(
            (*path, "memory"), f"rendezvous.service.memory is {service.memory} MB; for cpu {service.cpu} it is {known}"
        )
    _check_alarm(rendezvous, document)
    host = rendezvous.endpoint.rpartition(":")[0]
    if not f".{host}".endswith(f".{service.zone}"):
        document.problem((*path, "zone"), f"rendezvous.service.zone is {service.zone!r}, which does not hold {host!r}")


def _check_alarm(rendezvous: RendezvousSettings, document: Document) -> None:
    """Report a schedule by which CloudWatch cannot count failed checks."""
    period = rate_seconds(rendezvous.schedule)
    if not period:
        document.problem(
            ("rendezvous", "schedule"),
            f"rendezvous.schedule is {rendezvous.schedule}; the alarm on failed checks counts by a rate",
            "write rate(5 minutes), or the like",
        )
    span = period * (rendezvous.failure_threshold + rendezvous.success_threshold - 1)
    limit = _DAY if period < SECONDS_IN["hour"] else _WEEK
    if span > limit:
        document.problem(
            ("rendezvous", "failureThreshold"),
            f"failureThreshold and successThreshold take {span} s of checks together; an alarm looks back {limit} s",
            "lower them, or check more often",
        )
