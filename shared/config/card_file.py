"""What stands in a workflow's card, as models of the file.

A shared workflow's card is ``statemachines/<key>.yaml``, a team's own ``teams/<team>/<key>/workflow.yaml``. Both have
the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  pydantic reads it
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from shared.config.field_types import Address, Plain, Text
from shared.config.lane import LAMBDA_BASE, MachineType, Scalar
from shared.config.model import FileModel
from shared.config.resources import Access, QueueAccess
from shared.config.runtimes import Architecture

if TYPE_CHECKING:
    from pathlib import Path

PackageKind = Literal["zip", "image"]
PythonVersion = Literal["3.11", "3.12", "3.13", "3.14"]
PACKAGE = "package"
"""The key that says zip or image, on a card and beside a team's parameters."""
PACKAGES: tuple[str, ...] = get_args(PackageKind)
CHILDREN = "children"
"""The key that says standard or express, of distributed Maps' children: on a card and beside a team's parameters."""
CHILD_TYPES: tuple[str, ...] = get_args(MachineType)
_BASE = r"^[a-z0-9.-]+(:\d+)?/[a-z0-9._/-]+(:([A-Za-z0-9._-]|\{python\})+)?(@sha256:[0-9a-f]{64})?$"


_ATTRIBUTE = r"^[A-Za-z][A-Za-z0-9_.-]*(:(string|number|binary))?$"
_ACTION = r"^[a-z0-9-]+:[A-Za-z0-9*?]+$"
_LAYER = r"^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$"
Names = Annotated[tuple[str, ...], Field(strict=False)]


@dataclass(frozen=True, slots=True)
class CardPlace:
    """Where a card is.

    Attributes:
        key: Its workflow's key.
        file: Its file, relative to the project.
        folder: The folder that the files named on it are relative to.
        owner: The team whose own it is; empty for a shared one.
    """

    key: str
    file: str
    folder: Path
    owner: str = ""


Attribute = Annotated[str, Field(pattern=_ATTRIBUTE)]
"""An attribute of a table's items, ``word`` or ``day:number``; a string when no type is given."""


class CardUses(FileModel):
    """What a function, or the state machine, may use: resources of the card by their keys, and the access to each.

    ``services`` are actions of AWS that keep no team's data, from a reviewed list. ``commons`` are buckets of shared
    data that the settings name, or ``all`` of them that the team may read. ``functions`` may be invoked, ``workflows``
    of the same team started.
    """

    bucket: Access | None = None
    buckets: dict[str, Access] = Field(default_factory=dict)
    tables: dict[str, Access] = Field(default_factory=dict)
    queues: dict[str, QueueAccess] = Field(default_factory=dict)
    topics: Names = ()
    secrets: Names = ()
    settings: Names = ()
    functions: Names = ()
    workflows: Names = ()
    commons: Literal["all"] | Names = ()
    services: Annotated[tuple[Annotated[str, Field(pattern=_ACTION)], ...], Field(strict=False)] = ()


class CardVpc(FileModel):
    """The network that a function runs in. Lambda takes 16 subnets and 5 security groups at most."""

    subnets: Annotated[
        tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-z]+$")], ...],
        Field(strict=False, min_length=1, max_length=16),
    ]
    security_groups: Annotated[
        tuple[Annotated[str, Field(pattern=r"^sg-[0-9a-z]+$")], ...],
        Field(strict=False, min_length=1, max_length=5),
    ]


class CardDestination(FileModel):
    """Where Lambda sends what became of an event: one of the card's own queues, topics or functions, by its key."""

    queue: str | None = None
    topic: str | None = None
    function: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.queue, self.topic, self.function)) != 1:
            raise ValueError("must name one queue, topic or function")
        return self


class CardAsync(FileModel):
    """What Lambda does with events that nobody waits for. ``maximumAge`` is in seconds."""

    retries: Annotated[int, Field(ge=0, le=2)] = 2
    maximum_age: Annotated[int, Field(ge=60, le=21_600)] = 21_600
    on_success: CardDestination | None = None
    on_failure: CardDestination | None = None


class CardFunction(FileModel):
    """One step of a workflow.

    ``handler`` is a dotted path: ``count.handler`` in the workflow's own folder, ``shared.handlers...`` in what all
    teams share. Sizes are in MB, times in seconds. With ``rendezvous``, its environment says where the lane's FMI ranks
    meet. Without ``uses``, it may read and write the team's bucket. ``logFormat: JSON`` has Lambda write its own lines,
    and those of Python's logging, as JSON.
    """

    handler: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$")]
    memory_size: int | None = None
    timeout: int | None = None
    ephemeral_storage: Annotated[int, Field(ge=512, le=10_240)] | None = None
    log_format: Literal["Text", "JSON"] = "Text"
    environment: dict[str, Text] = Field(default_factory=dict)
    rendezvous: bool = False
    layers: Annotated[tuple[Annotated[str, Field(pattern=_LAYER)], ...], Field(strict=False, max_length=5)] = ()
    vpc: CardVpc | None = None
    asynchronous: CardAsync | None = Field(None, alias="async")
    uses: CardUses | None = None


