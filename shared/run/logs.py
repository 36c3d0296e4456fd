"""Reads the log lines of a run's functions, each of them once, and groups them by invocation.

An execution environment runs one invocation at a time and writes to a log stream of its own. So every line of a stream
between START and REPORT belongs to that request. Lines arrive late, and out of order across streams: each read looks a
little way back, and drops what was seen before.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.run.logged_bytes import size_of
from shared.run.platform_line import ended, is_init_start, is_platform, started, tells_error
from shared.run.report_line import BadReport, Report, parse_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsRequestPaginateTypeDef

    from shared.aws.client import Aws
    from shared.run.start import Run

_LOOK_BACK_MS = 10_000  # CloudWatch takes seconds to show a line


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rank is: it has *done* some of its *total* of records."""

    rank: int
    done: int
    total: int


@dataclass(slots=True)
class Invocation:
    """One invocation of a function, as its log shows it so far.

    ``lines`` are all lines of its log. ``printed`` are those that the function's code wrote, without its progress.
    ``logged_bytes`` is what CloudWatch bills of them, and of those of its cold start.
    """

    request_id: str
    function: str
    lines: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    progress: Progress | None = None
    runs: set[str] = field(default_factory=set)
    report: Report | None = None
    started_ms: int = 0
    logged_bytes: int = 0

    def take(self, text: str) -> None:
        """Take in a line of its log, and what the line tells."""
        self.lines.append(text)
        if reported := _report(text):
            self.report = reported
        elif told := parse_progress(text):
            run_id, self.progress = told
            self.runs.add(run_id)
        elif not is_platform(text):
            self.printed.append(text)

    def raised(self, error: str, message: str) -> bool:
        """Say whether its log shows that *error* with that *message*, as Lambda's Python runtime writes it."""
        return any(tells_error(line, error, message) for line in self.lines)

    @property
    def seconds(self) -> float | None:
        """How long the handler ran, without the cold start; None until it is reported."""
        return self.report.duration_ms / 1000 if self.report else None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invocation's log; ``at_ms`` is in Unix milliseconds."""

    at_ms: int
    text: str
    invocation: Invocation


class LogReader:
    """Reads the log groups of *functions* (key -> group name) between two Unix times in milliseconds, or from one on.

    With a filter *pattern* it reads only the lines that match; those of START and REPORT must be among them. It reads
    *most* lines of each group at a time, at the most.

    Attributes:
        invocations: What is known so far of each invocation, by request id.
    """

    def __init__(  # noqa: PLR0913  which lines, and how many of them
        self,
        aws: Aws,
        functions: Mapping[str, str],
        since_ms: int,
        until_ms: int | None = None,
        *,
        pattern: str = "",
        most: int | None = None,
    ) -> None:
        self._logs = aws.logs
        self._pattern = pattern
        self._most = most
        self._groups = functions
        self._from = dict.fromkeys(functions, since_ms)
        self._since = since_ms
        self._until = until_ms
        self._seen: set[tuple[str, object]] = set()
        self._current: dict[tuple[str, str], str] = {}
        self._early: dict[tuple[str, str], list[tuple[int, str]]] = {}  # lines of cold starts
        self._early_bytes: Counter[tuple[str, str]] = Counter()
        self.invocations: dict[str, Invocation] = {}

    def of_run(self, run_id: str) -> list[Invocation]:
        """Return the invocations that said they belong to the run *run_id*, oldest first."""
        found = [invocation for invocation in self.invocations.values() if run_id in invocation.runs]
        return sorted(found, key=lambda invocation: invocation.started_ms)

    def read(self) -> list[Line]:
        """Take in the lines that are new, and return them, group by group."""
        return [
            line
            for key, group in self._groups.items()
            for event in self._events(key, group)
            for line in self._take(key, event["logStreamName"], event["message"], event["timestamp"])
        ]

    def _events(self, key: str, group: str) -> Iterable[FilteredLogEventTypeDef]:
        asked: FilterLogEventsRequestPaginateTypeDef = {"logGroupName": group, "startTime": self._from[key]}
        if self._until is not None:
            asked["endTime"] = self._until
        if self._most:
            asked["PaginationConfig"] = {"MaxItems": self._most}
        if self._pattern:
            asked["filterPattern"] = self._pattern
        pages = self._logs.get_paginator("filter_log_events").paginate(**asked)
        events = [event for page in pages for event in page.get("events", ())]
        alike: Counter[tuple[str, int, str]] = Counter()
        for event in events:
            line = (event["logStreamName"], event["timestamp"], event["message"])
            alike[line] += 1
            # AWS calls the id optional. Without it, equal lines of one millisecond are told apart by their order.
            mark = (key, event.get("eventId") or (*line, alike[line]))
            if mark not in self._seen:
                self._seen.add(mark)
                yield event
        if events:
            newest = max(event["timestamp"] for event in events)
            self._from[key] = max(self._since, newest - _LOOK_BACK_MS)

    def _take(self, key: str, stream: str, message: str, timestamp: int) -> list[Line]:
        text = message.rstrip("\n")
        early: list[Line] = []
        if request_id := started(text):
            self._current[key, stream] = request_id
            found = self.invocations.setdefault(request_id, Invocation(request_id, key, started_ms=timestamp))
            early = [Line(at, said, found) for at, said in self._early.pop((key, stream), ())]
            found.lines.extend(line.text for line in early)
            found.logged_bytes += self._early_bytes.pop((key, stream), 0)
        invocation = self.invocations.get(self._current.get((key, stream), ""))
        reported = _report(text)
        if reported:
            invocation = self.invocations.get(reported.request_id, invocation)
        if invocation is None:  # a line of the init phase, or of an invocation that began before the first read
            self._early_bytes[key, stream] += size_of(message)
            if reported or ended(text):
                self._early.pop((key, stream), None)  # it did begin before
                self._early_bytes.pop((key, stream), None)
            elif not is_init_start(text):
                self._early.setdefault((key, stream), []).append((timestamp, text))
            return []
        invocation.take(text)
        invocation.logged_bytes += size_of(message)
        if reported:
            self._current.pop((key, stream), None)
        return [*early, Line(timestamp, text, invocation)]


def _report(text: str) -> Report | None:
    try:
        return parse_report(text)
    except BadReport:
        return None  # as if the line were not there yet: its figures are shown as missing


def is_written(text: str) -> bool:
    """Say whether a function's code wrote the line *text*: it is neither Lambda's nor our progress."""
    return not (is_platform(text) or _report(text) or parse_progress(text))


def parse_progress(text: str) -> tuple[str, Progress] | None:
    """Return the run id and the progress that the line *text* tells; None when it is another kind of line."""
    if not text.startswith("{"):
        return None
    try:
        said = json.loads(text)
    except ValueError:
        return None  # a line of the user's own that begins with a brace
    progress = said.get("progress") if isinstance(said, dict) else None
    if not isinstance(progress, dict) or not {"run_id", "rank", "done", "of"} <= progress.keys():
        return None
    try:
        counts = Progress(int(progress["rank"]), int(progress["done"]), int(progress["of"]))
    except (TypeError, ValueError):
        return None  # a user's program may print what looks like ours
    return str(progress["run_id"]), counts


def read_logs(aws: Aws, run: Run, since: datetime, until: datetime | None = None) -> LogReader:
    """Return a reader of the log groups of all functions of the run's workflow, from *since* to *until*."""
    keys = run.lane.workflows[run.workflow].functions.values()
    groups = {key: run.lane.functions[key].log_group for key in keys}
    return LogReader(aws, groups, int(since.timestamp() * 1000), int(until.timestamp() * 1000) if until else None)
