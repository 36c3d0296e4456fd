"""Gives all that an execution's history holds a beginning and an end: states, iterations of Maps, and calls.

A history tells the end of what ends by itself only. What a failure around it cut off has no event of its own: it ended
with what cut it off. A redrive goes on behind the execution's end, in entries that it finds open or by new ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.run.attempts import Attempt, attempts_in
from shared.run.history import ENDINGS, FAILURES, details, parse_object, rank_in
from shared.run.places import REDRIVEN, Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.places import Where

Status: TypeAlias = Literal["SUCCEEDED", "FAILED", "ABORTED"]

_ITERATION_ENDS: dict[str, Status] = {
    "MapIterationSucceeded": "SUCCEEDED",
    "MapIterationFailed": "FAILED",
    "MapIterationAborted": "ABORTED",
}
_CUTS = ("MapState", "ParallelState")
_CALLS = ("Task", "LambdaFunction", "Activity")


@dataclass(frozen=True, slots=True)
class Error:
    """An error that a history tells: when, its name and its cause, both empty where no event has them.

    ``called`` says that a call of a task met it.
    """

    at: datetime
    name: str
    cause: str
    called: bool = False


@dataclass(slots=True)
class Timed:
    """A visit of a state, or an iteration of a Map.

    Attributes:
        where: What it is, and what it lies in.
        rank: The rank or the map item that it was for; None outside a map.
        began: When.
        ended: When.
        status: How it ended. ABORTED means that something else ended it.
        errors: The errors that it met, oldest first; also those that were caught.
        map_runs: The ARNs of the runs of a distributed Map that it started.
        redrives: After how many redrives it began.
    """

    where: Where
    rank: int | None
    began: datetime
    ended: datetime
    status: Status = "ABORTED"
    errors: list[Error] = field(default_factory=list)
    map_runs: list[str] = field(default_factory=list)
    redrives: int = 0
    last: int = 0
    """The number of the last event in it, or in what lies in it."""
    failing: bool = False
    """Whether the last of its own events tells of a failure."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a Task, with its end. ``nested`` is the ARN of the execution that it started, empty for none."""

    attempt: Attempt
    ended: datetime
    status: str
    nested: str = ""


@dataclass(frozen=True, slots=True)
class TimedHistory:
    """What a history holds.

    Attributes:
        rank: The rank in the execution's own input.
        places: Visits and iterations, in the order of their beginnings.
        calls: The calls of tasks, in the order of their beginnings.
        redriven: When the execution was redriven.
        error: The error that ended it; None where none did.
    """

    rank: int | None
    places: tuple[Timed, ...]
    calls: tuple[Call, ...]
    redriven: tuple[datetime, ...]
    error: Error | None


def time_history(events: Sequence[HistoryEventTypeDef]) -> TimedHistory:
    """Return what the *events* of an execution hold that has ended; all its events must be there, oldest first."""
    reader = _Reader()
    for event in events:
        reader.take(event)
    return reader.timed(events)


