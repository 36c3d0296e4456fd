"""The log of one invocation: where it lies, its first and last lines, and all of it, a page at a time.

An execution environment writes to a stream of its own and runs one invocation at a time. So the log of an invocation
is what its stream holds from its START to its REPORT. START and REPORT name the request. Where a history names none,
as while a call goes on, a line of progress tells the run and the rank; where the function could not be loaded, the line
of its error does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.logs import is_written, parse_progress
from shared.run.report_line import BadReport, Report, parse_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import (
        FilteredLogEventTypeDef,
        FilterLogEventsRequestPaginateTypeDef,
        GetLogEventsRequestTypeDef,
    )

    from shared.run.rank_detail import Call

SHOWN = 200
"""Lines that are shown of the beginning of a log, and of its end."""
_LONGEST = 2000  # letters of a line that is shown
_BEFORE, _AFTER = timedelta(seconds=1), timedelta(minutes=2)  # by which clocks differ, and until REPORT is written
_PAGES = 20  # that are asked for, to find an invocation
_A_PAGE = 2000  # lines of a whole log, read at a time


@dataclass(frozen=True, slots=True)
class Place:
    """Where the log of an invocation lies: from *begin* to *end* in a stream, in Unix milliseconds.

    ``request`` is empty where no line names it. ``end`` and ``report`` are None while there is no REPORT.
    """

    group: str
    stream: str
    request: str
    begin: int
    end: int | None
    report: Report | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line; ``own`` says that the function's code wrote it. ``at`` is in Unix milliseconds."""

    at: int
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class LogPart:
    """The first and the last lines of a log. Where ``gap``, lines between them are left out; else ``last`` is empty."""

    first: tuple[LogLine, ...]
    last: tuple[LogLine, ...] = ()
    gap: bool = False


def find_place(logs: CloudWatchLogsClient, group: str, call: Call, run_id: str, rank: int) -> Place | None:
    """Return where the log of *call* lies in *group*, whose rank is *rank* of the run *run_id*; None if no line tells.

    Raises:
        ClientError: CloudWatch refuses. A group that is not there holds no line.
    """
    begin, end = call.began - _BEFORE, call.ended and call.ended + _AFTER
    window = (round(begin.timestamp() * 1000), round(end.timestamp() * 1000) if end else None)
    try:
        stream, request = _anchor(logs, group, window, call, (run_id, rank))
        return _bounds(logs, group, window, stream, request) if stream else None
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None


def read_part(logs: CloudWatchLogsClient, place: Place, shown: int = SHOWN) -> LogPart:
    """Return the first and the last *shown* lines of the log at *place*; all of it where there are no more."""
    first = list(islice(_lines(logs, place), 2 * shown + 1))
    if len(first) <= 2 * shown:
        return LogPart(tuple(first))
    return LogPart(tuple(first[:shown]), tuple(_last(logs, place, shown)), gap=True)


def whole(logs: CloudWatchLogsClient, place: Place) -> Iterator[str]:
    """Yield all lines of the log at *place*, uncut, as they are read."""
    for event in _events(logs, place):
        yield event[1]


def _anchor(
    logs: CloudWatchLogsClient, group: str, window: tuple[int, int | None], call: Call, rank: tuple[str, int]
) -> tuple[str, str]:
    """Return the stream of the invocation, and its request where it is known; empty texts where no line tells."""
    if call.request:
        found = next(_filtered(logs, group, window, f'"{call.request}"'), None)
        return (found["logStreamName"], call.request) if found else ("", "")
    for event in _filtered(logs, group, window, f'"{rank[0]}"'):
        told = parse_progress(event["message"].rstrip("\n"))
        if told and (told[0], told[1].rank) == rank:
            return event["logStreamName"], _request_before(logs, group, window, event)
    if call.error:
        for event in _filtered(logs, group, window, f'"[ERROR] {call.error}"'):
            return event["logStreamName"], ""
    return "", ""


