"""``lanes report``: what a team hands in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.measure.reports.evidence import RunManifest, SweepManifest
    from shared.measure.reports.report import Report


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(report)


@on_cloud
def report(
    team: Team,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="RUN|SWEEP", help="A run, or a sweep's folder; else the newest run."),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Folder to write into; else a new one in reports/.")] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Write a report of a run or a sweep: one HTML file that needs no network, Markdown, and its figures as JSON.

    lanes verify says whether the figures follow from what was run.

    Example: lanes report team2

    Example: lanes report team2 sweeps/team2-cosmic
    """
    from shared.cli.wiring import open_cloud, open_project
    from shared.measure.reports.report import write_report
    from shared.measure.reports.report_run import read_run_report
    from shared.measure.reports.report_sweep import read_sweep_report
    from shared.run.find import find_named

    project = open_project(team)
    lane = project.lane(team)
    made: Report
    recorded: RunManifest | SweepManifest
    folder = Path(subject) if subject and Path(subject).is_dir() else None
    if folder:
        name, (made, recorded) = folder.resolve().name, read_sweep_report(team, folder)
    else:
        with open_cloud(project, where, [lane]) as cloud:
            found = find_named(cloud, lane, subject)
            name, (made, recorded) = f"{team}-{found.run.id}", read_run_report(cloud, found, project)
    html, markdown = write_report(made, out or project.root / "reports" / name, recorded)
    if as_json:
        console.print_json({"html": str(html), "markdown": str(markdown)})
    else:
        console.out.print(f"{html}\n{markdown}")