class _Reader:
    """Walks through a history once."""

    def __init__(self) -> None:
        self._places = Places()
        self._rank: int | None = None
        self._found: dict[int, Timed] = {}  # by the event that it began with
        self._open: dict[int, dict[int, None]] = {0: {}}  # what has not ended, by what it lies in
        self._ends: list[tuple[int, datetime]] = []  # of the execution
        self._redriven: list[datetime] = []
        self._submitted: dict[tuple[int, int], str] = {}  # nested executions, by entry and number of the call
        self._numbers: dict[int, int] = {}
        self._error: Error | None = None

    def take(self, event: HistoryEventTypeDef) -> None:
        kind, told, number = event["type"], details(event), event["id"]
        name, index = str(told.get("name", "")), told.get("index")
        before = event.get("previousEventId", 0)
        inner = self._places.where(before)
        where = self._places.follow(number, before, kind, name, index if isinstance(index, int) else 0)
        if kind in ENDINGS:
            self._end(event, inner)
        elif kind == "ExecutionStarted":
            self._rank = rank_in(event.get("executionStartedEventDetails", {}).get("input"))
        elif kind == REDRIVEN:
            self._redriven.append(event["timestamp"])
            self._error = None
        elif where is not None and where.entry == number:
            self._enter(event, where)
        elif where is not None:
            self._note(event, self._found[where.entry], inner)

    def _enter(self, event: HistoryEventTypeDef, where: Where) -> None:
        around = self._found[where.outer.entry].rank if where.outer else self._rank
        own = rank_in(event.get("stateEnteredEventDetails", {}).get("input")) if where.name else where.index
        at = event["timestamp"]
        rank = around if own is None else own
        self._found[where.entry] = Timed(where, rank, at, at, redrives=len(self._redriven))
        self._open.setdefault(where.outer.entry if where.outer else 0, {})[where.entry] = None
        self._touch(event["id"], where)

    def _note(self, event: HistoryEventTypeDef, place: Timed, inner: Where | None) -> None:
        kind, told, entry = event["type"], details(event), place.where.entry
        self._touch(event["id"], place.where)
        place.failing = kind.endswith(FAILURES) and not kind.endswith("Aborted")
        if place.failing:
            if kind in _ITERATION_ENDS or kind.startswith(_CUTS):
                self._blame(inner, place.where, event)
            place.errors.append(_error_in(event))
        if kind.endswith("Scheduled"):
            self._numbers[entry] = self._numbers.get(entry, 0) + 1
        elif kind in {"TaskSubmitted", "TaskSucceeded"} and told.get("resourceType") == "states":
            if arn := str(parse_object(str(told.get("output"))).get("ExecutionArn") or ""):
                self._submitted[entry, self._numbers.get(entry, 0)] = arn
        elif kind in {"MapRunStarted", "MapRunRedriven"} and told.get("mapRunArn") not in place.map_runs:
            place.map_runs.append(str(told["mapRunArn"]))
        if kind.endswith("StateExited"):
            self._close(place, "SUCCEEDED", event["timestamp"])
        elif kind in _ITERATION_ENDS:
            self._close(place, _ITERATION_ENDS[kind], event["timestamp"])
        elif kind.startswith(_CUTS) and not kind.endswith("Started"):
            self._cut(entry, event["timestamp"])

    def _end(self, event: HistoryEventTypeDef, inner: Where | None) -> None:
        self._ends.append((event["id"], event["timestamp"]))
        if event["type"] != "ExecutionSucceeded":
            self._error = _error_in(event)
        if event["type"] == "ExecutionFailed":
            self._blame(inner, None, event)

    def _blame(self, inner: Where | None, outer: Where | None, event: HistoryEventTypeDef) -> None:
        """Have the place that ended what is around it say so: a Choice or a Fail state has no event of its failure."""
        at = inner
        while at is not None and at is not outer:
            place = self._found[at.entry]
            if at.entry in self._open.get(at.outer.entry if at.outer else 0, {}) and not place.failing:
                place.failing = True
                place.errors.append(_error_in(event))
            at = at.outer

    def _touch(self, number: int, where: Where | None) -> None:
        while where is not None:
            self._found[where.entry].last = number
            where = where.outer

    def _close(self, place: Timed, status: Status, at: datetime) -> None:
        place.ended, place.status = at, status
        self._open[place.where.outer.entry if place.where.outer else 0].pop(place.where.entry, None)
        self._cut(place.where.entry, at)

    def _cut(self, entry: int, at: datetime) -> None:
        for inside in list(self._open.get(entry, ())):
            place = self._found[inside]
            self._close(place, "FAILED" if place.failing else "ABORTED", at)

    def timed(self, events: Sequence[HistoryEventTypeDef]) -> TimedHistory:
        """Return what was found. What is open ended with the execution, the first time after its last event."""
        last = events[-1]["timestamp"]
        for entry in [each for inside in self._open.values() for each in inside]:
            place = self._found[entry]
            place.status = "FAILED" if place.failing else "ABORTED"
            place.ended = next((at for number, at in self._ends if number > place.last), last)
        calls = tuple(self._call(attempt, last) for attempt in attempts_in(events))
        return TimedHistory(self._rank, tuple(self._found.values()), calls, tuple(self._redriven), self._error)

    def _call(self, attempt: Attempt, last: datetime) -> Call:
        nested = self._submitted.get((attempt.entry, attempt.number), "")
        if attempt.ended is not None:
            return Call(attempt, attempt.ended, attempt.status, nested)
        ends = (*(at for _, at in self._ends), self._found[attempt.entry].ended, last)
        return Call(attempt, min((at for at in ends if at >= attempt.began), default=last), "ABORTED", nested)


def _error_in(event: HistoryEventTypeDef) -> Error:
    told = details(event)
    error, cause = (str(told.get(key) or "") for key in ("error", "cause"))
    return Error(event["timestamp"], error, cause, event["type"].startswith(_CALLS))
