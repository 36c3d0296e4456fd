"""``lanes report``: what a team hands in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.measure.reports.report import Report


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(report)


@on_cloud
def report(
    team: Team,
    subject: Annotated[
        str | None, typer.Argument(metavar="[RUN|SWEEP]", help="A run, or a sweep's folder; the newest run otherwise.")
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Folder to write into; reports/ and a name unless given.")] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Write a report of a run or a sweep: one HTML file that needs no network, and Markdown.

    Example: lanes report team2

    Example: lanes report team2 sweeps/team2-cosmic
    """
    from shared.cli.wiring import open_cloud, open_project
    from shared.measure.reports.report import write_report

    project = open_project()
    lane = project.lane(team)
    if subject and Path(subject).is_dir():
        name, made = _of_sweep(team, Path(subject))
    else:
        from shared.measure.billing.bill import bill_rows
        from shared.measure.observed.collect_invocations import collect_run
        from shared.measure.observed.invocations import Invocations
        from shared.measure.reports.report_run import report_run
        from shared.run.find import find_run

        with open_cloud(project, where, [lane]) as cloud, Invocations() as table:
            found = find_run(cloud, lane, subject)
            trace, rows = collect_run(table, cloud, found)
            made = report_run(cloud, found, trace, rows, bill_rows(cloud, lane, trace, rows))
        name = f"{team}-{found.run.id}"
    html, markdown = write_report(made, out or project.root / "reports" / name)
    if as_json:
        console.print_json({"html": str(html), "markdown": str(markdown)})
    else:
        console.out.print(f"{html}\n{markdown}", markup=False, highlight=False)


def _of_sweep(team: str, folder: Path) -> tuple[str, Report]:
    from shared.measure.reports.report_sweep import report_sweep
    from shared.measure.scaling.sweep import Journal

    records = list(Journal(folder / "cells.jsonl").read().values())
    if not records:
        raise UsageError(
            "there is no sweep in this folder", where=str(folder), fix="lanes sweep writes cells.jsonl there"
        )
    axes = records[-1]["axes"].keys()  # a folder may hold sweeps over other axes from before
    records = [record for record in records if record["axes"].keys() == axes]
    return folder.resolve().name, report_sweep(records, f"{team}: a sweep over {' and '.join(axes)}".replace("_", " "))
