"""The events of a history by state, by type and by whether they tell of a failure, taken in as they come.

A page or a command that shows some of 25,000 events asks here, so that none of them is looked at again for each
question. Rows are small; an event's details are read only where it is shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.run.history import ENDINGS, FAILURES, details, rank_in
from shared.run.places import REDRIVEN, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.places import Where

_AGAIN = frozenset({"MapStateStarted", "ParallelStateStarted"})
_AROUND = ("MapState", "ParallelState", "MapIteration")


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a list says of an event.

    Attributes:
        id: Its number in the history.
        at: When it happened.
        kind: Its type, such as TaskFailed.
        state: The state that it belongs to; empty where it belongs to none.
        rank: The rank or the map item that it belongs to; None outside a map.
        failed: Whether it tells of a failure, also of one that was caught or tried again.
    """

    id: int
    at: datetime
    kind: str
    state: str
    rank: int | None
    failed: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are meant: those of a type, of a state, and only failures. Empty texts leave it open."""

    kind: str = ""
    state: str = ""
    failures: bool = False

    def takes(self, row: EventRow) -> bool:
        """Say whether it means the event of *row*."""
        return (
            (not self.kind or row.kind == self.kind)
            and (not self.state or row.state == self.state)
            and (row.failed or not self.failures)
        )


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of the events that are meant, the newest first.

    Attributes:
        rows: They.
        matching: How many are meant, on all pages.
        total: How many there are.
        newer: Whether there are newer ones among those that are meant.
        older: The number that the events of the next, older page are below; None where these are the oldest.
    """

    rows: tuple[EventRow, ...]
    matching: int
    total: int
    newer: bool
    older: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a state: its own events, oldest first, without those of the states in it.

    Attributes:
        where: The state and what it lies in.
        rank: The rank or the map item that it was for; None outside a map.
        events: They. The first one entered the state. Where the execution ended before it was left, that end follows.
        over: Whether nothing more can come of it, unless the execution is redriven.
    """

    where: Where
    rank: int | None
    events: tuple[HistoryEventTypeDef, ...]
    over: bool


class EventIndex:
    """Takes in the events of one execution, in their order, each once."""

    def __init__(self) -> None:
        self._places = Places()
        self._events: list[HistoryEventTypeDef] = []
        self._rows: list[EventRow] = []
        self._ranks: dict[int, int | None] = {}  # of each entry of a state or a map iteration
        self._own_rank: int | None = None
        self._entries: dict[str, list[Where]] = {}  # of each state
        self._own: dict[int, list[int]] = {}  # the places of each entry's own events among all
        self._cut: dict[int, int] = {}  # the last event of each entry that ended what was in it
        self._ended = 0  # the last event that ended the execution
        self._redriven: list[HistoryEventTypeDef] = []
        self._failures = 0
        self._kinds: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self._events)

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many events there are of each type."""
        return self._kinds

    @property
    def failures(self) -> int:
        """How many events tell of a failure."""
        return self._failures

    @property
    def redriven(self) -> Sequence[HistoryEventTypeDef]:
        """The events that tell of a redrive."""
        return self._redriven

    def take(self, events: Iterable[HistoryEventTypeDef]) -> None:
        """Take in *events*, which come after those that were taken."""
        for event in events:
            self._take(event)

    def page(self, wanted: Wanted, most: int, before: int | None = None) -> EventPage:
        """Return the newest events that are *wanted*, *most* at most, of those whose numbers are below *before*."""
        meant = [row for row in self._rows if wanted.takes(row)] if wanted != Wanted() else self._rows
        end = len(meant) if before is None else bisect_left(meant, before, key=lambda row: row.id)
        rows = meant[max(0, end - most) : end]
        older = rows[0].id if end > most else None
        return EventPage(tuple(reversed(rows)), len(meant), len(self._rows), end < len(meant), older)

    def event(self, number: int) -> HistoryEventTypeDef:
        """Return the event with that *number*.

        Raises:
            UsageError: There is none.
        """
        place = bisect_left(self._rows, number, key=lambda row: row.id)
        if place == len(self._rows) or self._rows[place].id != number:
            raise UsageError(f"there is no event {number}", fix=f"the events so far have the numbers 1 to {len(self)}")
        return self._events[place]

    def entries(self, state: str) -> Iterator[Entry]:
        """Yield the entries of *state*, the newest first."""
        for where in reversed(self._entries.get(state, ())):
            own = tuple(self._events[place] for place in self._own[where.entry])
            yield Entry(where, self._ranks[where.entry], own, self._is_over(where, own))

    def count(self, state: str) -> int:
        """Return how many times *state* was entered."""
        return len(self._entries.get(state, ()))

    def _take(self, event: HistoryEventTypeDef) -> None:
        kind, told = event["type"], details(event)
        name, index = str(told.get("name", "")), told.get("index")
        number, before = event["id"], event.get("previousEventId", 0)
        where = self._places.follow(number, before, kind, name, index if isinstance(index, int) else 0)
        if kind == "ExecutionStarted":
            self._own_rank = rank_in(event.get("executionStartedEventDetails", {}).get("input"))
        elif kind in ENDINGS:
            self._ended = number
        elif kind == REDRIVEN:
            self._redriven.append(event)
        if where is not None and not (kind in ENDINGS and self._was_left(where)):
            self._place(event, where)
        failed = kind.endswith(FAILURES) or kind == "FailStateEntered"
        self._failures += failed
        self._kinds[kind] += 1
        inside = where if where and not kind.startswith("Execution") else None
        state = _state_of(inside)
        rank = self._ranks[inside.entry] if inside else self._own_rank
        self._rows.append(EventRow(number, event["timestamp"], kind, state, rank, failed))
        self._events.append(event)

    def _place(self, event: HistoryEventTypeDef, where: Where) -> None:
        """Note that *event* belongs to *where*."""
        number, kind = event["id"], event["type"]
        if where.entry == number:
            self._enter(event, where)
        self._own.setdefault(where.entry, []).append(len(self._events))
        ended = kind.endswith("StateExited") or (kind.startswith(_AROUND) and not kind.endswith("Started"))
        if ended or kind in _AGAIN:
            self._cut[where.entry] = number

    def _was_left(self, where: Where) -> bool:
        return self._events[self._own[where.entry][-1]]["type"].endswith("StateExited")

    def _enter(self, event: HistoryEventTypeDef, where: Where) -> None:
        around = self._ranks.get(where.outer.entry) if where.outer else self._own_rank
        if where.name:
            own = rank_in(event.get("stateEnteredEventDetails", {}).get("input"))
            self._ranks[where.entry] = around if own is None else own
            self._entries.setdefault(where.name, []).append(where)
        else:
            self._ranks[where.entry] = where.index

    def _is_over(self, where: Where, own: Sequence[HistoryEventTypeDef]) -> bool:
        """Say whether the entry *where* was left, or something around it has ended since its last event."""
        last = own[-1]
        if last["type"].endswith("StateExited") or last["id"] <= self._ended:
            return True
        outer = where.outer
        while outer is not None:
            if self._cut.get(outer.entry, 0) > where.entry:
                return True
            outer = outer.outer
        return False


def _state_of(where: Where | None) -> str:
    """Return the state of an event that belongs to *where*: that of an iteration is its Map."""
    while where is not None and not where.name:
        where = where.outer
    return where.name if where else ""
