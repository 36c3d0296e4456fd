"""Why a plan changes something: its file says otherwise since the last deploy, or somebody changed it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shared.deploy.record import digest_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.deploy.model import Plan, Resource
    from shared.deploy.record import Records

Cause = Literal["by hand", "the file", "unknown"]


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
