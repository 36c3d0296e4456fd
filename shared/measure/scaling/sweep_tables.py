"""Makes the tables of a sweep from its records: medians and spread by configuration, speed-up, efficiency, averages."""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal, TypeAlias, get_args

from shared.measure.scaling.sweep import DONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.measure.scaling.sweep import Record, Scalar

    _Place: TypeAlias = tuple[tuple[str, Scalar], ...]

WORLD = "world_size"
Figure: TypeAlias = Literal["wall_seconds", "wall_throughput", "aggregate_throughput", "memory_mb", "cost_usd"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
_AVERAGED: tuple[Figure, ...] = ("wall_seconds", "wall_throughput", "aggregate_throughput", "cost_usd")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the repeats of a configuration: the median, the least and the greatest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration of a sweep.

    Attributes:
        axes: Its place on the axes.
        runs: How many repeats succeeded.
        failed: How many repeats failed.
        figures: A spread for each of FIGURES: seconds, records/s (wall, summed over ranks), MB, US dollars.
        speedup: How many times faster it is than the smallest world with the same other values; None without such a
        world. efficiency: The speed-up divided by the ratio of the two world sizes; 1 is ideal.
    """

    axes: Mapping[str, Scalar]
    runs: int
    failed: int
    figures: Mapping[Figure, Spread]
    speedup: float | None
    efficiency: float | None

    @property
    def world(self) -> int | None:
        """Its world size; None when the sweep has no such axis."""
        return _world(self.axes)


@dataclass(frozen=True, slots=True)
class Average:
    """A row of the field's summary: the means of the medians of all configurations of one world size."""

    world_size: int
    seconds: float
    wall_throughput: float
    aggregate_throughput: float
    cost_usd: float


def summarize_sweep(records: Iterable[Record]) -> list[Point]:
    """Return a point for each configuration with at least one run that succeeded, in the order of the records."""
    groups: dict[_Place, list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(record["axes"].items())].append(record)
    spreads: dict[_Place, dict[Figure, Spread]] = {}
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


def _scaling(place: _Place, spreads: Mapping[_Place, Mapping[Figure, Spread]]) -> tuple[float | None, float | None]:
    """Return speed-up and efficiency of a *place* against the smallest world with the same other values."""
    world = _world(dict(place))
    if world is None:
        return None, None
    beside = [other for other in spreads if _without_world(other) == _without_world(place)]
    worlds = {other: _world(dict(other)) or world for other in beside}
    first = min(beside, key=lambda other: worlds[other])
    time = spreads[place]["wall_seconds"].median
    if not time:
        return None, None
    speedup = spreads[first]["wall_seconds"].median / time
    return speedup, speedup / (world / worlds[first])


def _world(axes: Mapping[str, Scalar]) -> int | None:
    world = axes.get(WORLD)
    return world if isinstance(world, int) else None


def _without_world(place: _Place) -> dict[str, Scalar]:
    return {name: value for name, value in place if name != WORLD}


def average_by_world(points: Iterable[Point]) -> list[Average]:
    """Return the field's table, by ascending world size. It is empty when the sweep has no such axis."""
    groups: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        if point.world is not None:
            groups[point.world].append(point)
    return [
        Average(world, *(statistics.mean(point.figures[name].median for point in group) for name in _AVERAGED))
        for world, group in sorted(groups.items())
    ]


def best(points: Sequence[Point]) -> Point | None:
    """Return the configuration with the highest median wall throughput; the fastest one where there are no records."""
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
        fields: Mapping[str, object] = record
        row = [fields.get(name) for name in names]
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


def _inert(value: object) -> object:
    """Return *value* so that a spreadsheet shows it and does not run it: a text that begins as a formula gets a quote.

    An error's text is whatever a program raised. Source: OWASP, "CSV Injection" (2026-11-29).
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # csv would leave these without quotes
    return f"'{text}" if text.startswith(_FORMULA) else text
