"""Text delimited files, as Step Functions parses them.

Python's csv module differs: there a backslash is a letter, and two quotation marks in a field without quotation marks
stay two. Source: Step Functions Developer Guide, "How Step Functions parses input CSV files" (read 2026-11-30).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.maps.items import ITEM_BYTES, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
HEADER_BYTES = 10 * 2**10
# What is between the quotation marks of a field, as far as it is on one line.
_QUOTED = re.compile(r'(?:[^"\\]|""|\\.)*', re.DOTALL)
_ESCAPE = re.compile(r'\\(.)|""|\\$', re.DOTALL)


def records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Yield the fields of each record that is not empty, and how many letters it was read from.

    Args:
        lines: The lines of the file, with their ends.
        delimiter: What separates fields.

    Raises:
        UnreadableError: A quotation mark is never closed, or a record is larger than an item may be.
    """
    record = _Record(lines, delimiter)
    for line in lines:
        if '"' in line or "\\" in line:
            yield record.read(line)
        elif plain := line.rstrip("\r\n"):
            yield plain.split(delimiter), len(line)


def rows(
    records: Iterator[tuple[list[str], int]], headers: Sequence[str] | None
) -> Iterator[tuple[dict[str, str], int]]:
    """Yield each record by *headers*, by the first one where they are None: what is missing is empty.

    Raises:
        UnreadableError: Two headers are the same, or all of them are too large.
    """
    if headers is None:
        headers, size = next(records, ([], 0))
        if size > HEADER_BYTES:
            raise UnreadableError(f"The CSV header is larger than {HEADER_BYTES} bytes.")
    if len(set(headers)) < len(headers):
        raise UnreadableError("CSV headers cannot contain duplicates.")
    missing = [""] * len(headers)
    for fields, size in records:
        yield dict(zip(headers, fields + missing, strict=False)), size


class _Record:
    """Reads records that hold quotation marks or backslashes, which may go on over lines."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._bare = re.compile(rf"(?:[^{re.escape(delimiter)}\\\r\n]|\\[^\r\n]|\\)*")
        self._line, self._at, self._size = "", 0, 0

    def read(self, line: str) -> tuple[list[str], int]:
        """Return the fields of the record that begins with *line*, and its size."""
        self._line, self._at, self._size = line, 0, len(line)
        fields: list[str] = []
        while True:
            fields.append(self._field())
            if not self._line.startswith(self._delimiter, self._at):
                return fields, self._size
            self._at += 1

    def _field(self) -> str:
        field = ""
        if self._line.startswith('"', self._at):
            self._at += 1
            field = self._quoted()
        return field + self._matched(self._bare)

    def _quoted(self) -> str:
        """Return what is before the closing quotation mark, and pass it."""
        parts = [self._matched(_QUOTED)]
        while self._at == len(self._line):
            self._line, self._at = next(self._lines, ""), 0
            self._size += len(self._line)
            if not self._line:
                raise UnreadableError("A quotation mark in the CSV file is never closed.")
            if self._size > ITEM_BYTES:
                raise UnreadableError(f"An item is larger than {ITEM_BYTES} bytes.")
            parts.append(self._matched(_QUOTED))
        self._at += 1
        return "".join(parts)

    def _matched(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._line, self._at)
        text = "" if found is None else found.group()
        self._at += len(text)
        return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    if found.group() == '""':
        return '"'
    return found.group(1) or ""
