"""The ranks of inline Maps, by the events of the run itself. Each event is taken in once, as it comes.

Ranks are the items of the outermost Maps: what a Map inside an item does is a part of that item. A Map that a redrive
enters again goes on with the items that it had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.run.cause import find_request, request_in
from shared.run.history import ENDINGS, FAILURES, details, parse_object, rank_in
from shared.run.own_code import in_checkout
from shared.run.places import REDRIVEN, Places
from shared.run.ranks import RankMap, RankRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.places import Where
    from shared.values import Json

_ENDED = {"Succeeded": "SUCCEEDED", "Failed": "FAILED", "Aborted": "ABORTED"}
_ITERATION = "MapIteration"


@dataclass(slots=True)
class _Item:
    """An item as its events have told it so far."""

    began: datetime
    status: str = "RUNNING"
    ended: datetime | None = None
    number: int | None = None
    state: str = ""
    error: str = ""
    message: str = ""
    retries: int = 0
    entries: set[int] = field(default_factory=set)
    events: list[HistoryEventTypeDef] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def end(self, status: str, at: datetime) -> None:
        if self.status == "RUNNING":
            self.status, self.ended = status, at


@dataclass(slots=True)
class MapVisit:
    """A Map that was entered. ``arn`` is the run of a distributed one, whose items are not among its events."""

    key: int
    name: str
    total: int = 0
    arn: str = ""
    succeeded: bool = False
    items: dict[int, _Item] = field(default_factory=dict)


class ItemRanks:
    """Takes in the events of one execution, oldest first.

    Attributes:
        visits: The outermost Maps that were entered, by the ids of the events that did.
        taken: The id of the last event that was taken in.
    """

    def __init__(self) -> None:
        self.visits: dict[int, MapVisit] = {}
        self._places = Places()
        self.taken = 0
        self._again: dict[int, int] = {}  # entries that a redrive made of Maps: the entry that each goes on with
        self._redriven = False
        self._failed: list[_Item] = []  # that failed without an error of their own

    def take(self, events: Sequence[HistoryEventTypeDef]) -> bool:
        """Take in *events*, all from the start of the history on; those that are known change nothing.

        Their ids count from 1 on, without a gap. Returns whether any is new.
        """
        new = events[self.taken :]
        for event in new:
            self._take(event)
        return bool(new)

    def rows(self, key: int) -> tuple[RankRow, ...]:
        """Return the rows of the inline Map with this *key*, each of its items, those that wait as well."""
        visit = self.visits[key]
        most = max(visit.total, 1 + max(visit.items, default=-1))
        return tuple(_row(place, visit.items.get(place)) for place in range(most))

    def events(self, key: int, place: int) -> list[HistoryEventTypeDef]:
        """Return the events of the item at *place* of the inline Map with this *key*, and those of redrives."""
        item = self.visits[key].items.get(place)
        return list(item.events) if item else []

    def requests(self, key: int) -> dict[str, int]:
        """Return the number of the rank by each invocation that the events of the Map with this *key* name."""
        items = self.visits[key].items
        return {
            request: place if item.number is None else item.number
            for place, item in items.items()
            for request in item.requests
        }

    def _take(self, event: HistoryEventTypeDef) -> None:
        kind, told, at = event["type"], details(event), event["timestamp"]
        self.taken = event["id"]
        name, index = str(told.get("name", "")), told.get("index")
        before = event.get("previousEventId", 0)
        where = self._places.follow(event["id"], before, kind, name, index if isinstance(index, int) else 0)
        if kind == REDRIVEN:
            self._redriven = True
            for visit in self.visits.values():
                for item in visit.items.values():
                    if item.status != "SUCCEEDED":
                        item.events.append(event)
        elif kind in ENDINGS:
            self._end_all(kind, told, at)
        elif where is not None:
            self._at(event, where, told)

    def _at(self, event: HistoryEventTypeDef, where: Where, told: Mapping[str, object]) -> None:
        if event["type"] == "MapStateEntered" and not where.items:
            self._enter(event["id"], str(told.get("name")))
            return
        iteration, entry = _outermost(where)
        visit = self.visits.get(self._again.get(entry, entry))
        if visit is None:
            return
        if iteration is None:
            _of_map(visit, event, told)
        else:
            self._of_item(visit, iteration, where, event, told)

    def _enter(self, key: int, name: str) -> None:
        """Note a new visit of a Map; where a redrive enters it, it goes on with the last that had not succeeded."""
        last = next((visit for visit in reversed(self.visits.values()) if visit.name == name), None)
        if self._redriven and last is not None and not last.succeeded:
            self._again[key] = last.key
        else:
            self.visits[key] = MapVisit(key, name)

    def _of_item(
        self, visit: MapVisit, iteration: Where, where: Where, event: HistoryEventTypeDef, told: Mapping[str, object]
    ) -> None:
        kind, at = event["type"], event["timestamp"]
        item = visit.items.setdefault(iteration.index, _Item(at))
        item.events.append(event)
        if kind.startswith(_ITERATION) and where is iteration:
            _turn(item, kind.removeprefix(_ITERATION), at)
            if item.status == "FAILED" and not item.error:
                item.message = f"the state {item.state} ended it" if item.state else ""
                self._failed.append(item)
        elif item.status not in {"RUNNING", "FAILED", "ABORTED"}:
            return
        elif kind.endswith("StateEntered"):
            if not item.state:
                item.number = rank_in(str(told.get("input")))
            item.status, item.ended, item.state = "RUNNING", None, str(told.get("name"))
        elif kind.endswith("Scheduled"):
            item.status, item.ended = "RUNNING", None
            item.retries += where.entry in item.entries
            item.entries.add(where.entry)
        elif kind.endswith(FAILURES) and told.get("error"):
            cause = str(told.get("cause") or "")
            item.error, item.message = error_of(str(told["error"]), cause)
            item.requests += [request] if (request := find_request(cause)) else []
        elif kind == "TaskSucceeded":
            item.requests += [request] if (request := request_in(str(told.get("output")))) else []

    def _end_all(self, kind: str, told: Mapping[str, object], at: datetime) -> None:
        """Note the end of the execution: what goes on was stopped, and a Fail state's error is that of the end."""
        self._redriven = False
        for visit in self.visits.values():
            _end_map(visit, at)
        if kind == "ExecutionFailed" and told.get("error"):
            for item in self._failed[-1:]:
                item.error, item.message = error_of(str(told["error"]), str(told.get("cause") or ""))
        self._failed = []


