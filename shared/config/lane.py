"""A lane: everything that one team owns, with every name known. It is frozen, and deploy and run read nothing else.

Only ``shared.config.load`` makes lanes, so no other module has to spell a resource's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from shared.config.access import NOBODY, Access
from shared.config.resources import NOTHING, OWN_BUCKET, Uses
from shared.config.runtimes import DEFAULT_ARCHITECTURE, MACHINE, Architecture
from shared.config.triggers import Link

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.resources import Asynchronous, Queue, Setting, Table, Topic, Vpc
    from shared.config.triggers import Schedules, Upload
    from shared.fmi.worlds import Server
    from shared.values import Json

Scalar = bool | int | float | str
MachineType = Literal["standard", "express"]
DEFAULT_EPHEMERAL_MB = 512
LogFormat = Literal["Text", "JSON"]
"""The format of what Lambda, and Python's logging, write into a function's log."""
LAMBDA_BASE = "amazon/aws-lambda-python:"
"""AWS's own base of images for Lambda, before its tag: it has what Lambda's Python has."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane is. ``account`` is 12 digits; ``partition`` is ``aws`` except in China and GovCloud."""

    account: str
    region: str
    stage: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """Return ``arn:{partition}:{service}:{region}:{account}:{resource}``, without parts that the service lacks."""
        region = "" if service in {"iam", "s3", "budgets"} else self.region
        account = "" if service == "s3" else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def queue_url(self, name: str) -> str:
        """Return the URL of the queue called *name*, by which SQS's calls name it."""
        domain = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"https://sqs.{self.region}.{domain}/{self.account}/{name}"


