"""Makes the tables of a sweep from its records: medians and spread by configuration, speed-up, efficiency, averages.

A run that began cold, in any of its functions, takes longer than one that did not, and which run that is depends on the
order and not on the configuration. So each configuration says how many of its runs began cold, and its figures over all
runs stand beside those over its warm ones. A speed-up compares like with like: the warm runs of both worlds; where
neither has any, all runs; and where only one has, all runs, and ``mixed`` says so.
"""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from shared.measure.intervals import ratio_of_medians
from shared.measure.scaling.sweep import DONE, WORLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.measure.intervals import Interval
    from shared.measure.scaling.sweep import Record, Scalar

    _Place: TypeAlias = tuple[tuple[str, Scalar], ...]

Figure: TypeAlias = Literal["wall_seconds", "wall_throughput", "aggregate_throughput", "memory_mb", "cost_usd"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
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
            world.
        efficiency: The speed-up divided by the ratio of the two world sizes; 1 is ideal.
        cold: How many of the runs began cold.
        warm: The figures over the others; None where there are none.
        interval: The interval of the speed-up; None where a world has too few runs, and of the smallest world itself.
        mixed: Whether the speed-up compares warm runs with cold ones.
    """

    axes: Mapping[str, Scalar]
    runs: int
    failed: int
    figures: Mapping[Figure, Spread]
    speedup: float | None
    efficiency: float | None
    cold: int = 0
    warm: Mapping[Figure, Spread] | None = None
    interval: Interval | None = None
    mixed: bool = False

    @property
    def world(self) -> int | None:
        """Its world size; None when the sweep has no such axis."""
        return _world(self.axes)


@dataclass(frozen=True, slots=True)
class Average:
    """A row of the field's summary: the means of the medians of all configurations of one world size.

    Attributes:
        configurations: How many they are.
        runs: How many runs they have together, and ``cold`` how many of them began cold.
        least: The least of their medians in seconds, and ``greatest`` the greatest.
    """

    world_size: int
    seconds: float
    wall_throughput: float
    aggregate_throughput: float
    cost_usd: float
    configurations: int
    runs: int
    cold: int
    least: float
    greatest: float


def summarize_sweep(records: Iterable[Record]) -> list[Point]:
    """Return a point for each configuration with at least one run that succeeded, in the order of the records."""
    groups: dict[_Place, list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(record["axes"].items())].append(record)
    done = {place: [each for each in group if each["status"] == DONE] for place, group in groups.items()}
    done = {place: group for place, group in done.items() if group}
    return [_point(place, done, len(groups[place])) for place in done]


def _point(place: _Place, done: Mapping[_Place, Sequence[Record]], tried: int) -> Point:
    """Return the point at *place*, by the runs that succeeded there and elsewhere, of so many that were tried there."""
    runs, warm = done[place], _warm(done[place])
    scaling = _scaling(place, done)
    return Point(
        dict(place),
        len(runs),
        tried - len(runs),
        _figures(runs),
        scaling.speedup,
        scaling.efficiency,
        len(runs) - len(warm),
        _figures(warm) if warm else None,
        scaling.interval,
        scaling.mixed,
    )


def _figures(records: Sequence[Record]) -> dict[Figure, Spread]:
    return {name: _spread([record[name] for record in records]) for name in FIGURES}


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def _warm(records: Sequence[Record]) -> list[Record]:
    """Return those that did not begin cold; journals that do not tell are of before cold starts were counted."""
    return [record for record in records if not record.get("cold_starts")]


class _Scaling(NamedTuple):
    """The part of a point that compares it with another world."""

    speedup: float | None = None
    efficiency: float | None = None
    interval: Interval | None = None
    mixed: bool = False


def _scaling(place: _Place, done: Mapping[_Place, Sequence[Record]]) -> _Scaling:
    """Compare a *place* with the smallest world with the same other values."""
    world = _world(dict(place))
    if world is None:
        return _Scaling()
    beside = [other for other in done if _without_world(other) == _without_world(place)]
    worlds = {other: _world(dict(other)) or world for other in beside}
    first = min(beside, key=lambda other: worlds[other])
    warm = [_warm(done[each]) for each in (first, place)]
    compared = warm if all(warm) else [done[first], done[place]]
    mixed = any(warm) and not all(warm)
    before, after = ([record["wall_seconds"] for record in group] for group in compared)
    if not statistics.median(after):
        return _Scaling(mixed=mixed)
    speedup = statistics.median(before) / statistics.median(after)
    interval = ratio_of_medians(after, before) if place != first else None
    return _Scaling(speedup, speedup / (world / worlds[first]), interval, mixed)


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
    return [_average(world, group) for world, group in sorted(groups.items())]


def _average(world: int, group: Sequence[Point]) -> Average:
    def middles(name: Figure) -> list[float]:
        return [point.figures[name].median for point in group]

    return Average(
        world_size=world,
        seconds=statistics.mean(middles("wall_seconds")),
        wall_throughput=statistics.mean(middles("wall_throughput")),
        aggregate_throughput=statistics.mean(middles("aggregate_throughput")),
        cost_usd=statistics.mean(middles("cost_usd")),
        configurations=len(group),
        runs=sum(point.runs for point in group),
        cold=sum(point.cold for point in group),
        least=min(middles("wall_seconds")),
        greatest=max(middles("wall_seconds")),
    )


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
    """Write a CSV row for each configuration: median, least and greatest of every figure, over all runs and warm ones.

    ``low`` and ``high`` are the interval of the speed-up.
    """
    axes = list(points[0].axes) if points else []
    writer = csv.writer(file, lineterminator="\n")
    spreads = [f"{name}_{kind}" for name in FIGURES for kind in ("median", "min", "max")]
    scaling = ("speedup", "speedup_low", "speedup_high", "efficiency", "mixed")
    writer.writerow([*axes, "runs", "failed", "cold", *spreads, *(f"warm_{name}" for name in spreads), *scaling])
    for point in points:
        places = [point.axes[axis] for axis in axes]
        values = [*_values(point.figures), *_values(point.warm)]
        interval = (point.interval.low, point.interval.high) if point.interval else (None, None)
        told = [point.speedup, *interval, point.efficiency, int(point.mixed)]
        writer.writerow(map(_inert, [*places, point.runs, point.failed, point.cold, *values, *told]))


def _values(figures: Mapping[Figure, Spread] | None) -> list[float | None]:
    if figures is None:
        return [None] * (3 * len(FIGURES))
    return [value for name in FIGURES for value in (figures[name].median, figures[name].low, figures[name].high)]


def _inert(value: object) -> object:
    """Return *value* so that a spreadsheet shows it and does not run it: a text that begins as a formula gets a quote.

    An error's text is whatever a program raised. Source: OWASP, "CSV Injection" (2026-11-29).
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # csv would leave these without quotes
    return f"'{text}" if text.startswith(_FORMULA) else text
