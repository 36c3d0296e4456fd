"""A table of invocations: REPORT lines joined to ranks, states and failures, and figures over them.

The table is a private SQLite file that is deleted with it, so memory does not grow with the logs. An execution
environment runs one invocation at a time and writes to a stream of its own, so a line belongs to the next REPORT of
its stream. Lines may come in any order, and more than once.
"""

from __future__ import annotations

import heapq
import itertools
import json
import re
import sqlite3
from array import array
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from shared.measure.observed.exports import Problems, tells_of_invocation
from shared.run.logs import parse_progress
from shared.run.report_line import BadReport, Report, parse_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from shared.measure.observed.exports import LogLine
    from shared.measure.observed.trace import Visit
    from shared.values import Json

_SCHEMA = """
CREATE TABLE report (
    request, stream, grp, at, duration, billed, memory, used, init, status, asked, PRIMARY KEY (request, at)
);
CREATE INDEX report_stream ON report (stream, at);
CREATE TABLE mark (stream, at, kind, run, rank, UNIQUE (stream, at, kind, run, rank));
CREATE TABLE visit (request PRIMARY KEY, run, state, rank);
"""
_FAILURE = re.compile(
    r"\[ERROR\]|RequestId: \S+ Error: |Traceback \(most recent call last\)|.{0,80}Task timed out after "
    r'|\{.*"errorType": ?"'
)
_RUN = 4096  # numbers that are sorted at a time
_TRACEBACKS = ("Traceback (most recent call last)", '"stackTrace": [')
_KIND = {"[": "error", "{": "error", "R": "error", "T": "traceback"}
# The lines of an invocation are those between the REPORT before it in its stream and its own REPORT.
_OWN = """mark.stream = report.stream AND mark.stream <> '' AND mark.at <= report.at AND mark.at > coalesce(
    (SELECT max(at) FROM report AS earlier WHERE earlier.stream = report.stream AND earlier.at < report.at), -1)"""
_JOINED = f"""
SELECT request, grp, at, duration, billed, memory, used, init, status, asked,
  coalesce(visit.run, (SELECT run FROM mark WHERE kind = 'rank' AND {_OWN} ORDER BY mark.at DESC LIMIT 1)),
  coalesce(visit.rank, (SELECT rank FROM mark WHERE kind = 'rank' AND {_OWN} ORDER BY mark.at DESC LIMIT 1)),
  visit.state,
  status = 'timeout' OR EXISTS (SELECT 1 FROM mark WHERE kind = 'timeout' AND {_OWN}),
  status IN ('error', 'failure') OR EXISTS (SELECT 1 FROM mark WHERE kind = 'error' AND {_OWN}),
  EXISTS (SELECT 1 FROM mark WHERE kind = 'traceback' AND {_OWN})
FROM report LEFT JOIN visit USING (request)
"""  # noqa: S608  it is made of constants