@dataclass(frozen=True, slots=True)
class Image:
    """A function as a container image: its repository's name, and its base.

    ``setup`` are shell commands that only a container engine can run on the base. ``libraries`` says whether the
    package's libraries go in. ``entrypoint`` starts the handler; it is empty for the base's own. ``dockerfile`` is the
    team's own, which an engine builds instead. ``uri`` is an image that somebody else builds and pushes; nothing is
    made then.
    """

    repository: str
    base: str
    setup: tuple[str, ...]
    libraries: bool
    entrypoint: tuple[str, ...]
    dockerfile: Path | None = None
    uri: str | None = None

    @property
    def is_others(self) -> bool:
        """Whether others say what is in it: a Dockerfile of the team's own does, or it is somebody else's image."""
        return self.dockerfile is not None or self.uri is not None


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function of a lane.

    ``key`` is its name in the team's file (``cosmic-inference``), ``name`` its name in AWS;
    ``workflow`` is the key of the workflow whose package it runs;
    ``handler`` is the dotted path inside the zip (``shared.handlers.cosmic.inference.handler``, ``count.handler``);
    ``environment`` is complete: it holds BUCKET, TEAM, ACCOUNT and what the workflow and the team's file add;
    ``image`` says how it becomes a container image, and is None where it runs from the zip;
    ``runtime`` is what Lambda runs a function of the zip on. ``layers`` are ARNs of versions, the lowest first.
    ``starts`` is the key of the workflow that it starts when uploads come, and "" for all others.
    """

    key: str
    name: str
    handler: str
    role: str
    log_group: str
    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None
    environment: Mapping[str, str]
    image: Image | None = None
    workflow: str = ""
    runtime: str = MACHINE
    architecture: Architecture = DEFAULT_ARCHITECTURE
    ephemeral_mb: int = DEFAULT_EPHEMERAL_MB
    log_format: LogFormat = "Text"
    layers: tuple[str, ...] = ()
    vpc: Vpc | None = None
    asynchronous: Asynchronous | None = None
    uses: Uses = OWN_BUCKET
    starts: str = ""


SCRATCH = "runs/"
"""The folder of the team's bucket where runs, and deployment, put what they need only on their way."""
INPUTS = "inputs/"
"""The folder of the team's bucket with what runs got by reference: ``inputs/<run id>/<parameter>.json``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of a workflow, or a part of one: how ``lanes run`` offers it and what the team's file may set.

    ``type`` is ``integer``, ``number``, ``string``, ``boolean``, ``object`` or ``array``. Bounds are inclusive; for a
    string, an object or an array they bound its length. A default of None means that the parameter may be left out.
    ``upload`` is the folder of the bucket that a local file goes to, None where the value is used as it is.
    ``instead_of`` is the parameter that the handler derives from this one when a payload gives this one alone.
    ``nullable`` lets the value be null. ``items`` says what each item of an array is, None for anything.
    ``properties`` are the keys that an object may have; there must be those in ``required``, and others may be there
    only if ``additional_properties``. An object without ``properties`` has any keys. With ``by_reference``, the value
    goes into the team's bucket, and the execution gets ``{"bucket": ..., "key": ...}``. With ``words``, one text may
    stand for an array of texts: it is split as a shell does.
    """

    name: str
    type: str
    default: Json
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Scalar, ...] = ()
    upload: str | None = None
    instead_of: str | None = None
    nullable: bool = False
    items: Parameter | None = None
    properties: tuple[Parameter, ...] = ()
    required: tuple[str, ...] = ()
    additional_properties: bool = False
    by_reference: bool = False
    words: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What a lane may cost in a month, in USD. ``notify`` are the addresses that are warned before."""

    name: str
    monthly_usd: float
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepaid:
    """What a lane may cost in all, in USD, by its team's file. ``function`` is the ARN of the ledger's function."""

    usd: float
    function: str


@dataclass(frozen=True, slots=True)
class Database:
    """A team's part of the teams' database.

    ``schema`` is also the name of the only role that sees it. ``secret`` names the secret with that role's password.
    ``migrations`` are modules whose ``migrate(engine)`` makes the tables.
    """

    schema: str
    secret: str
    migrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """One state machine of a lane.

    ``functions`` maps the placeholder in the template (``inference``) to the function's key (``cosmic-inference``). The
    resources (``tables`` to ``settings``) are what the workflow owns, by the placeholder of each; buckets and secrets
    are names. ``parameters`` holds the team's values: the workflow's defaults under the team's own. ``uses`` is what
    the state machine may use beyond what its definition names. ``folder`` holds the code of a team's own workflow, that
    of the team ``owner``. It is None for a shared one, whose code is below ``shared/handlers``. With
    ``output_by_reference``, the output is a reference to an object of the team's bucket. ``schedules`` and ``upload``
    start it by itself; ``feeds`` are workflows that it may start by what it writes. ``children`` is what the children
    of its distributed Maps are; None where its card leaves no choice. ``max_items`` is how many items a Map may have in
    a prepaid lane, or the parameter that says it.
    """

    key: str
    name: str
    template: Path
    role: str
    log_group: str
    functions: Mapping[str, str]
    specs: tuple[Parameter, ...]
    parameters: Mapping[str, Json]
    tables: Mapping[str, Table] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    buckets: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    type: MachineType = "standard"
    children: MachineType | None = None
    uses: Uses = NOTHING
    folder: Path | None = None
    owner: str = ""
    output_by_reference: bool = False
    schedules: Schedules | None = None
    upload: Upload | None = None
    feeds: tuple[str, ...] = ()
    max_items: int | str | None = None

    @property
    def takes_any(self) -> bool:
        """Whether its input may be any JSON: its card declares no parameters."""
        return not self.specs

    @property
    def file(self) -> str:
        """The template's path, relative to the project."""
        up = 3 if self.folder else 1  # teams/<team>/<workflow>/ or statemachines/
        return "/".join(self.template.parts[-up - 1 :])

    @property
    def requirements(self) -> Path:
        """The file that names the libraries of its functions. It need not be there."""
        if self.folder:
            return self.folder / "requirements.txt"
        return self.template.with_name(f"{self.key}.requirements.txt")


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """The FMI rendezvous endpoint and how its health is judged. Times in seconds.

    ``protocol`` is the TCPunch that ranks speak there, ``v1`` or ``v2``. ``server`` is what answers there, where it is
    the platform's own; of any other nothing is known.
    """

    host: str
    port: int
    timeout: float
    degraded_after: float
    failure_threshold: int
    success_threshold: int
    schedule: str
    protocol: str = "v2"
    server: Server | None = None

    @property
    def endpoint(self) -> str:
        """``host:port``, the form users send in payloads."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one team owns and runs.

    ``boundary`` names the IAM policy that limits the roles of its functions and workflows to its own names.
    ``deployer`` is the role of its people, and ``deployer_boundary`` the policy that limits that role.
    ``rendezvous_key`` names the secret whose key signs its ranks' names at the rendezvous; it is empty when none of its
    functions goes there. ``runtime`` is what Lambda runs its functions on that say no Python of their own. ``commons``
    are the buckets of shared data that the team may read, each with the account that must own it. ``access`` is who may
    take the deployer's role beside the team's own users and roles. ``members`` are they whom CODEOWNERS names; where
    there are none, it names the owner. ``prepaid`` is what it may cost in all, where its team's file says a sum.
    ``asleep`` is since when the lane sleeps in a cloud (``lanes sleep``), which no file says.
    """

    team: str
    owner: str
    hash: str
    place: Place
    tags: Mapping[str, str]
    bucket: str
    boundary: str
    deployer: str
    deployer_boundary: str
    functions: Mapping[str, Function]
    workflows: Mapping[str, Workflow]
    rendezvous: Rendezvous
    log_retention_days: int
    scratch_days: int
    database: Database | None = None
    budget: Budget | None = None
    rendezvous_key: str = ""
    runtime: str = MACHINE
    commons: Mapping[str, str] = field(default_factory=dict)
    access: Access = NOBODY
    members: tuple[str, ...] = ()
    prepaid: Prepaid | None = None
    asleep: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables of all workflows."""
        return tuple(table for workflow in self.workflows.values() for table in workflow.tables.values())

    @property
    def queues(self) -> tuple[Queue, ...]:
        """The queues of all workflows."""
        return tuple(queue for workflow in self.workflows.values() for queue in workflow.queues.values())

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics of all workflows."""
        return tuple(topic for workflow in self.workflows.values() for topic in workflow.topics.values())

    @property
    def buckets(self) -> tuple[str, ...]:
        """The names of the further buckets of all workflows."""
        return tuple(bucket for workflow in self.workflows.values() for bucket in workflow.buckets.values())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets of all workflows whose values the team sets itself."""
        return tuple(secret for workflow in self.workflows.values() for secret in workflow.secrets.values())

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The SSM parameters of all workflows."""
        return tuple(setting for workflow in self.workflows.values() for setting in workflow.settings.values())

    @property
    def bucket_arn(self) -> str:
        """The ARN of the lane's bucket."""
        return self.place.arn("s3", self.bucket)

    def table_arn(self, table: Table) -> str:
        """Return the ARN of one of the lane's tables."""
        return self.place.arn("dynamodb", f"table/{table.name}")

    def queue_arn(self, name: str) -> str:
        """Return the ARN of the queue called *name* in AWS."""
        return self.place.arn("sqs", name)

    def queue_url(self, name: str) -> str:
        """Return the URL of the queue called *name* in AWS, by which SQS's calls name it."""
        return self.place.queue_url(name)

    def topic_arn(self, name: str) -> str:
        """Return the ARN of the topic called *name* in AWS."""
        return self.place.arn("sns", name)

    def secret_arn(self, name: str) -> str:
        """Return the ARN of the secret called *name* as a glob: Secrets Manager adds a hyphen and six characters."""
        return self.place.arn("secretsmanager", f"secret:{name}-??????")

    def setting_arn(self, name: str) -> str:
        """Return the ARN of the SSM parameter called *name*, which begins with a slash."""
        return self.place.arn("ssm", f"parameter{name}")

    def function_arn(self, key: str) -> str:
        """Return the ARN of the function called *key* in the team's file."""
        return self.place.arn("lambda", f"function:{self.functions[key].name}")

    @property
    def links(self) -> dict[str, Link]:
        """How the workflows hang together, by their keys."""
        by_name = {workflow.name: key for key, workflow in self.workflows.items()}
        return {key: self._link(workflow, by_name) for key, workflow in self.workflows.items()}

    def _link(self, workflow: Workflow, by_name: Mapping[str, str]) -> Link:
        uses = (workflow.uses, *(self.functions[each].uses for each in workflow.functions.values()))
        started = dict.fromkeys(by_name[name] for each in uses for name in each.machines)
        return Link(workflow.upload.prefix if workflow.upload else "", tuple(started), workflow.feeds)

    def schedule_group_arn(self, name: str) -> str:
        """Return the ARN of the group of schedules called *name* in AWS."""
        return self.place.arn("scheduler", f"schedule-group/{name}")

    def state_machine_arn(self, key: str) -> str:
        """Return the ARN of the state machine of the workflow called *key*."""
        return self.place.arn("states", f"stateMachine:{self.workflows[key].name}")

    @property
    def boundary_arn(self) -> str:
        """The ARN of the permissions boundary of the lane's roles."""
        return self.place.arn("iam", f"policy/{self.boundary}")

    @property
    def deployer_boundary_arn(self) -> str:
        """The ARN of the permissions boundary of the deployer's role."""
        return self.place.arn("iam", f"policy/{self.deployer_boundary}")

    def role_arn(self, role: str) -> str:
        """Return the ARN of the role with the AWS name *role*."""
        return self.place.arn("iam", f"role/{role}")
