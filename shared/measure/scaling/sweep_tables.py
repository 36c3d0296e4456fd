"""Turns a sweep's records into its tables: medians and spread by configuration, speed-up, efficiency, averages."""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from shared.measure.scaling.sweep import DONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.measure.scaling.sweep import Record

WORLD = "world_size"
FIGURES = ("wall_seconds", "wall_throughput", "aggregate_throughput", "memory_mb", "cost_usd")


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the repeats of a configuration: the median, and the least and the greatest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration of a sweep.

    Attributes:
        axes: Its place.
        runs: How many repeats succeeded; ``failed`` how many did not.
        figures: A spread for each of FIGURES: seconds, records/s (wall, summed over ranks), MB, US dollars.
        speedup: How many times faster than the smallest world of the same other axes; None without one.
        efficiency: The speed-up by the ratio of the worlds, 1 is ideal.
    """

    axes: Mapping[str, Any]
    runs: int
    failed: int
    figures: Mapping[str, Spread]
    speedup: float | None
    efficiency: float | None


@dataclass(frozen=True, slots=True)
class Average:
    """A row of the field's summary: over all configurations of one world size, the mean of their medians."""

    world_size: int
    seconds: float
    wall_throughput: float
    aggregate_throughput: float
    cost_usd: float


def summarize_sweep(records: Iterable[Record]) -> list[Point]:
    """Return a point for each configuration of which a run succeeded, in the order of the records."""
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(record["axes"].items())].append(record)
    spreads: dict[tuple[Any, ...], dict[str, Spread]] = {}
    for place, group in groups.items():
        done = [record for record in group if record["status"] == DONE]
        if done:
            spreads[place] = {name: _spread([record[name] for record in done]) for name in FIGURES}
    points = []
    for place, figures in spreads.items():
        speedup, efficiency = _scaling(place, spreads)
        failed = sum(record["status"] != DONE for record in groups[place])
        points.append(Point(dict(place), len(groups[place]) - failed, failed, figures, speedup, efficiency))
    return points


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def _scaling(
    place: tuple[Any, ...], spreads: Mapping[tuple[Any, ...], Mapping[str, Spread]]
) -> tuple[float | None, float | None]:
    """Return speed-up and efficiency of a *place* against the smallest world beside it."""
    if WORLD not in dict(place):
        return None, None
    beside = [other for other in spreads if _without_world(other) == _without_world(place)]
    first = min(beside, key=lambda other: dict(other)[WORLD])
    time = spreads[place]["wall_seconds"].median
    speedup = spreads[first]["wall_seconds"].median / time if time else None
    ratio = dict(place)[WORLD] / dict(first)[WORLD]
    return speedup, speedup / ratio if speedup is not None else None


def _without_world(place: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for name, value in place if name != WORLD}


def average_by_world(points: Iterable[Point]) -> list[Average]:
    """Return the field's table, by ascending world size; empty when the sweep has no such axis."""
    groups: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        if WORLD in point.axes:
            groups[point.axes[WORLD]].append(point)
    return [
        Average(world, *(statistics.mean(point.figures[name].median for point in group) for name in _AVERAGED))
        for world, group in sorted(groups.items())
    ]


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_AVERAGED = ("wall_seconds", "wall_throughput", "aggregate_throughput", "cost_usd")


def best(points: Sequence[Point]) -> Point | None:
    """Return the configuration with the highest median wall throughput, or the fastest where there are no records."""
    if not points:
        return None
    return max(
        points, key=lambda point: (point.figures["wall_throughput"].median, -point.figures["wall_seconds"].median)
    )


def write_cells(records: Sequence[Record], file: IO[str]) -> None:
    """Write a CSV row for each run."""
    names = ["status", "run_id", "measured_at", "records", *FIGURES, "memory_size_mb", "cold_starts", "error"]
    axes = list(records[0]["axes"]) if records else []
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*axes, "repeat", *names])
    for record in records:
        row = [record.get(name) for name in names]
        values = [*(record["axes"][axis] for axis in axes), record["repeat"], *row]
        writer.writerow(map(_inert, values))


def write_points(points: Sequence[Point], file: IO[str]) -> None:
    """Write a CSV row for each configuration: median, least and greatest of every figure."""
    axes = list(points[0].axes) if points else []
    writer = csv.writer(file, lineterminator="\n")
    spreads = [f"{name}_{kind}" for name in FIGURES for kind in ("median", "min", "max")]
    writer.writerow([*axes, "runs", "failed", *spreads, "speedup", "efficiency"])
    for point in points:
        values = [value for name in FIGURES for value in _values(point.figures[name])]
        places = [point.axes[axis] for axis in axes]
        writer.writerow(map(_inert, [*places, point.runs, point.failed, *values, point.speedup, point.efficiency]))


def _values(spread: Spread) -> tuple[float, float, float]:
    return spread.median, spread.low, spread.high


def _inert(value: Any) -> Any:
    """Return *value* as a spreadsheet shows it and does not run it: a text that begins as a formula gets a quote.

    An error's text is whatever a program raised. After OWASP, "CSV Injection" (2026-11-29).
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # which csv would leave without quotes
    return f"'{text}" if text.startswith(_FORMULA) else text
