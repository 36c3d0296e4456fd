"""The report of a sweep, and the files that a sweep leaves: its tables, its plots, the best configuration, the cost."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from shared.errors import LanesError
from shared.measure.billing.cost import dollars
from shared.measure.reports.evidence import Images, SweepManifest
from shared.measure.reports.plots_style import save
from shared.measure.reports.plots_sweep import plot_sweep
from shared.measure.reports.read_provenance import read_versions
from shared.measure.reports.recommended import recommendation_section
from shared.measure.reports.report import Plot, Report, Section, Table, versions
from shared.measure.reports.report_run import made_at
from shared.measure.scaling.recommend import recommended
from shared.measure.scaling.sweep import DONE, read_sweep
from shared.measure.scaling.sweep_tables import average_by_world, best, summarize_sweep, write_cells, write_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Point
    from shared.values import Json

_CAPTIONS = {
    "time-and-throughput": "Time and throughput of the whole execution.",
    "speed-up": "Speed-up of the median time against the smallest world, with its interval; dashed is ideal.",
    "cost-and-time": "Estimated cost against time, medians and ranges of the repeats. The line joins configurations "
    "that no other beats in both; rings mark the recommended ones. A range may end outside the frame.",
    "memory": "Memory used by the largest rank.",
}


def write_files(records: Sequence[Record], points: Sequence[Point], folder: Path) -> None:
    """Write the tables of a sweep (``cells.csv``, ``summary.csv``) and its plots into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cells.csv").open("w", encoding="utf-8") as file:
        write_cells(records, file)
    with (folder / "summary.csv").open("w", encoding="utf-8") as file:
        write_points(points, file)
    for name, figure in plot_sweep(points, recommended(records, points)).items():
        save(figure, folder / "plots", name)


def read_sweep_report(team: str, folder: Path) -> tuple[Report, SweepManifest]:
    """Read the sweep of *team* in *folder*, and return its report, and what is recorded of it.

    Raises:
        LanesError: None of its runs succeeded.
        UsageError: There is no sweep in the folder.
    """
    records = read_sweep(folder)
    axes = " and ".join(records[0]["axes"]).replace("_", " ")
    title, made, found = f"{team}: a sweep over {axes}", datetime.now(UTC), read_versions()
    report = report_sweep(records, title, made, found)
    manifest = SweepManifest(
        title=title,
        made=made,
        versions=found,
        records=tuple({**record} for record in records),
        figures=sweep_figures(records),
        plots={plot.name: Images.of(plot.digests) for plot in report.plots if plot.digests},
    )
    return report, manifest


def sweep_records(records: Sequence[Mapping[str, Json]]) -> Sequence[Record]:
    """Return the *records* of a report's file as those of a sweep. Whoever uses them finds out what they lack."""
    return cast("Sequence[Record]", records)


def sweep_figures(records: Sequence[Record]) -> dict[str, Json]:
    """Return the figures of a sweep: each of its runs, and its points with the spread of their repeats."""
    runs: list[Json] = [json.loads(json.dumps(record)) for record in records]
    return {"runs": runs, "points": [asdict(point) for point in summarize_sweep(records)]}


