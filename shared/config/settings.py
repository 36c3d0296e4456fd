"""Reads shared/settings.yaml: what all teams share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from shared.config.document import read_document
from shared.config.lane import Place, Rendezvous
from shared.config.model import FileModel, parse
from shared.config.runtimes import RuntimeName  # noqa: TC001  pydantic reads the annotation

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.document import Document
    from shared.config.problems import Problems

FILE = "shared/settings.yaml"
# What CloudWatch Logs accepts (PutRetentionPolicy).
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096),
    *(1827, 2192, 2557, 2922, 3288, 3653),
)
OWN_TAGS = ("team", "owner", "stage", "managed-by")  # deployment sets them; they say whose a resource is
MAX_TAGS = 50 - len(OWN_TAGS)
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256
MAX_PORT = 65535
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
MAX_SUBSCRIBERS = 10  # of one alert of a budget
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_DAY, _WEEK = 86_400, 604_800  # what the periods of an alarm may add up to: those of less than an hour, and others
# What Fargate offers: MB of memory for each number of CPU units (1024 are one vCPU), as a range.
FARGATE = {
    256: (512, *range(1024, 2049, 1024)),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
}


def _plain(value: object) -> object:
    """Take a number as its text: YAML reads ``course: 5110`` as one. True is left, which is not text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, RETENTION_DAYS))}")
    return days


def _endpoint(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise ValueError("must be host:port, such as rendezvous.example.org:10000")
    return text


def _address(text: str) -> str:
    if not re.fullmatch(ADDRESS, text):
        raise ValueError("must be an address, such as team@example.edu")
    return text


def _schedule(text: str) -> str:
    if not re.fullmatch(r"rate\((1 (minute|hour|day)|[1-9]\d* (minutes|hours|days))\)|cron\(\S+( \S+){5}\)", text):
        raise ValueError("must be an EventBridge schedule: rate(5 minutes) or cron(0 * * * ? *)")
    return text


def rate_seconds(schedule: str) -> int:
    """Return the seconds between two invocations by *schedule*, ``rate(5 minutes)``; 0 when it is no rate."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    return int(rate[1]) * _SECONDS[rate[2]] if rate else 0


Text = Annotated[str, BeforeValidator(_plain), WithJsonSchema({"type": ["string", "number"]})]
RetentionDays = Annotated[int, AfterValidator(_retention), WithJsonSchema({"enum": list(RETENTION_DAYS)})]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Address = Annotated[str, AfterValidator(_address)]
RendezvousProtocol = Literal["v1", "v2"]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class BudgetFile(FileModel):
    """What a team may cost in a month, and who hears of it."""

    monthly_usd: float = Field(alias="monthlyUSD", ge=0, description="USD a month; 0 is no budget.")
    notify: Annotated[list[Address], Field(max_length=MAX_SUBSCRIBERS)] | None = Field(
        None, description="Addresses that hear of it at 80 and 100 percent; the owner's when left out."
    )


class Defaults(FileModel):
    """What holds where neither a card nor a team's file says anything.

    ``runtime`` is Lambda's Python for functions; the deploying machine's own when left out.
    """

    bucket: str
    memory_size: int
    timeout: int
    log_retention_in_days: RetentionDays
    scratch_days: Count
    budget: BudgetFile | None = None
    runtime: RuntimeName | None = None


class Range(FileModel):
    """Inclusive bounds."""

    minimum: int
    maximum: int


class Concurrency(FileModel):
    """The account's concurrent executions, and how many of them no reservation may take."""

    account: Count
    unreserved: Count


class Limits(FileModel):
    """What Lambda allows in one account and region."""

    memory_size: Range
    timeout: Range
    concurrency: Concurrency


class ServiceSettings(FileModel):
    """The rendezvous server as the platform runs it on Fargate; ``subnets`` are the default VPC's when left out.

    ``notify`` is the ARN of an SNS topic that hears when the scheduled check's alarm goes off and ends. ``allowOpen``
    lets in names that are not signed, as old clients'.
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
    """The FMI rendezvous endpoint and its health check, times in seconds; and the service that answers there."""

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
        )


class Settings(FileModel):
    """All of shared/settings.yaml.

    ``operators`` are users, groups, roles and event rules of the account that reach every team, and why they may.
    """

    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]
    tags: dict[str, Text] = Field(default_factory=dict)
    operators: dict[Annotated[str, Field(pattern=r"^(user|group|role|rule)/[\w+=,.@-]{1,128}$")], Text] = Field(
        default_factory=dict
    )
    defaults: Defaults
    limits: Limits
    rendezvous: RendezvousSettings

    @property
    def place(self) -> Place:
        """Where all lanes lie."""
        partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(re.split(r"-(?=[a-z]+-\d$)", self.region)[0], "aws")
        return Place(self.account, self.region, self.stage, partition)


def read_settings(root: Path, problems: Problems) -> Settings | None:
    """Read and check shared/settings.yaml; None when it cannot be used, and *problems* then says why."""
    document = read_document(root / FILE, FILE, problems)
    settings = document and parse(Settings, document)
    if not document or not settings:
        return None
    before = len(problems.found)
    check_size(settings.defaults.memory_size, settings.limits.memory_size, ("defaults", "memorySize"), document)
    check_size(settings.defaults.timeout, settings.limits.timeout, ("defaults", "timeout"), document)
    check_tags(settings.tags, ("tags",), document)
    check_health(settings.rendezvous, document)
    check_service(settings.rendezvous, document)
    return settings if len(problems.found) == before else None


def check_size(value: int | None, limit: Range, path: tuple[str, ...], document: Document) -> None:
    """Report a *value* at *path* that is outside its *limit*."""
    if value is not None and not limit.minimum <= value <= limit.maximum:
        document.problem(path, f"{'.'.join(path)} is {value}, not {limit.minimum} to {limit.maximum}")


def check_tags(tags: dict[str, str], path: tuple[str, ...], document: Document) -> None:
    """Report *tags* at *path* that AWS refuses, or that deployment sets itself."""
    if len(tags) > MAX_TAGS:
        document.problem(path, f"there are {len(tags)} tags; {MAX_TAGS} is the most that a resource has room for")
    for key, value in tags.items():
        if key in OWN_TAGS:
            document.problem((*path, key), f"the tag {key!r} is set by deployment", "choose another key")
        if key.lower().startswith("aws:"):
            document.problem((*path, key), f"the tag {key!r} starts with 'aws:', which is reserved")
        if not re.fullmatch(rf"[\w .:/=+@-]{{1,{MAX_TAG_KEY}}}", key):
            document.problem((*path, key), f"the tag key {key!r} is not 1 to {MAX_TAG_KEY} letters, digits or .:/=+@-_")
        if not re.fullmatch(rf"[\w .:/=+@-]{{0,{MAX_TAG_VALUE}}}", value):
            document.problem(
                (*path, key), f"the value of tag {key!r} is not 0 to {MAX_TAG_VALUE} letters, digits or .:/=+@-_"
            )


def check_health(rendezvous: RendezvousSettings, document: Document) -> None:
    """Report a health check that could never be degraded."""
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
    limit = _DAY if period < _SECONDS["hour"] else _WEEK
    if span > limit:
        document.problem(
            ("rendezvous", "failureThreshold"),
            f"failureThreshold and successThreshold take {span} s of checks together; an alarm looks back {limit} s",
            "lower them, or check more often",
        )
