"""``lanes sleep`` and ``lanes wake``: a lane in which nothing runs, for a break, and all of it stays."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AllTeams, AsJson, SomeTeams, Yes
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.aws.target import Target
    from shared.cli.many_view import Row
    from shared.config.lane import Lane
    from shared.deploy.model import Plan

    MakePlan = Callable[[Lane, Aws], Plan]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]
_NAMED = 3  # runs that an error names


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(sleep)
    app.command()(wake)


@on_cloud
def sleep(
    teams: SomeTeams = None,
    *,
    every: AllTeams = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the runs that go on.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Let the runs that go on end first.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Put lanes to sleep: no function may run, schedules are paused, uploads wait in their queues. Nothing is removed.

    A deploy changes a lane that sleeps, and does not wake it. Where runs go on, --wait or --stop says what becomes of
    them; those of express workflows AWS does not list.

    Example: lanes sleep team1 team2 --wait
    """
    from shared.deploy.sleeping import plan_sleep

    if stop and wait:
        raise UsageError("--stop ends the runs, --wait lets them end", fix="leave one of them out")
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"

    def make_plan(lane: Lane, aws: Aws) -> Plan:
        running = _running(lane, aws)
        if running and not (stop or wait):
            raise _still_runs(lane, running)
        return plan_sleep(lane, aws, since, stop=list(running.values()) if stop else (), wait=bool(running) and wait)

    _change(teams, make_plan, ("sleep", "asleep"), where, every=every, dry_run=dry_run, yes=yes, as_json=as_json)


@on_cloud
def wake(
    teams: SomeTeams = None,
    *,
    every: AllTeams = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Wake lanes that sleep: back to what their files say. Schedules that were paused before stay so.

    Example: lanes wake --all
    """
    from shared.deploy.sleeping import plan_wake

    _change(teams, plan_wake, ("wake", "awake"), where, every=every, dry_run=dry_run, yes=yes, as_json=as_json)


def _change(
    teams: list[str] | None,
    make_plan: MakePlan,
    words: tuple[str, str],
    where: Where,
    *,
    every: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Plan and carry out for each team. *words* are the command's name, and how a lane is afterwards."""
    from shared.cli.many_view import Row, check_which, finish, for_each, teams_of
    from shared.cli.plan_view import Question, confirm, show
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.deploy.caller import check_may
    from shared.deploy.sleeping import NotDeployedError
    from shared.run.connecting import running_cloud

    command, state = words
    check_which(teams or (), every=every, command=f"lanes {command}")
    project = open_project(*(teams or ()))
    lanes = {team: project.lane(team) for team in teams_of(project, teams or ())}
    if where.embedded and running_cloud(project) is None:
        fix = f"lanes up, lanes deploy {next(iter(lanes))}, then this again; or --aws"
        raise LanesError("no cloud is running that would keep it: one made for this command ends with it", fix=fix)
    plans: dict[str, Plan] = {}

    def look(team: str, _over: threading.Event) -> Row:
        try:
            plan = make_plan(lanes[team], aws)
            check_may(plan, lanes[team], aws)
        except NotDeployedError:
            if not every:
                raise
            return Row(team, "not deployed", {"steps": "0"})
        plans[team] = plan
        return _row(plan, aws.target)

    with open_cloud(project, where, list(lanes.values())) as aws:
        rows = for_each(list(lanes), look, "reading")
        ready = [team for team in lanes if team in plans]
        asks = cloud_of(project, aws).asks_first and not yes
        if dry_run or asks:
            for team in ready:
                show(plans[team], aws.target, console.err if as_json or asks else console.out)
        if ready and not dry_run:
            if asks:
                confirm(Question(f"{', '.join(ready)}: {state}, on {aws.target}? [y/N] ", "y"))
            carry_out = partial(_done, make_plan, project.root, aws, state)
            done = for_each(ready, lambda team, over: carry_out(lanes[team], over), state)
            by_team = {row.team: row for row in done}
            rows = [by_team.get(row.team, row) for row in rows]
    finish(rows, as_json=as_json)


def _running(lane: Lane, aws: Aws) -> dict[str, str]:
    """Return the ARN of each run of *lane* that goes on, by its id."""
    from shared.run.listing import list_runs

    names = {key: each.name for key, each in lane.workflows.items()}
    found = list_runs(aws, lane, None, status="RUNNING")
    return {each.run_id: lane.place.arn("states", f"execution:{names[each.workflow]}:{each.run_id}") for each in found}


def _still_runs(lane: Lane, running: dict[str, str]) -> LanesError:
    listed = ", ".join(list(running)[:_NAMED]) + (", ..." if len(running) > _NAMED else "")
    return LanesError(
        f"{len(running)} run{'s' * (len(running) > 1)} of {lane.team} go on: {listed}; nothing was done to it",
        fix="--wait lets them end first, --stop ends them now",
    )


def _row(plan: Plan, target: Target) -> Row:
    from shared.cli.many_view import Row
    from shared.cli.plan_view import as_data

    count = len(plan.changes)
    words = f"{count} change{'s' * (count > 1)}" if count else "nothing to do"
    return Row(plan.team, words, {"steps": str(count)}, as_data(plan, target))


def _done(  # noqa: PLR0917  of one team, what the command has
    make_plan: MakePlan, root: Path, aws: Aws, state: str, lane: Lane, over: threading.Event
) -> Row:
    """Carry the plan out, made anew: a question may have stood for long. *over* is set by Ctrl-C."""
    from dataclasses import replace

    from shared.deploy.apply import apply
    from shared.deploy.routines import ROUTINES
    from shared.deploy.sleeping import AWAIT_RUNS, await_runs, noted
    from shared.deploy.watch import Watch

    def rest(seconds: float) -> None:
        if over.wait(seconds):
            raise KeyboardInterrupt

    plan = make_plan(lane, aws)
    tell = Watch(on_wait=lambda text: console.note(f"{lane.team}: {text}"), sleep=rest)
    apply(noted(plan, lane, root, aws), aws, tell, routines={**ROUTINES, AWAIT_RUNS: await_runs})
    return replace(_row(plan, aws.target), words=state if plan.changes else f"was {state} already")
