"""A team's file, ``teams/<team>.yaml``, in the Serverless Framework's words where the thing is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from shared.config.access import AccessFile
from shared.config.document import Document, read_document
from shared.config.field_types import (
    CodeOwner,
    Count,
    Endpoint,
    RendezvousProtocol,
    RetentionDays,
    Schedule,
    Seconds,
    TagText,
    Text,
)
from shared.config.model import FileModel, parse
from shared.config.problems import Problem
from shared.config.settings import BudgetFile

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.problems import Problems

FOLDER = "teams"


def _empty(value: object) -> object:
    return {} if value is None else value


class Provider(FileModel):
    """What holds for all of the team's functions and resources."""

    memory_size: int | None = Field(None, description="MB of a function whose card and entry name none.")
    timeout: int | None = Field(None, description="Seconds of a function whose card and entry name none.")
    tags: dict[str, Text] = Field(default_factory=dict, description="On every resource of the team.")
    environment: dict[str, Text] = Field(default_factory=dict, description="Variables of all functions.")
    log_retention_in_days: RetentionDays | None = Field(None, description="How long logs are kept.")


class FunctionFile(FileModel):
    """What the team wants of one function; it goes before the workflow's card and the provider's defaults."""

    memory_size: int | None = Field(None, description="MB.")
    timeout: int | None = Field(None, description="Seconds.")
    ephemeral_storage: int | None = Field(None, ge=512, le=10_240, description="MB of /tmp.")
    reserved_concurrency: int | None = Field(
        None, ge=0, description="Concurrent executions kept for this function, and its most; 0 stops it."
    )
    environment: dict[str, Text] = Field(default_factory=dict, description="Variables of this function.")


class NamesFile(FileModel):
    """Components of names that others already use; left out, a component follows from its key."""

    bucket: str | None = Field(None, description="Component of the bucket's name.")
    functions: dict[str, str] = Field(default_factory=dict, description="Component by function key.")
    state_machines: dict[str, str] = Field(default_factory=dict, description="Component by workflow.")
    state_machine_roles: dict[str, str] = Field(default_factory=dict, description="Component by workflow.")


class RendezvousFile(FileModel):
    """What differs from the shared settings. Times in seconds."""

    endpoint: Endpoint | None = Field(None, description="host:port.")
    timeout: Seconds | None = Field(None, description="A check that takes longer has failed.")
    degraded_after: Seconds | None = Field(None, description="A check that takes longer is a warning.")
    failure_threshold: Count | None = Field(None, description="Failures in a row until unhealthy.")
    success_threshold: Count | None = Field(None, description="Successes in a row until healthy.")
    schedule: Schedule | None = Field(None, description="rate(...) or cron(...).")
    protocol: RendezvousProtocol | None = Field(
        None, description="What ranks speak there: v1 to a server of the field."
    )


FunctionEntry = Annotated[FunctionFile, BeforeValidator(_empty)]
WorkflowEntry = Annotated[dict[str, object], BeforeValidator(_empty)]


class TeamFile(FileModel):
    """All of a team's file."""

    team: str = Field(description="The team's slug, which is also the file's name.")
    owner: TagText = Field(min_length=3, description="Whom to ask: an address or a name.")
    suffix: str | None = Field(None, description="Hash of names already in use; left out, it is derived.")
    provider: Provider = Field(Provider(), description="Defaults of the team.")
    functions: dict[str, FunctionEntry] = Field(default_factory=dict, description="Functions by key.")
    workflows: dict[str, WorkflowEntry] = Field(
        default_factory=dict, description="What the team runs, each with the parameters that differ from its card's."
    )
    database: bool = Field(
        default=False, description="Whether the team has a schema of its own in the teams' database (PostgreSQL)."
    )
    names: NamesFile = Field(NamesFile(), description="Names to keep.")
    members: list[CodeOwner] = Field(
        default_factory=list, description="Who reviews the team's file and folder: GitHub's @names, or addresses."
    )
    access: AccessFile = Field(AccessFile(), description="Who may deploy and run, beside own users (team2-ann).")
    budget: BudgetFile | None = Field(None, description="What the team may cost in a month.")
    prepaid: float | None = Field(
        None, gt=0, le=100_000, description="USD that the lane may cost in all; a run that may cost more is refused."
    )
    rendezvous: RendezvousFile = Field(RendezvousFile(), description="Own rendezvous settings.")


@dataclass(frozen=True, slots=True)
class Team:
    """One team's file, read, and its document for the lines."""

    file: TeamFile
    document: Document


def team_slugs(root: Path) -> frozenset[str]:
    """Return what the teams are called, by the names of their files."""
    return frozenset(path.stem for path in (root / FOLDER).glob("*.yaml"))


def read_teams(root: Path, problems: Problems) -> list[Team]:
    """Return the teams whose files have the right shape; what is wrong with the others goes to *problems*."""
    teams = []
    for path in sorted((root / FOLDER).iterdir() if (root / FOLDER).is_dir() else []):
        file = f"{FOLDER}/{path.name}"
        if path.suffix != ".yaml":
            if path.suffix == ".yml":
                problems.add(Problem(file, 1, "only *.yaml is read", f"rename it to {path.stem}.yaml"))
            continue
        document = read_document(path, file, problems)
        if document and (team := parse(TeamFile, document, {"team": path.stem, "owner": "unknown"})):
            teams.append(Team(team, document))
            if team.team != path.stem:
                document.problem(("team",), f"the file is called {path.name}, the team {team.team!r}", "make them one")
    return teams
