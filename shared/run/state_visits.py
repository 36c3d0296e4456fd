"""What one state got, called and gave, each time that it was entered."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.run.attempts import attempts_in
from shared.run.history import FAILURES, details

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.attempts import Attempt
    from shared.run.event_index import Entry, EventIndex

How: TypeAlias = Literal["running", "done", "failed", "stopped"]
_FIRST: dict[How, int] = {"failed": 0, "running": 1, "stopped": 2, "done": 3}


@dataclass(frozen=True, slots=True)
class StateVisit:
    """One visit of a state.

    Attributes:
        entry: The number of the event that entered it.
        exit: The number of the event that left it; None where none did.
        rank: The rank or the map item that it was for; None outside a map.
        how: How it ended, or that it goes on. One that was stopped ended because something else did.
        entered: When.
        ended: When its last event happened, once nothing more can come of it.
        input: What it got, as JSON text.
        output: What it gave, as JSON text; None where it was not left.
        attempts: The calls that it made, oldest first. One that nothing ended was cut off (ABORTED) with its visit.
        error: The error that was met last; empty where there was none. A visit that is done has caught it.
        cause: What that error says.
        map_runs: The ARNs of the runs of a distributed Map that it started.
    """

    entry: int
    exit: int | None
    rank: int | None
    how: How
    entered: datetime
    ended: datetime | None
    input: str
    output: str | None
    attempts: tuple[Attempt, ...]
    error: str
    cause: str
    map_runs: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return (self.ended - self.entered).total_seconds() if self.ended else None


@dataclass(frozen=True, slots=True)
class StateVisits:
    """The visits of a state: some of them, and how many there are."""

    state: str
    total: int
    visits: tuple[StateVisit, ...]


def visits_of_state(index: EventIndex, state: str, most: int) -> StateVisits:
    """Return *most* visits of *state* at most: those that failed first, then those that go on, then the newest.

    Args:
        index: The events of the execution so far.
        state: The state's name.
        most: How many visits to return.
    """
    entries = heapq.nsmallest(most, index.entries(state), key=lambda entry: (_FIRST[_how(entry)], -entry.where.entry))
    visits = tuple(_visit(entry, index.redriven) for entry in entries)
    return StateVisits(state, index.count(state), visits)


def _how(entry: Entry) -> How:
    last = entry.events[-1]["type"]
    if last.endswith("StateExited"):
        return "done"
    if not entry.over:
        return "running"
    return "failed" if _failed(entry.events) else "stopped"


def _failed(events: Sequence[HistoryEventTypeDef]) -> HistoryEventTypeDef | None:
    """Return the event that tells of the last failure among *events*; None where none does.

    The whole execution's end stands behind the state that it ended, and names the error where that has no event of it.
    """
    found = [event for event in events if _is_failure(event["type"])]
    own = [event for event in found if not event["type"].startswith("Execution")]
    named = [[event for event in each if details(event).get("error")] for each in (own, found)]
    return next(reversed(named[0] or named[1] or found), None)


def _is_failure(kind: str) -> bool:
    return kind == "FailStateEntered" or (kind.endswith(FAILURES) and not kind.endswith("Aborted"))


def _visit(entry: Entry, redriven: Sequence[HistoryEventTypeDef]) -> StateVisit:
    first, last, how = entry.events[0], entry.events[-1], _how(entry)
    left = last if how == "done" else None
    failed = _failed(entry.events)
    told = details(failed) if failed else {}
    attempts = attempts_in(_with(entry.events, redriven))
    output = left.get("stateExitedEventDetails", {}).get("output") if left else None
    return StateVisit(
        entry=entry.where.entry,
        exit=left["id"] if left else None,
        rank=entry.rank,
        how=how,
        entered=first["timestamp"],
        ended=None if how == "running" else last["timestamp"],
        input=first.get("stateEnteredEventDetails", {}).get("input", ""),
        output=output,
        attempts=tuple(_made(attempt, entry, how) for attempt in attempts),
        error=str(told.get("error") or (failed["type"] if failed and failed["type"] != "FailStateEntered" else "")),
        cause=str(told.get("cause") or ""),
        map_runs=tuple(str(details(event)["mapRunArn"]) for event in entry.events if event["type"] == "MapRunStarted"),
    )


def _made(attempt: Attempt, entry: Entry, how: How) -> Attempt:
    """Return *attempt* with where it was made, and with the end that only the visit around it tells."""
    cut = attempt.status == "RUNNING" and how != "running"
    return replace(attempt, items=entry.where.items, status="ABORTED" if cut else attempt.status)


def _with(
    events: Sequence[HistoryEventTypeDef], redriven: Sequence[HistoryEventTypeDef]
) -> Sequence[HistoryEventTypeDef]:
    """Return *events* with those that tell of a redrive, by which attempts are counted."""
    if not redriven:
        return events
    mine = {event["id"] for event in events}
    return sorted([*events, *(each for each in redriven if each["id"] not in mine)], key=lambda event: event["id"])
