"""``lanes debug``: an invocation of a run once more, in this process, under a debugger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.call_here import bring_here, print_refused, print_result
from shared.cli.options import Rank, Step, Team, Write
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError

if TYPE_CHECKING:
    from shared.run.debug.again import Debugger, Ended, Here
    from shared.run.debug.choice import Recorded
    from shared.run.debug.told import Shown

_PORT = 5678  # which debugpy's own documentation has


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(debug)


@on_cloud
def debug(
    team: Team,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Which run; the newest that failed when left out.")
    ] = None,
    *,
    rank: Rank = None,
    step: Step = None,
    breaks: Annotated[bool, typer.Option("--break", help="Stop at the first line of the handler, too.")] = False,
    editor: Annotated[bool, typer.Option("--editor", help=f"Wait for an editor on port {_PORT}, by debugpy.")] = False,
    listen: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="As --editor, on another port.")
    ] = None,
    write: Write = False,
    where: Where,
) -> None:
    """Call a function of a run again, here, with its recorded event, and stop in the debugger where it raises.

    Without options it is the invocation that ended the run. Its environment is the deployed one, its code that on disk,
    and its calls have the rights of its role. What writes is refused without --write. Where nobody can type (CI), the
    traceback is printed with the local variables.

    Example: lanes debug team2

    Example: lanes debug team2 20260102T030405Z-a1b2c3 --rank 3 --break
    """
    from shared.cli import wiring
    from shared.cli.debuggers import breakpoints_of
    from shared.run.connecting import running_cloud
    from shared.run.debug.again import call_again
    from shared.run.debug.choice import Wanted, find_recorded
    from shared.run.debug.deployed import read_deployed

    project = wiring.open_project(team)
    lane = project.lane(team)
    if where.embedded and running_cloud(project) is None:
        raise LanesError(
            "no cloud runs here, and what a run's functions got ends with its cloud",
            fix=f"lanes up, then lanes run {team} WORKFLOW again; or --aws for a run on AWS",
        )
    with wiring.open_cloud(project, where, [lane]) as aws:
        cloud = wiring.cloud_of(project, aws)
        run, recorded = find_recorded(aws, lane, run_id, Wanted(rank, step))
        deployed = read_deployed(aws, lane, str(recorded.attempt.function))
        console.note(f"run {run.id}: {team} {run.workflow}, {recorded.place}: {_outcome(recorded)}")
        differs = cloud.code_differs(lane, deployed)
        if differs:
            console.note(
                f"the code on disk is not what is deployed, and is what is called; lanes deploy {team} ends that"
            )
        here = bring_here(cloud, lane, deployed, recorded.attempt.event, write=write)
        port = _PORT if editor and listen is None else listen
        looks = _debugger(here.shown, breaks=breaks, port=port)
        here = replace(here, variables={**here.variables, **breakpoints_of(looks)})
        ended = call_again(here, recorded.attempt.event, looks)
        _tell(recorded, here, ended, differs=differs)


def _outcome(recorded: Recorded) -> str:
    attempt = recorded.attempt
    return f"{attempt.status} {attempt.error}" if attempt.error else attempt.status


def _debugger(shown: Shown, *, breaks: bool, port: int | None) -> Debugger:
    from shared.cli.debuggers import Editor, Nobody, Terminal, at_terminal

    if port is not None:
        editor = Editor(shown, breaks=breaks, port=port)
        editor.wait()
        return editor
    return Terminal(shown, breaks=breaks) if at_terminal() else Nobody(shown)


def _tell(recorded: Recorded, here: Here, ended: Ended, *, differs: bool | None) -> None:
    """Print how the call ended, and what may be why it did not end as in the run."""
    from shared.run.debug.verdict import differences, verdict

    if ended.left:
        console.note("the debugger was left before the handler's end")
        raise typer.Exit(1)
    told = verdict(recorded, ended)
    if ended.error is None:
        print_result(here, ended)
        console.note(told)
    else:
        console.fail(told)
    for line in differences(recorded, here, ended, differs=differs, now=datetime.now(UTC)):
        console.note(f"  {line}")
    print_refused(here)
    if ended.error is not None:
        raise typer.Exit(1)
