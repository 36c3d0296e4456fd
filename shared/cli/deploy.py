"""``lanes plan``, ``lanes deploy``, ``lanes destroy`` and ``lanes render``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from shared.cli import console
from shared.cli.options import AsJson, Check, DryRun, Packaged, Team, Teams, Yes
from shared.cli.plan_view import as_data, ask, counts, report, show, tell, tell_what_stays
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(plan)
    app.command()(deploy)
    app.command()(destroy)
    app.command()(render)


@on_cloud
def plan(
    teams: Teams,
    *,
    where: Where,
    packaged: Packaged = False,
    as_json: AsJson = False,
) -> None:
    """Show what a deploy of teams would change, and change nothing.

    Example: lanes plan team1 team2
    """
    from shared.cli.orphan_view import look_for_orphans
    from shared.cli.wiring import (
        known_images,
        one_deploy,
        open_cloud,
        open_project,
        with_libraries,
    )
    from shared.deploy import lane_deployment as work

    project = open_project()
    lanes = [project.lane(team) for team in dict.fromkeys(teams)]
    plans = []
    with open_cloud(project, where, lanes) as cloud:
        packaged = with_libraries(project, cloud, asked=packaged)
        for lane in lanes:
            with one_deploy(project):  # a deploy may be making the same images
                images = known_images(project, lane, cloud, packaged=packaged, push=False)
            plans.append(work.plan(lane, project, cloud, packaged=packaged, images=images))
        left = look_for_orphans(project, cloud)
        warn_if_brief(project, cloud)
    if as_json:
        console.print_json([as_data(todo, cloud.target) | left.of([todo.team], project.teams).data() for todo in plans])
        return
    for todo in plans:
        show(todo, cloud.target, console.out)
    for line in left.of([todo.team for todo in plans], project.teams).lines():
        console.out.print(line, markup=False, highlight=False)


@on_cloud
def deploy(
    teams: Teams,
    *,
    yes: Yes = False,
    where: Where,
    packaged: Packaged = False,
    as_json: AsJson = False,
) -> None:
    """Make teams' lanes what their files say: roles, buckets, log groups, functions, state machines.

    On the embedded cloud it goes ahead; on AWS it shows the plan and asks first. Stopped midway, by Ctrl-C too, it says
    what is done and what is left, and running it again finishes the job.

    Example: lanes deploy team1 team2
    """
    from shared.cli.wiring import (
        known_images,
        one_deploy,
        open_cloud,
        open_project,
        say_python,
        with_libraries,
    )
    from shared.deploy import lane_deployment as work
    from shared.deploy.apply import ApplyError

    project = open_project()
    lanes = [project.lane(team) for team in dict.fromkeys(teams)]
    done: list[dict[str, Any]] = []
    with open_cloud(project, where, lanes) as cloud, one_deploy(project):
        packaged = with_libraries(project, cloud, asked=packaged)
        say_python(lanes[0], cloud, packaged=packaged)
        for lane in lanes:
            images = known_images(project, lane, cloud, packaged=packaged, push=False)
            todo = work.plan(lane, project, cloud, packaged=packaged, images=images)
            if todo.changes and not (cloud.target.embedded or yes):
                ask(todo, cloud.target, f"Deploy {lane.team} to {cloud.target}? [y/N] ", "y")
            try:
                if todo.changes:
                    known_images(project, lane, cloud, packaged=packaged, push=True)
                work.carry_out(todo, lane, project, cloud, packaged=packaged, on_step=tell, on_wait=console.note)
            except ApplyError:
                _say_what_waits(lanes[len(done) + 1 :])
                warn_if_brief(project, cloud)
                raise
            console.note(f"{todo.team}: {counts(todo, done=True)}")
            done.append(as_data(todo, cloud.target))
        warn_if_brief(project, cloud)
    if as_json:
        console.print_json(done)


@on_cloud
def destroy(
    team: Team,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Remove all that a team owns, its data too. Asks for the team's name first.

    Example: lanes destroy team2
    """
    from shared.cli.wiring import open_cloud, open_project
    from shared.deploy.apply import apply
    from shared.deploy.plan import destroy_plan

    project = open_project()
    if team not in project.teams:  # no nearest name is suggested: it would be another team's data
        raise UsageError(
            f"there is no teams/{team}.yaml, and from it is read what to remove",
            fix=f"bring the file back (git log -- teams/{team}.yaml finds it), destroy the team, then delete the file",
        )
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as cloud:
        todo = destroy_plan(lane, cloud)
        if todo.changes and not (yes or dry_run):
            gone = f"This removes all data of {team} for good, on {cloud.target}"
            ask(todo, cloud.target, f"{gone}. Type {team} to go on: ", team)
        if not dry_run:
            apply(todo, cloud, on_step=tell, on_wait=console.note)
            tell_what_stays(todo)
            console.note(f"{todo.team}: {counts(todo, done=True)}")
        warn_if_brief(project, cloud)
    if as_json or dry_run:
        report(todo, cloud.target, as_json=as_json)


def render(
    *,
    check: Check = False,
) -> None:
    """Write Chalice's stages, one for each team, from the teams' files.

    Example: lanes render --check
    """
    from shared.cli.wiring import open_project
    from shared.deploy.chalice.stage import config_is_fresh, config_path, write_config

    project = open_project()
    path = config_path(project).relative_to(project.root)
    if config_is_fresh(project):
        console.note(f"{path} is fresh")
    elif check:
        raise LanesError("it is not what the teams' files say", where=str(path), fix="lanes render")
    else:
        write_config(project)
        console.note(f"wrote {path}: {len(project.teams)} stages")


def _say_what_waits(lanes: list[Lane]) -> None:
    if lanes:
        console.note(f"not begun: {', '.join(lane.team for lane in lanes)}")


def warn_if_brief(project: Project, cloud: Aws) -> None:
    """Say that an embedded cloud started for one command ends with it."""
    from shared.cli.wiring import outlives_command

    if not outlives_command(project, cloud):
        console.note("this embedded cloud began empty and ends with the command; lanes up keeps one")
