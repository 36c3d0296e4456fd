"""Where an execution stopped: what a redrive goes on from, as plain values that can be written down.

It is a tree like that of the strands: a strand in a Parallel or an inline Map has the strands below it in hand, one in
a distributed Map has the run.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shared.local.asl.reading import members
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json


class Branches(NamedTuple):
    """The strands of a Parallel or an inline Map, by their index; those that never began are missing."""

    strands: Mapping[int, StoppedStrand]


class StoppedRun(NamedTuple):
    """The run of a distributed Map, by its ARN; the rest of it is where runs are kept."""

    arn: str


Work: TypeAlias = Branches | StoppedRun


class StoppedStrand(NamedTuple):
    """Where one strand stopped.

    Attributes:
        state: The state that it was in; None for a strand that had entered none.
        input: What that state was given.
        variables: What it had assigned.
        done: Whether it had come to its end without a failure.
        result: What it ended with then.
        work: What it had in hand.
    """

    state: str | None
    input: Json = None
    variables: Mapping[str, Json] = MappingProxyType({})
    done: bool = False
    result: Json = None
    work: Work | None = None

    @property
    def stopped(self) -> StoppedStrand:
        """Itself: a strand that a redrive did not run again stands where it stood."""
        return self

    def written(self) -> dict[str, Json]:
        """Return it as JSON."""
        work: Json = None
        if isinstance(self.work, Branches):
            work = [[index, each.written()] for index, each in self.work.strands.items()]
        elif self.work is not None:
            work = self.work.arn
        return {
            "state": self.state, "input": self.input, "variables": dict(self.variables), "done": self.done,
            "result": self.result, "work": work,
        }  # fmt: skip


def read_stopped(value: Json) -> StoppedStrand:
    """Return what :meth:`StoppedStrand.written` gave as *value*."""
    found = members(value)
    state, work = found.get("state"), found.get("work")
    return StoppedStrand(
        state=state if isinstance(state, str) else None,
        input=found.get("input"),
        variables=as_mapping(found.get("variables")),
        done=found.get("done") is True,
        result=found.get("result"),
        work=_read_work(work),
    )


def _read_work(work: Json) -> Work | None:
    if isinstance(work, str):
        return StoppedRun(work)
    if not isinstance(work, list):
        return None
    pairs = [each for each in work if isinstance(each, list)]
    return Branches({index: read_stopped(strand) for index, strand in pairs if isinstance(index, int)})
