"""Tables: CSV of Logs Insights and of the log viewer, and what spreadsheets make of it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from shared.measure.observed.exports.fields import PLAIN, NoFiguresError, check_columns, event_of, is_header
from shared.measure.observed.exports.line import SHOWN
from shared.measure.observed.exports.opened import LONGEST, TooLongError
from shared.measure.observed.exports.times import NoTimeError, Times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.measure.observed.exports.line import LogLine, Problems
    from shared.measure.observed.exports.opened import Lines

_SEPARATORS = ",;\t|"  # the export's own, and those that spreadsheets and databases write


def columns_in(header: str) -> tuple[str, list[str]] | None:
    """Return the separator of a table that begins with *header*, and its columns; None if that is no header."""
    found = {separator: next(csv.reader([header], delimiter=separator), []) for separator in _SEPARATORS}
    separator = max(found, key=lambda each: len(found[each]))
    columns = [name.lower() if name.lower() in PLAIN else name for name in map(str.strip, found[separator])]
    return (separator, columns) if is_header(columns) else None


def read_table(lines: Lines, separator: str, columns: list[str], name: str, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of a table after its header.

    Raises:
        LanesError: Its rows are neither events nor invocations.
    """
    csv.field_size_limit(2 * LONGEST)  # its default, 128 KiB, is less than a log event may be
    check_columns(columns, f"{name}:1")
    times = Times()
    for number, row in _records(lines, separator, len(columns), name, problems):
        where = f"{name}:{number}"
        if [each.strip() for each in row] == columns:  # of another table, which was joined to this one
            continue
        try:
            yield event_of(dict(zip(columns, row, strict=True)), times, where, number)
        except (NoTimeError, NoFiguresError) as error:
            problems.add(where, str(error), "Billed Duration" if isinstance(error, NoFiguresError) else ",".join(row))


def _records(
    lines: Lines, separator: str, width: int, name: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Yield the CSV records of *width* fields, each with the number of its first line."""
    while True:
        lines.start_record()
        try:
            row = next(csv.reader(lines, delimiter=separator, strict=True))
        except StopIteration:
            return
        except (csv.Error, TooLongError) as error:
            fault = "a quote that nothing closes" if isinstance(error, TooLongError) else str(error)
        else:
            if len(row) == width:
                yield lines.number - len(lines.taken) + 1, row
                continue
            if not row:  # an empty line
                continue
            fault = f"{len(row)} fields instead of {width}"
        first = lines.number - len(lines.taken) + 1
        problems.add(f"{name}:{first}", f"{fault}: {lines.taken[0].strip()[:SHOWN]!r}", lines.taken[0])
        lines.give_back()
