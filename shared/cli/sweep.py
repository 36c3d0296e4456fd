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
    from collections.abc import Mapping, Sequence

    from shared.config.lane import Workflow
    from shared.measure.scaling.sweep import Cell, Measured, Progress, Record, Scalar
    from shared.measure.scaling.sweep_tables import Point


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
    out: Annotated[
        Path | None, typer.Option(help="Folder of the results; sweeps/TEAM-WORKFLOW unless given.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Run a workflow at every combination of values, measure the runs, and print the tables.

    After an interruption, or when runs failed, the same command goes on with those that are missing.

    Example: lanes sweep team2 cosmic --world-size 1,2,3,4 --batch-size 8,16,32,64,128 --repeat 3
    """
    from shared.cli import wiring
    from shared.cli.run import find_workflow, split_words
    from shared.measure.scaling.measure_run import measure_run
    from shared.measure.scaling.sweep import JOURNAL, Journal, describe_setting, make_cells, run_sweep
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
    cells = make_cells(axes, workflow.parameters, repeat, describe_setting(lane, workflow, place))
    for cell in cells:
        check_payload(lane, workflow.key, cell.payload)
    if done := journal.count_done(cells):
        console.note(f"{done} of {len(cells)} cells are in {journal.path}; delete it to measure them again")
    with wiring.open_cloud(project, where, [lane]) as cloud:
        here = wiring.cloud_of(project, cloud)
        for cell in cells:
            here.check_room(lane, workflow.key, cell.payload)
        here.make_ready(lane, workflow.key, cells[0].payload)

        def measure(cell: Cell) -> Measured:
            whole = {**cell.payload, **here.meeting_here(lane, cell.payload)}
            return measure_run(cloud, lane, workflow.key, whole)

        try:
            records = run_sweep(cells, journal, measure, _show)
        except KeyboardInterrupt:
            console.note(f"interrupted; {journal.path} has what was measured, the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
    _finish(folder, records, as_json=as_json)


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
    place = " ".join(f"{name}={value}" for name, value in progress.cell.axes.items())
    text = f"cell {progress.done} of {progress.total}: {place} #{progress.cell.repeat}  "
    if record["status"] == "SUCCEEDED":
        text += f"{record['wall_seconds']:.2f} s, {record['wall_throughput']:.1f} records/s"
    else:
        text += f"{record['status']}: {record['error']}"
    if progress.seconds_left:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        text += f"; {minutes}:{seconds:02} left"
    console.note(text)


def _finish(folder: Path, records: Sequence[Record], *, as_json: bool) -> None:
    """Write the files of a sweep, print its tables, and exit with 1 if a cell failed."""
    from shared.measure.reports.recommended import recommendation_lines, recommendation_record
    from shared.measure.reports.report_sweep import write_files
    from shared.measure.scaling.recommend import recommend
    from shared.measure.scaling.sweep import DONE, JOURNAL
    from shared.measure.scaling.sweep_tables import average_by_world, best, summarize_sweep

    points = summarize_sweep(records)
    write_files(records, points, folder)
    failed = [record for record in records if record["status"] != DONE]
    if as_json:
        from dataclasses import asdict

        top = best(points)
        console.print_json(
            {
                "folder": str(folder),
                "configurations": [asdict(point) for point in points],
                "by_world_size": [asdict(row) for row in average_by_world(points)],
                "best": asdict(top) if top else None,
                "recommended": recommendation_record(recommend(records, points)),
                "failed": failed,
            }
        )
    else:
        print_tables(points)
        for line in recommendation_lines(recommend(records, points)):
            console.out.print(line)
        console.note(f"{folder}: {JOURNAL}, cells.csv, summary.csv, plots/")
    if failed:
        console.fail(f"{len(failed)} of {len(records)} cells failed; the same command tries them again")
        raise typer.Exit(1)


def print_tables(points: Sequence[Point]) -> None:
    """Print a row for each configuration, and the averages by world size."""
    from rich.table import Table

    from shared.measure.billing.cost import dollars
    from shared.measure.scaling.sweep_tables import average_by_world

    if not points:
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    axes = list(points[0].axes)
    for heading in (*axes, "seconds", "min..max", "rec/s", "summed", "MB", "$/1000", "speed-up", "ideal %"):
        table.add_column(heading.replace("_", " "), justify="right", no_wrap=heading not in axes)
    for point in points:
        spread = point.figures["wall_seconds"]
        table.add_row(
            *(str(point.axes[axis]) for axis in axes),
            f"{spread.median:.2f}",
            f"{spread.low:.2f}..{spread.high:.2f}",
            f"{point.figures['wall_throughput'].median:.1f}",
            f"{point.figures['aggregate_throughput'].median:.1f}",
            f"{point.figures['memory_mb'].median:.0f}",
            f"{1000 * point.figures['cost_usd'].median:.3f}",
            "-" if point.speedup is None else f"{point.speedup:.2f}",
            "-" if point.efficiency is None else f"{100 * point.efficiency:.0f}",
        )
    console.out.print(table)
    runs = sorted({point.runs for point in points})
    told = "..".join(str(each) for each in (runs[:1] + runs[-1:] if len(runs) > 1 else runs))
    console.out.print(f"(medians of {told} runs; records/s of the whole execution, and summed over the ranks;")
    console.out.print("dollars are for 1,000 runs, estimated)\n")
    averages = Table(box=None, padding=(0, 2, 0, 0), title="average by world size (of medians)", title_justify="left")
    for heading in ("world size", "time (s)", "records/s", "summed over ranks", "cost"):
        averages.add_column(heading, justify="right")
    for row in average_by_world(points):
        averages.add_row(
            str(row.world_size),
            f"{row.seconds:.2f}",
            f"{row.wall_throughput:.2f}",
            f"{row.aggregate_throughput:.2f}",
            dollars(row.cost_usd),
        )
    if averages.row_count:
        console.out.print(averages)
