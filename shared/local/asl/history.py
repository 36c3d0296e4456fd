"""The history of one execution: what happened, in AWS's event types, details and order.

An event is kept as a small tuple that points at the values themselves; JSON is written when somebody reads, or when the
execution has ended and goes to disk. Nobody ever writes into a value, so a value that is read later still is what it
was at the time of the event.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeAlias

from shared.config.aws_facts import HISTORY_EVENTS
from shared.local.asl.errors import dumps
from shared.local.asl.reading import members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.values import Json

    # Type, id of the event before, time in seconds since the epoch, details.
    Event: TypeAlias = tuple[str, int, float, Mapping[str, Json] | None]

MAX_EVENTS = HISTORY_EVENTS.value
# Details that hold a value and are shown as JSON text.
_VALUES = frozenset({"input", "output", "parameters"})


class HistoryFullError(Exception):
    """The execution reached the 25,000 events that AWS allows."""


class Text(str):
    """A value that is JSON text already and is shown as it stands."""

    __slots__ = ()


class History:
    """The events of one execution.

    Args:
        clock: Gives the time in seconds since the epoch.
        limit: How many events there may be.
        earlier: How many there were before these, which are on disk: those of an execution that is redriven.
    """

    __slots__ = ("_next", "clock", "earlier", "events", "limit")

    def __init__(self, clock: Callable[[], float], limit: int = MAX_EVENTS, earlier: int = 0) -> None:
        self.clock = clock
        self.events: list[Event] = []
        self.earlier = earlier
        self.limit = limit - earlier - 1  # the last place is kept for the event that ends the execution
        self._next = earlier + 1

    def add(self, kind: str, previous: int, details: Mapping[str, Json] | None = None) -> int:
        """Record an event of *kind* after the event *previous*; return its id, counted from 1.

        Raises:
            HistoryFullError: Only the ending may still be recorded.
        """
        events = self.events
        count = len(events)
        if count >= self.limit:
            raise HistoryFullError
        events.append((kind, previous, self.clock(), details))
        return count + self._next

    def end(self, kind: str, previous: int, details: Mapping[str, Json] | None) -> int:
        """Record the event that ends the execution; there is always room for it."""
        self.events.append((kind, previous, self.clock(), details))
        return self.count

    @property
    def count(self) -> int:
        """How many events there are, with those on disk."""
        return self.earlier + len(self.events)

    def page(self, start: int, count: int, *, reverse: bool, data: bool) -> list[dict[str, object]]:
        """Return up to *count* events from place *start* (0 is the first, or the last when *reverse*); none on disk."""
        total = len(self.events)
        places = range(total - 1 - start, -1, -1) if reverse else range(start, total)
        return [render(self.events[place], place + self._next, data=data) for place in places[:count]]


def render(event: Event, number: int, *, data: bool = True) -> dict[str, object]:
    """Return *event* as GetExecutionHistory shows it; without *data* its inputs and outputs are left out."""
    kind, previous, when, details = event
    shown: dict[str, object] = {
        "timestamp": dt.datetime.fromtimestamp(when, dt.UTC),
        "type": kind,
        "id": number,
        "previousEventId": previous,
    }
    if details is not None:
        shown[_details_key(kind)] = _render_details(details, data=data)
    return shown


def _details_key(kind: str) -> str:
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return kind[0].lower() + kind[1:] + "EventDetails"


def _render_details(details: Mapping[str, Json], *, data: bool) -> dict[str, object]:
    shown: dict[str, object] = {}
    for key, value in details.items():
        if key in _VALUES:
            if data:
                shown[key] = value if isinstance(value, Text) else dumps(value)
            if key != "parameters":
                shown[f"{key}Details"] = {"truncated": False}
        elif key == "assignedVariables":
            if data:
                shown[key] = {name: dumps(item) for name, item in members(value).items()}
            shown["assignedVariablesDetails"] = {"truncated": False}
        elif value is not None:
            shown[key] = value
    return shown
