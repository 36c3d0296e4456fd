"""Reads the log lines of a run's functions, each once, and puts them together by invocation.

An execution environment runs one invocation at a time and writes to a log stream of its own, so within a stream
every line between START and REPORT belongs to that request. Lines arrive late and out of order across streams:
the reader looks back a little on every read and drops what it has seen.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.run.report_line import BadReport, Report, parse_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.aws.client import Aws

_LOOK_BACK_MS = 10_000  # CloudWatch takes seconds to show a line
_START = re.compile(r"START RequestId: (\S+)")
_END = re.compile(r"END RequestId: ")
_PLATFORM = re.compile(r"(START|END) RequestId: |INIT_START |INIT_REPORT |XRAY TraceId: ")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rank is: *done* of *of* records."""

    rank: int
    done: int
    of: int


@dataclass(slots=True)
class Invocation:
    """One invocation of a function, as its log shows it so far.

    ``lines`` are all of its log, ``printed`` those that the function's code wrote, without its progress.
    """

    request_id: str
    function: str
    lines: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    progress: Progress | None = None
    runs: set[str] = field(default_factory=set)
    report: Report | None = None
    started_ms: int = 0

    def raised(self, error: str, message: str) -> bool:
        """Say whether its log shows that *error* with that *message*, as Lambda's Python runtime writes it."""
        wanted = f"[ERROR] {error}: {message}" if message else f"[ERROR] {error}"
        return any(line.startswith(wanted) for line in self.lines)

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
    """Follows the log groups of *functions* (key -> group name) from one Unix time in milliseconds, up to one or on."""

    def __init__(self, aws: Aws, functions: Mapping[str, str], since_ms: int, until_ms: int | None = None) -> None:
        self._logs = aws.logs
        self._groups = functions
        self._from = dict.fromkeys(functions, since_ms)
        self._since = since_ms
        self._end = {} if until_ms is None else {"endTime": until_ms}
        self._seen: set[tuple[str, object]] = set()
        self._current: dict[tuple[str, str], str] = {}
        self._early: dict[tuple[str, str], list[tuple[int, str]]] = {}  # of cold starts whose invocation is to come
        self.invocations: dict[str, Invocation] = {}

    def read(self) -> list[Line]:
        """Take in every line that is new, and return them, group by group."""
        return [
            line
            for key, group in self._groups.items()
            for event in self._events(key, group)
            for line in self._take(key, event["logStreamName"], event["message"], event["timestamp"])
        ]

    def _events(self, key: str, group: str) -> Iterable[Any]:
        paginator = self._logs.get_paginator("filter_log_events")
        pages = paginator.paginate(logGroupName=group, startTime=self._from[key], **self._end)  # type: ignore[arg-type]
        events = [event for page in pages for event in page.get("events", ())]
        alike: Counter[tuple[str, int, str]] = Counter()
        for event in events:
            line = (event["logStreamName"], event["timestamp"], event["message"])
            alike[line] += 1
            # AWS calls the id optional; without one, equal lines of one millisecond are told apart by their order.
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
        if started := _START.match(text):
            request_id = started[1]
            self._current[key, stream] = request_id
            found = self.invocations.setdefault(request_id, Invocation(request_id, key, started_ms=timestamp))
            early = [Line(at, said, found) for at, said in self._early.pop((key, stream), ())]
            found.lines += [line.text for line in early]
        invocation = self.invocations.get(self._current.get((key, stream), ""))
        reported = _report(text)
        if reported:
            invocation = self.invocations.get(reported.request_id, invocation)
        if invocation is None:  # a line of the init phase, or of an invocation that began before we looked
            if reported or _END.match(text):
                self._early.pop((key, stream), None)  # they were of one that began before
            elif not text.startswith("INIT_START "):
                self._early.setdefault((key, stream), []).append((timestamp, text))
            return []
        invocation.lines.append(text)
        if reported:
            self._current.pop((key, stream), None)
            invocation.report = reported
        elif progress := parse_progress(text):
            run_id, invocation.progress = progress
            invocation.runs.add(run_id)
        elif not _PLATFORM.match(text):
            invocation.printed.append(text)
        return [*early, Line(timestamp, text, invocation)]


def _report(text: str) -> Report | None:
    try:
        return parse_report(text)
    except BadReport:
        return None  # what it lacks can be shown as missing, as if the line were not there yet


def is_written(text: str) -> bool:
    """Say whether a function's code wrote a line: neither Lambda did, nor is it our progress."""
    return not (_PLATFORM.match(text) or _report(text) or parse_progress(text))


def parse_progress(text: str) -> tuple[str, Progress] | None:
    """Return the run and the progress that a line tells of, None when it is anything else."""
    if not text.startswith("{"):
        return None
    try:
        said = json.loads(text)
    except ValueError:
        return None  # somebody's own braces
    progress = said.get("progress") if isinstance(said, dict) else None
    if not isinstance(progress, dict) or not {"run_id", "rank", "done", "of"} <= progress.keys():
        return None
    try:
        counts = Progress(int(progress["rank"]), int(progress["done"]), int(progress["of"]))
    except (TypeError, ValueError):
        return None  # a user's program may print what looks like ours
    return str(progress["run_id"]), counts