@dataclass(frozen=True, slots=True)
class Row:
    """One invocation: its REPORT, the log group and the Unix milliseconds of that line, and what was joined to it.

    ``run``, ``rank`` and ``state`` are None where nothing tells them. ``traceback`` says that its log shows a
    traceback.
    """

    report: Report
    group: str
    at_ms: int
    run: str | None
    rank: int | None
    state: str | None
    timed_out: bool
    failed: bool
    traceback: bool

    @property
    def trouble(self) -> str:
        """The worst that happened: ``timeout``, ``error``, ``traceback``; empty when nothing did."""
        marks = {"timeout": self.timed_out, "error": self.failed, "traceback": self.traceback}
        return next((name for name, happened in marks.items() if happened), "")

    @property
    def place(self) -> str:
        """The state; where no state is known, the last part of the log group's name."""
        return self.state or self.group.rpartition("/")[2]

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "run": self.run,
            "rank": self.rank,
            "state": self.state,
            "at": datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat() if self.at_ms else None,
            "log_group": self.group,
            **asdict(self.report),
            "timed_out": self.timed_out,
            "failed": self.failed,
            "traceback": self.traceback,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures over invocations: durations in milliseconds, without cold starts; memory in MB.

    ``headroom`` is the share of memory that no invocation used, 0..1. Percentiles are nearest ranks.
    """

    count: int
    duration_min: float
    duration_p50: float
    duration_p95: float
    duration_max: float
    billed_total_ms: int
    cold_starts: int
    init_min: float | None
    init_p50: float | None
    init_max: float | None
    timeouts: int
    errors: int
    tracebacks: int
    used_max_mb: int
    memory_mb: int
    headroom: float
    gb_seconds: float


class Invocations:
    """The table, a context manager. ``problems`` counts damaged lines, ``repeated`` counts REPORT lines met again."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # a private file, removed when it is closed
        self._db.executescript(_SCHEMA)
        self.problems = Problems()
        self.repeated = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._db.close()

    def add(self, lines: Iterable[LogLine], source: str) -> None:
        """Take in log *lines*. *source* names them in messages about damaged ones."""
        with self._db:
            for line in lines:
                where = f"{source}:{line.number}" if line.number else source
                try:
                    known = self._take(line)
                except BadReport as error:
                    self.problems.add(where, f"{error}: {line.message[:60].strip()!r}", line.message)
                else:
                    if not known and line.number and tells_of_invocation(line.message):
                        said = line.message[:60].strip()
                        self.problems.add(
                            where, f"an invocation in a form that is not understood: {said!r}", line.message
                        )

    def _take(self, line: LogLine) -> bool:
        """Take in a *line*, and say whether it is of a known kind."""
        if found := line.report or parse_report(line.message):
            numbers = (found.duration_ms, found.billed_ms, found.memory_mb, found.used_mb, found.init_ms, found.status)
            asked = None if found.requests is None else json.dumps(found.requests)
            row = (found.request_id, line.stream, line.group, line.at_ms, *numbers, asked)
            added = self._db.execute("INSERT OR IGNORE INTO report VALUES (?,?,?,?,?,?,?,?,?,?,?)", row).rowcount
            self.repeated += 1 - added
        elif told := parse_progress(line.message):
            self._mark(line, "rank", told[0], told[1].rank)
        elif failure := _FAILURE.match(line.message):
            self._mark(line, _KIND.get(failure[0][0], "timeout"), "", 0)
            if any(
                each in line.message for each in _TRACEBACKS
            ):  # Lambda writes an error and its traceback as one event
                self._mark(line, "traceback", "", 0)
        else:
            return False
        return True

    def _mark(self, line: LogLine, kind: str, run: str, rank: int) -> None:
        values = (line.stream, line.at_ms, kind, run, rank)
        self._db.execute("INSERT OR IGNORE INTO mark VALUES (?,?,?,?,?)", values)

    def join(self, run_id: str, visits: Iterable[Visit]) -> None:
        """Join each request of the *visits* to its run, state and rank. This goes before what the logs tell."""
        rows = [(request, run_id, visit.state, visit.rank) for visit in visits for request in visit.requests]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO visit VALUES (?,?,?,?)", rows)

    def rows(self, run_id: str | None = None) -> Iterator[Row]:
        """Yield the invocations of one run, or of all runs, in order of time."""
        for found in self._db.execute(f"{_JOINED} ORDER BY at, request"):
            request, group, at, duration, billed, memory, used, init, status, asked, run, rank, state, *flags = found
            if run_id is None or run == run_id:
                requests = None if asked is None else json.loads(asked)
                report = Report(request, duration, billed, memory, used, init, status, requests)
                yield Row(report, group, at, run, rank, state, *map(bool, flags))


def summarize(rows: Iterable[Row]) -> Summary | None:
    """Return the figures over *rows*; None when there are no rows. It holds 16 bytes of each row."""
    durations, inits = _Numbers(), _Numbers()
    billed = timeouts = errors = tracebacks = used = size = 0
    gb_ms = tightest = 0.0
    for row in rows:
        report = row.report
        durations.add(report.duration_ms)
        if report.init_ms is not None:
            inits.add(report.init_ms)
        billed += report.billed_ms
        gb_ms += report.billed_ms * report.memory_mb / 1024
        timeouts += row.timed_out
        errors += row.failed
        tracebacks += row.traceback
        used, size = max(used, report.used_mb), max(size, report.memory_mb)
        tightest = max(tightest, report.used_mb / report.memory_mb) if report.memory_mb else tightest
    if not durations.count:
        return None
    return Summary(
        count=durations.count,
        duration_min=durations.percentile(0),
        duration_p50=durations.percentile(50),
        duration_p95=durations.percentile(95),
        duration_max=durations.percentile(100),
        billed_total_ms=billed,
        cold_starts=inits.count,
        init_min=inits.percentile(0) if inits.count else None,
        init_p50=inits.percentile(50) if inits.count else None,
        init_max=inits.percentile(100) if inits.count else None,
        timeouts=timeouts,
        errors=errors,
        tracebacks=tracebacks,
        used_max_mb=used,
        memory_mb=size,
        headroom=1 - tightest,
        gb_seconds=gb_ms / 1000,
    )


class _Numbers:
    """Numbers of which percentiles are asked, eight bytes each. numpy, which could tell them, takes 0.1 s to load."""

    def __init__(self) -> None:
        self._runs: list[array[float]] = []  # each of them in order
        self._last = array("d")
        self.count = 0

    def add(self, number: float) -> None:
        self._last.append(number)
        self.count += 1
        if len(self._last) == _RUN:
            self._runs.append(array("d", sorted(self._last)))
            self._last = array("d")

    def percentile(self, percent: int) -> float:
        """Return the nearest rank: the first number in order that so many percent do not exceed; of 0, the least."""
        rank = max(1, -(-self.count * percent // 100))
        return next(itertools.islice(heapq.merge(*self._runs, sorted(self._last)), rank - 1, None))
