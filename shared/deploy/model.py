"""What deploying is made of: resources, the calls that change them, and steps that hold both. All frozen, no AWS.

A plan is a value: the CLI prints it, a test compares it, ``apply`` carries it out. Nothing else changes AWS.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Action = Literal["create", "update", "replace", "delete", "nothing"]

_ABSENT = object()  # a key that is not there differs from one that is None
_WIDEST = 96  # characters of a value in a diff; a definition would fill the screen


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing a lane owns, as wanted or as found. ``properties`` are in a form that compares by meaning."""

    kind: str
    name: str
    tags: Mapping[str, str]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One boto3 call: ``client(service).method(**params)``."""

    service: str
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Routine:
    """Calls that cannot be written down ahead, each depends on an answer; ``routines.py`` has them by name."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one resource. What is made is born with its tags: else a leftover would be nobody's."""

    action: Action
    kind: str
    name: str
    diff: tuple[str, ...] = ()
    calls: tuple[Call | Routine, ...] = ()

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered steps that take a team's lane from what is there to what is wanted (or, on destroy, to nothing).

    ``tags`` are the lane's: what is changed must carry them.
    """

    team: str
    stage: str
    steps: tuple[Step, ...]
    tags: Mapping[str, str]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action != "nothing")


def summary(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one line for each property of a resource that is to be made."""
    return tuple(f"{key}: {_short(value)}" for key, value in properties.items() if value is not None)


def differences(want: Any, have: Any, path: str = "") -> tuple[str, ...]:
    """Return a line for each place where *want* and *have* differ, down to the innermost key; none when equal."""
    if want == have:
        return ()
    if isinstance(want, dict) and isinstance(have, dict):
        keys = [*want, *(key for key in have if key not in want)]
        return tuple(
            line
            for key in keys
            for line in differences(
                want.get(key, _ABSENT), have.get(key, _ABSENT), f"{path}.{key}" if path else str(key)
            )
        )
    if isinstance(want, list) and isinstance(have, list):
        gone, added = ([item for item in one if item not in other] for one, other in ((have, want), (want, have)))
        if len(gone) == len(added) == 1 and _alike(gone[0], added[0]):
            return differences(added[0], gone[0], f"{path}[{have.index(gone[0])}]")
        lines = (*(f"{path}: - {_short(item)}" for item in gone), *(f"{path}: + {_short(item)}" for item in added))
        return lines or (f"{path}: reordered",)
    return (f"{path}: {_short(have)} -> {_short(want)}",)


def _alike(one: Any, other: Any) -> bool:
    """Whether two items of a list are one thing that changed, not two: objects of the same keys."""
    return isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys()


def missing_tags(want: Resource, have: Resource) -> tuple[str, ...]:
    """Return a line for each tag that *have* lacks or has otherwise; tags that others put there are left alone."""
    return tuple(
        f"tag {key}: {_short(have.tags.get(key))} -> {value}"
        for key, value in want.tags.items()
        if have.tags.get(key) != value
    )


def _short(value: Any) -> str:
    if value is None or value is _ABSENT:
        return "none" if value is None else "absent"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if len(text) <= _WIDEST:
        return text
    head = _WIDEST // 2  # names of one kind begin alike and differ at their ends
    return f"{text[:head]}...{text[head + 3 - _WIDEST :]}"


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *tags* as most of AWS's services spell them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
