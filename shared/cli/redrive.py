"""``lanes redrive``: a run that failed goes on from where it failed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(redrive)


@on_cloud
def redrive(
    team: Team,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Which run; the newest that did not succeed when left out.")
    ] = None,
    *,
    into: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the output into FILE.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Let a run that failed, timed out or was stopped go on: only what had not succeeded runs again.

    Functions run as they are now, so mend them first; on AWS, lanes deploy. The state machine stays as it was when the
    run started. Step Functions allows it for 14 days after the run's end.

    Example: lanes redrive team2
    """
    from shared.cli import wiring
    from shared.cli.run import check_writable, follow_run, report_run, with_output, write_output
    from shared.run import redrive as redriving
    from shared.run.connecting import running_cloud

    project = wiring.open_valid(team)
    lane = project.lane(team)
    check_writable("--output", into)
    if where.embedded and running_cloud(project) is None:
        raise LanesError("no cloud is running here, so no run is", fix="--aws for a run on AWS")
    with wiring.open_cloud(project, where, [lane]) as cloud:
        redrivable = redriving.find_redrivable(cloud, lane, run_id)
        here = wiring.cloud_of(project, cloud)
        times = here.watch_times()
        run = redriving.redrive_told(cloud, here, redrivable, console.note, where.options)
        finished = follow_run(cloud, run, redrivable.found.started, f"lanes stop {team} {run.id}{where.options}")
        finished, untold = with_output(cloud, finished, whole=as_json or into is not None)
        if told := times():
            console.note(told)
    write_output(finished, into)
    more = f"lanes logs {team} {run.id}{where.options}"
    then = f"lanes debug {team} {run.id}{where.options}"
    report_run(finished, untold, as_json=as_json, printed=False, more=more, then=then)
