"""Carries out a sweep for a notebook: the same cells, the same journal and the same files as ``lanes sweep``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.parameters import coerce_all
from shared.errors import UsageError
from shared.measure.reports.report_sweep import write_files
from shared.measure.scaling.sweep import DONE, JOURNAL, Journal
from shared.measure.scaling.sweep_plan import SweepPlan
from shared.measure.scaling.sweep_tables import summarize_sweep
from shared.notebook.interrupted import Interrupted
from shared.notebook.progress import Bar
from shared.run.connecting import cloud_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.lane import Workflow
    from shared.measure.scaling.sweep import Cell, Measured, Record, Scalar
    from shared.measure.scaling.sweep import Progress as Done
    from shared.notebook.connection import Connection
    from shared.notebook.progress import Progress
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Grid:
    """What to run: a workflow, by its key, at every place on axes, *repeat* times each.

    ``axes`` are parameters, each with its value or its values. ``warm`` runs the largest world once before.
    """

    workflow: str
    axes: Mapping[str, Json]
    repeat: int
    warm: bool = False


def sweep_into(connection: Connection, grid: Grid, folder: Path, progress: Progress) -> list[Record]:
    """Run what *grid* says, and return the records of all runs.

    Runs that the journal in *folder* has are not done again.

    Args:
        connection: The lane and its cloud.
        grid: What to run.
        folder: Where the journal and the tables are kept.
        progress: Where progress is shown.

    Raises:
        Interrupted: The kernel was interrupted. The run that was under way is stopped.
        UsageError: The card or the lane does not allow a value.
    """
    project, lane = connection.renewed()
    workflow = lane.workflows[grid.workflow]
    where = connection.where
    place = where.endpoint or ("aws" if where.aws else "embedded")
    journal = Journal(folder / JOURNAL)
    plan = SweepPlan(project, lane, workflow, read_axes(workflow, grid.axes), grid.repeat, place, journal)
    cells = plan.checked()
    for line in plan.told(cells):
        progress.note(line)

    def show(one: Done) -> None:
        progress.bar(Bar("runs", one.done, one.total))
        progress.note(_line(one))

    def show_warm(cell: Cell, told: Measured) -> None:
        progress.note(f"warm-up, which does not count: {_place(cell)}: {_figures(told)}")

    if not plan.lacks(cells):
        records = plan.records(cells)
    else:
        with connection.open(progress.note) as aws:
            here = cloud_of(project, aws, progress.note)
            try:
                records = plan.measure(cells, aws, here, show, show_warm if grid.warm else None)
            except KeyboardInterrupt:
                raise Interrupted(f"{journal.path} has what was measured; the same call goes on from there") from None
            finally:
                progress.bar(None)
    write_files(records, summarize_sweep(records), folder)
    return records


def read_axes(workflow: Workflow, given: Mapping[str, Json]) -> dict[str, list[Scalar]]:
    """Return the values of each parameter, checked by the workflow's card. One value is an axis of one.

    Raises:
        UsageError: No parameter is given, a value is none that the card allows, or a parameter is an object.
    """
    if not given:
        raise UsageError("a sweep over which parameters?", fix=f'.sweep("{workflow.key}", world_size=[1, 2, 4])')
    axes: dict[str, list[Scalar]] = {}
    for name, told in given.items():
        values = told if isinstance(told, list) else [told]
        right = [coerce_all(workflow.specs, {name: value}, f"workflow {workflow.key}")[name] for value in values]
        scalars = [value for value in right if isinstance(value, int | float | str)]
        if len(scalars) < len(right) or not scalars:
            raise UsageError(f"{name} takes no list of numbers or texts here", fix=f"{name}=[1, 2, 4]")
        axes[name] = list(dict.fromkeys(scalars))
    return axes


def _line(one: Done) -> str:
    """Return what to tell of a run of the sweep."""
    return f"{one.done} of {one.total}: {_place(one.cell)}, repeat {one.cell.repeat}: {_figures(one.record)}"


def _place(cell: Cell) -> str:
    return ", ".join(f"{name} {value}" for name, value in cell.axes.items())


def _figures(told: Measured) -> str:
    if told["status"] != DONE:
        return f"{told['status']}: {told['error']}"
    cold = f", {told['cold_starts']} cold starts" if told["cold_starts"] else ""
    return f"{told['wall_seconds']:.2f} s, {told['wall_throughput']:,.1f} records/s{cold}"
