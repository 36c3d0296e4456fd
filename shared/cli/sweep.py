"""``lanes sweep``: a workflow at every point of a grid, measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Workflow
    from shared.measure.scaling.sweep import Cell, Journal, Measured, Progress, Scalar
    from shared.run.clouds import Cloud


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(context_settings={"ignore_unknown_options": True})(sweep)


@on_cloud
def sweep(
    words: Annotated[list[str], typer.Argument(metavar="TEAM WORKFLOW --PARAMETER VALUE,VALUE...", show_default=False)],
    *,
    repeat: Annotated[int, typer.Option(min=1, help="How often each configuration runs.")] = 3,
    warm: Annotated[
        bool, typer.Option("--warm", help="Run the largest world once before, and do not count it.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results; sweeps/TEAM-WORKFLOW unless given.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Run a workflow at every combination of values, measure the runs, and print the tables.

    After an interruption, or when runs failed, the same command goes on with those that are missing. Where none is
    missing it deploys nothing and prints the tables.

    Example: lanes sweep team2 cosmic --world-size 1,2,3,4 --batch-size 8,16,32,64,128 --repeat 3
    """
    from shared.cli import wiring
    from shared.cli.run import find_workflow, split_words
    from shared.cli.sweep_view import finish_sweep
    from shared.deploy.code import digest_code
    from shared.measure.scaling.sweep import JOURNAL, Journal, describe_setting, make_cells
    from shared.run.express import check_keeps_runs
    from shared.run.payload import check_payload

    names, options = split_words(words)
    project = wiring.open_valid(*names[:1])
    lane, workflow = find_workflow(project, names, "sweep")
    check_keeps_runs(lane, workflow.key)
    axes = read_axes(workflow, options)
    folder = out or project.root / "sweeps" / f"{lane.team}-{workflow.key}"
    journal = Journal(folder / JOURNAL)
    place = where.endpoint or ("aws" if where.aws else "embedded")

    def planned() -> list[Cell]:
        setting = describe_setting(lane, workflow, place, digest_code(project, lane, workflow.key))
        return make_cells(axes, workflow.parameters, repeat, setting)

    cells = planned()
    for cell in cells:
        check_payload(lane, workflow.key, cell.payload)
    done = journal.count_done(cells)
    if done:
        console.note(f"{done} of {len(cells)} cells are in {journal.path}; delete it to measure them again")
    for why, count in journal.others(cells).items():
        console.note(f"{count} runs in {journal.path} were measured with {why}, and do not count")
    if done < len(cells):
        with wiring.open_cloud(project, where, [lane]) as cloud:
            here = wiring.cloud_of(project, cloud)
            for cell in cells:
                here.check_room(lane, workflow.key, cell.payload)
            here.make_ready(lane, workflow.key, cells[0].payload)
            check_deployed(here, cloud, lane, workflow)
            cells = planned()  # a deployment may have locked the versions of libraries, which are part of the code
            _run(cells, journal, _Lane(here, cloud, lane, workflow.key), warm=warm)
    records = journal.read()
    finish_sweep(folder, [records[cell.key] for cell in cells], as_json=as_json)


def check_deployed(here: Cloud, aws: Aws, lane: Lane, workflow: Workflow) -> None:
    """Refuse to measure other code than that of the files, whose digest is in the journal.

    Raises:
        UsageError: A function has other code than the files.
    """
    from shared.run.debug.deployed import read_deployed

    functions = [lane.functions[key] for key in workflow.functions.values()]
    zipped = [each for each in functions if not each.image]
    stale = [each.key for each in zipped if here.code_differs(lane, read_deployed(aws, lane, each.name))]
    if stale:
        raise UsageError(
            f"what is deployed is not what the files say: {', '.join(stale)}; its times would count for other code",
            fix=f"lanes deploy {lane.team}, then sweep again",
        )


class _Lane(NamedTuple):
    """Where the cells of a sweep run."""

    here: Cloud
    aws: Aws
    lane: Lane
    workflow: str

    def measure(self, cell: Cell) -> Measured:
        """Run a *cell*."""
        from shared.measure.scaling.measure_run import measure_run

        whole = {**cell.payload, **self.here.meeting_here(self.lane, cell.payload)}
        return measure_run(self.aws, self.lane, self.workflow, whole)


def _run(cells: Sequence[Cell], journal: Journal, at: _Lane, *, warm: bool) -> None:
    """Measure what *journal* lacks of *cells*."""
    from shared.measure.scaling.sweep import most_ranks, run_sweep

    try:
        if warm:
            _warm_up(most_ranks(cells), at)
        run_sweep(cells, journal, at.measure, _show)
    except KeyboardInterrupt:
        console.note(f"interrupted; {journal.path} has what was measured, the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def _warm_up(cell: Cell, at: _Lane) -> None:
    """Run a *cell* and count it nowhere."""
    from shared.measure.billing.cost import dollars

    told = at.measure(cell)
    what = f"warm-up: {_place(cell)}  {told['wall_seconds']:.2f} s"
    if told["status"] == "SUCCEEDED":
        console.note(f"{what}, {told['cold_starts']} cold starts, {dollars(told['cost_usd'])}; it does not count")
    else:
        console.note(f"{what}, {told['status']}: {told['error']}")


def read_axes(workflow: Workflow, options: Mapping[str, str | list[str]]) -> dict[str, list[Scalar]]:
    """Return the values of each parameter, checked by the workflow's card. One value is an axis of one.

    Raises:
        UsageError: No parameter is given, a value is none that the card allows, or a parameter is an object.
    """
    from shared.config.parameters import coerce_all
    from shared.run.payload import option_of

    if not options:
        raise UsageError("which parameters?", fix="lanes sweep TEAM WORKFLOW --world-size 1,2,4 --batch-size 32,128")
    axes: dict[str, list[Scalar]] = {}
    names = {option_of(spec.name): spec.name for spec in workflow.specs}
    for told, text in options.items():
        if isinstance(text, list):
            raise UsageError(f"--{option_of(told)} is given {len(text)} times", fix="write its values with commas")
        name = names.get(option_of(told), told)
        where = f"workflow {workflow.key}"
        values = [coerce_all(workflow.specs, {name: value.strip()}, where)[name] for value in text.split(",")]
        scalars = [value for value in values if isinstance(value, int | float | str)]
        if len(scalars) < len(values):
            raise UsageError(
                f"{name} is an object, and a sweep goes over numbers and texts", where=f"--{option_of(told)}"
            )
        axes[name] = list(dict.fromkeys(scalars))
    return axes


def _show(progress: Progress) -> None:
    """Print a line about a cell."""
    record = progress.record
    text = f"cell {progress.done} of {progress.total}: {_place(progress.cell)} #{progress.cell.repeat}  "
    if record["status"] == "SUCCEEDED":
        text += f"{record['wall_seconds']:.2f} s, {record['wall_throughput']:.1f} records/s"
        text += f", {record['cold_starts']} cold starts" if record["cold_starts"] else ""
    else:
        text += f"{record['status']}: {record['error']}"
    if progress.seconds_left:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        text += f"; {minutes}:{seconds:02} left"
    console.note(text)


def _place(cell: Cell) -> str:
    return " ".join(f"{name}={value}" for name, value in cell.axes.items())
