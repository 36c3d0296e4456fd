"""``lanes logs``: what a run's functions wrote."""

from __future__ import annotations

import difflib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import Team, read_moment
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.observed.run_log import RunLine
    from shared.run.find import Found

_DIGITS = 12  # the last part of a request id


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(logs)


@on_cloud
def logs(
    team: Team,
    which: Annotated[
        str | None,
        typer.Argument(metavar="RUN|WORKFLOW", help="Which run, or the newest of which workflow; else the newest."),
    ] = None,
    *,
    step: Annotated[
        str | None, typer.Option(help="Only this step's function, as the workflow's card calls it.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended, or Ctrl-C.")] = False,
    since: Annotated[str | None, typer.Option(help="From when on: 30m, 12h, 7d, or a date; else all.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document; with --follow one for each line.")
    ] = False,
    where: Where,
) -> None:
    """Show the log lines of a run's functions in order of time (UTC), each with its step and its rank or request.

    The embedded cloud keeps them until lanes down; after lanes up --persist, as long as shared/settings.yaml says
    (cloud: logs:). --follow shows the lines of a function that does not say which run it belongs to only when its state
    has ended.

    Example: lanes logs team2 cosmic --step inference

    Example: lanes logs team2 20260102T030405Z-a1b2c3 --follow --since 5m
    """
    from shared.cli import wiring
    from shared.measure.observed.run_log import RunLog, follow_log
    from shared.run.connecting import running_cloud

    project = wiring.open_project(team)
    lane = project.lane(team)
    begin = read_moment(since, datetime.now(UTC)) if since else None
    if where.embedded and running_cloud(project) is None:
        workflow = which if which in lane.workflows else "WORKFLOW"
        raise LanesError(
            "no cloud runs here, and the log of a run ends with its cloud",
            fix=f"lanes up, then lanes run {team} {workflow} again; or --aws for a run on AWS",
        )
    with wiring.open_cloud(project, where, [lane]) as cloud:
        found = find_shown(cloud, lane, which)
        steps = lane.workflows[found.run.workflow].functions
        if step is not None and step not in steps:
            raise unknown("step", step, list(steps), where=f"workflow {found.run.workflow}")
        console.note(f"run {found.run.id}: {team} {found.run.workflow} {found.status}")
        log = RunLog(cloud, found, step)
        lines = follow_log(cloud, found, log) if follow else iter(log.read())
        wanted = (line for line in lines if begin is None or line.at >= begin)
        try:
            shown = _show(wanted, as_json=as_json, one_a_line=follow)
        except KeyboardInterrupt:
            console.note(f"no longer followed; lanes logs {team} {found.run.id} shows it again")
            raise typer.Exit(INTERRUPTED) from None
    if log.unread:
        console.note(
            f"{log.unread} child executions were not asked for their invocations, so lines of invocations that do not "
            "say their run are missing"
        )
    if not shown:
        console.note(_why_none(found, step, since))


def find_shown(aws: Aws, lane: Lane, which: str | None) -> Found:
    """Return the run that *which* names, or the newest of the workflow that it names; None is the newest of all.

    Raises:
        UsageError: It names neither.
    """
    from shared.run.find import find_named

    if which in lane.workflows:
        return find_named(aws, lane, None, which)
    try:
        return find_named(aws, lane, which)
    except UsageError as error:
        if which is None or not difflib.get_close_matches(which, lane.workflows, n=1):
            raise
        raise unknown("run or workflow", which, list(lane.workflows), where=f"team {lane.team}") from error


def _show(lines: Iterable[RunLine], *, as_json: bool, one_a_line: bool) -> int:
    """Print *lines*, and return how many there were."""
    if as_json and not one_a_line:
        records = [line.as_record() for line in lines]
        console.print_json(records)
        return len(records)
    count = 0
    for line in lines:
        console.line(json.dumps(line.as_record()) if as_json else _text(line))
        count += 1
    return count


def _text(line: RunLine) -> str:
    who = f"rank {line.rank}" if line.rank is not None else line.request_id[-_DIGITS:]
    return f"{line.at:%H:%M:%S}.{line.at.microsecond // 1000:03} [{line.step} {who}] {line.text}"


def _why_none(found: Found, step: str | None, since: str | None) -> str:
    """Return why there is no line to show."""
    narrowed = [f"--{name} {value}" for name, value in (("step", step), ("since", since)) if value]
    if narrowed:
        return f"no line with {' '.join(narrowed)}"
    kept = found.run.lane.log_retention_days
    return (
        "its functions have written nothing yet"
        if found.stopped is None
        else f"there is no line: its functions wrote nothing, or more than the {kept} days are over that logs are kept"
    )
