"""What may be done to a run: stop it, and redrive what failed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.console.launches import Whose
from shared.errors import UsageError
from shared.run.redrive import find_redrivable, redrive_told
from shared.run.stop import stop_run
from shared.run.valid_project import load_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.console.desk import Desk
    from shared.console.site import Site


def register(site: Site) -> None:
    """Add the actions to *site*."""
    site.action("/runs/<run_id>/stop", stop)
    site.action("/runs/<run_id>/redrive", redrive)


def stop(desk: Desk, form: Mapping[str, str], run_id: str) -> str:
    """Stop the run; one that has ended stays as it is.

    Raises:
        LanesError: The console only reads, or the team's name was to be given and was not.
    """
    run = desk.run(run_id).found.run
    desk.check_writes(run.lane.team, form.get("named", ""))
    stop_run(desk.aws, run.lane, run_id)
    return f"/runs/{quote(run_id)}"


def redrive(desk: Desk, form: Mapping[str, str], run_id: str) -> str:
    """Begin to have the run go on from where it failed, with the functions as they are now.

    Raises:
        LanesError: As of :func:`stop`; or the run may not be redriven, and why.
    """
    live = desk.run(run_id)
    team, workflow = live.found.run.lane.team, live.found.run.workflow
    desk.check_writes(team, form.get("named", ""))
    seen = form.get("redrives", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):  # noqa: PLR2004  nobody redrives as often
        raise UsageError("the form does not say how often the run was redriven", fix="open the page of the run again")

    def go_on(_: str, note: Callable[[str], None]) -> None:
        note("checks the project's files")
        project = load_valid(desk.project.root, [team])
        redrivable = find_redrivable(desk.aws, project.lane(team), run_id)
        if redrivable.redrives != int(seen):
            return  # another page was faster, and it goes on
        note(f"makes the functions of {team} current, as far as {desk.place.where} does so by itself")
        here = desk.prepare(project, desk.aws, note)
        here.on_step = lambda step: note(str(step))
        redrive_told(desk.aws, here, redrivable, note, desk.place.options)

    key = f"{run_id}-redrive-{int(seen) + 1}"
    launch = desk.launches.begin(key, "", Whose(team, workflow, f"/runs/{quote(run_id)}", run_id), go_on, lambda: key)
    return f"/launches/{quote(launch.id)}"
