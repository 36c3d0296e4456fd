"""Plots of a sweep: time and throughput, speed-up, memory, and cost against time with its Pareto front."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from shared.measure.reports.plots_style import GREY, VERMILION, draw, marker, shades, whole_ticks
from shared.measure.scaling.sweep import WORLD
from shared.measure.scaling.sweep_tables import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from shared.measure.scaling.sweep import Scalar
    from shared.measure.scaling.sweep_tables import Figure as FigureName
    from shared.measure.scaling.sweep_tables import Point

_COST_AND_TIME: tuple[FigureName, FigureName] = ("cost_usd", "wall_seconds")
_BEYOND = 1.5  # x the greatest median: how far a frame reaches for the sake of a range
_MOST_SERIES = 8  # lines in one panel; nobody can tell more of them apart


def plot_sweep(points: Sequence[Point], recommended: Sequence[Point] = ()) -> dict[str, Figure]:
    """Return the figures that *points* have data for, by name; the *recommended* ones are marked in cost and time."""
    axes = [axis for axis in points[0].axes if len(_values(points, axis)) > 0] if points else []
    figures: dict[str, Figure] = {}
    if axes:
        figures["time-and-throughput"] = draw(
            (4.6 * len(axes[:2]), 6.4), lambda figure: _grid(figure, points, axes[:2])
        )
        figures["memory"] = draw((6.4, 3.8), lambda figure: _memory(figure, points, axes))
    if WORLD in axes and len(_values(points, WORLD)) > 1:
        figures["speed-up"] = draw((6.4, 4.2), lambda figure: _speedup(figure, points, axes))
    if len(points) > 1:
        figures["cost-and-time"] = draw((6.4, 4.6), lambda figure: _pareto(figure, points, recommended))
    return figures


def pareto(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats in both time and cost, from the fastest to the cheapest."""
    front: list[Point] = []
    for point in sorted(points, key=_time_and_cost):
        if not front or point.figures["cost_usd"].median < front[-1].figures["cost_usd"].median:
            front.append(point)
    return front


def _time_and_cost(point: Point) -> tuple[float, float]:
    return point.figures["wall_seconds"].median, point.figures["cost_usd"].median


def _values(points: Sequence[Point], axis: str) -> list[float]:
    """Return the values on an *axis* of numbers in ascending order; none where a value is no number."""
    values = {point.axes[axis] for point in points}
    numbers = [value for value in values if isinstance(value, int | float)]
    return sorted(numbers) if len(numbers) == len(values) else []


def _label(axis: str) -> str:
    return axis.replace("_", " ")


def _lines(axes: Axes, points: Sequence[Point], axis: str, value: Callable[[Point], Spread | float]) -> None:
    """Draw *value* over *axis*: a line for each place on the other axes, and the spread of the repeats as bars."""
    series: dict[tuple[tuple[str, Scalar], ...], list[Point]] = defaultdict(list)
    for point in points:
        series[tuple(item for item in point.axes.items() if item[0] != axis)].append(point)
    shown = dict(sorted(series.items(), key=lambda item: [str(value).rjust(12) for _, value in item[0]]))
    shown = dict(list(shown.items())[:_MOST_SERIES])
    places = _values(points, axis)
    whole_ticks(axes, places)
    for index, ((place, line), colour) in enumerate(zip(shown.items(), shades(len(shown)), strict=True)):
        line.sort(key=lambda point: float(point.axes[axis]))
        shift = 0.024 * (index - (len(shown) - 1) / 2)  # side by side, so that no bar hides another one
        values = [value(point) for point in line]
        middles = [each if isinstance(each, float | int) else each.median for each in values]
        spreads = [(0.0, 0.0) if isinstance(each, float | int) else _bars(each) for each in values]
        axes.errorbar(
            [_shifted(axes, places, float(point.axes[axis]), shift) for point in line],
            middles,
            yerr=list(zip(*spreads, strict=True)),
            label=", ".join(f"{_label(name)} {place}" for name, place in place),
            marker=marker(index),
            color=colour,
            capsize=2,
            elinewidth=0.8,
        )
    axes.set_xlabel(_label(axis))
    axes.set_ylim(0, 1.06 * axes.get_ylim()[1])


def _shifted(axes: Axes, places: Sequence[float], place: float, shift: float) -> float:
    """Move *place* by a share of the distance between neighbouring ticks."""
    if axes.get_xscale() == "log":
        return float(place * 2 ** (2 * shift))
    return place + 2 * shift * (places[-1] - places[0]) / max(1, len(places) - 1)


def _bars(spread: Spread) -> tuple[float, float]:
    return spread.median - spread.low, spread.high - spread.median


