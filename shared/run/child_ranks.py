"""The ranks of a distributed Map: its child executions, listed a thousand a call, and asked one by one where it counts.

AWS allows an account 5 ListExecutions and 15 DescribeExecution a second, for all teams together. So what has ended is
listed once. While children run, the Map's own counts tell how many there are of each status, those that failed are
listed when there are more of them, and all are listed now and then. Children that failed are asked for their errors
and inputs, a hundred at a time; the others only when somebody wants to see one.

A list tells no rank. Children begin in the order of their items, so the child of a rank is looked for at its place in
the order of start, and from there on by how far off the children were that were asked: a few calls at the most.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock
from typing import TYPE_CHECKING

from shared.run.history import rank_in
from shared.run.item_ranks import error_of
from shared.run.ranks import BAD, RankRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef, ListExecutionsInputPaginateTypeDef

MOST_LISTED = 20_000
"""Children that are listed, at the most: 20 calls. Of more, the newest."""
ASKED_AT_ONCE = 100
"""Failed children that are asked for their errors, before somebody wants more."""
MOST_TRIES = 16
"""Children that are asked to find the one of a rank."""
_PAGE = 1000
_SWEEP_SECONDS = 30.0  # between two lists of all children while some run
_FAILED: tuple[tuple[ExecutionStatusType, str], ...] = (
    ("FAILED", "failed"),
    ("TIMED_OUT", "timedOut"),
    ("ABORTED", "aborted"),
)


@dataclass(frozen=True, slots=True)
class Child:
    """A child execution as a list tells it. ``round`` is after how many redrives."""

    arn: str
    status: str
    started: datetime
    stopped: datetime | None
    round: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for a rank: its row, or None; how many children were asked, and the numbers they told."""

    row: RankRow | None
    asked: int
    numbers: tuple[int, ...]


