"""Reads log files: CSV exports of Logs Insights and of the log viewer, and plain text, gzip'd or not.

The files are streamed: only one record is held at a time. Most files are damaged (cut off by a browser, opened in a
spreadsheet, joined with cat). So a record that cannot be read costs its first line only, and reading goes on with the
next line. :class:`Problems` counts what was left out and keeps the first examples.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 1 << 20  # characters of a record; a log event of AWS is at most 1 MiB
_EXAMPLES = 5
_SHOWN = 80
_MESSAGE = ("@message", "message")
_TIME = ("@timestamp", "timestamp")
_STREAM = ("@logStream", "logStreamName")
_GROUP = ("@log", "logGroupName")
_STAMP = re.compile(r"\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\s+")
_STREAM_WORD = re.compile(r"(\S+/\[[^\]]+\][0-9a-f]{32})\s+")
_SEPARATORS = ",;\t"  # of a CSV file: the export's own, and those that spreadsheets write
_FIELDS = ("@duration", "@billedDuration")  # columns of a query that left the message out
_INVOCATION = re.compile(r"REPORT RequestId|platform\.report|[Bb]illed ?Duration")
_CUT_OFF = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a log: Unix milliseconds (0 if unknown), message, stream, group, and its line in the file."""

    at_ms: int
    message: str
    stream: str = ""
    group: str = ""
    number: int = field(default=0, compare=False)


@dataclass(slots=True)
class Problems:
    """What could not be read: how many lines, and the first few places.

    ``lost`` counts the lines among them that tell of an invocation, which is therefore in no figure.
    """

    count: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, text: str = "") -> None:
        """Count one more line, whose *text* was not understood."""
        self.count += 1
        self.lost += tells_of_invocation(text)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{where}: {what}")


def tells_of_invocation(text: str) -> bool:
    """Say whether a line tells of an invocation's end, in whatever form."""
    return bool(_INVOCATION.search(text))


def read_export(path: Path, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of the file at *path*, in its order. What cannot be read goes to *problems*.

    Raises:
        UsageError: The file cannot be opened.
        LanesError: It holds fields of invocations, but not their log.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{error.strerror}", where=str(path), fix="name a file that CloudWatch or Logs Insights exported"
        ) from error
    with closing(file):
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        lines = _Lines(_as_text(gzip.GzipFile(fileobj=file) if packed else file))
        try:
            yield from _events(lines, path.name, problems)
        except _CUT_OFF as error:
            problems.add(f"{path.name}:{lines.number}", f"the compressed file ends early ({error})")


def _as_text(raw: gzip.GzipFile | io.BufferedReader) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


class _Lines:
    """The lines of a file, which can be given back where a record cannot be read.

    Attributes:
        taken: The lines of this record.
        number: The number of the last line.
    """

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self._size = 0
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._size > _LONGEST:
            raise _TooLong
        line = self._again.popleft() if self._again else self._file.readline(_LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def start_record(self) -> None:
        """Forget the lines of the record before."""
        self.taken, self._size = [], 0

    def give_back(self) -> None:
        """Give back all lines of this record but the first one."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken[1:])
        self.start_record()


class _TooLong(Exception):
    """A record without an end: nothing closes its opening quote."""


def _events(lines: _Lines, name: str, problems: Problems) -> Iterator[LogLine]:
    csv.field_size_limit(_LONGEST)  # its default, 128 KiB, is less than a log event may be
    header = next(lines, "")
    separator, columns = _columns(header)
    if not any(column in _MESSAGE for column in columns):
        if any(column in _FIELDS for column in columns):
            raise LanesError(
                f"the columns are {', '.join(columns)}, and none is the message",
                where=f"{name}:1",
                fix="export @timestamp, @message, @logStream and @log from Logs Insights",
            )
        lines.give_back()
        if header:
            yield _plain(header, 1)
        for line in _one_by_one(lines):
            yield _plain(line, lines.number)
        return
    places = {column: index for index, column in enumerate(columns)}
    message, at = _first(places, _MESSAGE), _first(places, _TIME)
    stream, group = _first(places, _STREAM), _first(places, _GROUP)
    for first, row in _records(lines, separator, len(columns), name, problems):
        when = _milliseconds(row[at]) if at is not None else 0
        if when is None or message is None:
            problems.add(f"{name}:{first}", f"this is no time: {row[at or 0][:_SHOWN]!r}", ",".join(row))
            continue
        log = row[group].partition(":")[2] or row[group] if group is not None else ""
        yield LogLine(when, row[message], row[stream] if stream is not None else "", log, first)


def _columns(header: str) -> tuple[str, list[str]]:
    """Return the separator of a CSV file with that *header*, and its columns."""
    found = {separator: next(csv.reader([header], delimiter=separator), []) for separator in _SEPARATORS}
    separator = max(found, key=lambda each: len(found[each]))
    return separator, found[separator]


def _one_by_one(lines: _Lines) -> Iterator[str]:
    """Yield line after line, and hold none of them."""
    for line in lines:
        lines.start_record()
        yield line


def _records(
    lines: _Lines, separator: str, width: int, name: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Yield the CSV records of *width* fields, each with the number of its first line."""
    while True:
        lines.start_record()
        try:
            row = next(csv.reader(lines, delimiter=separator, strict=True))
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            fault = "a quote that nothing closes" if isinstance(error, _TooLong) else str(error)
        else:
            if len(row) == width:
                yield lines.number - len(lines.taken) + 1, row
                continue
            if not row:  # an empty line
                continue
            fault = f"{len(row)} fields instead of {width}"
        first = lines.number - len(lines.taken) + 1
        problems.add(f"{name}:{first}", f"{fault}: {lines.taken[0].strip()[:_SHOWN]!r}", lines.taken[0])
        lines.give_back()


def _first(places: dict[str, int], names: tuple[str, ...]) -> int | None:
    return next((places[name] for name in names if name in places), None)


def _plain(line: str, number: int) -> LogLine:
    """Return a line of text as an event. A time and a stream may stand before the message, in either order."""
    rest, stamp, stream = line, None, None
    for _ in range(2):
        if stamp is None and (stamp := _STAMP.match(rest)):
            rest = rest[stamp.end() :]
        if stream is None and (stream := _STREAM_WORD.match(rest)):
            rest = rest[stream.end() :]
    at = (_milliseconds(stamp[1]) or 0) if stamp else 0
    return LogLine(at, rest.removeprefix("- ") if stamp else rest, stream[1] if stream else "", number=number)


def _milliseconds(text: str) -> int | None:
    """Return the Unix milliseconds of a time in the form of either export. A time without a zone is UTC."""
    if text.isdigit():
        return int(text)
    try:
        when = datetime.fromisoformat(text.strip().replace(",", "."))
    except ValueError:
        return None
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
