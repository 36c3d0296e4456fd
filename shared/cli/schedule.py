"""``lanes schedule``: what starts a team's workflows by the clock, paused and resumed without a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError

if TYPE_CHECKING:
    from shared.run.schedules import ScheduleState

Workflow = Annotated[str | None, typer.Argument(help="The workflow; all when left out.", show_default=False)]
Key = Annotated[str | None, typer.Argument(metavar="KEY", help="The schedule's key.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(help="What starts workflows by the clock.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command()(pause)
    group.command()(resume)
    app.add_typer(group, name="schedule")


@on_cloud
def list_all(team: Team, *, as_json: AsJson = False, where: Where) -> None:
    """List a team's schedules: when each comes, by whose clock, the next times, and whether it is paused.

    Example: lanes schedule list team2
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.run.schedules import list_schedules

    project = open_project(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as aws:
        found = list_schedules(aws, lane, datetime.now(UTC))
        cloud_of(project, aws).warn_if_brief()
    if as_json:
        console.print_json([{**asdict(each), "next": [moment.isoformat() for moment in each.next]} for each in found])
        return
    if not found:
        console.note(f"no schedule starts a workflow of {team}: write schedule: on a card")
    for each in found:
        console.out.print(f"{each.workflow}/{each.key:<16} {each.expression} {each.timezone}  {_told(each)}")


@on_cloud
def pause(team: Team, workflow: Workflow = None, key: Key = None, *, as_json: AsJson = False, where: Where) -> None:
    """Pause schedules: those of a team, of one workflow, or one. Runs that have started go on. A deploy pauses nothing.

    They stay paused, whatever is deployed, until lanes schedule resume.

    Example: lanes schedule pause team2 survey nightly
    """
    _set(team, workflow, key, paused=True, as_json=as_json, where=where)


@on_cloud
def resume(team: Team, workflow: Workflow = None, key: Key = None, *, as_json: AsJson = False, where: Where) -> None:
    """Let paused schedules go on. What would have started meanwhile is not made up for.

    Example: lanes schedule resume team2
    """
    _set(team, workflow, key, paused=False, as_json=as_json, where=where)


def _set(team: str, workflow: str | None, key: str | None, *, paused: bool, as_json: bool, where: Where) -> None:
    from shared.cli import wiring
    from shared.run.connecting import running_cloud
    from shared.run.schedules import set_state

    project = wiring.open_project(team)
    lane = project.lane(team)
    if where.embedded and running_cloud(project) is None:
        fix = f"lanes up, lanes deploy {team}, then this again; or --aws"
        raise LanesError("no cloud is running that would keep it: one made for this command ends with it", fix=fix)
    with wiring.open_cloud(project, where, [lane]) as aws:
        done = set_state(aws, lane, workflow, key, paused=paused)
    state = "paused" if paused else "active"
    if as_json:
        told = [{"workflow": of, "key": each, "state": state, "changed": changed} for of, each, changed in done]
        console.print_json(told)
        return
    for of, each, changed in done:
        console.note(f"{of}/{each} {'is' if changed else 'was already'} {state}")
    if not done:
        console.note(f"no schedule starts a workflow of {team}")


def _told(each: ScheduleState) -> str:
    if each.next:
        return "next " + ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in each.next) + " UTC"
    return each.state
