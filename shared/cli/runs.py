"""``lanes runs``: what a team has run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.run.listing import Execution


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(runs)


@on_cloud
def runs(
    team: Team,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Executions of each workflow, at most.")] = 20,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """List a team's executions, newest first, and what started each. The cloud of lanes up keeps them until lanes down.

    Example: lanes runs team2
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.run.express import untold_runs
    from shared.run.listing import list_runs
    from shared.run.started_by import starts_of

    project = open_project(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as aws:
        found = list_runs(aws, lane, limit)
        starts = starts_of(aws, lane, found)
        cloud_of(project, aws).warn_if_brief()
    for line in untold_runs(lane):
        console.note(line)
    if as_json:
        told = zip(found, starts, strict=True)
        console.print_json([{**asdict(execution), "started_by": asdict(start)} for execution, start in told])
        return
    if not found:
        console.note(f"{team} has run nothing here")
    for execution, start in zip(found, starts, strict=True):
        seconds = "" if execution.seconds is None else f"{execution.seconds:9.2f} s"
        line = f"{execution.run_id}  {execution.workflow:<16} {execution.status:<10} {seconds:<11}  {start}"
        console.line(line.rstrip())
    print_times(found)


def print_times(found: Sequence[Execution]) -> None:
    """Print how long the runs of each workflow took that succeeded, where there are several."""
    from shared.measure.spread import told_seconds

    times: dict[str, list[float]] = defaultdict(list)
    for run in found:
        if run.status == "SUCCEEDED" and run.seconds is not None and not run.redrives:
            times[run.workflow].append(run.seconds)
    for workflow, seconds in times.items():
        if len(seconds) > 1:
            console.line(f"{workflow}, runs that succeeded, whatever their input: {told_seconds(seconds)}")