class CardValue(FileModel):
    """What a value must be: a parameter, an item of an array, or what stands under a key of an object.

    Bounds are inclusive; they bound the length of a text, and how many items or keys there are. ``nullable`` lets the
    value be null. ``items`` says what each item of an array is; without it, an item is anything. An object with
    ``properties`` has these keys, at least those in ``required``, and others only with ``additionalProperties: true``.
    Without ``properties`` it is any object, or any array.
    """

    type: Literal["integer", "number", "string", "boolean", "object", "array"]
    description: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: Annotated[tuple[Scalar, ...], Field(strict=False)] = ()
    items: CardValue | None = None
    properties: dict[str, CardValue] = Field(default_factory=dict)
    required: Names = ()
    additional_properties: bool = False


class CardParameter(CardValue):
    """One input of a workflow.

    ``upload`` names a folder of the team's bucket. A file or folder of this machine that is given to ``lanes run`` goes
    there. ``insteadOf`` names another parameter, which the handler derives from this one. A payload that gives only
    this one then gets no default for the other. With ``byReference``, the value goes into the team's bucket, whatever
    its size, and the execution gets ``{"bucket": ..., "key": ...}`` in its place. Each function of the workflow may
    then read what lies below ``inputs/`` in the bucket. With ``words``, one text may be given for an array of texts. It
    is split as a shell does.
    """

    description: str
    default: object = None
    upload: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    instead_of: str | None = None
    by_reference: bool = False
    words: bool = False


class CardOutput(FileModel):
    """What a workflow's output is. With ``byReference``, it is ``{"bucket": ..., "key": ...}`` of an object with it."""

    by_reference: bool = False


class CardImage(FileModel):
    """How a workflow's functions become container images: see :class:`shared.config.lane.Image`.

    ``{python}`` in the base's tag is the version of Python that the functions run on. ``dockerfile`` is a file in the
    workflow's folder, ``uri`` an image that somebody else builds; with either, nothing else may be said.
    """

    base: Annotated[str, Field(pattern=_BASE)] = f"{LAMBDA_BASE}{{python}}"
    dockerfile: str | None = None
    uri: Annotated[str, Field(pattern=_BASE)] | None = None
    setup: Annotated[tuple[str, ...], Field(strict=False)] = ()
    libraries: bool = True
    entrypoint: Annotated[tuple[str, ...], Field(strict=False)] = ()


class CardSample(FileModel):
    """Data to try the workflow with: the function that writes it, and the parameter that names its folder."""

    writer: Annotated[str, Field(pattern=r"^shared(\.[a-z_][a-z0-9_]*){2,}$")]
    prefix: str


class CardIndex(FileModel):
    """A second way to find a table's items."""

    key: Attribute
    sort_key: Attribute | None = None


class CardTable(FileModel):
    """A DynamoDB table of a workflow.

    ``key`` identifies an item, together with ``sortKey`` if there is one. ``ttl`` is the attribute with the time
    (seconds since 1970) after which an item is deleted. ``sample`` is a file beside the card: a list of items that
    fills an empty table of the embedded cloud.
    """

    key: Attribute
    sort_key: Attribute | None = None
    indexes: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")], CardIndex],
        Field(max_length=20),  # Amazon DynamoDB developer guide, "Service quotas", read 2026-11-29
    ] = Field(default_factory=dict)
    ttl: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")] | None = None
    sample: str | None = None


class CardQueue(FileModel):
    """An SQS queue of a workflow, and one for the messages that nobody could handle.

    ``visibilityTimeout`` is how many seconds a received message is kept from other receivers. After ``maxReceives``
    receives without a delete it goes to the other queue.
    """

    visibility_timeout: Annotated[int, Field(ge=0, le=43_200)] = 30
    max_receives: Annotated[int, Field(ge=1, le=1_000)] = 3


class CardTopic(FileModel):
    """An SNS topic of a workflow, and who gets its messages by mail."""

    notify: Annotated[tuple[Address, ...], Field(strict=False)] = ()


class CardBucket(FileModel):
    """A further bucket of a workflow, beside the team's own."""


class CardSecret(FileModel):
    """A secret of a workflow. Its value is in no file: ``lanes secret set`` asks for it."""

    description: str = ""


class CardSetting(FileModel):
    """An SSM parameter of a workflow: a plain text that is no secret."""

    # Of the standard tier, which costs nothing; SSM reads {{name}} as another parameter. Source: Systems Manager API
    # reference, PutParameter, read 2026-11-29.
    value: Annotated[Text, Field(min_length=1, max_length=4096, pattern=r"^([^{]|\{([^{]|$))*$")]


