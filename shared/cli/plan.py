"""``lanes plan``: what a deploy would change, of one team in full, of many by their deploy records."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AllTeams, AsJson, SomeTeams
from shared.cli.package_view import as_data as sizes_as_data
from shared.cli.package_view import as_lines as sizes_as_lines
from shared.cli.plan_view import as_data, counts, show, show_causes
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.cli.many_view import Row
    from shared.config.load import Project
    from shared.deploy.causes import Caused
    from shared.deploy.lane_deployment import LaneDeployment
    from shared.deploy.model import Plan
    from shared.deploy.record import Records
    from shared.run.clouds import Cloud
    from shared.values import Json

_AS_DEPLOYED = "as deployed"


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(plan)


@on_cloud
def plan(
    teams: SomeTeams = None,
    *,
    every: AllTeams = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Read everything, and say what was changed by hand, and by whom.")
    ] = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Show what a deploy of teams would change, and how large their packages are; change nothing.

    One team is compared in full. Of several, a team whose last deploy made what its files say now is taken to be as
    deployed, by its deploy record; the others are compared in full. --drift compares all in full, and tells what
    somebody changed by hand from what the files changed.

    Example: lanes plan team1 team2

    Example: lanes plan --all --drift
    """
    from shared.cli.many_view import check_which, finish, for_each, teams_of
    from shared.cli.wiring import cloud_of, open_cloud, open_valid

    check_which(teams or (), every=every, command="lanes plan")
    project = open_valid(*(teams or ()))
    named = teams_of(project, teams or ())
    with open_cloud(project, where, [project.lane(team) for team in named]) as aws:
        cloud = cloud_of(project, aws)
        if len(named) == 1 and not drift and not every:
            _plan_one(project, aws, cloud, named[0], as_json=as_json)
            cloud.warn_if_brief()
            return
        work = _Work(project, aws, cloud, _records(project, aws, named), drift=drift)
        rows = for_each(named, lambda team, _: work.row(team), "planning")
        if not as_json:
            for team in named:
                work.show(team, whole=not every)
        if drift and not as_json:
            _say_left_over(project, aws, named, work.plans)
        cloud.warn_if_brief()
    finish(rows, as_json=as_json)


def _plan_one(project: Project, aws: Aws, cloud: Cloud, team: str, *, as_json: bool) -> None:
    from shared.deploy.readback.orphans_found import look_for_orphans
    from shared.run.connecting import cloud_state

    with cloud_state(project).one_deploy():  # a deploy may be making the same images
        deployment = cloud.prepare(project.lane(team))
    todo = deployment.plan()
    left = look_for_orphans(project, aws).beside([todo]).of([team], project.teams)
    if as_json:
        console.print_json([as_data(todo, aws.target) | sizes_as_data(deployment.packages) | left.data()])
        return
    show(todo, aws.target, console.out)
    for line in (*sizes_as_lines(deployment.packages), *left.lines()):
        console.out.print(line, markup=False, highlight=False)


def _say_left_over(project: Project, aws: Aws, teams: Sequence[str], plans: Mapping[str, Plan]) -> None:
    from shared.deploy.readback.orphans_found import look_for_orphans

    for line in look_for_orphans(project, aws).beside(plans.values()).of(teams, project.teams).lines():
        console.line(line)


def _records(project: Project, aws: Aws, teams: Sequence[str]) -> Mapping[str, Records]:
    """Return the deploy records of *teams*; none where the caller may not read them all, and then each is compared."""
    from botocore.exceptions import ClientError

    from shared.deploy.caller import is_denial
    from shared.deploy.record import read_all_records, read_records

    try:
        if len(teams) == 1:
            return {teams[0]: read_records(project.lane(teams[0]), aws)}
        return read_all_records(project.place, aws)
    except ClientError as error:
        if not is_denial(error):
            raise
    console.note("AWS refused to list the deploy records, so each team is compared in full")
    return {}


class _Work:
    """Plans teams, several at once, and keeps what is shown of them."""

    def __init__(
        self, project: Project, aws: Aws, cloud: Cloud, records: Mapping[str, Records], *, drift: bool
    ) -> None:
        from shared.deploy.record import Records

        self._project, self._aws, self._cloud, self._drift = project, aws, cloud, drift
        self._records, self._none = records, Records()
        self._preparing = threading.Lock()  # packages and images are made by one at a time
        self.plans: dict[str, Plan] = {}
        self._causes: dict[str, Caused] = {}
        self._deployments: dict[str, LaneDeployment] = {}

    def row(self, team: str) -> Row:
        """Return the row of *team*."""
        from shared.cli.many_view import Row
        from shared.run.connecting import cloud_state

        lane, records = self._project.lane(team), self._records.get(team, self._none)
        with self._preparing, cloud_state(self._project).one_deploy():
            deployment = self._cloud.prepare(lane)
        sizes, target = sizes_as_data(deployment.packages), self._aws.target
        if not self._drift and deployment.as_recorded(records):
            stands: dict[str, Json] = {"stage": lane.place.stage, "target": target.as_data(), "steps": []}
            return Row(team, _AS_DEPLOYED, data={**stands, **sizes, "asDeployed": True})
        todo = deployment.plan()
        self.plans[team], self._deployments[team] = todo, deployment
        words, data = counts(todo), as_data(todo, target) | sizes | {"asDeployed": False}
        if self._drift:
            from shared.deploy.causes import find_causes

            caused = self._causes[team] = find_causes(deployment, todo, records)
            words, data = f"{words}{caused.words}", data | {"drift": caused.as_record()}
        return Row(team, words, data=data)

    def show(self, team: str, *, whole: bool) -> None:
        """Print what would change of *team*: in full, and where *whole* is not set only what somebody did by hand."""
        todo, caused = self.plans.get(team), self._causes.get(team)
        if todo is None or not todo.changes:
            return
        if whole:
            show(todo, self._aws.target, console.out)
            for line in sizes_as_lines(self._deployments[team].packages):
                console.out.print(line, markup=False, highlight=False)
        if caused:
            show_causes(team, caused)
