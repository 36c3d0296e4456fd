"""``lanes run``: one workflow of one team, from its parameters to its results."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.completion import complete_words
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.config.load import Project
    from shared.measure.billing.finished_run import FinishedRun
    from shared.run.start import Run
    from shared.values import Json

_MOST_SHOWN = 1_000_000  # bytes of an output in the bucket that are fetched for a terminal, which shows less yet


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
        list[str] | None,
        typer.Argument(metavar="TEAM WORKFLOW [--PARAMETER VALUE]", show_default=False, autocompletion=complete_words),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option("--input", metavar="FILE|-|JSON", help="The payload: a file, stdin or JSON.", show_default=False),
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the output into FILE.", show_default=False)
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Write a row for each rank.", show_default=False)
    ] = None,
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

    Example: lanes run team2 cosmic --parquet ranks.parquet
    """
    names, options = split_words(words or [])
    if show_help:
        console.line(context.get_help())
        _print_parameters(names)
        return
    from shared.cli import wiring
    from shared.run.express import is_express
    from shared.run.given_input import read_given
    from shared.run.launch import ask, make_ready
    from shared.run.start import new_run_id, start

    project = wiring.open_valid(*names[:1])
    lane, workflow = find_workflow(project, names)
    check_writable("--output", into)
    if parquet:
        check_parquet(lane, workflow.key, parquet)
    asked = ask(lane, workflow.key, read_given(given) if given is not None else {}, options)
    with wiring.open_cloud(project, where, [lane], speed=speed) as cloud:
        here = wiring.cloud_of(project, cloud)
        keep = here.outlives_command
        now = datetime.now(UTC)
        run_id = new_run_id(now)
        payload = make_ready(cloud, here, asked, run_id, console.note)
        times = here.watch_times()
        if is_express(lane, workflow.key):
            finished = _run_express(cloud, lane, workflow.key, payload, run_id)
        else:
            begun = start(cloud, lane, workflow.key, payload, run_id)
            ends = f"lanes stop {lane.team} {run_id}{where.options}" if keep else None
            finished = follow_run(cloud, begun, now, ends)
        finished, untold = with_output(cloud, finished, whole=as_json or into is not None)
        unwritten = parquet is not None and not write_parquet(cloud, finished, parquet)
        if told := times():
            console.note(told)
    more = f"lanes logs {lane.team} {run_id}{where.options}" if keep and workflow.type == "standard" else None
    then = f"lanes debug {lane.team} {run_id}{where.options}" if keep else None
    if not keep:
        console.note("this cloud ended with the command, with all that was in it; lanes up keeps one")
    write_output(finished, into)
    report_run(finished, untold, as_json=as_json, printed=show_output, more=more, then=then)
    if unwritten:
        raise typer.Exit(1)


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str | list[str]]]:
    """Split the words that are no options of ours into names and parameters (``--world-size 4``, ``--x=y``).

    A parameter that is given several times has all of its values.

    Raises:
        UsageError: A parameter has no value.
    """
    names: list[str] = []
    options: dict[str, list[str]] = {}
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
        options.setdefault(name.replace("-", "_"), []).append(value)
    return names, {name: values if len(values) > 1 else values[0] for name, values in options.items()}


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


def follow_run(cloud: Aws, started: Run, now: datetime, ends: str | None) -> FinishedRun:
    """Follow the run to its end.

    Args:
        cloud: Where it runs.
        started: The run.
        now: Since when its log is read.
        ends: The command that stops it; None where its cloud ends with this command.
    """
    from shared.measure.billing.finished_run import finish_run
    from shared.run.logs import read_logs
    from shared.run.progress_view import live
    from shared.run.watch import follow

    begun = f"redrive {started.redrives} of run" if started.redrives else "run"
    console.note(f"{begun} {started.id}: {started.lane.team} {started.workflow}")
    try:
        reader = read_logs(cloud, started, now)
        with live(console.err, console.note) as show:
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


def _run_express(cloud: Aws, lane: Lane, workflow: str, payload: Json, run_id: str) -> FinishedRun:
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


