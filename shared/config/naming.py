"""The rules of naming.yaml: how every name is made, and what AWS allows. Nothing else makes names.

A name is never cut: one that is too long is a problem, reported when the files are read
(:mod:`shared.config.naming_file`).
"""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from shared.config.model import FileModel

if TYPE_CHECKING:
    from shared.config.lane import Place

KindName = Literal[
    "bucket",
    "role",
    "policy",
    "function",
    "functionLogGroup",
    "stateMachine",
    "stateMachineLogGroup",
    "table",
    "queue",
    "topic",
    "cluster",
    "service",
    "taskDefinition",
    "securityGroup",
    "containerLogGroup",
    "repository",
    "rule",
    "alarm",
    "scheduleGroup",
    "budget",
    "secret",
    "parameter",
    "schema",
]
PLACEHOLDERS = ("team", "component", "hash", "account", "region", "stage")
HASH_PLACEHOLDERS = ("account", "region", "stage", "team")
MAX_DIGITS = 64
ACCOUNT_REGIONAL = "-{account}-{region}-an"
"""The end of a bucket's name in the account's own namespace. No other account can make a bucket of that name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html, read on 2026-11-29.
"""
FUNCTION_LOGS, MACHINE_LOGS, CONTAINER_LOGS = "/aws/lambda/", "/aws/vendedlogs/states/", "/ecs/"
"""What stands before a team's name in the names of log groups: of functions, state machines and containers.

Lambda fixes the first. Under ``/aws/vendedlogs/`` one resource policy of the account serves every state machine.
"""
PLATFORM = "platform"
"""The slug of what is no team's; naming.yaml reserves it."""
MANAGER = "teamlanes"
"""The value of the tag ``managed-by`` on everything that deployment makes."""
_SLUG_FORM = re.compile(r"\[[a-z-]+\]\[([a-z0-9-]+)\]\{(\d+),(\d+)\}")

Items = Annotated[tuple[str, ...], Field(strict=False)]


class SlugRule(FileModel):
    """What a team may be called. The pattern is one character class, and another one that is repeated."""

    pattern: str
    reserved: Items = ()

    @field_validator("pattern")
    @classmethod
    def _lower_case_classes(cls, pattern: str) -> str:
        if not _SLUG_FORM.fullmatch(pattern):
            raise ValueError("must have the form [a-z][a-z0-9]{1,11}: lower-case letters and digits only")
        if not set(pattern.split("]")[1].strip("[")) <= set(string.ascii_lowercase + string.digits + "-"):
            raise ValueError("must not repeat anything but lower-case letters and digits")
        re.compile(pattern)
        return pattern

    def allows(self, char: str) -> bool:
        """Whether a slug can hold *char*."""
        first, rest, _ = self.pattern.split("]")
        return any(re.fullmatch(f"{part}]", char) for part in (first, rest))


class HashRule(FileModel):
    """How the hash of a team at a place is made."""

    over: str
    digits: int = Field(ge=4, le=MAX_DIGITS)

    def make(self, team: str, place: Place) -> str:
        """Return the first hex digits of sha256 over the text that stands for *team* at *place*."""
        text = self.over.format(team=team, account=place.account, region=place.region, stage=place.stage)
        return hashlib.sha256(text.encode()).hexdigest()[: self.digits]


class KindRule(FileModel):
    """One kind of resource: its template and AWS's limits."""

    template: str
    length: Annotated[tuple[int, int], Field(strict=False)]
    characters: str
    unique: Literal["partition", "account", "region"]
    ignore_case: bool = False
    namespace: str | None = None
    reserved_prefixes: Items = ()
    reserved_suffixes: Items = ()

    @field_validator("characters")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"must be a regular expression: {error}") from error
        return pattern

    @cached_property
    def fixed_prefix(self) -> str:
        """What stands before ``{team}``."""
        return self.template.partition("{team}")[0]

    @property
    def account_regional(self) -> bool:
        """Whether it names buckets of the account's own namespace."""
        return self.template.endswith(ACCOUNT_REGIONAL)


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a lane: of what *kind*, made from which *component*."""

    kind: str
    component: str
    value: str
    limit: int


class Naming(FileModel):
    """All of naming.yaml."""

    slug: SlugRule
    hash: HashRule
    component: str
    kinds: dict[str, KindRule]

    def namespace(self, kind: str) -> str:
        """Return the namespace of *kind*: two kinds that share it cannot both have one name."""
        return self.kinds[kind].namespace or kind

    def make(self, kind: KindName, component: str, *, team: str, place: Place, digest: str) -> Name:
        """Return the name of *component*; :meth:`name_problems` says whether AWS would take it."""
        rule = self.kinds[kind]
        value = rule.template.format(
            team=team,
            component=component,
            hash=digest,
            account=place.account,
            region=place.region,
            stage=place.stage,
        )
        return Name(kind, component, value, rule.length[1])

    def slug_problems(self, slug: str) -> list[str]:
        """Return what is wrong with *slug* as a team's slug; empty when nothing is."""
        if not re.fullmatch(self.slug.pattern, slug):
            return [f"the slug {slug!r} does not match {self.slug.pattern}"]
        if slug in self.slug.reserved:
            return [f"the slug {slug!r} is reserved"]
        return []

    def name_problems(self, name: Name) -> list[str]:
        """Return what AWS, or we, would refuse about *name*; empty when nothing is."""
        kind = self.kinds[name.kind]
        shown = f"the {name.kind} name {name.value!r}"
        low, high = kind.length
        found = []
        if not re.fullmatch(self.component, name.component):
            found.append(f"the component {name.component!r} of a {name.kind} name does not match {self.component}")
        if not low <= len(name.value) <= high:
            found.append(f"{shown} has {len(name.value)} characters, not {low} to {high}")
        if not re.fullmatch(kind.characters, name.value):
            found.append(f"{shown} does not match {kind.characters}")
        plain = name.value.lower() if kind.ignore_case else name.value
        found += [
            f"{shown} starts with {word!r}, which is reserved"
            for word in kind.reserved_prefixes
            if plain.startswith(word)
        ]
        found += [
            f"{shown} ends in {word!r}, which is reserved"
            for word in kind.reserved_suffixes
            if plain.endswith(word) and not (kind.account_regional and ACCOUNT_REGIONAL.endswith(word))
        ]
        return found

    def identity(self, name: Name) -> tuple[str, str]:
        """Return the namespace and the name as AWS compares it: two names with the same identity would be one."""
        kind = self.kinds[name.kind]
        return self.namespace(name.kind), name.value.lower() if kind.ignore_case else name.value


def is_account_regional(bucket: str, account: str, region: str) -> bool:
    """Whether *bucket* is a name of the account's own namespace in *region*."""
    return bucket.endswith(ACCOUNT_REGIONAL.format(account=account, region=region))


def name_prefix(team: str) -> str:
    """Return what the names of *team* begin with, of most kinds; for "", what those of every team do: nothing."""
    return f"{team}-" if team else ""


def path_prefix(team: str) -> str:
    """Return what the names of *team* begin with, of kinds whose names are paths: secrets and repositories."""
    return f"{team}/" if team else ""


def record_folder(stage: str = "", team: str = "") -> str:
    """Return the folder of SSM parameters that say who deployed *team* and when; for "", that of all.

    It is the platform's: its first word is a reserved slug, so no team's names begin with it.
    """
    return f"/{MANAGER}/{path_prefix(stage)}{path_prefix(team)}"


def secret_prefix(team: str, component: str) -> str:
    """Return what the names of *team*'s secrets of one *component* begin with."""
    return f"{path_prefix(team)}{component}-"
