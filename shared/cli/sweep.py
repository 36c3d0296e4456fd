"""``lanes sweep``: a workflow at every point of a grid, measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.completion import complete_words
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Workflow
    from shared.measure.scaling.sweep import Cell, Measured, Progress, Scalar


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(context_settings={"ignore_unknown_options": True})(sweep)


@on_cloud
def sweep(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="TEAM WORKFLOW --PARAMETER VALUE,VALUE...", show_default=False, autocompletion=complete_words
        ),
    ],
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
    from shared.measure.scaling.sweep import JOURNAL, Journal
    from shared.measure.scaling.sweep_plan import SweepPlan

    names, options = split_words(words)
    project = wiring.open_valid(*names[:1])
    lane, workflow = find_workflow(project, names, "sweep")
    folder = out or project.root / "sweeps" / f"{lane.team}-{workflow.key}"
    place = where.endpoint or ("aws" if where.aws else "embedded")
    journal = Journal(folder / JOURNAL)
    plan = SweepPlan(project, lane, workflow, read_axes(workflow, options), repeat, place, journal)
    cells = plan.checked()
    for line in plan.told(cells):
        console.note(line)
    if not plan.lacks(cells):
        records = plan.records(cells)
    else:
        with wiring.open_cloud(project, where, [lane]) as cloud:
            here = wiring.cloud_of(project, cloud)
            try:
                records = plan.measure(cells, cloud, here, _show, _show_warm if warm else None)
            except KeyboardInterrupt:
                told = f"interrupted; {journal.path} has what was measured, the same command goes on from there"
                console.note(told)
                raise typer.Exit(INTERRUPTED) from None
    finish_sweep(folder, records, as_json=as_json)


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


def _show_warm(cell: Cell, told: Measured) -> None:
    """Print a line about the run of a *cell* that is counted nowhere."""
    from shared.measure.billing.cost import dollars

    what = f"warm-up: {_place(cell)}  {told['wall_seconds']:.2f} s"
    if told["status"] == "SUCCEEDED":
        console.note(f"{what}, {told['cold_starts']} cold starts, {dollars(told['cost_usd'])}; it does not count")
    else:
        console.note(f"{what}, {told['status']}: {told['error']}")


def _place(cell: Cell) -> str:
    return " ".join(f"{name}={value}" for name, value in cell.axes.items())
