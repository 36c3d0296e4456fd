"""A file as its lines of text, whatever it is packed and encoded with."""

from __future__ import annotations

import codecs
import gzip
import io
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 1 << 21
"""Characters of a line or a record: a log event of AWS has at most 1 MiB, and its export doubles quotes."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open the file at *path* as text: UTF-8 or UTF-16, gzip'd or not. Bytes that are no text are replaced.

    Raises:
        UsageError: It cannot be opened.
        LanesError: It is a zip, or a workbook.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{error.strerror}", where=str(path), fix="name a file that CloudWatch or Logs Insights exported"
        ) from error
    with file:
        begin = file.peek(4)[:4]
        if begin == _ZIP:
            raise LanesError("this is a zip or a workbook", where=str(path), fix="unpack it, or save it as CSV")
        raw: io.BufferedReader = io.BufferedReader(gzip.GzipFile(fileobj=file)) if begin[:2] == _GZIP else file
        yield io.TextIOWrapper(raw, encoding=_encoding(raw), errors="replace", newline="")


def _encoding(raw: io.BufferedReader) -> str:
    try:
        begin = raw.peek(4)[:4]
    except (EOFError, OSError):
        return "utf-8"  # the first read tells
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding
    if begin[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if begin[:1] == b"\0" and begin[1:2] else "utf-8"


class TooLongError(Exception):
    """A record without an end: nothing closes its opening quote."""


class Lines:
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

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self._size > LONGEST:
            raise TooLongError
        line = self._again.popleft() if self._again else self._file.readline(LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        return line

    def one_by_one(self) -> Iterator[str]:
        """Yield line after line, and hold none of them."""
        for line in self:
            self.start_record()
            yield line

    def start_record(self) -> None:
        """Forget the lines of the record before."""
        self.taken, self._size = [], 0

    def give_back(self, *, all_of_it: bool = False) -> None:
        """Give back the lines of this record: all of them, or all but the first one."""
        again = self.taken if all_of_it else self.taken[1:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        self.start_record()

    def chunks(self) -> Iterator[str]:
        """Yield the rest of the file in pieces that are no lines."""
        while self._again:
            yield self._again.popleft()
        while chunk := self._file.read(1 << 16):
            yield chunk
