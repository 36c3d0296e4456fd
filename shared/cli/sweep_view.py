"""Shows a finished sweep: its files, its tables, and what to keep in mind of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from shared.cli import console
from shared.measure.billing.cost import dollars
from shared.measure.reports.recommended import recommendation_lines, recommendation_record
from shared.measure.reports.report_sweep import write_files
from shared.measure.scaling.recommend import recommend
from shared.measure.scaling.sweep import DONE, JOURNAL
from shared.measure.scaling.sweep_tables import average_by_world, best, summarize_sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.measure.intervals import Interval
    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Average, Figure, Point

_WIDEST = 12
"""Characters of a value on an axis that are on one line."""


def finish_sweep(folder: Path, records: Sequence[Record], *, as_json: bool) -> None:
    """Write the files of a sweep, print its tables, and exit with 1 if a cell failed."""
    points = summarize_sweep(records)
    write_files(records, points, folder)
    failed = [record for record in records if record["status"] != DONE]
    if as_json:
        top = best(points)
        console.print_json(
            {
                "folder": str(folder),
                "configurations": [_record(point) for point in points],
                "by_world_size": [asdict(row) for row in average_by_world(points)],
                "best": _record(top) if top else None,
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


def _record(point: Point) -> dict[str, object]:
    return asdict(point) | {"interval": point.interval.as_record() if point.interval else None}


def print_tables(points: Sequence[Point]) -> None:
    """Print a row for each configuration, and the averages by world size."""
    if not points:
        return
    for rows in ([_times(point) for point in points], [_rates(point) for point in points]):
        console.out.print(_table(points, rows))
    console.out.print("(medians of the runs; records/s of the whole execution, and summed over the ranks;")
    console.out.print("dollars are for 1,000 runs, estimated)")
    for line in _told(points):
        console.out.print(line)
    console.out.print()
    if averages := average_by_world(points):
        console.out.print(_averages(averages))


def _table(points: Sequence[Point], rows: Sequence[Mapping[str, str]]) -> Table:
    """Return a table of the *points*, with what *rows* have of them by heading. A heading with nothing is left out."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    axes = list(points[0].axes)
    shown = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    for axis in axes:
        words = [*axis.split("_"), *(str(point.axes[axis]) for point in points)]
        table.add_column(axis.replace("_", " "), justify="right", min_width=min(_WIDEST, max(map(len, words))))
    for heading in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for point, row in zip(points, rows, strict=True):
        table.add_row(*(str(point.axes[axis]) for axis in axes), *(row[heading] for heading in shown))
    return table


def _times(point: Point) -> dict[str, str]:
    """Return the times of a *point* by their headings; what is not known is empty."""
    seconds, warm = point.figures["wall_seconds"], point.warm if point.cold else None
    return {
        "runs": str(point.runs),
        "cold": str(point.cold or ""),
        "seconds": f"{seconds.median:.2f}",
        "min..max": f"{seconds.low:.2f}..{seconds.high:.2f}",
        "warm": f"{warm['wall_seconds'].median:.2f}" if warm else "",
        "speed-up": "" if point.speedup is None else f"{point.speedup:.2f}{'*' if point.mixed else ''}",
        "95 %": _interval(point.interval),
        "ideal %": "" if point.efficiency is None else f"{100 * point.efficiency:.0f}",
    }


def _rates(point: Point) -> dict[str, str]:
    """Return the throughput, the memory and the cost of a *point* by their headings."""
    return {
        "rec/s": _median(point, "wall_throughput", 1),
        "summed": _median(point, "aggregate_throughput", 1),
        "MB": _median(point, "memory_mb", 0),
        "$/1000": f"{1000 * point.figures['cost_usd'].median:.3f}",
    }


def _median(point: Point, name: Figure, digits: int) -> str:
    return f"{point.figures[name].median:.{digits}f}"


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"{interval.low:.2f}..{interval.high:.2f}{'' if interval.sure else '~'}"


def _told(points: Sequence[Point]) -> Iterator[str]:
    """Yield what to keep in mind of the table."""
    runs, cold = sum(point.runs for point in points), sum(point.cold for point in points)
    intervals = [point.interval for point in points if point.interval]
    if cold:
        speedup = ", and speed-ups are of warm runs where both worlds have some" if any(map(_compares, points)) else ""
        yield f'{cold} of {runs} runs began cold: "warm" is the median of the others{speedup}.'
    if any(point.mixed for point in points):
        yield "* compares warm runs with cold ones: --warm warms first, and more --repeat has more warm runs."
    if intervals:
        yield "95 %: the bootstrap interval of the speed-up, of the medians of both worlds."
    if any(not interval.sure for interval in intervals):
        yield "~ by 3 or 4 runs such an interval holds the truth in about 90 of 100 cases, by 5 in 95."
    if any(map(_compares, points)) and not intervals:
        yield "A speed-up has an interval where both worlds have 3 such runs or more."


def _compares(point: Point) -> bool:
    return point.speedup is not None


def _averages(rows: Sequence[Average]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="average by world size (of medians)", title_justify="left")
    headings = ("world size", "of", "runs", "time (s)", "min..max", "records/s", "summed over ranks", "cost")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            str(row.world_size),
            str(row.configurations),
            str(row.runs),
            f"{row.seconds:.2f}",
            f"{row.least:.2f}..{row.greatest:.2f}",
            f"{row.wall_throughput:.2f}",
            f"{row.aggregate_throughput:.2f}",
            dollars(row.cost_usd),
        )
    return table
