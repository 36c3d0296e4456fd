"""The ranks of a run as values: a row for each, counts, filters, pages, and failures in groups by their errors.

A rank is an item of a Map: an iteration of an inline one (:mod:`shared.run.item_ranks`), a child execution of a
distributed one (:mod:`shared.run.child_ranks`). AWS lists children without their numbers. So each row has a place among
all rows, which is always known, and a number, which is known once somebody has read its input.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from shared.values import Json

STATUSES = ("FAILED", "TIMED_OUT", "ABORTED", "RUNNING", "PENDING_REDRIVE", "PENDING", "SUCCEEDED")
"""What a rank may be, the worst first. PENDING ones have not begun."""
BAD = STATUSES[:3]
PAGE = 100
"""Rows of a page."""
SLOW_TIMES, SLOW_SECONDS = 2.0, 1.0
"""A rank is slow that took so many times the median of those that succeeded, and so many seconds more than that."""
_QUANTILES = 4
_BARS = 24


@dataclass(frozen=True, slots=True)
class RankMap:
    """A Map of a run whose items are ranks.

    Attributes:
        key: The id of the event that entered it, which no other Map of the run has.
        name: Its state's name.
        kind: ``inline``, ``distributed``, or ``express``: a distributed one whose children only a log tells of.
        total: How many items there are, as far as is known.
        arn: The ARN of the run of a distributed one; empty before that begins.
    """

    key: int
    name: str
    kind: str
    total: int
    arn: str = ""


@dataclass(frozen=True, slots=True)
class RankRow:
    """One rank.

    Attributes:
        place: Where it stands among all ranks of its Map: the index of an inline Map's item, the place of a child among
            all children in the order of their start.
        number: Its number: what its input calls its rank, else the index of an inline Map's item. None where nobody
            has read the input of a child.
        status: One of :data:`STATUSES`.
        started: When it began.
        seconds: How long it took, since its redrive if there was one; None before its end.
        error: The name of the error that ended it; empty where there was none, or nobody has asked.
        message: What the error says.
        retries: How often it called again, by a Retry or a redrive; None where nobody has asked.
        told: Whether everything that Step Functions says of its end was read.
        execution: The ARN of its execution; empty for an inline Map's item.
    """

    place: int
    number: int | None
    status: str
    started: datetime | None = None
    seconds: float | None = None
    error: str = ""
    message: str = ""
    retries: int | None = None
    told: bool = True
    execution: str = ""

    @property
    def bad(self) -> bool:
        """Whether it did not succeed."""
        return self.status in BAD

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted, in which order, and which page of them.

    Attributes:
        status: Only these; empty for all. ``bad`` means all that did not succeed, ``slow`` those that are slow.
        slower: Only those that took more than so many seconds.
        error: Only those that this error ended.
        first: From this number, or place where no number is known, on.
        last: Up to this one.
        order: ``worst``: what failed, then what took longest; or ``rank``.
        page: 1 for the first.
    """

    status: str = ""
    slower: float | None = None
    error: str = ""
    first: int | None = None
    last: int | None = None
    order: str = ""
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filter:
        """Return what the parameters of an address ask for.

        Raises:
            UsageError: One of them is none.
        """
        status, order = given.get("status", ""), given.get("order", "")
        if status not in {"", "bad", "slow", *STATUSES}:
            raise _bad("status", status, f"one of bad, slow, {', '.join(STATUSES)}")
        if order not in {"", "worst", "rank"}:
            raise _bad("order", order, "worst or rank")
        first, last, page = (_whole(given, name) for name in ("from", "to", "page"))
        return cls(status, _seconds(given), given.get("error", ""), first, last, order, max(1, page or 1))

    def as_words(self) -> dict[str, str]:
        """Return the parameters that ask for it, without the page."""
        told: dict[str, object] = {"status": self.status, "slower": self.slower, "error": self.error}
        told |= {"from": self.first, "to": self.last, "order": self.order}
        given = {name: value for name, value in told.items() if value not in {"", None}}
        return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in given.items()}


def _bad(name: str, value: str, known: str) -> UsageError:
    return UsageError(f"{name} is {value!r}, which is none", fix=f"give {known}")


