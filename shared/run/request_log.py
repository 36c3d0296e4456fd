"""The log of one invocation: where it lies, its first and last lines, and all of it, a page at a time.

An execution environment writes to a stream of its own and runs one invocation at a time. So the log of an invocation
is what its stream holds from its START to its REPORT, as text or as JSON. Both name the request. Where a history names
none, as while a call goes on, a line of progress tells the run and the rank; where the function could not be loaded,
the line of its error does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.logs import is_written, parse_progress
from shared.run.platform_line import started, tells_error
from shared.run.report_line import BadReport, Report, parse_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import (
        FilteredLogEventTypeDef,
        FilterLogEventsRequestPaginateTypeDef,
        GetLogEventsRequestTypeDef,
    )

    from shared.run.rank_detail import Call

Window: TypeAlias = "tuple[int, int | None]"
"""A time in Unix milliseconds: from then until then, or until now."""
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


def find_call(logs: CloudWatchLogsClient, group: str, call: Call, run_id: str, rank: int) -> Place | None:
    """Return where the log of *call* lies in *group*, whose rank is *rank* of the run *run_id*; None if no line tells.

    Raises:
        ClientError: CloudWatch refuses.
    """
    window = window_of(call.began - _BEFORE, call.ended and call.ended + _AFTER)
    if call.request:
        return find_request(logs, group, window, call.request)
    return _find_unnamed(logs, group, window, call, (run_id, rank))


def find_request(
    logs: CloudWatchLogsClient, group: str, window: Window, request: str, stream: str = ""
) -> Place | None:
    """Return where the log of the invocation *request* lies in *group*, as far as a *window* of time has it.

    None where no line names it. Only *stream* is asked where one is given.

    Raises:
        ClientError: CloudWatch refuses.
    """
    begin, end, report = window[0], None, None
    for event in _filtered(logs, group, window, f'"{request}"', stream):
        text = event["message"].rstrip("\n")
        stream = stream or event["logStreamName"]  # others may name it, too: its own first and last line tell
        if started(text) == request:
            stream, begin = event["logStreamName"], event["timestamp"]
        elif _ends(text, request):
            stream, end, report = event["logStreamName"], event["timestamp"], _report(text)
            break
    return Place(group, stream, request, begin, end, report) if stream else None


def window_of(begin: datetime, end: datetime | None) -> Window:
    """Return the time from *begin* to *end*."""
    return round(begin.timestamp() * 1000), round(end.timestamp() * 1000) if end else None


def read_part(logs: CloudWatchLogsClient, place: Place, shown: int = SHOWN) -> LogPart:
    """Return the first and the last *shown* lines of the log at *place*; all of it where there are no more."""
    first = list(islice(_lines(logs, place), 2 * shown + 1))
    if len(first) <= 2 * shown:
        return LogPart(tuple(first))
    last = tuple(_line(*each) for each in read_last(logs, place, shown))
    return LogPart(tuple(first[:shown]), last, gap=True)


def read_last(logs: CloudWatchLogsClient, place: Place, most: int) -> list[tuple[int, str]]:
    """Return the moments and the texts of the last lines of the log at *place*, *most* at most, read backwards."""
    found: list[tuple[int, str]] = []
    asked = _asked(place, 2 * most) | {"startFromHead": False}
    while len(found) <= most:
        page = logs.get_log_events(**asked)
        events = [(event["timestamp"], event["message"].rstrip("\n")) for event in page["events"]]
        found = events + found
        if not events or page["nextBackwardToken"] == asked.get("nextToken"):
            break
        asked["nextToken"] = page["nextBackwardToken"]
    inside = all(started(text) != place.request for _, text in found)
    return list(_own(found, place.request, inside=inside))[-most:]


def whole(logs: CloudWatchLogsClient, place: Place) -> Iterator[str]:
    """Yield all lines of the log at *place*, uncut, as they are read."""
    for event in _events(logs, place):
        yield event[1]


def _find_unnamed(
    logs: CloudWatchLogsClient, group: str, window: Window, call: Call, rank: tuple[str, int]
) -> Place | None:
    """Return where the log of a call lies whose request the history does not name."""
    for event in _filtered(logs, group, window, f'"{rank[0]}"'):
        told = parse_progress(event["message"].rstrip("\n"))
        if told and (told[0], told[1].rank) == rank:
            stream = event["logStreamName"]
            if request := _request_before(logs, group, window, event):
                return find_request(logs, group, window, request, stream)
            return Place(group, stream, "", *window, None)
    for event in _filtered(logs, group, window, f'"{call.error}"') if call.error else ():
        if tells_error(event["message"], call.error):
            return Place(group, event["logStreamName"], "", *window, None)
    return None


def _request_before(logs: CloudWatchLogsClient, group: str, window: Window, line: FilteredLogEventTypeDef) -> str:
    """Return the request whose START is the last in the stream of *line* before it; empty where there is none."""
    until, pattern = line["timestamp"] + 1, '?"START RequestId: " ?"platform.start"'
    events = _filtered(logs, group, (window[0], until), pattern, line["logStreamName"])
    begun = [(event["timestamp"], request) for event in events if (request := started(event["message"]))]
    return max(reversed(begun), key=lambda each: each[0], default=(0, ""))[1]  # the last of one millisecond


def _report(text: str) -> Report | None:
    try:
        return parse_report(text)
    except BadReport:
        return None


def _filtered(
    logs: CloudWatchLogsClient, group: str, window: tuple[int, int | None], pattern: str, stream: str = ""
) -> Iterator[FilteredLogEventTypeDef]:
    """Yield the lines of a *window* of time that match *pattern*, as far as so many pages show them.

    A group that is not there holds none: it is made when its function is first deployed.
    """
    asked: FilterLogEventsRequestPaginateTypeDef = {
        "logGroupName": group,
        "startTime": window[0],
        "filterPattern": pattern,
    }
    if window[1] is not None:
        asked["endTime"] = window[1]
    if stream:
        asked["logStreamNames"] = [stream]
    try:
        for page in islice(logs.get_paginator("filter_log_events").paginate(**asked), _PAGES):
            yield from page["events"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise


def _lines(logs: CloudWatchLogsClient, place: Place) -> Iterator[LogLine]:
    return (_line(at, text) for at, text in _events(logs, place, page=2 * SHOWN + 1))


def _events(logs: CloudWatchLogsClient, place: Place, page: int = _A_PAGE) -> Iterator[tuple[int, str]]:
    """Yield the moment and the text of each line of the invocation."""
    return _own(_in_stream(logs, place, page), place.request)


def _in_stream(logs: CloudWatchLogsClient, place: Place, page: int) -> Iterator[tuple[int, str]]:
    """Yield the lines of the stream in the time of the invocation."""
    asked = _asked(place, page)
    while True:
        told = logs.get_log_events(**asked)
        for event in told["events"]:
            yield event["timestamp"], event["message"].rstrip("\n")
        if told["nextForwardToken"] == asked.get("nextToken"):
            return
        asked["nextToken"] = told["nextForwardToken"]


def _own(lines: Iterable[tuple[int, str]], request: str, *, inside: bool = False) -> Iterator[tuple[int, str]]:
    """Yield those of *lines* that are of *request*: of the same millisecond may be some of others.

    All are where no request is known. *inside* says that its START comes before them.
    """
    for at, text in lines:
        if request and (begun := started(text)):
            if inside and begun != request:  # its own REPORT was lost
                return
            inside = begun == request
        if inside or not request:
            yield at, text
        if inside and _ends(text, request):
            return


def _ends(text: str, request: str) -> bool:
    return text.startswith(f"REPORT RequestId: {request}") or ((told := _report(text)) and told.request_id) == request


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
