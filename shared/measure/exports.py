"""Reads log files: CSV exports of Logs Insights and of the log viewer, and plain text, gzip'd or not.

Streamed: one record is held at a time. A file is damaged more often than not (cut off by a browser, opened in a
spreadsheet, joined with cat), so a record that cannot be read costs its first line only: reading goes on with the
line after it. What was left out is counted in :class:`Problems`, with the first examples.
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
from typing import IO, TYPE_CHECKING

from shared.errors import UsageError

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
_CUT_OFF = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a log: Unix milliseconds (0 when not known), the message, its stream and its group's name."""

    at_ms: int
    message: str
    stream: str = ""
    group: str = ""


@dataclass(slots=True)
class Problems:
    """What could not be read: how often, and the first few places."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{where}: {what}")


def read_export(path: Path, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of the file at *path*, in its order; what cannot be read goes to *problems*.

    Raises:
        UsageError: The file cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{error.strerror}", where=str(path), fix="name a file that CloudWatch or Logs Insights exported"
        ) from error
    with closing(file):
        packed = file.peek(2)[:2] == b"\x1f\x8b"
        raw: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
        lines = _Lines(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline=""))
        try:
            yield from _events(lines, path.name, problems)
        except _CUT_OFF as error:
            problems.add(f"{path.name}:{lines.number}", f"the compressed file ends early ({error})")


class _Lines:
    """Physical lines, each at most a record long, that can be given back; ``number`` is that of the last one."""

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
        """Keep the first line of this record and give the others back."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken[1:])
        self.start_record()


class _TooLong(Exception):  # noqa: N818  never leaves this module
    """A record without an end: an opening quote that nothing closes."""


def _events(lines: _Lines, name: str, problems: Problems) -> Iterator[LogLine]:
    csv.field_size_limit(_LONGEST)  # its default, 128 KiB, is less than a log event may be
    header = next(lines, "")
    columns = next(csv.reader([header]), [])
    if not any(column in _MESSAGE for column in columns):
        lines.give_back()
        if header:
            yield _plain(header)
        yield from map(_plain, lines_of(lines))
        return
    places = {column: index for index, column in enumerate(columns)}
    message, at = _first(places, _MESSAGE), _first(places, _TIME)
    stream, group = _first(places, _STREAM), _first(places, _GROUP)
    for row in _records(lines, len(columns), name, problems):
        when = _milliseconds(row[at]) if at is not None else 0
        if when is None or message is None:
            problems.add(f"{name}:{lines.number}", f"this is no time: {row[at or 0][:_SHOWN]!r}")
            continue
        log = row[group].partition(":")[2] or row[group] if group is not None else ""
        yield LogLine(when, row[message], row[stream] if stream is not None else "", log)


def lines_of(lines: _Lines) -> Iterator[str]:
    """Yield line after line, holding none."""
    for line in lines:
        lines.start_record()
        yield line


def _records(lines: _Lines, width: int, name: str, problems: Problems) -> Iterator[list[str]]:
    """Yield the CSV records of *width* fields."""
    while True:
        lines.start_record()
        try:
            row = next(csv.reader(lines, strict=True))
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            fault = "a quote that nothing closes" if isinstance(error, _TooLong) else str(error)
        else:
            if len(row) == width:
                yield row
                continue
            if not row:  # an empty line
                continue
            fault = f"{len(row)} fields instead of {width}"
        first = lines.number - len(lines.taken) + 1
        problems.add(f"{name}:{first}", f"{fault}: {lines.taken[0].strip()[:_SHOWN]!r}")
        lines.give_back()


def _first(places: dict[str, int], names: tuple[str, ...]) -> int | None:
    return next((places[name] for name in names if name in places), None)


def _plain(line: str) -> LogLine:
    """Return a line of text as an event: an optional time and an optional stream stand before the message."""
    stamp = _STAMP.match(line)
    rest = line[stamp.end() :] if stamp else line
    stream = _STREAM_WORD.match(rest)
    text = rest[stream.end() :] if stream else rest
    return LogLine((_milliseconds(stamp[1]) or 0) if stamp else 0, text, stream[1] if stream else "")


def _milliseconds(text: str) -> int | None:
    """Return Unix milliseconds from either export's form; a time without a zone is UTC."""
    if text.isdigit():
        return int(text)
    try:
        when = datetime.fromisoformat(text.strip().replace(",", "."))
    except ValueError:
        return None
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
