"""``lanes deploy``, ``lanes destroy`` and ``lanes render``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AllTeams, AsJson, Check, DryRun, SomeTeams, Yes
from shared.cli.plan_view import Question, as_data, ask_and_carry_out, report
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from shared.archive.subject import Subject
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Plan
    from shared.deploy.watch import Watch
    from shared.run.clouds import Cloud


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(deploy)
    app.command()(destroy)
    app.command()(render)


@on_cloud
def deploy(
    teams: SomeTeams = None,
    *,
    every: AllTeams = False,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Make teams' lanes what their files say: roles, buckets, log groups, functions, state machines.

    On the embedded cloud it goes ahead; on AWS it shows the plan and asks first. Stopped midway, by Ctrl-C too, it says
    what is done and what is left, and running it again finishes the job.

    Several teams are deployed at once, and told in one table. One that fails stops no other.

    Example: lanes deploy team1 team2

    Example: lanes deploy --all --aws
    """
    from shared.cli.deploy_many import Teams
    from shared.cli.many_view import check_which, teams_of
    from shared.cli.wiring import cloud_of, open_cloud, open_each
    from shared.run.connecting import cloud_state

    check_which(teams or (), every=every, command="lanes deploy")
    project, broken = open_each(*teams or ())
    names = teams_of(project, teams or ())
    lanes = [project.lane(team) for team in names]
    if len(names) == 1:
        for error in broken.values():
            raise error
    with open_cloud(project, where, lanes) as aws, cloud_state(project).one_deploy():
        cloud = cloud_of(project, aws)
        if len(names) > 1:
            Teams(project, names, aws, cloud, broken).deploy(yes=yes, as_json=as_json, say=_say_unconfirmed)
            return
        todo = _deploy_one(lanes[0], cloud, aws, yes=yes)
    if as_json:
        console.print_json([as_data(todo, aws.target)])


@on_cloud
def destroy(
    teams: SomeTeams = None,
    *,
    every: AllTeams = False,
    archived: Annotated[
        str | None,
        typer.Option(
            "--archived",
            metavar="DIR|s3://BUCKET/PREFIX",
            help="Only if this archive is whole and has all of the lane.",
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Remove all that teams own, their data too. Asks for the team's name first; for several, once, for their count.

    Example: lanes destroy team2

    Example: lanes destroy --all --dry-run

    Example: lanes destroy team2 --archived archives/team2
    """
    from shared.archive.subject import Subject
    from shared.cli.archive import check_file
    from shared.cli.deploy_many import Teams
    from shared.cli.many_view import check_which, teams_of
    from shared.cli.wiring import cloud_of, open_cloud, open_project

    check_which(teams or (), every=every, command="lanes destroy")
    project = open_project(*teams or ())
    for team in teams or ():
        check_file(team, project, "to remove")
    names = teams_of(project, teams or ())
    if archived and len(names) > 1:
        raise UsageError("an archive is of one lane", fix="lanes destroy TEAM --archived PLACE, one team at a time")
    lanes = [project.lane(team) for team in names]
    with open_cloud(project, where, lanes) as aws:
        cloud = cloud_of(project, aws)
        if len(names) > 1:
            Teams(project, names, aws, cloud).destroy(dry_run=dry_run, yes=yes, every=every, as_json=as_json)
            return
        todo = _destroy_one(Subject(project, lanes[0], aws), archived, dry_run=dry_run, yes=yes)
        cloud.warn_if_brief()
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


def _unchecked() -> None:
    """Hold nothing against an archive: nobody asked for it."""


def _say_unconfirmed(lane: Lane, aws: Aws) -> None:
    """Say which addresses get nothing of a topic yet."""
    from shared.deploy.resources import topic

    for each in lane.topics:
        have = topic.current(aws, each.name) if each.notify else None
        waiting = topic.unconfirmed(have) if have else ()
        for address in (address for address in each.notify if address in waiting):
            link = "the link in the mail that AWS sends"
            console.note(f"topic {each.name}: {address} gets nothing until it follows {link}")


def _deploy_one(lane: Lane, cloud: Cloud, aws: Aws, *, yes: bool) -> Plan:
    """Deploy *lane*, with all its steps told, and return what was done."""
    cloud.say_python(lane)
    deployment = cloud.prepare(lane)
    todo = deployment.plan()
    question = Question(f"Deploy {lane.team} to {aws.target}? [y/N] ", "y")
    try:
        ask_and_carry_out(
            todo, aws.target, partial(cloud.carry_out, deployment), question if cloud.asks_first and not yes else None
        )
        _say_unconfirmed(lane, aws)
    finally:
        cloud.warn_if_brief()
    return todo


def _destroy_one(subject: Subject, archived: str | None, *, dry_run: bool, yes: bool) -> Plan:
    """Remove all of a lane, unless this is a *dry_run*, and return what was to be removed.

    Where a place is *archived*, it must have all of the lane, also at the moment before the lane goes.
    """
    from shared.cli.archive import check_archived
    from shared.deploy.apply import apply
    from shared.deploy.plan import plan_removal

    _, lane, aws = subject
    check = check_archived(subject, archived) if archived else _unchecked
    todo = plan_removal(lane, aws)

    def carry_out(todo: Plan, watch: Watch) -> None:
        check()
        apply(todo, aws, watch)

    if not dry_run:
        gone = f"This removes all data of {lane.team} for good, on {aws.target}"
        question = Question(f"{gone}. Type {lane.team} to go on: ", lane.team)
        ask_and_carry_out(todo, aws.target, carry_out, None if yes else question)
    return todo