class ChildRanks:
    """The children of one run of a distributed Map. It may be used by several threads.

    Args:
        states: Step Functions.
        map_run: The ARN of the run.
        clock: Seconds from any start.
        most: How many are listed at the most.

    Attributes:
        listed: When all children were listed last; None before that.
        cut: How many were not listed, as there are too many.
    """

    def __init__(
        self,
        states: SFNClient,
        map_run: str,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_LISTED,
    ) -> None:
        self._states = states
        self._most = most
        self._map_run = map_run
        self._clock = clock
        self._reading, self._lock = Lock(), Lock()
        self._children: dict[str, Child] = {}
        self._errors: dict[tuple[str, str, int], tuple[str, str]] = {}  # names and messages
        self._numbers: dict[str, int | None] = {}  # None where the input of a child tells none
        self._ordered: list[Child] | None = None
        self._rows: tuple[RankRow, ...] | None = None
        self._next_sweep = 0.0
        self._whole_for: int | None = None  # after how many redrives all had ended, and were listed
        self._wanted = ASKED_AT_ONCE
        self._once = Event()  # set when all children were listed for the first time
        self.listed: datetime | None = None
        self.cut = 0

    def wait(self, seconds: float) -> None:
        """Wait so many seconds at the most until children were listed at all."""
        self._once.wait(seconds)

    def want(self, failed: int) -> None:
        """Have so many of the failed children asked for their errors."""
        self._wanted = max(self._wanted, min(failed, self._most))

    def settled(self, redrives: int) -> bool:
        """Say whether nothing is left to read of a run that has ended, after so many *redrives*."""
        return self._whole_for == redrives and not self._to_ask()

    def look(self, counts: Mapping[str, int], redrives: int, *, over: bool) -> None:
        """Read what is new.

        Args:
            counts: DescribeMapRun's ``executionCounts``.
            redrives: How often the execution was redriven.
            over: Whether it has ended.
        """
        with self._reading:
            if over and self._whole_for != redrives:
                self._sweep(counts)
                self._whole_for = redrives if self._all_ended() else None  # the list may be late
            elif not over:
                self._whole_for = None
                self._list_failed(counts)
                if self._clock() >= self._next_sweep:
                    self._sweep(counts)
                    self._next_sweep = self._clock() + _SWEEP_SECONDS
            for child in self._to_ask()[:ASKED_AT_ONCE]:  # more with the next look, which lists what is new before
                self._ask(child)

    def rows(self) -> tuple[RankRow, ...]:
        """Return a row for each child that was listed, in the order of their start."""
        with self._lock:
            if self._rows is None:
                self._rows = tuple(self._row(place, child) for place, child in enumerate(self._order(), self.cut))
            return self._rows

    @property
    def untold(self) -> int:
        """How many failed children were not asked."""
        with self._lock:
            return sum(not self._is_told(child) for child in self._order())

    def at(self, place: int) -> RankRow | None:
        """Return the child at this *place*, and ask it if nobody has; None where none is listed there."""
        with self._lock:
            ordered = self._order()
            child = ordered[place - self.cut] if 0 <= place - self.cut < len(ordered) else None
        if child is None:
            return None
        if child.arn not in self._numbers or not self._is_told(child):
            self._ask(child)
        return self._row(place, child)

    def now(self, row: RankRow) -> RankRow:
        """Return the child in *row* as the last list has it."""
        with self._lock:
            ordered, at = self._order(), row.place - self.cut
            child = ordered[at] if 0 <= at < len(ordered) else None
        return self._row(row.place, child) if child and child.arn == row.execution else row

    def find(self, number: int) -> Sought:
        """Look for the child whose rank is *number*, near its place; what its neighbours tell is kept.

        Children whose items tell no rank have their places for numbers.
        """
        row = self._known(number)
        if row is not None:
            return Sought(row, 0, ())
        asked: dict[int, int] = {}
        for place in self._guesses(number, asked):
            row = self.at(place)
            if row is None:  # the list was read anew meanwhile
                break
            asked[place] = place if row.number is None else row.number
            if asked[place] == number:
                return Sought(row, len(asked), tuple(asked.values()))
            if len(asked) == MOST_TRIES:
                break
        return Sought(None, len(asked), tuple(sorted(asked.values())))

    def _known(self, number: int) -> RankRow | None:
        return next((row for row in self.rows() if row.number == number), None)

    def _guesses(self, number: int, asked: Mapping[int, int]) -> Iterator[int]:
        """Yield places to ask; what the last one told is in *asked* by then.

        The next place is as far on as the number is, and once it lies between two that were asked, where it would lie
        if numbers grew evenly. Where no place is left between them, those on both sides follow.
        """
        low, high = self.cut, self.cut + len(self.rows()) - 1
        if high < low:
            return
        below, above = low - 1, high + 1  # places asked whose numbers are too small, and too large
        place = min(max(number, low), high)
        while True:
            yield place
            if asked[place] < number:
                below = max(below, place)
            else:
                above = min(above, place)
            if above - below <= 1:
                break
            if below in asked and above in asked:
                part = (number - asked[below]) / (asked[above] - asked[below])
                place = below + round((above - below) * part)
            else:
                place += number - asked[place]
            place = min(max(place, below + 1), above - 1)
        for step in range(1, MOST_TRIES + 1):
            yield from (near for near in (below - step, above + step) if low <= near <= high and near not in asked)

    def _order(self) -> list[Child]:
        """Return all children in the order of their start, the lock being held."""
        if self._ordered is None:
            self._ordered = sorted(self._children.values(), key=_by_start)
        return self._ordered

    def _row(self, place: int, child: Child) -> RankRow:
        error, message = self._errors.get(_key(child), ("", ""))
        return RankRow(
            place,
            (place if number is None else number) if (number := self._numbers.get(child.arn, -1)) != -1 else None,
            child.status,
            child.started,
            (child.stopped - child.started).total_seconds() if child.stopped else None,
            error,
            message,
            None,
            self._is_told(child),
            child.arn,
        )

    def _is_told(self, child: Child) -> bool:
        return child.status not in BAD or _key(child) in self._errors

    def _all_ended(self) -> bool:
        with self._lock:
            return all(child.stopped for child in self._children.values())

    def _to_ask(self) -> Sequence[Child]:
        with self._lock:
            failed = [child for child in self._order() if child.status in BAD]
            return [child for child in failed[: self._wanted] if not self._is_told(child)]

    def _ask(self, child: Child) -> None:
        told = self._states.describe_execution(executionArn=child.arn)
        with self._lock:
            self._errors[_key(child)] = error_of(told.get("error", ""), told.get("cause", ""))
            self._numbers[child.arn] = rank_in(told.get("input"))
            self._rows = None

    def _list_failed(self, counts: Mapping[str, int]) -> None:
        """List the children that failed, where there are more of them than are known."""
        with self._lock:
            known = [child.status for child in self._children.values()]
        for status, name in _FAILED:
            if known.count(status) < counts[name]:
                self._take(self._list(status))

    def _sweep(self, counts: Mapping[str, int]) -> None:
        """List all children, and forget those that are no longer there."""
        found = self._list(None)
        self._take(found, whole=True)
        begun = counts["total"] - counts["pending"]
        self.cut = max(0, begun - len(found)) if len(found) >= self._most else 0
        self.listed = datetime.now(UTC)
        self._once.set()

    def _list(self, status: ExecutionStatusType | None) -> list[ExecutionListItemTypeDef]:
        """Return the children with this *status*, or all of them, the oldest first, as far as they are listed."""
        asked: ListExecutionsInputPaginateTypeDef = {
            "mapRunArn": self._map_run,
            "PaginationConfig": {"PageSize": _PAGE},
        }
        if status is not None:
            asked["statusFilter"] = status
        found: list[ExecutionListItemTypeDef] = []
        for page in self._states.get_paginator("list_executions").paginate(**asked):
            found += page["executions"]
            if len(found) >= self._most:
                break
        return found[: self._most][::-1]

    def _take(self, listed: Sequence[ExecutionListItemTypeDef], *, whole: bool = False) -> None:
        """Take in what was *listed*; if that is the *whole*, in place of what was known."""
        found = {each["executionArn"]: _child(each) for each in listed}
        with self._lock:
            before = self._children
            after = found if whole else before | found
            if after != before:
                self._children, self._ordered, self._rows = after, None, None


def _key(child: Child) -> tuple[str, str, int]:
    return child.arn, child.status, child.round


def _by_start(child: Child) -> datetime:
    return child.started


def _child(listed: ExecutionListItemTypeDef) -> Child:
    return Child(
        listed["executionArn"],
        listed["status"],
        listed["startDate"],
        listed.get("stopDate"),
        listed.get("redriveCount", 0),
    )
