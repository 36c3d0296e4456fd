"""Text: what ``aws logs tail``, ``sam logs`` and others print, the AWS CLI's own text, and exports to S3.

Before a message may stand its time, its stream and its group, in any order.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.observed.exports.documents import event_in, is_event
from shared.measure.observed.exports.line import LogLine
from shared.measure.observed.exports.opened import LONGEST
from shared.measure.observed.exports.times import NoTimeError, Times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.measure.observed.exports.line import Problems
    from shared.measure.observed.exports.opened import Lines
    from shared.values import Json

_STAMP = re.compile(r"\s*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]?\s+")
_EPOCH = re.compile(r"\s*(\d{13})[\s|,]+")
_STREAM = re.compile(r"\s*(\S+/\[[^\]]+\][0-9a-f]{32})\s+")
_GROUP = re.compile(r"\s*(?:\d{12}:)?(/aws/lambda/\S+)\s+")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What people copy with a line: the mark that unfolds it in the console, the border of a table, an indent.
_MARGIN = re.compile(r"[\s|>\u25b6\u25b8\u25ba\u25bc\u25be]+(?=REPORT RequestId: |\d{4}-\d\d-\d\d[T ]|\d{13}[\s|,])")
_NEXT_REPORT = re.compile(r"(?<!^)(?=REPORT RequestId: )")
_BEGINS = re.compile(f"REPORT |{_STAMP.pattern}|{_STREAM.pattern}")
_FILTERED = re.compile(r"EVENTS\t\d+\t\d+\t([^\t]+)\t(.*?)(?:\t(\d{13}))?\s*", re.DOTALL)
_GOT = re.compile(r"EVENTS\t\d{13}\t(.*?)(?:\t(\d{13}))?\s*", re.DOTALL)
QUERIED = "RESULTS\t"
"""What a line of the text of get-query-results begins with."""


def read_text(lines: Lines, name: str, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of a file of text, line by line.

    Raises:
        LanesError: It is the text of get-query-results, which does not say where a row ends.
    """
    times = Times()
    for line in lines.one_by_one():
        if line.startswith(QUERIED):
            raise LanesError(
                "the text of get-query-results does not say where a row ends",
                where=f"{name}:{lines.number}",
                fix="export it again with --output json",
            )
        number = lines.number
        try:
            event = _event(_COLOURS.sub("", line), times, name, number)
        except NoTimeError as error:
            problems.add(f"{name}:{number}", str(error), line)
            continue
        if event.message.strip() == "{":  # of aws logs tail --format json
            event = replace(event, message=_object(lines))
        if event.message.startswith("REPORT "):  # what joined the log's lines may have dropped their ends
            yield from (replace(event, message=each) for each in _NEXT_REPORT.split(event.message))
        else:
            yield event


def _object(lines: Lines) -> str:
    """Return the JSON object that a line of its own began, up to the line that ends it, or to the next event."""
    text = "{\n"
    for line in lines.one_by_one():
        if _BEGINS.match(line):
            lines.taken = [line]
            lines.give_back(all_of_it=True)
            break
        text += line
        if line.rstrip() == "}" or len(text) > LONGEST:
            break
    return text


def _event(line: str, times: Times, name: str, number: int) -> LogLine:
    if line.startswith("{") and is_event(value := _parsed(line)) and isinstance(value, dict):
        return event_in(value, times, f"{name}:{number}", number)
    if line.startswith("EVENTS\t"):
        if found := _FILTERED.fullmatch(line):
            return LogLine(int(found[3] or 0), found[2], found[1], number=number)
        if found := _GOT.fullmatch(line):
            return LogLine(int(found[2] or 0), found[1], number=number)
    margin, told = _MARGIN.match(line), {}
    rest = line[margin.end() :] if margin else line
    for _ in range(3):
        for what, pattern in (("at", _STAMP), ("at", _EPOCH), ("stream", _STREAM), ("group", _GROUP)):
            if what not in told and (found := pattern.match(rest)):
                told[what], rest = found[1], rest[found.end() :]
    if "at" in told:
        rest = rest.removeprefix("- ")
    if found := _MARGIN.match(rest):
        rest = rest[found.end() :]
    at = times.milliseconds(told["at"]) if "at" in told else 0
    return LogLine(at, rest, told.get("stream", ""), told.get("group", ""), number)


def _parsed(line: str) -> Json:
    try:
        value: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value
