"""``lanes metrics``: what invocations took, from CloudWatch Logs or from exported files."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, read_moment
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.measure.observed.exports import Problems
    from shared.measure.observed.invocations import Invocations, Row, Summary

_TEAM_AND_RUN = 2  # names at most


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(metrics)


@on_cloud
def metrics(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEAM [RUN]", help="The team, and one run of it.", show_default=False),
    ] = None,
    *,
    csv: Annotated[
        list[str] | None,
        typer.Option("--csv", help="Read exported log files instead; more may follow.", metavar="FILE..."),
    ] = None,
    since: Annotated[str, typer.Option(help="From when on: 30m, 12h, 7d, or a date.")] = "1d",
    limit: Annotated[int, typer.Option(min=0, help="Rows at most; the summary counts all.")] = 40,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Show a row for every invocation, from its REPORT line, and a summary.

    Example: lanes metrics team2

    Example: lanes metrics --csv logs-insights-results.csv
    """
    from shared.measure.observed.collect_invocations import collect_files, collect_run, collect_team, steps_by_group
    from shared.measure.observed.invocations import Invocations, summarize

    names, files = split_files(words or [], csv or [])
    steps: dict[str, str] = {}
    with Invocations() as table:
        if files:
            steps = _steps_of(names)
            collect_files(table, files)
            rows: Iterable[Row] = (row for row in table.rows(*names[1:]) if _is_of(row, names, steps))
        else:
            from shared.cli.wiring import open_cloud, open_project
            from shared.run.find import find_named

            project = open_project(names[0])
            lane = project.lane(names[0])
            steps = steps_by_group(lane)
            with open_cloud(project, where, [lane]) as cloud:
                if names[1:]:
                    trace, rows = collect_run(table, cloud, find_named(cloud, lane, names[1]))
                    if trace.unread:
                        console.note(
                            f"{trace.unread} child executions were not read: their rows show functions, not states"
                        )
                else:
                    collect_team(table, cloud, lane, read_moment(since, datetime.now(UTC)))
                    rows = table.rows()
        shown: list[Row] = []
        summary = summarize(_keep(rows, shown, None if as_json else limit))
        _print(table, shown, summary, steps, as_json=as_json)
        if files and (summary is None or table.problems.lost):
            raise _lacking(table.problems, files)
        if summary is None and not as_json:
            console.note("no invocations")
        _tell_problems(table)


def _steps_of(names: list[str]) -> dict[str, str]:
    """Return the steps by log group of the team that *names* begin with, if they do.

    Raises:
        UsageError: There is no such team.
    """
    if not names:
        return {}
    from shared.cli.wiring import open_project
    from shared.measure.observed.collect_invocations import steps_by_group

    return steps_by_group(open_project(names[0]).lane(names[0]))


def _is_of(row: Row, names: list[str], steps: Mapping[str, str]) -> bool:
    """Say whether *row* is of the team that was named. A row without a log group is taken to be."""
    return not names or not row.group or row.group in steps


def _lacking(problems: Problems, files: list[Path]) -> LanesError:
    """Return the error about figures that lack an invocation which the *files* tell of, or that have none at all."""
    where = ", ".join(map(str, files))
    fix = "export @timestamp, @message, @logStream and @log from Logs Insights as CSV, or what aws logs tail prints"
    if problems.count:
        places = "".join(f"\n  {example}" for example in problems.examples)
        what = f"lines that were not understood, and that no figure holds: {problems.count}{places}"
        return LanesError(what, where=where, fix=fix)
    return LanesError("there is no invocation in it: no line that begins with REPORT", where=where, fix=fix)


def split_files(words: list[str], files: list[str]) -> tuple[list[str], list[Path]]:
    """Tell names from the files that may follow ``--csv FILE``: a file exists, or has a dot or a slash in its name.

    Raises:
        UsageError: Neither a team nor a file is named, or too many names are.
    """
    more = [word for word in words if files and (re.search(r"[./]", word) or Path(word).exists())]
    names = [word for word in words if word not in more]
    if names[_TEAM_AND_RUN:] or not (names or files):
        raise UsageError("which team?", fix="lanes metrics TEAM [RUN], or lanes metrics --csv FILE...")
    return names, [*map(Path, files), *map(Path, more)]