def report_sweep(records: Sequence[Record], title: str, made: datetime, found: Mapping[str, str]) -> Report:
    """Return the report of a sweep's *records*, made at a moment, with the versions that were *found* then.

    Raises:
        LanesError: None of them succeeded.
    """
    points = summarize_sweep(records)
    top = best(points)
    if top is None:
        raise LanesError("no cell of this sweep succeeded", fix="lanes sweep runs the failed cells again")
    done = [record for record in records if record["status"] == DONE]
    failed = [record for record in records if record["status"] != DONE]
    place = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in top.axes.items())
    figures = [
        ("configurations", str(len(points))),
        ("runs", f"{len(done)}" + (f", {len(failed)} failed" if failed else "")),
        ("best configuration", place),
        ("its records/s", f"{top.figures['wall_throughput'].median:.2f}"),
        ("its time", f"{top.figures['wall_seconds'].median:.2f} s"),
        ("cost of all runs, estimated", dollars(sum(record["cost_usd"] for record in done))),
    ]
    sections = [recommendation_section(records, points), Section("Summary", tables=_summary(points))]
    figures_of = plot_sweep(points, recommended(records, points))
    plots = [Plot(name, figure, _CAPTIONS[name]) for name, figure in figures_of.items()]
    sections.append(Section("Plots", plots=plots))
    sections.append(Section("All configurations", tables=[_configurations(points)]))
    if failed:
        rows = [[str(dict(record["axes"])), str(record["repeat"]), str(record.get("error"))] for record in failed]
        sections.append(Section("Failed runs", tables=[Table("", ("configuration", "repeat", "why"), rows, 3)]))
    sections.append(Section("Environment", tables=[versions(found)]))
    started = min(datetime.fromisoformat(record["measured_at"]) for record in done)
    return Report(title, made_at(started, made), figures, sections)


def _summary(points: Sequence[Point]) -> list[Table]:
    times = ("configurations", "runs", "average time (s)", "least", "greatest")
    headings = ("world size", *times, "records/s, whole", "records/s, summed over ranks", "cost")
    rows = [
        [
            str(row.world_size),
            str(row.configurations),
            str(row.runs),
            f"{row.seconds:.2f}",
            f"{row.least:.2f}",
            f"{row.greatest:.2f}",
            f"{row.wall_throughput:.2f}",
            f"{row.aggregate_throughput:.2f}",
            dollars(row.cost_usd),
        ]
        for row in average_by_world(points)
    ]
    note = "Averages over the configurations of each world size, of the medians of their repeats; least and greatest "
    note += "are of these medians."
    return [Table("Average by world size", headings, rows, note=note)] if rows else []


def _configurations(points: Sequence[Point]) -> Table:
    axes = list(points[0].axes)
    times = ("runs", "cold", "time (s)", "least", "greatest", "warm (s)")
    rates = ("records/s", "summed", "memory", "cost", "speed-up", "interval", "efficiency")
    rows = []
    for point in points:
        spread = point.figures["wall_seconds"]
        rows.append(
            [
                *(str(point.axes[axis]) for axis in axes),
                str(point.runs),
                str(point.cold),
                f"{spread.median:.2f}",
                f"{spread.low:.2f}",
                f"{spread.high:.2f}",
                f"{point.warm['wall_seconds'].median:.2f}" if point.warm else "",
                f"{point.figures['wall_throughput'].median:.1f}",
                f"{point.figures['aggregate_throughput'].median:.1f}",
                f"{point.figures['memory_mb'].median:.0f} MB",
                dollars(point.figures["cost_usd"].median),
                "" if point.speedup is None else f"{point.speedup:.2f}{'*' if point.mixed else ''}",
                f"{point.interval.low:.2f} to {point.interval.high:.2f}" if point.interval else "",
                "" if point.efficiency is None else f"{100 * point.efficiency:.0f} %",
            ]
        )
    headings = (*(axis.replace("_", " ") for axis in axes), *times, *rates)
    return Table("", headings, rows, numbers=0, note=" ".join(_notes(points)))


def _notes(points: Sequence[Point]) -> Iterator[str]:
    """Yield what to keep in mind of the table of all configurations."""
    yield "Medians of the runs; records/s of the whole execution, and summed over the ranks' own times."
    if any(point.cold for point in points):
        yield "Cold: runs in which a function began cold; warm: the median of the others, of which speed-ups are made."
    if any(point.mixed for point in points):
        yield "* compares warm runs with cold ones."
    if intervals := [point.interval for point in points if point.interval]:
        sure = all(interval.sure for interval in intervals)
        yield f"Interval: the bootstrap one of the speed-up, {'95' if sure else '95 (of 3 or 4 runs about 90)'} %."
