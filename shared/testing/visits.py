"""Reads what a test's run did off its histories: each state that was entered, with its attempts, waits and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.asl.maps.run import MapRun
from shared.run.places import Item, Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.asl.execution import Execution
    from shared.local.asl.history import Event
    from shared.run.places import Where
    from shared.values import Json

# What begins an attempt of a Task, a Map or a Parallel.
_BEGINNINGS = frozenset(
    {"TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "MapStateStarted", "ParallelStateStarted"}
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A state that was entered.

    Attributes:
        state: Its name.
        kind: Its type, such as Task.
        inside: The Map or Parallel that it lies in, and with it the one around that, outermost first.
        items: The map iterations that it is in, outermost first.
        input: What it was entered with.
        output: What it was left with; None unless it was left.
        left: Whether it was left: it had not failed for good, and its execution had not ended before.
        error: The name of the last error in it, None for none; a Retry or a Catch may have taken it.
        attempts: How often it did what it does: called, mapped, or ran its branches.
        waits: The virtual seconds before each attempt but the first.
        began: When it was entered, in virtual seconds since the run began.
        seconds: How long it took; until the run's end, if it was not left.
    """

    state: str
    kind: str
    inside: tuple[str, ...]
    items: tuple[Item, ...]
    input: Json
    output: Json
    left: bool
    error: str | None
    attempts: int
    waits: tuple[float, ...]
    began: float
    seconds: float


@dataclass(slots=True)
class _Open:
    """A visit in the making."""

    where: Where
    input: Json
    began: float
    output: Json = None
    left: bool = False
    error: str | None = None
    ended: float | None = None
    attempts: int = 0
    waits: list[float] = field(default_factory=list)
    runs: list[MapRun] = field(default_factory=list)


def visits_of(
    execution: Execution, inside: tuple[str, ...] = (), items: tuple[Item, ...] = (), start: float | None = None
) -> Iterator[Visit]:
    """Yield the states that *execution* entered, in that order; those of a distributed Map's children after the Map.

    Args:
        execution: One that has ended.
        inside: The Maps and Parallels around it.
        items: The map iterations around it.
        start: When the run began, in seconds since the epoch; None for when the execution did.

    Raises:
        LanesError: A Map had more children than are remembered.
    """
    start = execution.started_at if start is None else start
    end = execution.stopped_at or start
    runs = {run.arn: run for run in execution.map_runs if isinstance(run, MapRun)}
    for each in _entered(execution.history.events, runs):
        around = (*inside, *_names(each.where))
        at = (*items, *each.where.items)
        last = each.ended if each.ended is not None else end
        yield Visit(
            each.where.name, each.where.kind, around, at, each.input, each.output, each.left, each.error,
            each.attempts, tuple(each.waits), round(each.began - start, 6), round(last - each.began, 6),
        )  # fmt: skip
        for run in each.runs:
            for index, child in enumerate(_children(run)):
                name = each.where.name
                yield from visits_of(child, (*around, name), (*at, Item(name, index)), start)


def _names(where: Where) -> tuple[str, ...]:
    outer = where.outer
    found: list[str] = []
    while outer is not None:
        if outer.kind != "Iteration":
            found.insert(0, outer.name)
        outer = outer.outer
    return tuple(found)


def _children(run: MapRun) -> list[Execution]:
    if len(run.children) < sum(run.executions.values()):
        raise LanesError(
            f"the Map {run.fields.name} had more children than are remembered, so their states are not known",
            fix="give the test fewer items, or ask for output and status alone",
        )
    return list(run.children.values())


def _entered(events: list[Event], runs: Mapping[str, MapRun]) -> list[_Open]:
    places, found = Places(), dict[int, _Open]()
    for number, (kind, previous, when, details) in enumerate(events, 1):
        told = details or {}
        index = told.get("index")
        before = places.where(previous)
        where = places.follow(number, previous, kind, str(told.get("name", "")), index if isinstance(index, int) else 0)
        if kind.endswith("StateEntered") and where is not None:
            found[number] = _Open(where, told.get("input"), when)
        elif kind.endswith("StateExited"):
            _leave(found, before, str(told.get("name")), told.get("output"), when)
        elif where is not None and where.entry in found:
            _note(found[where.entry], kind, when - events[previous - 1][2], told, runs)
    return list(found.values())


def _leave(found: Mapping[int, _Open], where: Where | None, name: str, output: Json, when: float) -> None:
    while where is not None and where.name != name:
        where = where.outer
    if where is not None and where.entry in found:
        visit = found[where.entry]
        visit.output, visit.left, visit.ended = output, True, when


def _note(visit: _Open, kind: str, waited: float, told: Mapping[str, Json], runs: Mapping[str, MapRun]) -> None:
    if kind in _BEGINNINGS:
        visit.attempts += 1
        if visit.attempts > 1:
            visit.waits.append(round(waited, 6))
    if kind in {"MapRunStarted", "MapRunRedriven"}:
        run = runs.get(str(told.get("mapRunArn")))
        if run is not None and run not in visit.runs:
            visit.runs.append(run)
    if kind.endswith(("Failed", "TimedOut")) and not kind.startswith("MapIteration"):
        visit.error = str(told.get("error")) if told.get("error") else visit.error
