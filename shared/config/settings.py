"""Reads shared/settings.yaml: what all teams share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from shared.config.cloud_bounds import Bound, CloudBounds
from shared.config.document import read_document
from shared.config.field_types import Address, CodeOwner, Count, RetentionDays, Text
from shared.config.lane import Place
from shared.config.limits import Limits, check_size
from shared.config.model import FileModel, parse
from shared.config.problems import nearest
from shared.config.rendezvous_settings import RendezvousSettings, check_health, check_service
from shared.config.runtimes import RuntimeName
from shared.config.tags import check_tags

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from shared.config.problems import Problems

FILE = "shared/settings.yaml"
MAX_SUBSCRIBERS = 10  # of one alert of a budget


class BudgetFile(FileModel):
    """What a team may cost in a month, and who is told."""

    monthly_usd: float = Field(alias="monthlyUSD", ge=0, description="USD a month; 0 is no budget.")
    notify: Annotated[list[Address], Field(max_length=MAX_SUBSCRIBERS)] | None = Field(
        None, description="Addresses that hear of it at 80 and 100 percent; the owner's when left out."
    )


class Defaults(FileModel):
    """What holds where neither a card nor a team's file says anything.

    ``runtime`` is Lambda's Python for functions. Left out, it is that of the machine that deploys.
    """

    bucket: str
    memory_size: int
    timeout: int
    log_retention_in_days: RetentionDays
    scratch_days: Count
    budget: BudgetFile | None = None
    runtime: RuntimeName | None = None


class BoundFile(FileModel):
    """How much of one kind an embedded cloud keeps: :class:`Bound`."""

    days: Count
    mb: Count = Field(alias="MB")

    @property
    def bound(self) -> Bound:
        """The bound that it tells."""
        return Bound(self.days, self.mb)


class CloudFile(FileModel):
    """What an embedded cloud keeps on disk, and for how long: :class:`CloudBounds`."""

    runs: BoundFile
    logs: BoundFile
    idle_minutes: Count

    @property
    def bounds(self) -> CloudBounds:
        """The bounds that it tells."""
        return CloudBounds(self.runs.bound, self.logs.bound, self.idle_minutes)


class CommonsFile(FileModel):
    """A bucket of shared data, which is no team's: which teams may read it, or all.

    ``account`` is the account that owns it, where that is another than the settings'.
    """

    teams: Literal["all"] | Annotated[tuple[str, ...], Field(strict=False)] = "all"
    description: str = ""
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None

    def lets(self, team: str) -> bool:
        """Whether *team* may read it."""
        return self.teams == "all" or team in self.teams


class Settings(FileModel):
    """All of shared/settings.yaml.

    ``operators`` are the users, groups, roles and event rules of the account that may reach every team, with the
    reason. ``platform`` are those who run all this: what is no team's in the repository is theirs. ``commons`` are
    buckets of shared data that teams may read and nobody here may write.
    """

    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]
    tags: dict[str, Text] = Field(default_factory=dict)
    operators: dict[Annotated[str, Field(pattern=r"^(user|group|role|rule)/[\w+=,.@-]{1,128}$")], Text] = Field(
        default_factory=dict
    )
    platform: list[CodeOwner] = Field(default_factory=list)
    commons: dict[
        Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")],
        Annotated[CommonsFile, BeforeValidator(lambda value: {} if value is None else value)],
    ] = Field(default_factory=dict)
    defaults: Defaults
    limits: Limits
    rendezvous: RendezvousSettings
    cloud: CloudFile | None = None

    def commons_of(self, team: str) -> dict[str, str]:
        """Return the buckets of shared data that *team* may read, each with the account that must own it."""
        return {name: each.account or self.account for name, each in self.commons.items() if each.lets(team)}

    @property
    def cloud_bounds(self) -> CloudBounds:
        """What an embedded cloud keeps, and for how long."""
        return self.cloud.bounds if self.cloud else CloudBounds()

    @property
    def place(self) -> Place:
        """Where all lanes lie."""
        partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(re.split(r"-(?=[a-z]+-\d$)", self.region)[0], "aws")
        return Place(self.account, self.region, self.stage, partition)


def read_settings(root: Path, teams: Collection[str], problems: Problems) -> Settings | None:
    """Read and check shared/settings.yaml; None when it cannot be used, and *problems* then says why.

    *teams* are the slugs of those that there are.
    """
    document = read_document(root / FILE, FILE, problems)
    settings = document and parse(Settings, document)
    if not document or not settings:
        return None
    for name, shared in settings.commons.items():
        for team in () if shared.teams == "all" else shared.teams:
            if team not in teams:
                document.problem(("commons", name, "teams"), f"there is no team {team!r}", nearest(team, teams))
    before = len(problems.found)
    check_size(settings.defaults.memory_size, settings.limits.memory_size, ("defaults", "memorySize"), document)
    check_size(settings.defaults.timeout, settings.limits.timeout, ("defaults", "timeout"), document)
    check_tags(settings.tags, ("tags",), document)
    check_health(settings.rendezvous, document)
    check_service(settings.rendezvous, document)
    return settings if len(problems.found) == before else None
