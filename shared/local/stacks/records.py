"""What is kept of stacks: frozen facts of resources and events, in tables that lie in moto's CloudFormation backend.

There a cloud that is kept finds them again (:mod:`shared.local.keeping`), and the Resource Groups Tagging API sees the
stacks' tags.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.stacks.parameters import Given
    from shared.local.stacks.template import Template
    from shared.values import Json


_MOST_EVENTS = 10_000  # of one stack

GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
"""The statuses of resources that a stack no longer has."""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack.

    Attributes:
        name: Its logical id.
        kind: Its type, such as ``AWS::Lambda::Function``.
        physical: What a Ref gives; empty before it is made.
        properties: As they were evaluated.
        shown: The same as events tell them, as JSON: without what NoEcho and dynamic references keep secret.
        attributes: What GetAtt gives.
        needs: The logical ids of what must be deleted after it.
        keeps: Whether its DeletionPolicy leaves it when the stack goes.
        keeps_replaced: Whether its UpdateReplacePolicy leaves it when another takes its place.
        keeps_at_rollback: Whether it stays also when what made it is taken back.
        status: Such as ``CREATE_COMPLETE``.
        reason: Why it failed.
        changed: When its status changed.
    """

    name: str
    kind: str
    physical: str = ""
    properties: Mapping[str, Json] = field(default_factory=dict)
    shown: str = ""
    attributes: Mapping[str, Json] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    keeps: bool = False
    keeps_replaced: bool = False
    keeps_at_rollback: bool = False
    status: str = ""
    reason: str = ""
    changed: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stack or of one of its resources."""

    name: str
    kind: str
    physical: str
    status: str
    reason: str = ""
    properties: str = ""
    token: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Output:
    """One output."""

    key: str
    value: str
    description: str = ""
    export: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack is to be, as a call or a change set says.

    Attributes:
        template: Its template.
        parameters: Its parameters.
        tags: Its tags.
        topics: Where its events are told.
        role: The ARN of the role that does the work; empty if the caller does.
        capabilities: What the caller acknowledged.
    """

    template: Template
    parameters: Mapping[str, Given]
    tags: Mapping[str, str]
    topics: tuple[str, ...] = ()
    role: str = ""
    capabilities: tuple[str, ...] = ()


@dataclass(slots=True)
class Stack:
    """A stack, and all that happened to it."""

    stack_id: str
    name: str
    wanted: Wanted | None = None
    status: str = ""
    reason: str = ""
    created: datetime = field(default_factory=now)
    updated: datetime | None = None
    deleted: datetime | None = None
    protected: bool = False
    rolls_back: bool = True
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.wanted.tags) if self.wanted else {}

    @property
    def busy(self) -> bool:
        """Whether something is done to it now."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def standing(self) -> dict[str, Resource]:
        """Return the resources that are there, by their logical ids."""
        return {name: each for name, each in self.resources.items() if each.physical and each.status not in GONE}

    def become(self, status: str, reason: str = "") -> None:
        """Have *status* from now on, and tell it."""
        self.status, self.reason = status, reason
        self.note(Event(self.name, "AWS::CloudFormation::Stack", self.stack_id, status, reason))

    def note(self, event: Event) -> None:
        """Keep *event*, and no more than the newest ones of a stack that changes often."""
        self.events.append(event)
        del self.events[:-_MOST_EVENTS]


@dataclass(frozen=True, slots=True)
class Change:
    """What a change set would do to one resource.

    Attributes:
        action: Add, Modify or Remove.
        name: The logical id.
        kind: The type.
        physical: What it is now; empty if it is not there.
        replacement: True, False or Conditional; empty for what is added or removed.
        properties: The properties that change.
    """

    action: str
    name: str
    kind: str
    physical: str = ""
    replacement: str = ""
    properties: tuple[str, ...] = ()


@dataclass(slots=True)
class ChangeSet:
    """A change set."""

    id: str
    name: str
    stack_id: str
    makes: bool
    wanted: Wanted
    changes: list[Change]
    description: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    executable: str = "AVAILABLE"
    created: datetime = field(default_factory=now)
