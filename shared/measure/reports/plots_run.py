"""Plots of one run: its ranks over time, predicted against true redshift, and the residuals of that."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch

from shared.measure.reports.plots_style import BLUE, GREY, ORANGE, VERMILION, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from shared.measure.observed.invocations import Row

    Floats = NDArray[np.float32]

STRAGGLER = 1.5  # times the median of its state: a rank that takes so long is a straggler
_FEWEST = 3  # invocations of a state that can have a straggler: of two, neither is the exception
_MOST_LABELS = 40
_DENSE = 400  # records; fewer are shown as points


def plot_timeline(rows: Sequence[Row]) -> Figure:
    """Return the invocations of a run as bars over time, by rank. Cold starts are set apart, stragglers are marked."""
    ordered = sorted(rows, key=lambda row: (row.rank is not None, row.rank or 0, row.at_ms))
    height = min(9.0, 1.6 + 0.26 * len(ordered))
    return draw((8.0, height), lambda figure: _timeline(figure, ordered))


def stragglers(rows: Sequence[Row]) -> list[Row]:
    """Return the invocations that took 1.5 times the median of their state or longer, of states with three or more."""
    found = []
    for state in {row.state for row in rows}:
        beside = [row for row in rows if row.state == state]
        if len(beside) >= _FEWEST:
            middle = statistics.median(row.report.duration_ms for row in beside)
            found += [row for row in beside if row.report.duration_ms >= STRAGGLER * middle]
    return found


def _timeline(figure: Figure, rows: Sequence[Row]) -> None:
    panel = figure.subplots()
    begin = min(row.at_ms - row.report.duration_ms - (row.report.init_ms or 0) for row in rows)
    late = {row.report.request_id for row in stragglers(rows)}
    for place, row in enumerate(rows):
        took, init = row.report.duration_ms / 1000, (row.report.init_ms or 0) / 1000
        end = (row.at_ms - begin) / 1000
        edge = VERMILION if row.report.request_id in late else "none"
        width = 1.8 if edge != "none" else 0.0
        colour = ORANGE if row.report.init_ms is not None else BLUE
        panel.barh(place, took, left=end - took, color=colour, edgecolor=edge, linewidth=width, height=0.72)
        if init:
            panel.barh(place, init, left=end - took - init, color="white", edgecolor=ORANGE, hatch="////", height=0.72)
    if len(rows) <= _MOST_LABELS:
        panel.set_yticks(range(len(rows)), [_name(row) for row in rows])
    else:
        panel.set_yticks([])
        panel.set_ylabel(f"{len(rows)} invocations, by rank")
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set_xlabel("seconds")
    panel.set_title("What ran when")
    keys = [
        Patch(facecolor="white", edgecolor=ORANGE, hatch="////", label="cold start"),
        Patch(facecolor=ORANGE, label="handler, cold"),
        Patch(facecolor=BLUE, label="handler, warm"),
    ]
    if late:
        keys.append(
            Patch(facecolor="white", edgecolor=VERMILION, linewidth=1.8, label=f"straggler, {STRAGGLER} x median")
        )
    panel.legend(
        handles=keys, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -1.0 / figure.get_figheight())
    )


def _name(row: Row) -> str:
    return row.place if row.rank is None else f"rank {row.rank}"


def plot_redshifts(true: Floats, predicted: Floats) -> Figure:
    """Return a plot of predicted against true redshift [n], n >= 1, with the density of the records."""
    return draw((5.2, 4.6), lambda figure: _redshifts(figure, true, predicted))


def _redshifts(figure: Figure, true: Floats, predicted: Floats) -> None:
    panel = figure.subplots()
    low, high = float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))
    margin = 0.03 * (high - low or 1)
    ends = (low - margin, high + margin)
    if len(true) < _DENSE:
        panel.plot(true, predicted, "o", color=BLUE, markersize=4, alpha=0.7)
    else:
        cells = panel.hexbin(
            true, predicted, gridsize=60, extent=(*ends, *ends), mincnt=1, norm=LogNorm(), cmap="cividis"
        )
        figure.colorbar(cells, label="records", shrink=0.85)
    panel.plot(ends, ends, color=VERMILION, linewidth=1.2, linestyle="--", label="predicted = true")
    panel.set(xlim=ends, ylim=ends, xlabel="true redshift", ylabel="predicted redshift", aspect="equal")
    panel.set_title(f"Redshift of {len(true):,} galaxies")
    panel.legend(fontsize=8, loc="upper left")


def plot_residuals(true: Floats, predicted: Floats) -> Figure:
    """Return a plot of the scaled residuals (predicted - true) / (1 + true) [n] over the true redshift."""
    return draw((8.4, 3.8), lambda figure: _residuals(figure, true, predicted))


def _residuals(figure: Figure, true: Floats, predicted: Floats) -> None:
    over, histogram = figure.subplots(1, 2, width_ratios=(3, 2), sharey=True)
    scaled = (predicted.astype(np.float64) - true) / (1 + true.astype(np.float64))
    if len(true) < _DENSE:
        over.plot(true, scaled, "o", color=BLUE, markersize=3, alpha=0.6)
    else:
        over.hexbin(true, scaled, gridsize=(60, 40), mincnt=1, norm=LogNorm(), cmap="cividis")
    places, middles = _running_median(true, scaled)
    over.plot(places, middles, color=ORANGE, linewidth=2, label="running median")
    over.axhline(0, color=VERMILION, linewidth=1.2, linestyle="--")
    over.set(xlabel="true redshift", ylabel="(predicted - true) / (1 + true)")
    over.set_title("Residuals")
    over.legend(fontsize=8, loc="lower left")
    histogram.hist(scaled, bins=60, orientation="horizontal", color=BLUE)
    histogram.axhline(0, color=VERMILION, linewidth=1.2, linestyle="--")
    middle = float(np.median(scaled))
    precision = 1.48 * float(np.median(np.abs(scaled - middle)))
    histogram.set_xlabel("records")
    histogram.set_title(f"bias {scaled.mean():+.4f}, precision {precision:.4f}", color=GREY, fontsize=9)


def _running_median(true: Floats, scaled: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Return the medians of each twelfth of the records, in the order of their true redshift."""
    order = np.argsort(true)
    parts = np.array_split(order, min(12, len(order)))
    return [float(np.median(true[part])) for part in parts], [float(np.median(scaled[part])) for part in parts]
