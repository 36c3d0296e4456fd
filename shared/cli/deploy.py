"""``lanes deploy``, ``lanes destroy`` and ``lanes render``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from shared.cli import console
from shared.cli.options import AsJson, Check, DryRun, Team, Teams, Yes
from shared.cli.plan_view import Question, as_data, ask_and_carry_out, report
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(deploy)
    app.command()(destroy)
    app.command()(render)


@on_cloud
def deploy(
    teams: Teams,
    *,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Make teams' lanes what their files say: roles, buckets, log groups, functions, state machines.

    On the embedded cloud it goes ahead; on AWS it shows the plan and asks first. Stopped midway, by Ctrl-C too, it says
    what is done and what is left, and running it again finishes the job.

    Example: lanes deploy team1 team2
    """
    from shared.cli.wiring import cloud_of, open_cloud, open_valid
    from shared.deploy.apply import ApplyError
    from shared.run.connecting import cloud_state

    project = open_valid(*teams)
    lanes = [project.lane(team) for team in dict.fromkeys(teams)]
    done: list[dict[str, Json]] = []
    with open_cloud(project, where, lanes) as aws, cloud_state(project).one_deploy():
        cloud = cloud_of(project, aws)
        for lane in lanes:
            cloud.say_python(lane)
            deployment = cloud.prepare(lane)
            todo = deployment.plan()
            question = Question(f"Deploy {lane.team} to {aws.target}? [y/N] ", "y")
            asked = question if cloud.asks_first and not yes else None
            try:
                ask_and_carry_out(todo, aws.target, partial(cloud.carry_out, deployment), asked)
            except ApplyError:
                _say_what_waits(lanes[len(done) + 1 :])
                cloud.warn_if_brief()
                raise
            _say_unconfirmed(lane, aws)
            done.append(as_data(todo, aws.target))
        cloud.warn_if_brief()
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
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.deploy.apply import apply
    from shared.deploy.plan import plan_removal

    project = open_project(team)
    if team not in project.teams:  # no nearest name is suggested: it would be another team's data
        raise UsageError(
            f"there is no teams/{team}.yaml, which says what to remove",
            fix=f"bring the file back (git log -- teams/{team}.yaml finds it), destroy the team, then delete the file",
        )
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as aws:
        todo = plan_removal(lane, aws)
        if not dry_run:
            gone = f"This removes all data of {team} for good, on {aws.target}"
            question = Question(f"{gone}. Type {team} to go on: ", team)
            ask_and_carry_out(todo, aws.target, lambda todo, watch: apply(todo, aws, watch), None if yes else question)
        cloud_of(project, aws).warn_if_brief()
    if as_json or dry_run:
        report(todo, aws.target, as_json=as_json)


def render(
    *,
    check: Check = False,
) -> None:
    """Write Chalice's stages, one for each team, from the teams' files.

    Example: lanes render --check
    """
    from shared.cli.wiring import open_valid
    from shared.deploy.chalice.stage import config_is_fresh, config_path, write_config

    project = open_valid()
    path = config_path(project).relative_to(project.root)
    if config_is_fresh(project):
        console.note(f"{path} is fresh")
    elif check:
        raise LanesError("it is not what the teams' files say", where=str(path), fix="lanes render")
    else:
        write_config(project)
        console.note(f"wrote {path}: {len(project.teams)} stages")


def _say_unconfirmed(lane: Lane, aws: Aws) -> None:
    """Say which addresses get nothing of a topic yet."""
    from shared.deploy.resources import topic

    for each in lane.topics:
        have = topic.current(aws, each.name) if each.notify else None
        waiting = topic.unconfirmed(have) if have else ()
        for address in (address for address in each.notify if address in waiting):
            link = "the link in the mail that AWS sends"
            console.note(f"topic {each.name}: {address} gets nothing until it follows {link}")


def _say_what_waits(lanes: list[Lane]) -> None:
    if lanes:
        console.note(f"not begun: {', '.join(lane.team for lane in lanes)}")
