"""``lanes stop``: end a run before its time."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(stop)


@on_cloud
def stop(
    team: Team,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Which run; the one that is running when left out.")
    ] = None,
    *,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Stop a run. One that has ended stays as it is.

    Step Functions stops the execution, but not its functions: a function that works goes on to its end or its timeout.

    Example: lanes stop team2
    """
    from shared.cli import wiring
    from shared.run.connecting import running_cloud
    from shared.run.stop import stop_run

    project = wiring.open_project(team)
    lane = project.lane(team)
    if where.embedded and running_cloud(project) is None:
        raise LanesError("no cloud is running here, so no run is", fix="--aws for a run on AWS")
    with wiring.open_cloud(project, where, [lane]) as cloud:
        found = stop_run(cloud, lane, run_id)
    if as_json:
        told = {"run_id": found.run.id, "workflow": found.run.workflow, "status": found.status} if found else None
        console.print_json(told)
    elif found is None:
        console.note(f"no run of {team} is running here")
    else:
        console.note(f"{found.run.id} {found.run.workflow} {found.status}")