class CardSchedule(FileModel):
    """When EventBridge Scheduler starts the workflow: ``when``, an expression, by the clock of a time zone of IANA's.

    ``payload`` goes over the parameters. Where a card has none, it is all of the input, any JSON but null. With
    ``window``, a start comes somewhere in so many minutes after its time.
    """

    when: str
    timezone: str = "UTC"
    payload: object = Field(default_factory=dict)
    window: Annotated[int, Field(ge=1, le=1440)] | None = None  # EventBridge Scheduler API, FlexibleTimeWindow


class CardUpload(FileModel):
    """Which uploads to the team's bucket start the workflow: of objects below ``prefix`` that end in ``suffix``.

    Each starts it once. With ``window``, those of so many seconds start it together. The characters are those that S3
    takes in a filter as they are.
    """

    # "Safe characters" without the star, which no filter may have; all others would have to be encoded (S3 user guide,
    # "Configuring event notifications using object key name filtering", read 2026-11-29).
    prefix: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9!_.'()/-]+$")]
    suffix: Annotated[str, Field(max_length=1024, pattern=r"^[A-Za-z0-9!_.'()/-]*$")] = ""
    window: Annotated[int, Field(ge=1, le=300)] | None = None  # Lambda API, MaximumBatchingWindowInSeconds


class CardOn(FileModel):
    """What starts the workflow, besides a clock. ``feeds`` are those that start when this one writes their uploads."""

    bucket: CardUpload | None = None
    feeds: Names = ()

    @model_validator(mode="before")
    @classmethod
    def _is_of_the_teams_bucket(cls, data: object) -> object:
        if isinstance(data, dict) and "buckets" in data:
            raise ValueError("may name the team's bucket alone: on: {bucket: {prefix: incoming/}}")
        return data


def _one_schedule(value: object) -> object:
    """Return the short form of schedules, one expression, as the long one."""
    return {ONE_SCHEDULE: value} if isinstance(value, str) else value


def _short_schedule(value: object) -> object:
    return {"when": value} if isinstance(value, str) else value


ONE_SCHEDULE = "schedule"
"""What the only schedule of a card is called that names none."""
Schedules = Annotated[
    dict[str, Annotated[CardSchedule, BeforeValidator(_short_schedule)]], BeforeValidator(_one_schedule)
]
Empty = BeforeValidator(lambda value: {} if value is None else value)
"""What is declared by its key alone: ``raw:``."""


class CardFile(FileModel):
    """All of a card.

    ``share`` names the teams that may run a team's own workflow too, or says ``all``. ``python`` and ``architecture``
    are what its functions run on. ``uses`` is what the state machine may use beyond what its definition names. Without
    ``parameters``, a run's input is any JSON. ``schedule`` and ``on`` are what starts it by itself. With ``children``,
    the template's ``${children}`` says what the children of its distributed Maps are, and each team may say another.
    ``maxItems`` is the most items that a Map may have in a prepaid lane, or the parameter that is their number.
    """

    description: str
    share: Literal["all"] | Annotated[tuple[str, ...], Field(strict=False)] = ()
    type: MachineType = "standard"
    children: MachineType | None = None
    max_items: Annotated[int, Field(ge=1, le=100_000_000)] | str | None = None
    python: Annotated[PythonVersion, Plain] | None = None
    architecture: Architecture = "x86_64"
    uses: CardUses | None = None
    schedule: Schedules = Field(default_factory=dict)
    on: CardOn | None = None
    functions: dict[str, CardFunction] = Field(default_factory=dict)
    tables: dict[str, CardTable] = Field(default_factory=dict)
    queues: dict[str, Annotated[CardQueue, Empty]] = Field(default_factory=dict)
    topics: dict[str, Annotated[CardTopic, Empty]] = Field(default_factory=dict)
    buckets: dict[str, Annotated[CardBucket, Empty]] = Field(default_factory=dict)
    secrets: dict[str, Annotated[CardSecret, Empty]] = Field(default_factory=dict)
    settings: dict[str, CardSetting] = Field(default_factory=dict)
    parameters: dict[str, CardParameter] = Field(default_factory=dict)
    output: CardOutput = CardOutput()
    sample: CardSample | None = None
    image: CardImage | None = None
    package: PackageKind = "zip"
    # The module whose migrate(engine) makes the workflow's tables in the database of a team that has one.
    database: Annotated[str, Field(pattern=r"^shared\.handlers(\.[a-z_][a-z0-9_]*)+$")] | None = None

    @property
    def resources(self) -> dict[str, Mapping[str, FileModel]]:
        """What the workflow owns besides functions, by the card's key for each kind."""
        kinds = ("tables", "queues", "topics", "buckets", "secrets", "settings")
        return {kind: getattr(self, kind) for kind in kinds}