def _figure(name: FigureName) -> Callable[[Point], Spread]:
    return lambda point: point.figures[name]


def _grid(figure: Figure, points: Sequence[Point], axes: Sequence[str]) -> None:
    panels = figure.subplots(2, len(axes), squeeze=False, sharey="row")
    for column, axis in enumerate(axes):
        time, throughput = panels[0][column], panels[1][column]
        _lines(time, points, axis, _figure("wall_seconds"))
        _lines(throughput, points, axis, _figure("wall_throughput"))
        time.set_title(f"By {_label(axis)}")
        if len(points[0].axes) > 1:
            throughput.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    panels[0][0].set_ylabel("time (s), whole execution")
    panels[1][0].set_ylabel("records/s, whole execution")
    figure.suptitle("Median of the repeats; bars from the least to the greatest", fontsize=9, color=GREY)


def _speedup(figure: Figure, points: Sequence[Point], axes: Sequence[str]) -> None:
    panel = figure.subplots()
    worlds = _values(points, WORLD)
    ideal = [world / worlds[0] for world in worlds]
    panel.plot(worlds, ideal, color=VERMILION, linestyle="--", label="ideal")
    _lines(panel, points, WORLD, _with_interval)
    panel.set_ylabel(f"speed-up over world size {worlds[0]}")
    panel.set_title("Speed-up of the whole execution")
    if len(axes) > 1 or len(points[0].axes) > 1:
        panel.legend(fontsize=8, loc="upper left")


def _with_interval(point: Point) -> Spread | float:
    """Return the speed-up of a *point*, with its interval where there is one."""
    if point.speedup is None or point.interval is None:
        return point.speedup or 0.0
    return Spread(point.speedup, min(point.interval.low, point.speedup), max(point.interval.high, point.speedup))


def _memory(figure: Figure, points: Sequence[Point], axes: Sequence[str]) -> None:
    panel = figure.subplots()
    axis = next((name for name in axes if name != WORLD), axes[0])
    _lines(panel, points, axis, _figure("memory_mb"))
    panel.set_ylabel("MB, the greatest of the ranks")
    panel.set_title("Memory used")
    if len(points[0].axes) > 1:
        panel.legend(fontsize=8, loc="lower right", ncols=2)


def _pareto(figure: Figure, points: Sequence[Point], recommended: Sequence[Point]) -> None:
    panel = figure.subplots()
    by_world: dict[int | None, list[Point]] = defaultdict(list)
    for point in points:
        by_world[point.world].append(point)
    worlds = sorted(by_world, key=lambda world: world or 0)
    for index, (world, colour) in enumerate(zip(worlds, shades(len(worlds)), strict=True)):
        places = [_time_and_cost(point) for point in by_world[world]]
        label = None if world is None else f"world size {world}"
        times, costs = zip(*places, strict=True)
        bars = [zip(*(_bars(point.figures[name]) for point in by_world[world]), strict=True) for name in _COST_AND_TIME]
        panel.errorbar(
            times,
            [1000 * cost for cost in costs],
            xerr=list(bars[1]),
            yerr=[[1000 * bar for bar in ends] for ends in bars[0]],
            color=colour,
            marker=marker(index),
            label=label,
            linestyle="none",
            elinewidth=0.8,
            zorder=3,
        )
    front = pareto(points)
    times, costs = zip(*map(_time_and_cost, front), strict=True)
    panel.plot(times, [1000 * cost for cost in costs], color=VERMILION, linewidth=1.2, label="Pareto front", zorder=2)
    for point in front[:_MOST_SERIES]:
        time, cost = _time_and_cost(point)
        text = " x ".join(f"{value}" for value in point.axes.values())
        panel.annotate(text, (time, 1000 * cost), xytext=(10, 7), textcoords="offset points", fontsize=8)
    if recommended:
        times, costs = zip(*map(_time_and_cost, recommended), strict=True)
        panel.scatter(
            times,
            [1000 * cost for cost in costs],
            s=150,
            facecolors="none",
            edgecolors=VERMILION,
            linewidths=1.6,
            label="recommended",
            zorder=4,
        )
    panel.margins(x=0.12, y=0.12)
    most = [max(place[axis] for place in map(_time_and_cost, points)) for axis in (0, 1)]
    (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
    panel.set_xlim(max(0.0, left), min(right, _BEYOND * most[0]))  # one slow repeat squeezes nothing
    panel.set_ylim(max(0.0, bottom), min(top, _BEYOND * 1000 * most[1]))
    panel.set_xlabel("time (s), whole execution")
    panel.set_ylabel("US dollars for 1,000 runs, estimated")
    panel.set_title("Cost against time (" + " x ".join(map(_label, points[0].axes)) + ")")
    panel.legend(fontsize=8)
