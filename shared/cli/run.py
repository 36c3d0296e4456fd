"""``lanes run``: one workflow of one team, from its parameters to its results."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.config.load import Project
    from shared.measure.billing.finished_run import FinishedRun
    from shared.run.start import Run
    from shared.values import Json


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command(
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
        options_metavar="[OPTIONS]",
    )(run)


@on_cloud
def run(
    context: typer.Context,
    *,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TEAM WORKFLOW [--PARAMETER VALUE]", show_default=False)
    ] = None,
    given: Annotated[
        str,
        typer.Option("--input", metavar="FILE|-|JSON", help="The payload: a file, stdin or JSON."),
    ] = "",
    as_json: AsJson = False,
    where: Where,
    speed: Annotated[
        float,
        typer.Option(min=1, help="Divide Wait states and retry delays by this; not on AWS.", show_default=False),
    ] = 1,
    show_output: Annotated[bool, typer.Option("--show-output", help="Print what each rank's program wrote.")] = False,
    show_help: Annotated[
        bool, typer.Option("--help", "-h", help="Show this, with the parameters of the workflow if it is named.")
    ] = False,
) -> None:
    """Run a workflow, follow it, and print what every rank did.

    A parameter given here is taken instead of the same one in --input, and that instead of the one in the team's file.

    Example: lanes run team2 cosmic --world-size 4 --batch-size 128
    """
    names, options = split_words(words or [])
    if show_help:
        console.line(context.get_help())
        _print_parameters(names)
        return
    from shared.cli import wiring
    from shared.run.express import is_express
    from shared.run.payload import build_payload, check_account, check_payload
    from shared.run.start import new_run_id, start
    from shared.run.upload import upload_files

    project = wiring.open_valid(*names[:1])
    lane, workflow = find_workflow(project, names)
    payload = build_payload(workflow, {**_read_input(given), **options})
    check_payload(lane, workflow.key, payload)
    with wiring.open_cloud(project, where, [lane], speed=speed) as cloud:
        here = wiring.cloud_of(project, cloud)
        here.make_ready(lane, workflow.key, payload)
        if told := check_account(cloud, lane, workflow.key, payload):
            console.note(told)
        keep = here.outlives_command
        now = datetime.now(UTC)
        run_id = new_run_id(now)
        payload |= upload_files(cloud, lane, workflow.specs, options, run_id)
        payload |= here.meeting_here(lane, payload)
        if is_express(lane, workflow.key):
            finished = _run_express(cloud, lane, workflow.key, payload, run_id)
        else:
            begun = start(cloud, lane, workflow.key, payload, run_id)
            ends = f"lanes stop {lane.team} {run_id}{where.options}" if keep else None
            finished = _follow(cloud, begun, now, ends)
    more = f"lanes logs {lane.team} --run {run_id}{where.options}" if keep and workflow.type == "standard" else None
    if not keep:
        console.note("this cloud ended with the command, with all that was in it; lanes up keeps one")
    _report(finished, as_json=as_json, printed=show_output, more=more)


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Split the words that are no options of ours into names and parameters (``--world-size 4``, ``--x=y``).

    Raises:
        UsageError: A parameter has no value.
    """
    names: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            names.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            value = next(rest, "--")
            if value.startswith("--"):
                raise UsageError(f"--{name} has no value", fix=f"--{name} VALUE")
        options[name.replace("-", "_")] = value
    return names, options


def find_workflow(project: Project, names: Sequence[str], command: str = "run") -> tuple[Lane, Workflow]:
    """Return the lane and the workflow that *names* say; *command* is the one that they were given to.

    Raises:
        UsageError: They say too little, too much, or something that does not exist. The message lists what exists.
    """
    match names:
        case [team, key]:
            lane = project.lane(team)
            if key not in lane.workflows:
                raise unknown("workflow", key, list(lane.workflows), where=f"team {team}")
            return lane, lane.workflows[key]
        case [team]:
            known = ", ".join(sorted(project.lane(team).workflows)) or "none"
            raise UsageError(f"which workflow of {team}?", fix=f"lanes {command} {team} WORKFLOW; known: {known}")
        case []:
            raise UsageError(
                "which team, and which workflow?",
                fix=f"lanes {command} TEAM WORKFLOW; teams: {', '.join(project.teams)}",
            )
        case _:
            raise UsageError(
                f"too many names: {' '.join(names)}", fix=f"lanes {command} TEAM WORKFLOW [--PARAMETER VALUE]..."
            )