def _whole(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004  more than there are ranks
        raise _bad(name, text, "a whole number")
    return int(text)


def _seconds(given: Mapping[str, str]) -> float | None:
    text = given.get("slower", "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise _bad("slower", text, "a number of seconds")
    return seconds


@dataclass(frozen=True, slots=True)
class Group:
    """Failures of one error: how many, and one of them as an example.

    ``error`` is empty where there is none, as of ranks that were stopped, and where nobody has asked (``told``).
    """

    error: str
    status: str
    told: bool
    count: int
    example: RankRow


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the histogram: how many took at least ``since`` and less than ``until`` seconds (the last: or as much).

    ``slow`` says that all of them are slow.
    """

    since: float
    until: float
    count: int
    slow: bool


@dataclass(frozen=True, eq=False)
class Ranks:
    """The ranks of one Map of a run, at one moment. What is found out of them is found out once.

    Attributes:
        map: The Map.
        counts: How many there are of each status; together all that there are.
        rows: Those that are known one by one, in order of their places.
        listed: When children were listed last; None for an inline Map, and before that.
        untold: How many failed children were not asked for their errors.
        cut: How many children were not listed, as there are too many: the oldest.
    """

    map: RankMap
    counts: Mapping[str, int]
    rows: tuple[RankRow, ...] = field(repr=False)
    listed: datetime | None = None
    untold: int = 0
    cut: int = 0

    @property
    def total(self) -> int:
        """How many ranks there are."""
        return sum(self.counts.values())

    @cached_property
    def failed(self) -> int:
        """How many did not succeed."""
        return sum(self.counts.get(status, 0) for status in BAD)

    @cached_property
    def durations(self) -> tuple[float, ...]:
        """The seconds of those that succeeded, in order."""
        return tuple(sorted(row.seconds for row in self.rows if row.status == "SUCCEEDED" and row.seconds is not None))

    @cached_property
    def median(self) -> float | None:
        """The middle of :attr:`durations`."""
        return median(self.durations) if self.durations else None

    @cached_property
    def slow_from(self) -> float:
        """From more than how many seconds on a rank is slow."""
        middle = self.median
        return float("inf") if middle is None else max(SLOW_TIMES * middle, middle + SLOW_SECONDS)

    @cached_property
    def quantiles(self) -> tuple[float, ...]:
        """The seconds that part those that succeeded and are not slow into equal parts."""
        usual = [seconds for seconds in self.durations if seconds <= self.slow_from]
        return tuple(usual[len(usual) * part // _QUANTILES] for part in range(1, _QUANTILES)) if usual else ()

    @cached_property
    def slow(self) -> int:
        """How many are slow."""
        return sum(self.is_slow(row) for row in self.rows)

    def is_slow(self, row: RankRow) -> bool:
        """Say whether *row* is one that succeeded slowly."""
        return row.status == "SUCCEEDED" and row.seconds is not None and row.seconds > self.slow_from

    def part_of(self, row: RankRow) -> int:
        """Return in which part of the durations *row* lies, 0 for the fastest."""
        return sum((row.seconds or 0.0) >= bound for bound in self.quantiles)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The failures by their errors, the most frequent first; those that nobody has asked come last."""
        found: dict[tuple[str, str, bool], list[RankRow]] = {}
        for row in self.rows:
            if row.bad:
                found.setdefault((row.error, "" if row.error else row.status, row.told), []).append(row)
        groups = (Group(*key, len(rows), rows[0]) for key, rows in found.items())
        return tuple(sorted(groups, key=lambda group: (not group.told, not group.error, -group.count, group.error)))

    @cached_property
    def histogram(self) -> tuple[Bar, ...]:
        """Bars over the seconds of those that succeeded, all of one width; none where all took as long."""
        if not self.durations or self.durations[0] == self.durations[-1]:
            return ()
        low, width = self.durations[0], (self.durations[-1] - self.durations[0]) / _BARS
        counts = [0] * _BARS
        for seconds in self.durations:
            counts[min(_BARS - 1, int((seconds - low) / width))] += 1
        ends = [(low + at * width, low + (at + 1) * width) for at in range(_BARS)]
        return tuple(Bar(*end, count, end[0] > self.slow_from) for end, count in zip(ends, counts, strict=True))

    def fitting(self, wanted: Filter) -> Sequence[RankRow]:
        """Return all rows that are *wanted*, in the order that is wanted, whatever the page."""
        rows = self.rows if wanted.order == "rank" else self._worst_first
        return [row for row in rows if self._fits(row, wanted)]

    def page(self, wanted: Filter) -> tuple[Sequence[RankRow], int]:
        """Return the rows of the page that is *wanted*, and how many fit on all pages together."""
        rows = self.fitting(wanted)
        begin = (wanted.page - 1) * PAGE
        return rows[begin : begin + PAGE], len(rows)

    def numbered(self, number: int) -> RankRow | None:
        """Return the row with this *number*; None where none is known to have it."""
        return self._by_number.get(number)

    def is_known_by_number(self, row: RankRow) -> bool:
        """Say whether the number of *row* means it alone, or the first of those that have it."""
        return row.number is not None and self.numbered(row.number) is row

    @cached_property
    def in_order(self) -> bool:
        """Whether the number of each row is its place."""
        return all(row.number == row.place for row in self.rows)

    @cached_property
    def _by_number(self) -> Mapping[int, RankRow]:
        return {row.number: row for row in reversed(self.rows) if row.number is not None}

    @cached_property
    def _worst_first(self) -> tuple[RankRow, ...]:
        return tuple(sorted(self.rows, key=_worst))

    def _fits(self, row: RankRow, wanted: Filter) -> bool:
        number = row.place if row.number is None else row.number
        return (
            (wanted.status in {"", row.status} or (wanted.status == "bad" and row.bad) or self._slow(row, wanted))
            and (wanted.slower is None or (row.seconds is not None and row.seconds > wanted.slower))
            and wanted.error in {"", row.error}
            and (wanted.first is None or number >= wanted.first)
            and (wanted.last is None or number <= wanted.last)
        )

    def _slow(self, row: RankRow, wanted: Filter) -> bool:
        return wanted.status == "slow" and self.is_slow(row)


def _worst(row: RankRow) -> tuple[int, float, int]:
    return _ORDER[row.status], -(row.seconds or 0.0), row.place


_ORDER = {status: at for at, status in enumerate(STATUSES)}


def count(rows: Iterable[RankRow]) -> dict[str, int]:
    """Return how many of *rows* have each status."""
    counts = dict.fromkeys(STATUSES, 0)
    for row in rows:
        counts[row.status] += 1
    return counts
