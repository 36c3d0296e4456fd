"""Why a plan changes something: its file says otherwise since the last deploy, or somebody changed it by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from shared.deploy.caller import is_denial
from shared.deploy.changes import last_of, read_changes
from shared.deploy.record import digest_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.deploy.changes import Change
    from shared.deploy.lane_deployment import LaneDeployment
    from shared.deploy.model import Plan, Resource
    from shared.deploy.record import Records
    from shared.values import Json

Cause = Literal["by hand", "the file", "unknown"]


@dataclass(frozen=True, slots=True)
class Caused:
    """Why each resource is to change, by kind and name, and who changed by hand, by name.

    Attributes:
        causes: The causes.
        who: The last change by anybody of what was changed by hand, where CloudTrail tells it.
        unread: Whether the caller may not read CloudTrail.
    """

    causes: Mapping[tuple[str, str], Cause]
    who: Mapping[str, Change] = field(default_factory=dict)
    unread: bool = False

    @property
    def words(self) -> str:
        """How many were changed by hand, as a table has it behind the plan's counts; "" if none was."""
        count = list(self.causes.values()).count("by hand")
        return f"; {count} changed by hand" if count else ""

    def as_record(self) -> list[Json]:
        """Return it for JSON."""
        return [
            {
                "kind": kind,
                "name": name,
                "cause": cause,
                "lastChange": self.who[name].as_record() if cause == "by hand" and name in self.who else None,
            }
            for (kind, name), cause in self.causes.items()
        ]


def find_causes(deployment: LaneDeployment, todo: Plan, records: Records) -> Caused:
    """Return the causes of *todo*, a full plan of *deployment*. CloudTrail is asked only if something is by hand.

    Who did it changed it after the last deploy, whose own calls are no answer: CloudTrail tells a call minutes late.
    """
    causes = causes_of(todo, deployment.wanted(), records)
    names = {name for (_, name), cause in causes.items() if cause == "by hand"}
    since = records.newest_written
    if not names or since is None:
        return Caused(causes)
    try:
        found = read_changes(deployment.aws, names, since)
    except ClientError as error:
        if not is_denial(error):
            raise
        return Caused(causes, unread=True)
    return Caused(causes, last_of(found.found))


def causes_of(todo: Plan, wanted: Iterable[Resource], records: Records) -> Mapping[tuple[str, str], Cause]:
    """Return the cause of each step of *todo* that changes something, by the step's kind and name.

    What the last deploy made as it is wanted now, and is otherwise, was changed by hand. What was not wanted so then is
    the file's. Nothing is known without a deploy that finished.

    Args:
        todo: A plan of all that is *wanted*.
        wanted: All that the lane should own.
        records: What its deploys said.
    """
    newest = records.newest
    by_key = {(each.kind, each.name): each for each in wanted}
    same = todo.digests is not None and records.agree_with(todo.digests)

    def cause(key: tuple[str, str]) -> Cause:
        if same:
            return "by hand"
        want = by_key.get(key)
        if newest is None or not newest.complete or want is None or not newest.each:
            return "unknown"
        return "by hand" if digest_one(want) in newest.each else "the file"

    return {key: cause(key) for key in ((step.kind, step.name) for step in todo.changes)}
