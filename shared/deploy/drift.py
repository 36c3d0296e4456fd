"""Whether what is deployed is what the files say: a plan's steps as the state of each thing that a lane owns.

Environment values are left out: a plan that is shown beyond the terminal names variables, and no value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from shared.deploy.reading import if_there
from shared.deploy.resources import KINDS, function
from shared.deploy.sleeping import SLEEPER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Action, Plan, Step
    from shared.values import Json

State = Literal["as in the file", "differs", "missing", "in no file"]

_STATES: Mapping[Action, State] = {
    "nothing": "as in the file",
    "update": "differs",
    "replace": "differs",
    "create": "missing",
    "delete": "in no file",
}
_VARIABLE = re.compile(r"environment(?:\.([A-Za-z0-9_]+))?: (absent -> )?")


@dataclass(frozen=True, slots=True)
class Owned:
    """One thing that a lane owns, or is to own.

    Attributes:
        kind: What it is.
        name: What AWS calls it.
        state: How it is beside the file.
        lines: What differs, a line each, as in ``lanes plan``.
    """

    kind: str
    name: str
    state: State
    lines: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"kind": self.kind, "name": self.name, "state": self.state, "lines": self.lines}


@dataclass(frozen=True, slots=True)
class Drift:
    """How what is deployed of a lane stands beside its files.

    Attributes:
        owned: Each thing, in the order in which it is made.
        reserved: The concurrency that each function has reserved in the cloud, by its name; None where it has none.
    """

    owned: tuple[Owned, ...]
    reserved: Mapping[str, int | None]

    @property
    def changes(self) -> tuple[Owned, ...]:
        """What is not as in the file: a deploy would change it."""
        return tuple(each for each in self.owned if each.state != "as in the file")

    @property
    def total_reserved(self) -> int:
        """The concurrency that all functions together have reserved in the cloud."""
        return sum(count or 0 for count in self.reserved.values())

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "owned": [each.as_record() for each in self.owned],
            "changes": len(self.changes),
            "reserved_in_the_cloud": dict(self.reserved),
        }


def read_drift(lane: Lane, plan: Plan, aws: Aws) -> Drift:
    """Return what *plan*, of a deploy of *lane*, says of what is there.

    A function that differs takes one call, for what it has reserved; one that does not has what its file says.
    """
    owned = tuple(
        Owned(step.kind, step.name, _STATES[step.action], tuple(lines_without_values(step)))
        for step in plan.steps
        if step.kind in KINDS  # the rest is the account's
    )
    asleep = any(step.kind == SLEEPER for step in plan.steps)
    by_name = {each.name: 0 if asleep else each.reserved_concurrency for each in lane.functions.values()}
    reserved = {
        each.name: by_name[each.name] if each.state == "as in the file" else _reserved(aws, each.name)
        for each in owned
        if each.kind == function.KIND and each.state != "missing"
    }
    return Drift(owned, reserved)


def lines_without_values(step: Step) -> Iterator[str]:
    """Yield the lines of *step* that tell a difference, with no value of an environment.

    What is to be made is not there, so nothing differs.
    """
    if step.action == "create":
        return
    for line in step.diff:
        found = _VARIABLE.match(line)
        if found:
            which = f"environment variable {found[1]}" if found[1] else "environment"
            if found[2]:
                yield f"{which} is not there"
            elif line.endswith(" -> absent"):
                yield f"{which} is in no file; its value is not shown"
            else:
                yield f"{which} has another value, which is not shown"
        else:
            yield line


def _reserved(aws: Aws, name: str) -> int | None:
    read = partial(aws.client(function.SERVICE).get_function_concurrency, FunctionName=name)
    told = if_there(read, "ResourceNotFoundException")
    return told.get("ReservedConcurrentExecutions") if told else None
