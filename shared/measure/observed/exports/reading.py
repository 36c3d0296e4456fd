"""Tells the form of a file by its first line, and has it read."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING

from shared.measure.observed.exports.documents import is_document, read_documents
from shared.measure.observed.exports.opened import Lines, opened
from shared.measure.observed.exports.tables import columns_in, read_table
from shared.measure.observed.exports.texts import QUERIED, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.measure.observed.exports.line import LogLine, Problems

_SEPARATED = re.compile(r"sep=.\s*$", re.IGNORECASE)  # Excel's own first line
_NO_ARRAY = re.compile(r"\[(?:[A-Z]+\]|\d{4}-)")  # [ERROR], or a time in brackets
_CUT_OFF = (EOFError, gzip.BadGzipFile, zlib.error)


def read_export(path: Path, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of the file at *path*, in its order. What cannot be read goes to *problems*.

    Raises:
        UsageError: The file cannot be opened.
        LanesError: It is in a form whose rows are no events and no invocations.
    """
    with opened(path) as file:
        lines = Lines(file)
        try:
            yield from _events(lines, path.name, problems)
        except _CUT_OFF as error:
            problems.add(f"{path.name}:{lines.number}", f"the compressed file ends early ({error})")


def _events(lines: Lines, name: str, problems: Problems) -> Iterator[LogLine]:
    first = next((line for line in lines.one_by_one() if line.strip() and not _SEPARATED.match(line)), "")
    if not first.startswith(QUERIED) and (found := columns_in(first)):
        yield from read_table(lines, *found, name, problems)
        return
    lines.taken = [first] if first else []
    lines.give_back(all_of_it=True)
    read = read_documents if _begins_document(first) else read_text
    yield from read(lines, name, problems)


def _begins_document(line: str) -> bool:
    """Say whether *line* begins a JSON document: it is one with events, or the first line of one with several."""
    if not line.lstrip().startswith(("{", "[")):
        return False
    try:
        return is_document(json.loads(line))
    except (ValueError, RecursionError):
        return not _NO_ARRAY.match(line)
