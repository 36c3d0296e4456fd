"""The visits of an execution's states, counted for each state as the events come.

A history is a tree: each event names the one before it. So each event knows the states that it lies in, the outermost
first. Where a Map or a Parallel state goes on after its items or branches, the states below it are behind it.

A redrive goes on from the outermost state that had not succeeded. What failed or was stopped in it counts no more, and
of a Map the items that had succeeded still count. The embedded cloud enters that state once more; whether AWS does, or
only schedules its work again, is not documented, so both are read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.run.history import ENDINGS, FAILURES, details

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

Mark: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]

_BEGINS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled", "MapStateStarted", "ParallelStateStarted")
_ITEM = "MapIteration"
_AROUND = {"MapState": "Map", "MapRun": "Map", "ParallelState": "Parallel"}
"""By how the types of events begin that are about a whole state with states in it: that state's type."""


class Seen:
    """Takes in events one by one. ``tallies`` are those of the states that were entered, by name."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self._visits = 0
        self._own: list[Visit] = []  # those of the machine's own states; all others lie in them
        self._paths: dict[int, _Path] = {}

    def take(self, event: HistoryEventTypeDef) -> None:
        """Take in the next event."""
        self._paths[event["id"]] = self._take(event, self._paths.get(event.get("previousEventId", 0), ()))

    def _take(self, event: HistoryEventTypeDef, path: _Path) -> _Path:
        """Take in *event*, which comes after one that lies in *path*; return the path that it lies in itself."""
        kind, at = event["type"], event["timestamp"]
        if path and path[0].taken_back:
            path = () if kind.endswith("StateEntered") else _revived(path)
        if kind in ENDINGS:
            for visit in self._own:
                visit.end(at)
        elif kind == "ExecutionRedriven":
            for visit in self._own[-1:]:
                visit.take_back()
        elif kind.endswith("StateEntered"):
            return self._enter(path, event["stateEnteredEventDetails"]["name"], kind.removesuffix("StateEntered"), at)
        elif kind.endswith("StateExited"):
            path = _back_to(path, event["stateExitedEventDetails"]["name"], at)
            for visit in path[-1:]:
                visit.end(at, "done")
            return path[:-1]
        elif kind.startswith(_ITEM):
            return _count(path, kind.removeprefix(_ITEM), details(event), at)
        else:
            _note(path, kind, details(event), at)
        return path

    def _enter(self, path: _Path, name: str, kind: str, at: datetime) -> _Path:
        self._visits += 1
        visit = Visit(self._visits, name, kind, at, self.tallies.setdefault(name, Tally()))
        if path:
            path[-1].inside.append(visit)
            return (*path, visit)
        before = self._own[-1] if self._own else None
        if before and before.taken_back and before.state == name:
            visit.kept = before.items.succeeded()
        self._own.append(visit)
        return (visit,)


@dataclass(slots=True)
class Tally:
    """What all visits of one state come to.

    ``ends`` counts them by how they ended, None where they go on. ``erring`` is a heap of those that have met an error,
    the latest visit first; some may have been begun anew since.
    """

    ends: Counter[Mark | None] = field(default_factory=Counter)
    retries: int = 0
    seconds: float | None = None
    erring: list[tuple[int, Visit]] = field(default_factory=list)
    last: Visit | None = None

    @property
    def error(self) -> str:
        """That of the latest visit with one; empty if there is none."""
        while self.erring and not self.erring[0][1].error:
            heappop(self.erring)
        return self.erring[0][1].error if self.erring else ""


class _Conditions:
    """The latest condition of each item of a Map, as its event calls it, and how many have which."""

    def __init__(self, known: Iterable[int] = ()) -> None:
        self._each = dict.fromkeys(known, "Succeeded")
        self.counts = Counter(self._each.values())

    def note(self, index: int, what: str) -> None:
        if before := self._each.get(index):
            self.counts[before] -= 1
        self._each[index] = what
        self.counts[what] += 1

    def stop(self) -> None:
        """Note that those which run were stopped."""
        if self.counts["Started"]:
            for index in [each for each, what in self._each.items() if what == "Started"]:
                self.note(index, "Aborted")

    def succeeded(self) -> tuple[int, ...]:
        return tuple(index for index, what in self._each.items() if what == "Succeeded")


class Visit:
    """One visit of a state, with what its events have told so far. ``inside`` are visits of the states in it.

    Args:
        number: The how many-th visit of any state it is.
        state: The state's name.
        kind: The state's type.
        entered: When.
        tally: Where it counts.
    """

    def __init__(self, number: int, state: str, kind: str, entered: datetime, tally: Tally) -> None:
        self.number, self.state, self.kind, self.entered = number, state, kind, entered
        self.begins = 0
        self.error = ""
        self.ended: Mark | None = None
        self.taken_back = False
        self.total: int | None = None
        self.items = _Conditions()
        self.kept: tuple[int, ...] = ()  # items that had succeeded before a redrive
        self.map_run = ""
        self.inside: list[Visit] = []
        self._tally = tally
        tally.ends[None] += 1
        tally.last = self

    def begin(self, length: object, at: datetime) -> None:
        """Note that its work begins, or begins again; a Map has *length* items, 0 if it must read them first."""
        self._end_inside(at)
        self._tally.retries += self.begins > 0
        self.begins += 1
        self.error, self.items, self.kept = "", _Conditions(self.kept), ()
        self.total = length if isinstance(length, int) and length else None

    def fail(self, error: str) -> None:
        """Note the *error* that it has met."""
        self.error = error
        heappush(self._tally.erring, (-self.number, self))

    def end(self, at: datetime, how: Mark | None = None) -> None:
        """End it *how* it is said; or by what is known: an error has ended it, it is one itself, or it was stopped."""
        self._end_inside(at)
        self.items.stop()
        if self.ended:
            return
        self.ended = how or ("failed" if self.error or self.kind == "Fail" else "stopped")
        self._tally.ends[None] -= 1
        self._tally.ends[self.ended] += 1
        self._tally.seconds = max(self._tally.seconds or 0.0, (at - self.entered).total_seconds())

    def take_back(self) -> None:
        """Count no more that it, and what is in it, failed or was stopped: a redrive begins it anew."""
        if self.ended in {None, "done"} or self.taken_back:
            return
        self.taken_back = True
        self.error = ""
        self._tally.ends[self.ended] -= 1
        for visit in self.inside:
            visit.take_back()

    def revive(self) -> None:
        """Go on after a redrive that has taken it back, without being entered again."""
        if self.taken_back:
            self.taken_back, self.ended, self.begins = False, None, 0
            self.kept = self.items.succeeded()
            self._tally.ends[None] += 1

    def _end_inside(self, at: datetime) -> None:
        for visit in self.inside:
            if visit.ended is None or visit.inside:  # a Map has thousands that have ended
                visit.end(at)


_Path: TypeAlias = tuple[Visit, ...]


def _revived(path: _Path) -> _Path:
    for visit in path:
        visit.revive()
    return path


def _back_to(path: _Path, name: object, at: datetime) -> _Path:
    """Return *path* up to the state *name*. The visits behind it have ended, as what happens now is outside of them."""
    while path and path[-1].state != name:
        path[-1].end(at)
        path = path[:-1]
    return path


def _count(path: _Path, what: str, told: Mapping[str, object], at: datetime) -> _Path:
    """Note what became of a Map's item."""
    path = _back_to(path, told.get("name"), at)
    index = told.get("index")
    if path and isinstance(index, int):
        path[-1].items.note(index, what)
    return path


def _note(path: _Path, kind: str, told: Mapping[str, object], at: datetime) -> None:
    """Note what an event of any other *kind* tells of the state that it is about."""
    around = next((state for begin, state in _AROUND.items() if kind.startswith(begin)), None)
    visit = next((each for each in reversed(path) if around in {None, each.kind}), None)
    if visit is None:
        return
    if kind in _BEGINS:
        visit.begin(told.get("length"), at)
    elif kind in {"MapRunStarted", "MapRunRedriven"}:
        visit.map_run = str(told.get("mapRunArn"))
    elif kind.endswith("StateAborted"):
        visit.end(at, "stopped")
    elif kind.endswith(FAILURES):
        below = next((each.error for each in reversed(visit.inside) if each.error), "")
        visit.fail(str(told.get("error") or "") or visit.error or below or kind)
