"""One row of an export, whose columns have names: an event, or the figures of an invocation without its message.

Logs Insights finds fields in Lambda's REPORT (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
CWL_AnalyzeLogData-discoverable-fields.html). Times are in ms, memory is in bytes, of which a million make an MB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.observed.exports.line import LogLine
from shared.run.report_line import GOOD, Report

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.measure.observed.exports.times import Times

MESSAGE = ("@message", "message")
_TIME = ("@timestamp", "timestamp")
_STREAM = ("@logStream", "logStreamName", "logStream")
_GROUP = ("@log", "logGroupName", "logGroup", "logGroupIdentifier")
_ID = ("@requestId", "requestId", "record.requestId")
PLAIN = ("timestamp", "message")
"""Columns whose names spreadsheets and programs write with a capital."""
_NEEDED = ("@duration", "@billedDuration", "@memorySize", "@maxMemoryUsed")
_OF_JSON = tuple(
    f"record.metrics.{name}" for name in ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB")
)
"""The same of a ``platform.report``, as Insights names what is inside; memory is in MB there."""
_INIT = ("@initDuration", "record.metrics.initDurationMs")
_STATUS = ("@status", "record.status")
_SYSTEM = re.compile(r"@[A-Za-z]\w*")
_SUMMED = re.compile(r"(avg|sum|min|max|count|count_distinct|pct|percentile|median|stddev|earliest|latest)\(|bin\(")
_ARN = re.compile(r"^arn:[^:]+:logs:[^:]*:\d*:log-group:([^:]+)")
_BYTES_A_MB = 1_000_000
_FIX = "export @timestamp, @message, @logStream and @log from Logs Insights, or @requestId with " + ", ".join(_NEEDED)


class NoFiguresError(ValueError):
    """A row tells of an invocation, and not all of its figures."""


def check_columns(columns: Collection[str], where: str) -> None:
    """Refuse an export whose rows are no events and no invocations.

    Raises:
        LanesError: It sums invocations up, or its query has left out what makes one.
    """
    if any(name in columns for name in MESSAGE):
        return
    told = ", ".join(columns)
    if any(_SUMMED.search(name) for name in columns):
        raise LanesError(f"no row is one invocation: the query sums them up ({told})", where=where, fix=_FIX)
    if missing := [name for name in _needed(columns) if name not in columns]:
        what = f"the columns are {told}; the message is none of them, nor are {', '.join(missing)}"
        raise LanesError(what, where=where, fix=_FIX)


def _needed(columns: Collection[str]) -> tuple[str, ...]:
    """Return the columns with an invocation's figures, as the query that gave *columns* names them."""
    return _OF_JSON if any(name in _OF_JSON for name in columns) else _NEEDED


def is_header(columns: Collection[str]) -> bool:
    """Say whether *columns* are names of columns: with a message among them, or those of a query of fields."""
    known = {*MESSAGE, *_OF_JSON}
    return any(name in known or _SYSTEM.fullmatch(name) or _SUMMED.search(name) for name in columns)


def event_of(row: Mapping[str, str], times: Times, place: str, number: int) -> LogLine:
    """Return the event of a *row*, or the figures of an invocation that it has.

    Args:
        row: Texts by the names of their columns.
        times: Reads the times of the file.
        place: What to call the row if it has no request id.
        number: Its line.

    Raises:
        NoTimeError: Its time cannot be read.
        NoFiguresError: It has some of an invocation's figures only.
    """
    at, group = _first(row, _TIME), _first(row, _GROUP)
    named = _ARN.search(group)
    return LogLine(
        times.milliseconds(at) if at else 0,
        _first(row, MESSAGE),
        _first(row, _STREAM),
        named[1] if named else group.partition(":")[2] or group,
        number,
        None if any(name in row for name in MESSAGE) else _report(row, place),
    )


def _report(row: Mapping[str, str], place: str) -> Report | None:
    """Return the figures in *row*; None of one that has none, such as that of another line than a REPORT."""
    needed = _needed(row)
    told = {name: row.get(name, "").strip() for name in needed}
    if not any(told.values()):
        return None
    try:
        duration, billed, memory, used = (float(text) for text in told.values())
        init, status = _first(row, _INIT).strip(), _first(row, _STATUS).strip()
        unit = 1 if needed == _OF_JSON else _BYTES_A_MB
        return Report(
            request_id=_first(row, _ID) or place,
            duration_ms=duration,
            billed_ms=round(billed),
            memory_mb=round(memory / unit),
            used_mb=round(used / unit),
            init_ms=float(init) if init else None,
            status=status if status not in {"", GOOD} else None,
        )
    except ValueError:
        raise NoFiguresError(f"an invocation whose figures are not whole: {told}") from None


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if name in row), "")
