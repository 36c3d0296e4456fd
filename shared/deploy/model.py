"""What deploying is made of: resources, the calls that change them, and steps that hold the calls. All frozen, no AWS.

A plan is a value: the CLI prints it, a test compares it, ``apply`` carries it out. Nothing else changes AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

Action = Literal["create", "update", "replace", "delete", "nothing"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing a lane owns, as wanted or as found. ``properties`` are in a form that compares by meaning."""

    kind: str
    name: str
    tags: Mapping[str, str]
    properties: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Call:
    """One boto3 call: ``client(service).method(**params)``."""

    service: str
    method: str
    params: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Routine:
    """Calls that cannot be written down ahead, for each depends on an answer. ``routines.py`` has them by name."""

    name: str
    params: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one resource. What is made has its tags from the start, else a leftover would be nobody's."""

    action: Action
    kind: str
    name: str
    diff: tuple[str, ...] = ()
    calls: tuple[Call | Routine, ...] = ()

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests of all that a lane wants: each resource with its properties and tags, the code's hash among them.

    Attributes:
        whole: Of everything, in order.
        each: Of each resource, eight hexadecimal digits.
    """

    whole: str
    each: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered steps that take a team's lane from what is there to what is wanted (or, on destroy, to nothing).

    ``tags`` are the lane's: what is changed must carry them. ``digests`` are of all that is wanted, None on destroy.
    """

    team: str
    stage: str
    steps: tuple[Step, ...]
    tags: Mapping[str, str]
    digests: Digests | None = field(default=None, compare=False)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action != "nothing")
