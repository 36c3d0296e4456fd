"""What a command does with many teams, several at once: one failure loses no other. It shows one table.

    rows = for_each(teams, lambda team, stop: Row(team, "3 created", {"steps": "3"}), "deploying")
    finish(rows, as_json=as_json)

On a terminal a bar moves on stderr, and without one each team that is finished gets a line. The table goes to stdout.
What failed is told after it, with the fix.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from shared.cli import console, faults
from shared.cli.interrupts import first_sets
from shared.errors import INTERRUPTED, LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from shared.config.load import Project
    from shared.values import Json

AT_ONCE = 4
"""Teams at once. Each reads or changes several things at once, and IAM, one service for all regions, throttles soon."""
_LOOK = 0.5  # seconds
_WIDEST = 72  # characters of a reason in the table; all of it stands below
_NAMED = 4  # teams that the progress names


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a team.

    Attributes:
        team: Its slug.
        words: That, in a few words.
        figures: Cells of the table beside them, by their columns' names.
        data: That, for ``--json``.
        error: Why it failed; None if it did not.
        begun: Whether anything was done about it.
    """

    team: str
    words: str
    figures: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Json] = field(default_factory=dict)
    error: LanesError | None = None
    begun: bool = True

    def as_data(self) -> dict[str, Json]:
        """Return the row for ``--json``: the data, or the error with its fix."""
        if not self.error:
            return {"team": self.team, **self.data}
        told = {"what": self.error.what, "where": self.error.where, "fix": self.error.fix}
        return {"team": self.team, **self.data, "error": told, "begun": self.begun}


def check_which(teams: Collection[str], *, every: bool, command: str, several: bool = True) -> None:
    """Check that a *command* got either teams or ``--all``. Without *several* it takes one team alone.

    Raises:
        UsageError: It got both, or neither.
    """
    if teams and every:
        raise UsageError("--all is every team, and teams are named beside it", fix="leave one of them out")
    if not teams and not every:
        what, named = ("which teams?", "TEAM...") if several else ("which team?", "TEAM")
        raise UsageError(what, fix=f"{command} {named}, or {command} --all for every team that has a file")


def teams_of(project: Project, teams: Collection[str]) -> list[str]:
    """Return the *teams* that are meant, each once; every team of *project* where none is named.

    Raises:
        UsageError: There is no such team, or none at all.
    """
    if not teams and not project.teams:
        raise UsageError("no team has a file", where="teams/", fix="lanes team new SLUG, or --from ROSTER.CSV")
    return [project.lane(team).team for team in dict.fromkeys(teams or project.teams)]


def for_each(
    teams: Sequence[str], work: Callable[[str, threading.Event], Row], doing: str, *, at_once: int = AT_ONCE
) -> list[Row]:
    """Do *work* for each of *teams*, several at once, and return their rows in the order of *teams*.

    Args:
        teams: Their slugs.
        work: Returns a team's row. What it raises is that team's failure. It gets an event, which is set by Ctrl-C:
            work that takes long then ends where it can go on later.
        doing: What the progress says, as "deploying".
        at_once: How many teams at once.
    """
    stop, told = threading.Event(), False
    with first_sets(stop), ThreadPoolExecutor(at_once) as pool, _progress(doing, len(teams)) as progress:
        rows = [pool.submit(_row, work, team, stop, progress) for team in teams]
        while wait(rows, _LOOK).not_done:
            if stop.is_set() and not told:
                told = True
                console.note("stopping: what is begun ends its step first, then what is done and left is told")
        return [row.result() for row in rows]


def finish(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print *rows* as a table, or as JSON, and tell what failed.

    Raises:
        typer.Exit: With 1 if a team failed, with 130 after Ctrl-C.
    """
    if as_json:
        console.print_json([row.as_data() for row in rows])
    else:
        for line in table(rows):
            console.line(line)
    failed = [row for row in rows if row.error and row.begun]
    for row in failed:
        console.fail(f"{row.team}: {row.error}")
    waiting = [row.team for row in rows if not row.begun]
    if waiting:
        console.note(f"not begun: {', '.join(waiting)}")
    if len(rows) > 1:
        counts = {"done": len(rows) - len(failed) - len(waiting), "failed": len(failed), "not begun": len(waiting)}
        console.note(f"{len(rows)} teams: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count))
    if waiting or any(row.error and row.error.exit_code == INTERRUPTED for row in failed):
        raise typer.Exit(INTERRUPTED)
    if failed:
        raise typer.Exit(1)


def table(rows: Sequence[Row]) -> list[str]:
    """Return *rows* as aligned lines, with their columns' names above. Figures stand to the right in theirs.

    No rich table: it would cut names where the terminal is narrow.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row.figures))
    cells = [columns, *([row.figures.get(name, "") for name in columns] for row in rows)]
    teams, told = ["team", *(row.team for row in rows)], ["", *(_told(row) for row in rows)]
    widest = max(map(len, teams))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join([team.ljust(widest), *map(str.rjust, figures, widths), words]).rstrip()
        for team, figures, words in zip(teams, cells, told, strict=True)
    ]


def _told(row: Row) -> str:
    """Return what became of a team in one line."""
    if not row.error:
        return row.words
    first = row.error.what.partition("\n")[0]
    return f"{row.words}: {first if len(first) <= _WIDEST else first[: _WIDEST - 3] + '...'}"


def _not_begun(team: str) -> Row:
    error = LanesError("stopped before it was begun", again=True)
    return Row(team, "not begun", error=error, begun=False)


def _row(work: Callable[[str, threading.Event], Row], team: str, stop: threading.Event, progress: _Progress) -> Row:
    """Return the row of *team*, whatever its work raises."""
    if stop.is_set():
        return _not_begun(team)
    progress.begun(team)
    try:
        row = work(team, stop)
    except LanesError as error:
        row = Row(team, "failed", error=error)
    except Exception as error:  # noqa: BLE001  whatever it is, it loses no other team
        row = Row(team, "failed", error=LanesError(faults.told(error)))
    progress.done(row)
    return row


class _Progress:
    """Shows how far the teams are: *show* gets what is done, all, and what is in work."""

    def __init__(self, total: int, show: Callable[[int, list[str], Row | None], None]) -> None:
        self._lock = threading.Lock()
        self._show = show
        self._total, self._count = total, 0
        self._busy: dict[str, None] = {}

    def begun(self, team: str) -> None:
        """Say that *team* is in work."""
        with self._lock:
            self._busy[team] = None
            self._show(self._count, list(self._busy), None)

    def done(self, row: Row) -> None:
        """Say what became of a team."""
        with self._lock:
            self._busy.pop(row.team, None)
            self._count += 1
            self._show(self._count, list(self._busy), row)


@contextlib.contextmanager
def _progress(doing: str, total: int) -> Iterator[_Progress]:
    """Give what shows the progress: a bar on a terminal, else a line for each team that is finished."""
    if not console.err.is_terminal:

        def tell(count: int, _: list[str], row: Row | None) -> None:
            if row:
                console.note(f"{count} of {total}  {row.team}: {_told(row)}")

        yield _Progress(total, tell)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    words = TextColumn("{task.description}", markup=False)
    with Progress(
        words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console.err, transient=True
    ) as bars:
        bar = bars.add_task(doing, total=total)

        def move(count: int, busy: list[str], _: Row | None) -> None:
            named = ", ".join(busy[:_NAMED]) + (", ..." if len(busy) > _NAMED else "")
            bars.update(bar, completed=count, description=f"{doing} {named}".rstrip())

        yield _Progress(total, move)
