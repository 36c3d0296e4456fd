"""One run by its histories and its logs: how long each state and each rank took, and what it all cost."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from shared.measure.billing.bill import SAMPLE
from shared.measure.billing.measured_run import read_measured
from shared.run.patience import LATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.measure.billing.cost import Cost
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Trace
    from shared.run.find import Found
    from shared.values import Json

_FRESH = LATE + timedelta(seconds=60)  # so long after its end, a run's log may still lack lines


@dataclass(frozen=True, slots=True)
class StateTime:
    """How long the visits of one state took that were left, in seconds."""

    state: str
    visits: int
    median: float
    longest: float


@dataclass(frozen=True, slots=True)
class RankTime:
    """How long the functions of each of *ranks* ranks ran, all invocations of a rank together, in seconds.

    Percentiles are nearest ranks.
    """

    ranks: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run that has ended, as far as its histories and logs were read.

    Attributes:
        states: Its states, in the order in which they were entered first.
        ranks: Its ranks; None where no log line or history tells of one.
        cost: What it cost, estimated.
        children: How many child executions its distributed Maps had.
        unread: How many of them were not read. States in them count those that were, and the cost takes them for
            average.
        uncounted: How many invocations no log line tells of. The cost lacks them.
        rank_seconds: How long the functions of each rank ran, in ascending order.
        invocations: How many invocations the logs tell of.
        cold: How many of them began cold.
        memory: What memory in MB functions had, by state, or by log group where no state is known.
        redrives: How often it was redriven.
    """

    states: tuple[StateTime, ...]
    ranks: RankTime | None
    cost: Cost
    children: int = 0
    unread: int = 0
    uncounted: int = 0
    rank_seconds: tuple[float, ...] = ()
    invocations: int = 0
    cold: int = 0
    memory: Mapping[str, int] = field(default_factory=dict)
    redrives: int = 0

    @property
    def lacks(self) -> str:
        """What the figures do not have, for people; empty where they have all."""
        unread = f"child executions not read: {self.unread} of {self.children}" if self.unread else ""
        uncounted = f"invocations without a REPORT line in the logs: {self.uncounted}" if self.uncounted else ""
        return ", ".join(filter(None, (unread, uncounted)))

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "states": [asdict(state) for state in self.states],
            "ranks": asdict(self.ranks) if self.ranks else None,
            "cost": self.cost.as_record(),
            "lacks": self.lacks,
            "invocations": self.invocations,
            "cold": self.cold,
        }


def read_figures(aws: Aws, found: Found, now: datetime, *, sleep: Sleep = time.sleep) -> RunFigures:
    """Return what histories and logs tell of a run that had ended by *now*.

    Few of the children of a distributed Map are read. Where the run has just ended, this waits for its log.
    """
    patient = found.stopped is None or now - found.stopped < _FRESH
    return figures_of(read_measured(aws, found, most=SAMPLE, patient=patient, sleep=sleep))


def figures_of(run: MeasuredRun) -> RunFigures:
    """Return the figures of a run that was measured."""
    trace, rows, seconds = run.trace, run.rows, _rank_seconds(run.rows)
    return RunFigures(
        _states(trace),
        _ranks(seconds),
        run.cost,
        trace.children,
        trace.unread,
        run.uncounted,
        tuple(seconds),
        len(rows),
        sum(row.report.init_ms is not None for row in rows),
        {row.place: row.report.memory_mb for row in rows},
        trace.redrives,
    )


def _states(trace: Trace) -> tuple[StateTime, ...]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for visit in trace.visits:
        if visit.left is not None:
            seconds[visit.state].append((visit.left - visit.entered).total_seconds())
    return tuple(StateTime(state, len(took), median(took), max(took)) for state, took in seconds.items())


def _rank_seconds(rows: Iterable[Row]) -> list[float]:
    by_rank: dict[int, float] = defaultdict(float)
    for row in rows:
        if row.rank is not None:
            by_rank[row.rank] += row.report.duration_ms / 1000
    return sorted(by_rank.values())


def _ranks(took: Sequence[float]) -> RankTime | None:
    return RankTime(len(took), _nearest(took, 50), _nearest(took, 95), took[-1]) if took else None


def _nearest(ordered: Sequence[float], percent: int) -> float:
    return ordered[-(-len(ordered) * percent // 100) - 1]