def _keep(rows: Iterable[Row], shown: list[Row], limit: int | None) -> Iterable[Row]:
    """Pass *rows* on and keep the first *limit* in *shown*."""
    for row in rows:
        if limit is None or len(shown) < limit:
            shown.append(row)
        yield row


def _print(
    table: Invocations, shown: list[Row], summary: Summary | None, steps: Mapping[str, str], *, as_json: bool
) -> None:
    if as_json:
        console.print_json(
            {
                "invocations": [row.as_record() for row in shown],
                "summary": asdict(summary) if summary else None,
                "bad_lines": asdict(table.problems),
                "repeated": table.repeated,
            }
        )
    elif summary is not None:
        print_table(shown, steps)
        if summary.count > len(shown):
            console.out.print(f"and {summary.count - len(shown)} more (--limit, or --json for all)")
        _print_summary(summary)


def _tell_problems(table: Invocations) -> None:
    if table.repeated:
        console.note(f"{table.repeated} REPORT lines were there more than once, and count once")
    if table.problems.count:
        console.note(f"{table.problems.count} bad lines left out, the first of them:")
        for example in table.problems.examples:
            console.note(f"  {example}")


def print_table(rows: list[Row], steps: Mapping[str, str]) -> None:
    """Print a row for each invocation, in ms and MB. A column of which nothing is known is left out.

    *steps* says what to call a log group where no state is known. The table fits 80 columns where names are short.
    """
    from rich.table import Table

    worlds: dict[str | None, int] = {}
    for row in rows:
        worlds[row.run] = max(worlds.get(row.run, 0), 0 if row.rank is None else row.rank + 1)
    columns = {
        "run": [(row.run or "")[-6:] for row in rows],
        "state": [row.state or steps.get(row.group) or row.place for row in rows],
        "rank": ["" if row.rank is None else f"{row.rank}/{worlds[row.run]}" for row in rows],
        "request": [row.report.request_id[-8:] for row in rows],
        "duration": [f"{row.report.duration_ms:.2f}" for row in rows],
        "billed": [str(row.report.billed_ms) for row in rows],
        "size": [str(row.report.memory_mb) for row in rows],
        "used": [str(row.report.used_mb) for row in rows],
        "init": ["" if row.report.init_ms is None else f"{row.report.init_ms:.0f}" for row in rows],
        "": [row.trouble for row in rows],
    }
    runs = {row.run for row in rows}
    if len(runs) == 1:
        columns.pop("run")
        console.out.print(*(f"run {run}\n" for run in runs if run), end="")
    shown = {heading: values for heading, values in columns.items() if any(values)}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in shown:
        table.add_column(heading, justify="left" if heading in {"run", "state", ""} else "right", overflow="fold")
    for values in zip(*shown.values(), strict=True):
        table.add_row(*values)
    console.out.print(table)
    console.out.print("(rank/ranks; times in ms, memory in MB)\n")


def _print_summary(summary: Summary) -> None:
    for name, text in (
        ("invocations", str(summary.count)),
        ("duration", _durations(summary)),
        ("billed", f"{summary.billed_total_ms} ms, {summary.gb_seconds:.3f} GB-s"),
        ("cold starts", _cold(summary)),
        ("timeouts", str(summary.timeouts)),
        ("errors", str(summary.errors)),
        ("tracebacks", f"{summary.tracebacks} invocations show one in their log"),
        ("memory", f"{summary.used_max_mb} of {summary.memory_mb} MB at most, headroom {100 * summary.headroom:.0f} %"),
    ):
        console.out.print(f"{name:<12}  {text}")


def _durations(summary: Summary) -> str:
    told = f"{summary.count}: p50 {summary.duration_p50:.2f}  p95 {summary.duration_p95:.2f}"
    return f"{told}  {summary.duration_min:.2f}..{summary.duration_max:.2f} ms"


def _cold(summary: Summary) -> str:
    if summary.init_p50 is None:
        return str(summary.cold_starts)
    return f"{summary.cold_starts}: p50 {summary.init_p50:.2f}  {summary.init_min:.2f}..{summary.init_max:.2f} ms"