def _request_before(
    logs: CloudWatchLogsClient, group: str, window: tuple[int, int | None], line: FilteredLogEventTypeDef
) -> str:
    """Return the request whose START is the last in the stream of *line* before it."""
    begin, stream = window[0], line["logStreamName"]
    starts = _filtered(logs, group, (begin, line["timestamp"] + 1), '"START RequestId: "', stream)
    last = max(starts, key=lambda event: event["timestamp"], default=None)
    return last["message"].split()[2] if last else ""


def _bounds(logs: CloudWatchLogsClient, group: str, window: tuple[int, int | None], stream: str, request: str) -> Place:
    if not request:
        return Place(group, stream, "", window[0], window[1], None)
    begin, end, report = window[0], None, None
    for event in _filtered(logs, group, window, f'"{request}"', stream):
        text = event["message"].rstrip("\n")
        if text.startswith("START RequestId: "):
            begin = event["timestamp"]
        elif reported := _report(text):
            end, report = event["timestamp"], reported
            break
    return Place(group, stream, request, begin, end, report)


def _report(text: str) -> Report | None:
    try:
        return parse_report(text)
    except BadReport:
        return None


def _filtered(
    logs: CloudWatchLogsClient, group: str, window: tuple[int, int | None], pattern: str, stream: str = ""
) -> Iterator[FilteredLogEventTypeDef]:
    """Yield the lines of a *window* of time that match *pattern*, as far as so many pages show them."""
    asked: FilterLogEventsRequestPaginateTypeDef = {
        "logGroupName": group,
        "startTime": window[0],
        "filterPattern": pattern,
    }
    if window[1] is not None:
        asked["endTime"] = window[1]
    if stream:
        asked["logStreamNames"] = [stream]
    for page in islice(logs.get_paginator("filter_log_events").paginate(**asked), _PAGES):
        yield from page["events"]


def _lines(logs: CloudWatchLogsClient, place: Place) -> Iterator[LogLine]:
    return (_line(at, text) for at, text in _events(logs, place, page=2 * SHOWN + 1))


def _last(logs: CloudWatchLogsClient, place: Place, shown: int) -> list[LogLine]:
    """Return the last lines of a log, read backwards."""
    found: list[tuple[int, str]] = []
    asked = _asked(place, 2 * shown) | {"startFromHead": False}
    while len(found) <= shown:
        page = logs.get_log_events(**asked)
        events = [(event["timestamp"], event["message"].rstrip("\n")) for event in page["events"]]
        found = events + found
        if not events or page["nextBackwardToken"] == asked.get("nextToken"):
            break
        asked["nextToken"] = page["nextBackwardToken"]
    ends = [at for at, (_, text) in enumerate(found) if _ends(text, place.request)]
    return [_line(*each) for each in found[: ends[-1] + 1 if ends else None][-shown:]]


def _events(logs: CloudWatchLogsClient, place: Place, page: int = _A_PAGE) -> Iterator[tuple[int, str]]:
    """Yield the moment and the text of each line of the invocation, those of others in its stream left out."""
    asked = _asked(place, page)
    inside = not place.request
    while True:
        told = logs.get_log_events(**asked)
        for event in told["events"]:
            text = event["message"].rstrip("\n")
            inside = inside or text.startswith(f"START RequestId: {place.request}")
            if inside:
                yield event["timestamp"], text
            if inside and _ends(text, place.request):
                return
        if told["nextForwardToken"] == asked.get("nextToken"):
            return
        asked["nextToken"] = told["nextForwardToken"]


def _ends(text: str, request: str) -> bool:
    return bool(request) and text.startswith(f"REPORT RequestId: {request}")


def _asked(place: Place, limit: int) -> GetLogEventsRequestTypeDef:
    asked: GetLogEventsRequestTypeDef = {
        "logGroupName": place.group,
        "logStreamName": place.stream,
        "startTime": place.begin,
        "limit": limit,
        "startFromHead": True,
    }
    if place.end is not None:
        asked["endTime"] = place.end + 1  # which is not a part of it
    return asked


def _line(at: int, text: str) -> LogLine:
    more = len(text) - _LONGEST
    shown = f"{text[:_LONGEST]} ... and {more:,} letters more" if more > 0 else text
    return LogLine(at, shown, is_written(text[:_LONGEST] if more > 0 else text))
