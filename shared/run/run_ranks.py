"""The ranks of a run that is looked at again and again: what is known of them is kept, and nothing is read twice.

Nothing here asks the cloud but :meth:`RunRanks.look`, which is for the background, and what opens one rank.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, cast

from shared.errors import UsageError
from shared.run.child_ranks import ChildRanks, Sought
from shared.run.item_ranks import ItemRanks, map_of, maps_in
from shared.run.logged_ranks import LoggedRanks
from shared.run.ranks import STATUSES, RankMap, RankRow, Ranks, count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.live import LiveRun

_COUNTS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "RUNNING": "running",
    "PENDING_REDRIVE": "pendingRedrive",
    "PENDING": "pending",
}
"""What DescribeMapRun calls the counts of each status."""
_NONE: Mapping[str, int] = dict.fromkeys((*_COUNTS.values(), "total"), 0)


class RunRanks:
    """The ranks of all Maps of a run. It may be used by several threads.

    Args:
        live: The run.
        clock: Gives seconds from any start.
    """

    def __init__(self, live: LiveRun, clock: Callable[[], float] = time.monotonic) -> None:
        self._live = live
        self._clock = clock
        self._lock = Lock()
        self._items = ItemRanks()
        self._children: dict[str, ChildRanks | LoggedRanks] = {}
        self._kinds = maps_in(live.definition)
        self._made: dict[int, tuple[object, Ranks]] = {}

    @property
    def has_maps(self) -> bool:
        """Whether the run's machine has any Map, entered or not."""
        return bool(self._kinds)

    def maps(self) -> tuple[RankMap, ...]:
        """Return the Maps that were entered so far, the largest first."""
        with self._lock:
            self._items.take(self._live.events)
            visits = list(self._items.visits.values())
        found = (map_of(visit, self._kinds.get(visit.name, "inline"), self._total(visit.arn)) for visit in visits)
        return tuple(sorted(found, key=lambda each: (-each.total, each.key)))

    def map(self, key: int | None) -> RankMap | None:
        """Return the Map with this *key*, the largest for None; None where no Map was entered.

        Raises:
            UsageError: No Map of the run has the key.
        """
        maps = self.maps()
        if key is None:
            return maps[0] if maps else None
        for each in maps:
            if each.key == key:
                return each
        known = ", ".join(f"{each.key} ({each.name})" for each in maps)
        raise UsageError(f"the run has no Map {key}", fix=f"leave map out, or give one of {known}" if maps else None)

    def ranks(self, of: RankMap) -> Ranks:
        """Return the ranks of the Map *of* as they are known."""
        return self._of_children(of) if of.arn else self._of_items(of)

    def look(self, of: RankMap) -> None:
        """Read what is new of the children of the Map *of*. Where their counts were refused, what is listed counts."""
        if of.kind != "inline" and of.arn:
            self.children(of).look(self._executions(of.arn), self._live.redrives, over=self._live.over)

    def settled(self, of: RankMap) -> bool:
        """Say whether nothing of the Map *of* is left to read, and nothing will change."""
        if not self._live.over:
            return False
        return of.kind == "inline" or not of.arn or self.children(of).settled(self._live.redrives)

    def children(self, of: RankMap) -> ChildRanks | LoggedRanks:
        """Return the children of the distributed Map *of*."""
        with self._lock:
            return self._of(of)

    def find(self, of: RankMap, number: int) -> Sought:
        """Look for the rank called *number* of the Map *of*; children of a distributed one are asked, a few at most."""
        if of.kind != "inline" and of.arn:
            return self.children(of).find(number)
        return Sought(self.ranks(of).numbered(number), 0, ())

    def events(self, of: RankMap, row: RankRow) -> Sequence[HistoryEventTypeDef]:
        """Return the events so far of the item in *row* of the inline Map *of*."""
        with self._lock:
            return self._items.events(of.key, row.place)

    def requests(self, of: RankMap) -> Mapping[str, int]:
        """Return the numbers of the ranks of the inline Map *of* by the invocations that its events name."""
        with self._lock:
            return self._items.requests(of.key)

    def _of(self, of: RankMap) -> ChildRanks | LoggedRanks:
        if of.arn not in self._children:
            aws = self._live.aws
            self._children[of.arn] = (
                LoggedRanks(aws, self._live.found.run, of.arn)
                if of.kind == "express"
                else ChildRanks(aws.states, of.arn, self._clock)
            )
        return self._children[of.arn]

    def _of_items(self, of: RankMap) -> Ranks:
        with self._lock:
            mark = self._items.taken
            rows = () if self._is_made(of, mark) else self._items.rows(of.key)
            return self._make(of, mark, lambda: Ranks(of, count(rows), rows))

    def _of_children(self, of: RankMap) -> Ranks:
        children, told = self.children(of), self._executions(of.arn)
        rows, listed = children.rows(), children.listed
        asked = {status: told.get(_COUNTS[status], 0) for status in STATUSES}
        counts = count(rows) if told is _NONE else asked  # what was listed is all that is known then
        with self._lock:
            return self._make(
                of,
                (rows, listed, told),
                lambda: Ranks(of, counts, rows, listed, children.untold, children.cut),
            )

    def _is_made(self, of: RankMap, mark: object) -> bool:
        return of.key in self._made and self._made[of.key][0] == mark

    def _make(self, of: RankMap, mark: object, make: Callable[[], Ranks]) -> Ranks:
        """Return what was made for this *mark*, or make it now: its figures are found out only once."""
        if not self._is_made(of, mark):
            self._made[of.key] = mark, make()
        return self._made[of.key][1]

    def _executions(self, arn: str) -> Mapping[str, int]:
        told = self._live.map_runs.get(arn)
        return cast("Mapping[str, int]", told["executionCounts"]) if told else _NONE

    def _total(self, arn: str) -> int:
        return self._executions(arn).get("total", 0)