def check_writable(option: str, file: Path | None) -> None:
    """Refuse a *file*, given by *option*, that cannot be written, before anything runs.

    Raises:
        UsageError: It is a folder, or its folder is not there.
    """
    if file and (file.is_dir() or not file.parent.is_dir()):
        what = "this is a folder" if file.is_dir() else f"there is no folder {file.parent}"
        raise UsageError(what, where=f"{option} {file}", fix="name a file in a folder that is there")


def write_output(finished: FinishedRun, file: Path | None) -> None:
    """Write the output of a run that succeeded into *file*, if one is named."""
    if file and finished.outcome.failure is None:
        file.write_text(json.dumps(finished.outcome.output, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        console.note(f"{file} has the output")


def check_parquet(lane: Lane, workflow: str, file: Path) -> None:
    """Refuse a Parquet *file* that nobody can write, before anything runs.

    Raises:
        UsageError: pyarrow is not installed, its folder is not there, or AWS keeps nothing of the workflow's runs.
    """
    from shared.measure.reports.run_parquet import check_pyarrow
    from shared.run.express import check_keeps_runs

    check_pyarrow()
    check_writable("--parquet", file)
    check_keeps_runs(lane, workflow)


def write_parquet(cloud: Aws, finished: FinishedRun, file: Path) -> bool:
    """Write the ranks of the run into *file*, and say so; return False, and say why, where it has none."""
    from shared.measure.reports.run_parquet import write_run

    try:
        write_run(cloud, finished, file)
    except LanesError as error:
        console.fail(str(error))
        return False
    console.note(f"{file} has the ranks")
    return True


def with_output(cloud: Aws, finished: FinishedRun, *, whole: bool) -> tuple[FinishedRun, str]:
    """Return *finished* with its output in place of a reference to it, and what to tell where that cannot be shown."""
    from dataclasses import replace

    from shared.run.output import read_output

    if finished.outcome.failure:
        return finished, ""
    try:
        read = read_output(cloud, finished.run, finished.outcome.output, None if whole else _MOST_SHOWN)
    except LanesError as error:
        return finished, str(error)
    if read is None:
        return finished, ""
    where = f"the output is s3://{read.bucket}/{read.key}, {read.bytes:,} bytes"
    if not read.is_read:
        return finished, f"{where}: --json prints all of it, --output FILE writes it"
    return replace(finished, outcome=replace(finished.outcome, output=read.value)), where


def report_run(
    finished: FinishedRun, untold: str, *, as_json: bool, printed: bool, more: str | None, then: str | None
) -> None:
    """Print what came of the run.

    Args:
        finished: The run.
        untold: What is to be told of its output, "" for nothing.
        as_json: Whether to print JSON.
        printed: Whether to print what each rank's program wrote.
        more: The command that shows all of its log.
        then: The command to try next.
    """
    from shared.cli import run_view
    from shared.measure.billing.cost import cost_line
    from shared.run.failure_text import failure_text

    if untold and not as_json:
        console.note(untold)
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
    if not as_json:
        run_view.print_tried(finished)
    console.fail(failure_text(finished.run.id, finished.outcome, more, then))
    if finished.cost:
        console.note(cost_line(finished.cost))
        run_view.print_uncounted(finished)
    raise typer.Exit(1)


def _print_parameters(names: Sequence[str]) -> None:
    """Print the parameters of the workflow that was named, if a team and a workflow were."""
    if len(names) <= 1:
        return
    from rich.table import Table

    from shared.cli.wiring import open_project
    from shared.config.parameters import shape_text
    from shared.run.payload import option_of

    _, workflow = find_workflow(open_project(*names[:1]), names)
    if workflow.takes_any:
        console.line(f"{' '.join(names)} declares no parameters: --input is any JSON, {{}} unless given")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), title=f"{' '.join(names)}", title_justify="left")
    for heading in ("parameter", "type", "value", "meaning"):
        table.add_column(heading, no_wrap=heading == "parameter", overflow="fold")
    for spec in workflow.specs:
        about = f"{spec.description} (by reference)" if spec.by_reference else spec.description
        table.add_row(f"--{option_of(spec.name)}", shape_text(spec), _shown(workflow.parameters.get(spec.name)), about)
    console.out.print(table)


def _shown(value: Json) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