def _read_input(given: str) -> Mapping[str, Json]:
    """Read ``--input``.

    Raises:
        UsageError: It cannot be read, or is not a JSON object.
    """
    if not given:
        return {}
    where = "--input"
    try:
        if given.lstrip().startswith(("{", "[")):
            text = given
        elif given == "-":
            text, where = sys.stdin.read(), "stdin"
        else:
            where = given
            text = Path(given).read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        raise UsageError(
            f"{error.strerror}", where=where, fix="give a file, - for stdin, or the JSON itself"
        ) from error
    except RecursionError as error:
        raise UsageError("this is nested too deeply", where=where) from error
    except ValueError as error:
        raise UsageError(f"this is not JSON: {error}", where=where, fix='write {"world_size": 4, ...}') from error
    if not isinstance(value, dict):
        raise UsageError("the payload is not a JSON object", where=where, fix='write {"world_size": 4, ...}')
    return value


def _follow(cloud: Aws, started: Run, now: datetime, ends: str | None) -> FinishedRun:
    """Follow the run to its end. *ends* is the command that stops it; None where its cloud ends with this command."""
    from shared.cli import run_view
    from shared.measure.billing.finished_run import finish_run
    from shared.run.logs import read_logs
    from shared.run.watch import follow

    console.note(f"run {started.id}: {started.lane.team} {started.workflow}")
    try:
        reader = read_logs(cloud, started, now)
        with run_view.live() as show:
            for snapshot in follow(cloud, started, reader):
                show(snapshot)
        return finish_run(cloud, started, snapshot, reader)
    except KeyboardInterrupt:
        if ends:
            console.note(f"no longer watched; {started.id} goes on as {started.arn}\n{ends} stops it")
        else:
            cloud.states.stop_execution(executionArn=started.arn, error="Interrupted", cause="Ctrl-C")
            console.note(f"{started.id} was stopped; its cloud ends with this command")
        raise typer.Exit(INTERRUPTED) from None


def _run_express(cloud: Aws, lane: Lane, workflow: str, payload: Mapping[str, Json], run_id: str) -> FinishedRun:
    """Run an express workflow to its end, which nobody can stop or watch."""
    from shared.measure.billing.finished_run import finish_express
    from shared.run.express import run_express
    from shared.run.logs import read_logs

    console.note(f"run {run_id}: {lane.team} {workflow}, express: its result comes with its end, within five minutes")
    try:
        ended = run_express(cloud, lane, workflow, payload, run_id)
        return finish_express(cloud, ended, read_logs(cloud, ended.run, ended.end.started))
    except KeyboardInterrupt:
        console.note(f"no longer waited for; nothing stops {run_id} before its end, and its result is lost")
        raise typer.Exit(INTERRUPTED) from None


def _report(finished: FinishedRun, *, as_json: bool, printed: bool, more: str | None) -> None:
    """Print what came of the run. *more* is the command that shows all of its log."""
    from shared.cli import run_view
    from shared.measure.billing.cost import cost_line

    if finished.unpriced:
        console.note(f"the cost is not known: {finished.unpriced}")
    if as_json:
        console.print_json(finished.as_record(printed=printed))
    elif printed:
        run_view.print_printed(finished.outcome)
    if finished.outcome.failure is None:
        if not as_json:
            run_view.print_outcome(finished)
            if children := finished.slow_on_aws:
                console.note(run_view.slow_start(children))
        return
    console.fail(run_view.failure_text(finished, more))
    if finished.cost:
        console.note(cost_line(finished.cost))
    raise typer.Exit(1)


def _print_parameters(names: Sequence[str]) -> None:
    """Print the parameters of the workflow that was named, if a team and a workflow were."""
    if len(names) <= 1:
        return
    from rich.table import Table

    from shared.cli.wiring import open_project

    _, workflow = find_workflow(open_project(*names[:1]), names)
    table = Table(box=None, padding=(0, 2, 0, 0), title=f"{' '.join(names)}", title_justify="left")
    for heading in ("parameter", "type", "value", "meaning"):
        table.add_column(heading, no_wrap=heading in {"parameter", "type"}, overflow="fold")
    for spec in workflow.specs:
        value = workflow.parameters.get(spec.name)
        table.add_row(
            f"--{spec.name.replace('_', '-')}", spec.type, "" if value is None else str(value), spec.description
        )
    console.out.print(table)
