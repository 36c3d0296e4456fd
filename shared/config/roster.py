"""A roster of teams as a table: a row for each new team, read and checked whole before any file is written."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.config.field_types import CODE_OWNER, tag_value_problem
from shared.config.problems import Problem, Problems, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from shared.config.naming import Naming

COLUMNS = ("slug", "owner", "members", "budget", "workflows")
_NEEDED = ("slug", "owner")
_LEAST_OWNER = 3
_LISTED = re.compile(r"[;\s]+")
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK": "a workbook"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A team that is to be: its slug, whom to ask, and what its file says beside that.

    Attributes:
        slug: Its slug.
        owner: An address or a name.
        members: GitHub's names or addresses, for CODEOWNERS.
        monthly_usd: Its budget; None for the settings' own.
        workflows: The shared workflows that it runs, by their keys.
    """

    slug: str
    owner: str
    members: tuple[str, ...] = ()
    monthly_usd: float | None = None
    workflows: tuple[str, ...] = ()


def read_roster(path: Path, naming: Naming, teams: Collection[str], workflows: Collection[str]) -> list[Entry]:
    """Return the teams of the table at *path*: CSV with a heading, by commas, semicolons or tabs.

    Several values in a cell are separated by semicolons or spaces.

    Args:
        path: The table.
        naming: How slugs are made.
        teams: The slugs that are taken.
        workflows: The keys of the shared workflows.

    Raises:
        ConfigError: Lists every problem with its line; the table has no team.
    """
    problems = Problems()
    text = _text(path, problems)
    table = _Table(path.name, naming, teams, workflows, problems)
    entries = list(_entries(table, text)) if text is not None else []
    if not entries and not problems.found:
        problems.add(Problem(path.name, 1, "there is no team in it", "a row for each team below the heading"))
    problems.finish()
    return entries


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that is read: what it is called, what is known, and on which line each slug came first."""

    file: str
    naming: Naming
    teams: Collection[str]
    workflows: Collection[str]
    problems: Problems
    seen: dict[str, int] = field(default_factory=dict)

    def wrong(self, line: int, what: str, fix: str | None = None) -> None:
        self.problems.add(Problem(self.file, line, what, fix))


def _text(path: Path, problems: Problems) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.add(Problem(path.name, 1, f"it cannot be read: {error.strerror}"))
        return None
    for mark, what in _MARKS.items():
        if data.startswith(mark):
            problems.add(Problem(path.name, 1, f"it is {what}, not UTF-8", "save it as CSV in UTF-8"))
            return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte {data[error.start]:#04x} is no UTF-8"
        problems.add(Problem(path.name, line, what, "save it as CSV in UTF-8"))
        return None


def _entries(table: _Table, text: str) -> Iterator[Entry]:
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            row = [cell.strip() for cell in cells]
            if columns is None:
                columns = [cell.lower() for cell in row]
                if not _fits(table, columns):
                    return
            elif any(row):
                yield _entry(table, line, dict(zip(columns, row, strict=False)))
                if len(row) != len(columns):
                    what = f"it has {len(row)} cells, and the heading has {len(columns)}"
                    table.wrong(line, what, "quote a cell that holds the separator")
    except csv.Error as error:
        table.wrong(reader.line_num, f"this is no CSV: {error}")


def _fits(table: _Table, columns: list[str]) -> bool:
    """Whether a heading has the columns that there must be, each once, and none that is not known."""
    before = len(table.problems.found)
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            table.wrong(1, f"unknown column {name!r}", nearest(name, COLUMNS))
        elif columns.count(name) > 1:
            table.wrong(1, f"the column {name!r} is there twice")
    for name in _NEEDED:
        if name not in columns:
            table.wrong(1, f"there is no column {name!r}", f"the heading is {','.join(COLUMNS)}")
    return len(table.problems.found) == before


def _entry(table: _Table, line: int, row: Mapping[str, str]) -> Entry:
    slug, owner = row.get("slug", ""), row.get("owner", "")
    for what in table.naming.slug_problems(slug):
        table.wrong(line, what)
    if slug in table.teams:
        table.wrong(line, f"there is a team {slug} already", f"take the row out; teams/{slug}.yaml is its file")
    if slug in table.seen:
        table.wrong(line, f"the team {slug} is on line {table.seen[slug]} too", "choose another slug")
    table.seen.setdefault(slug, line)
    if len(owner) < _LEAST_OWNER:
        table.wrong(line, f"the owner {owner!r} is no address and no name")
    elif wrong := tag_value_problem(owner):
        table.wrong(line, f"the owner {wrong}")
    members = _listed(row.get("members", ""))
    for each in members:
        if not re.fullmatch(CODE_OWNER, each):
            table.wrong(line, f"{each!r} is neither GitHub's @name or @organisation/team nor an address")
    workflows = _listed(row.get("workflows", ""))
    for each in workflows:
        if each not in table.workflows:
            table.wrong(line, f"unknown workflow {each!r}", nearest(each, table.workflows))
    return Entry(slug, owner, members, _dollars(table, line, row.get("budget", "")), workflows)


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _LISTED.split(cell) if part))


def _dollars(table: _Table, line: int, cell: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell.removeprefix("$"))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        table.wrong(line, f"the budget {cell!r} is no number of US dollars a month")
        return None
    return value
