"""``lanes invoke``: one function by itself."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.call_here import bring_here, print_refused, print_result
from shared.cli.options import AsJson, Rank, Step, Team, Write
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError
from shared.run.given_input import read_given

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane
    from shared.run.clouds import Cloud
    from shared.run.debug.choice import Wanted
    from shared.values import Json


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(invoke)


@on_cloud
def invoke(
    team: Team,
    function: Annotated[str, typer.Argument(help="Its key in the team's file, or WORKFLOW/FUNCTION.")],
    *,
    event: Annotated[
        str | None, typer.Option(metavar="FILE|-|JSON", help="What it gets: a file, stdin or JSON.")
    ] = None,
    from_run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="What it got in this run, instead of --event.")
    ] = None,
    rank: Rank = None,
    step: Step = None,
    here: Annotated[bool, typer.Option("--here", help="Call the code on disk, in this process.")] = False,
    write: Write = False,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Invoke one function as it is deployed. Its result goes to stdout, its log to stderr.

    The embedded cloud deploys what has changed before. With --here the handler on disk is called as lanes debug does:
    with the deployed environment and its role's rights, and what writes is refused without --write.

    Example: lanes invoke team2 cosmic/summarize --event '{"results": []}'

    Example: lanes invoke team2 cosmic/inference --from 20260102T030405Z-a1b2c3 --rank 3
    """
    from shared.cli import wiring
    from shared.run.debug.choice import Wanted
    from shared.run.debug.deployed import find_function

    if (event is None) == (from_run is None):
        raise UsageError(
            "which event?" if event is None else "--event and --from are two events",
            fix="--event FILE, - or JSON ('{}' for an empty one), or --from RUN for what it got in a run",
        )
    project = wiring.open_valid(team)
    lane = project.lane(team)
    found = find_function(lane, function)
    given = read_given(event, "--event") if event is not None else None
    with wiring.open_cloud(project, where, [lane]) as aws:
        cloud = wiring.cloud_of(project, aws)
        if from_run is not None:
            given = _recorded(aws, lane, from_run, Wanted(rank, step, found.name))
        cloud.check_awake(lane)
        cloud.make_deployed(lane)
        if here:
            _call_here(cloud, aws, lane, found, given, write=write)
        else:
            _invoke(aws, found, given, as_json=as_json)


def _recorded(aws: Aws, lane: Lane, run_id: str, wanted: Wanted) -> Json:
    """Return what a function got in a run."""
    from shared.run.debug.choice import find_recorded

    _, recorded = find_recorded(aws, lane, run_id, wanted)
    console.note(f"the event of {recorded.place} of run {run_id}")
    return recorded.attempt.event


def _invoke(aws: Aws, function: Function, event: Json, *, as_json: bool) -> None:
    """Invoke *function* in the cloud, and print what came of it.

    Raises:
        LanesError: It failed.
    """
    from shared.run import own_code
    from shared.run.invoke import invoke as call

    invoked = call(aws, function, event)
    for line in invoked.lines:
        console.note(own_code.in_checkout(line))
    if as_json:
        failed = invoked.failure
        told = None if failed is None else {"error": failed.error, "message": failed.message, "fix": failed.fix}
        result = None if failed else invoked.result
        console.print_json({"request_id": invoked.request_id, "result": result, "failure": told})
    if invoked.failure:
        console.fail("\n  ".join([f"{function.key} failed", *invoked.failure.lines]))
        raise typer.Exit(1)
    if not as_json:
        console.print_json(invoked.result)


def _call_here(cloud: Cloud, aws: Aws, lane: Lane, function: Function, event: Json, *, write: bool) -> None:
    """Call *function*'s handler in this process; what it prints goes to stderr."""
    from shared.cli.debuggers import Nobody
    from shared.run.debug.again import call_again
    from shared.run.debug.deployed import read_deployed

    called = bring_here(cloud, lane, read_deployed(aws, lane, function.name), event, write=write)
    with redirect_stdout(sys.stderr):
        ended = call_again(called, event, Nobody(called.shown))
    print_refused(called)
    if ended.error is not None:
        console.fail(f"{function.key} failed here: {type(ended.error).__name__}")
        raise typer.Exit(1)
    print_result(called, ended)
