"""What is made of a run that pages show, kept beside it: no event is taken in twice, and what is dear is made once."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from shared.console.readings import Late
from shared.run.event_index import EventIndex
from shared.run.graph import GraphReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef, HistoryEventTypeDef

    from shared.console.readings import Readings
    from shared.run.find import Found
    from shared.run.graph import Graph
    from shared.values import Json

T = TypeVar("T")

_MOST_ROWS = 500
_AGAIN = 30.0  # seconds until what could not be read is tried again


class SeenRun(Protocol):
    """A run as the last look saw it: one that Step Functions keeps, or an express one by its log."""

    found: Found
    redrives: int
    definition: Mapping[str, Json]

    @property
    def over(self) -> bool:
        """Whether it has ended, and all of it was read."""

    @property
    def events(self) -> Sequence[HistoryEventTypeDef]:
        """All events so far, oldest first."""

    @property
    def map_runs(self) -> Mapping[str, DescribeMapRunOutputTypeDef]:
        """What DescribeMapRun said of each run of a distributed Map, by its ARN."""


class Followed:
    """A run with its events by state, its graph, and what was made of it. It may be used by several threads."""

    def __init__(self, definition: Mapping[str, Json]) -> None:
        self._lock = Lock()
        self._index = EventIndex()
        self._reader = GraphReader(definition)
        self._rows: dict[int, object] = {}
        self._made: dict[tuple[str, int], object] = {}
        self._making: dict[str, Lock] = {}

    def look(self, run: SeenRun) -> tuple[EventIndex, Graph]:
        """Take in the events of *run* that are new; return all of them by state, and the graph."""
        with self._lock:
            new = run.events[len(self._index) :]
            self._index.take(new)
            self._reader.take(new)
            return self._index, self._reader.graph(run.map_runs)

    def row(self, number: int, make: Callable[[], T]) -> T:
        """Return what *make* made of the event with that *number*, which never changes, or have it made now."""
        with self._lock:
            known = self._rows.get(number)
        if known is not None:
            return cast("T", known)
        made = make()
        with self._lock:
            self._rows[number] = made
            while len(self._rows) > _MOST_ROWS:
                del self._rows[next(iter(self._rows))]
        return made

    def once(self, run: SeenRun, what: str, make: Callable[[], T]) -> T:
        """Return what *make* made of *run*, or have it made now. A redrive has it made anew."""
        key = what, run.redrives
        with self._making.setdefault(what, Lock()):
            if key not in self._made:
                self._made[key] = make()
            return cast("T", self._made[key])

    def late(self, run: SeenRun, readings: Readings, what: str, make: Callable[[], T]) -> Late[T]:
        """Return what *make* made of *run*, or why it could not; neither while it is being made, in the background."""
        key = what, run.redrives
        if key not in self._made:
            told = readings.late(
                (what, run.found.run.arn, run.redrives), lambda: self.once(run, what, make) is not None, _AGAIN
            )
            if key not in self._made:
                return Late(error=told.error)
        return Late(cast("T", self._made[key]))
