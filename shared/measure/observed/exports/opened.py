"""A file as its lines of text, whatever it is packed and encoded with."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 1 << 21
"""Characters of a line or a record: a log event of AWS has at most 1 MiB, and its export doubles quotes."""
_GZIP = b"\x1f\x8b"
_MOST_PACKED = 3
"""How often a file may be packed: Firehose packs again what CloudWatch sends it packed."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TAR_AT, _TAR = 257, b"ustar"
_UNPACK = "unpack it"
_OTHERS = (  # what begins so is no text, and what to do
    (b"PK\x03\x04", "a zip or a workbook", "unpack it, or save it as CSV"),
    (b"BZh", "packed by bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "packed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "packed by 7-Zip", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old workbook", "save it as CSV"),
    (b"PAR1", "Parquet", "write it as CSV or as JSON"),
    (b"SQLite format 3\0", "a database", "write its rows as CSV"),
    (b"%PDF", "a PDF", "export the log itself"),
    (b"\x89PNG", "a picture", "export the log itself"),
    (b"\xff\xd8\xff", "a picture", "export the log itself"),
)


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open the file at *path* as text: UTF-8 or UTF-16, gzip'd or not. Bytes that are no text are replaced.

    Raises:
        UsageError: It cannot be opened.
        LanesError: It is no text, such as an archive or a workbook.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(
            f"{error.strerror}", where=str(path), fix="name a file that CloudWatch or Logs Insights exported"
        ) from error
    with file:
        raw: io.BufferedReader = file
        for _ in range(_MOST_PACKED):
            if _begin(raw)[:2] == _GZIP:
                raw = io.BufferedReader(gzip.GzipFile(fileobj=raw, mode="rb"))
        _refuse_others(_begin(raw), path)
        yield io.TextIOWrapper(raw, encoding=_encoding(_begin(raw)), errors="replace", newline="")


def _begin(raw: io.BufferedReader) -> bytes:
    """Return what the file begins with, some hundred bytes; nothing where it cannot be read: the first read tells."""
    try:
        return raw.peek(512)
    except (EOFError, OSError, zlib.error):
        return b""


def _refuse_others(begin: bytes, path: Path) -> None:
    """Refuse what is no text, by its name.

    Raises:
        LanesError: The file is one.
    """
    for start, what, fix in _OTHERS:
        if begin.startswith(start):
            raise LanesError(f"this is {what}", where=str(path), fix=fix)
    if begin[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise LanesError("this is a tar archive", where=str(path), fix="unpack it, and name its files")
    if begin.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        fix = "export the log itself: what a browser saves of a page may lack lines"
        raise LanesError("this is a page of a browser", where=str(path), fix=fix)


def _encoding(begin: bytes) -> str:
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding
    first, second = begin[::2].count(0), begin[1::2].count(0)  # of the two bytes of each letter, nearly all of them
    if max(first, second) * 4 < len(begin) or first == second:
        return "utf-8"
    return "utf-16-le" if second > first else "utf-16-be"


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
