"""What removes orphans: a plan for each team of their tags, and what stays, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from shared.deploy import record
from shared.deploy.guard import MANAGER
from shared.deploy.model import Plan
from shared.deploy.resources import DATA_REMOVED_BY, KINDS, state_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.aws.client import Aws
    from shared.deploy.model import Resource, Step
    from shared.deploy.readback.orphans import Orphan


class _Removable(Protocol):
    """What a kind offers to whoever removes it."""

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the resource as it is, or None."""

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*."""


# What a lane owns, and what says of it that it was deployed, which goes first (``plan.plan_removal``).
_REMOVABLE: dict[str, _Removable] = {**KINDS, record.KIND: record}


@dataclass(frozen=True, slots=True)
class Kept:
    """An orphan that is not removed, and what it would take."""

    orphan: Orphan
    fix: str

    def __str__(self) -> str:
        return f"{self.orphan.kind} {self.orphan.name} ({self.orphan.owner or 'no owner'}): {self.fix}"


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is to go, a plan for each team; what stays; and how many executions run on the state machines that go."""

    plans: tuple[Plan, ...]
    kept: tuple[Kept, ...]
    running: int

    @property
    def steps(self) -> int:
        """How many resources are to go."""
        return sum(len(plan.steps) for plan in self.plans)


def plan_cleaning(aws: Aws, stage: str, orphans: Iterable[Orphan], *, data: bool) -> Cleaning:
    """Return what removes *orphans*, what is made last first.

    Args:
        aws: Where they are.
        stage: Of which stage.
        orphans: As they were found, by their tags.
        data: Whether what holds data goes, too.
    """
    going: list[tuple[Orphan, Resource]] = []
    kept: list[Kept] = []
    for orphan in orphans:
        if fix := _why_kept(orphan, data=data):
            kept.append(Kept(orphan, fix))
        elif have := _REMOVABLE[orphan.kind].current(aws, orphan.name):
            going.append((orphan, have))
    order = {kind: number for number, kind in enumerate(reversed(_REMOVABLE))}
    going.sort(key=lambda each: (each[0].team, order[each[0].kind], each[0].name))
    plans = tuple(
        Plan(team, stage, tuple(_REMOVABLE[have.kind].remove(have) for _, have in some), _identity(team, stage))
        for team, some in groupby(going, key=lambda each: each[0].team)
    )
    return Cleaning(plans, tuple(kept), sum(_running(aws, have) for _, have in going))


def _why_kept(orphan: Orphan, *, data: bool) -> str:
    """Return what it takes to remove *orphan*; "" where nothing more than consent is needed."""
    if orphan.kind not in _REMOVABLE or not orphan.team:
        return orphan.fix if orphan.kind in _REMOVABLE else "lanes removes no such thing: delete it by hand"
    if orphan.kind in DATA_REMOVED_BY and not data:
        return "it may hold data, so it stays; --data removes it"
    return ""


def _identity(team: str, stage: str) -> dict[str, str]:
    """Return the tags that everything of a plan must carry: whoever else took a name since keeps it."""
    return {"team": team, "stage": stage, "managed-by": MANAGER}


def _running(aws: Aws, have: Resource) -> int:
    if have.kind != state_machine.KIND or have.properties["type"] != "STANDARD":
        return 0
    pages = aws.states.get_paginator("list_executions")
    asked = pages.paginate(stateMachineArn=str(have.properties["arn"]), statusFilter="RUNNING")
    return sum(len(page["executions"]) for page in asked)