def _turn(item: _Item, what: str, at: datetime) -> None:
    """Note what became of an item's iteration; one that starts again, starts anew."""
    if what == "Started":
        if item.status != "RUNNING":
            item.status, item.began, item.ended, item.error, item.message = "RUNNING", at, None, "", ""
            item.retries += 1
    elif what in _ENDED:
        item.end(_ENDED[what], at)
        if what == "Succeeded":
            item.error = item.message = ""


def _of_map(visit: MapVisit, event: HistoryEventTypeDef, told: Mapping[str, object]) -> None:
    """Note what an event tells of a Map as a whole. The items that go on when it ends were stopped."""
    kind, length = event["type"], told.get("length")
    if kind == "MapStateStarted":
        visit.total = max(visit.total, length if isinstance(length, int) else 0)
    elif kind in {"MapRunStarted", "MapRunRedriven"}:
        visit.arn = str(told.get("mapRunArn"))
    elif kind.startswith("MapState"):
        visit.succeeded = kind in {"MapStateSucceeded", "MapStateExited"}
        _end_map(visit, event["timestamp"])


def _end_map(visit: MapVisit, at: datetime) -> None:
    for item in visit.items.values():
        item.end("ABORTED", at)


def _outermost(where: Where) -> tuple[Where | None, int]:
    """Return the outermost iteration that *where* is in, None if it is in none, and the entry of its Map."""
    iteration: Where | None = None
    entry = where.entry
    at: Where | None = where
    while at is not None:
        if at.kind == "Iteration":
            iteration = at
            entry = at.outer.entry if at.outer else 0
        elif at.kind == "Map" and iteration is None:
            entry = at.entry
        at = at.outer
    return iteration, entry


def _row(place: int, item: _Item | None) -> RankRow:
    if item is None:
        return RankRow(place, place, "PENDING")
    seconds = (item.ended - item.began).total_seconds() if item.ended else None
    number = place if item.number is None else item.number
    return RankRow(place, number, item.status, item.began, seconds, item.error, item.message, item.retries)


def error_of(error: str, cause: str) -> tuple[str, str]:
    """Return the name and the message of an error, as the function that raised it wrote them, if one did."""
    said = parse_object(cause)
    return str(said.get("errorType", error)), in_checkout(str(said.get("errorMessage", cause)))


def states_in(machine: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the name and the definition of each state of a *machine*, at any depth."""
    waiting: list[Json] = [machine.get("States")]
    while waiting:
        states = waiting.pop()
        for name, state in states.items() if isinstance(states, dict) else ():
            if not isinstance(state, dict):
                continue
            branches = state.get("Branches")
            parts = (_processor(state), *(branches if isinstance(branches, list) else ()))
            waiting += [part.get("States") for part in parts if isinstance(part, dict)]
            yield name, state


def processors_in(machine: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the name of each Map of a *machine*, at any depth, and the machine that it runs for each item."""
    for name, state in states_in(machine):
        inner = _processor(state)
        if state.get("Type") == "Map" and isinstance(inner, dict):
            yield name, inner


def maps_in(definition: Mapping[str, Json]) -> dict[str, str]:
    """Return the kind of each Map of a machine, ``inline``, ``distributed`` or ``express``, by its state's name."""
    return {name: _kind_of(inner.get("ProcessorConfig")) for name, inner in processors_in(definition)}


def _processor(state: Mapping[str, Json]) -> Json:
    return state.get("ItemProcessor") or state.get("Iterator")


def _kind_of(config: Json) -> str:
    if not isinstance(config, dict) or config.get("Mode") != "DISTRIBUTED":
        return "inline"
    return "express" if config.get("ExecutionType") == "EXPRESS" else "distributed"


def map_of(visit: MapVisit, kind: str, total: int) -> RankMap:
    """Return *visit* as a value."""
    return RankMap(visit.key, visit.name, kind, max(total, visit.total, len(visit.items)), visit.arn)
