"""Plots of photometric redshifts as the field prints them: density, residuals, and the fraction of outliers.

d = (predicted - true) / (1 + true) throughout; an outlier is off by more than 0.15 (1 + true).
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator, PercentFormatter

from shared.handlers.cosmic.quality import NEAR_OUTLIER, OUTLIER, scaled_error, sigma_nmad
from shared.measure.reports.plots_style import BLUE, GREEN, GREY, VERMILION, draw
from shared.measure.reports.redshift_figures import FEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure, SubFigure
    from numpy.typing import NDArray

    from shared.measure.reports.redshift_figures import Bin, Estimate

    Floats = NDArray[np.float32]

TRUE, MAGNITUDE = "true redshift", "r magnitude (mag)"
"""The axes that residuals and outliers are shown by."""
_SCALED = "(predicted - true) / (1 + true)"
_DENSE = 400  # records; fewer are shown as points
_FRAME = 0.25  # x (1 + z): how far from the true redshifts the frame of predicted ones reaches
_MOST_SPREAD = 6.0  # x sigma_NMAD: how far the frame of residuals reaches, at least
_WIDEST = 0.25  # and at most for the sake of outliers, whose limit it shows


def plot_redshifts(true: Floats, predicted: Floats, told: str) -> tuple[Figure, str]:
    """Return a plot of predicted against true redshift [n], n >= 1, with its density, and its data as CSV.

    *told* is written above it: the figures of these redshifts.
    """
    cells: list[tuple[float, float, int]] = []
    figure = draw((5.6, 4.9), lambda figure: cells.extend(_redshifts(figure, true, predicted, told)))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["true_redshift", "predicted_redshift", "records"])
    writer.writerows(cells)
    return figure, file.getvalue()


def _redshifts(figure: Figure, true: Floats, predicted: Floats, told: str) -> list[tuple[float, float, int]]:
    """Draw, and return what was drawn: the place of each cell or record, and how many records are there."""
    panel = figure.subplots()
    first, last = float(true.min()), float(true.max())
    low = min(first, max(float(predicted.min()), first - _FRAME * (1 + first)))
    high = max(last, min(float(predicted.max()), last + _FRAME * (1 + last)))
    margin = 0.03 * (high - low or 1)
    ends = np.array([low - margin, high + margin])
    inside = (predicted >= ends[0]) & (predicted <= ends[1])
    shown = true[inside], predicted[inside]
    if len(shown[0]) < _DENSE:
        panel.plot(*shown, "o", color=BLUE, markersize=4, alpha=0.7)
        cells = [(float(x), float(y), 1) for x, y in zip(*shown, strict=True)]
    else:
        density = panel.hexbin(*shown, gridsize=60, extent=(*ends, *ends), mincnt=1, norm=LogNorm(), cmap="cividis")
        _key(figure, density, [panel])
        places, counts = np.asarray(density.get_offsets()), np.asarray(density.get_array())
        cells = [(float(x), float(y), int(count)) for (x, y), count in zip(places, counts, strict=True)]
    panel.plot(ends, ends, color=VERMILION, linewidth=1.2, label="predicted = true")
    for sign in (1, -1):
        label = f"off by {OUTLIER} (1 + z)" if sign > 0 else None
        panel.plot(ends, ends + sign * OUTLIER * (1 + ends), color=GREY, linewidth=1.1, linestyle="--", label=label)
    panel.set(xlim=ends, ylim=ends, xlabel="true redshift, z", ylabel="predicted redshift", aspect="equal")
    beyond = len(true) - len(shown[0])
    panel.set_title(told + (f"\n{beyond:,} outside the frame" if beyond else ""), fontsize=9, fontweight="normal")
    figure.legend(fontsize=8, loc="outside lower center", ncols=2)
    return cells


def _key(figure: Figure | SubFigure, cells: PolyCollection, beside: Sequence[Axes]) -> None:
    """Draw what the colours of *cells* mean, on the right of the axes *beside* it."""
    figure.colorbar(
        cells, ax=list(beside), label="records in a cell", shrink=0.85, ticks=LogLocator(subs=(1, 2, 5)), format="%d"
    ).minorticks_off()


def plot_residuals(true: Floats, predicted: Floats, bins: Sequence[Bin]) -> Figure:
    """Return d [n] over the true redshift, with its median, 16th and 84th percentile in *bins*, and its histogram."""

    def fill(figure: Figure) -> None:
        over, histogram = figure.subplots(1, 2, width_ratios=(3, 1), sharey=True)
        scaled = scaled_error(true, predicted)
        frame = _residuals([over, histogram], true, scaled, bins)
        over.set_xlabel(TRUE)
        inside = scaled[np.abs(scaled) <= frame]
        histogram.hist(inside, bins=60, range=(-frame, frame), orientation="horizontal", color=BLUE)
        _thresholds(histogram, frame)
        histogram.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        histogram.set_xlabel("records")

    return draw((8.4, 4.0), fill)


def plot_residuals_by_magnitude(magnitudes: Floats, true: Floats, predicted: Floats, bins: Sequence[Bin]) -> Figure:
    """Return d [n] over the r magnitude, with its median and its 16th and 84th percentile in *bins*."""

    def fill(figure: Figure) -> None:
        panel = figure.subplots()
        _residuals([panel], magnitudes, scaled_error(true, predicted), bins)
        panel.set_xlabel(MAGNITUDE)

    return draw((8.4, 4.0), fill)


def _residuals(panels: Sequence[Axes], places: Floats, scaled: NDArray[np.float64], bins: Sequence[Bin]) -> float:
    """Draw *scaled* [n] over *places* [n] into the first of *panels*; return how far up and down the frame reaches."""
    panel, frame = panels[0], _reach(scaled)
    inside = np.abs(scaled) <= frame
    shown = places[inside], scaled[inside]
    if len(shown[0]) < _DENSE:
        panel.plot(*shown, "o", color=BLUE, markersize=3, alpha=0.5)
    else:
        cells = panel.hexbin(*shown, gridsize=(80, 26), mincnt=1, norm=LogNorm(), cmap="cividis")
        _key(panel.figure, cells, panels)
    told = [each for each in bins if each.median is not None]
    middles = [(each.low + each.high) / 2 for each in told]
    for name, mark, style, label in _LINES:
        values = [getattr(each, name) for each in told]
        panel.plot(
            middles,
            values,
            color="black",
            marker=mark,
            linestyle=style,
            label=label,
            markersize=4,
            path_effects=_OUTLINE,
        )
    _thresholds(panel, frame)
    panel.set(ylim=(-frame, frame), ylabel=_SCALED)
    if beyond := len(scaled) - int(inside.sum()):
        panel.set_title(f"{beyond:,} of {len(scaled):,} outside the frame", fontsize=9, fontweight="normal")
    if told:
        panel.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return frame


_OUTLINE = [withStroke(linewidth=3, foreground="white")]  # black is seen on dark cells and on light ones
_LINES = (
    ("median", "o", "-", "median of a bin"),
    ("p16", "", ":", "16th and 84th percentile"),
    ("p84", "", ":", None),
)


def _reach(scaled: NDArray[np.float64]) -> float:
    """Return how far a frame of residuals reaches: nearly all are in it, and outliers squeeze none of them."""
    size = np.abs(scaled)
    usual = min(1.5 * float(np.percentile(size, 99)), _WIDEST)
    return min(1.1 * float(size.max()), max(_MOST_SPREAD * sigma_nmad(scaled), usual)) or 0.01


def _thresholds(panel: Axes, frame: float) -> None:
    """Draw d = 0, and the limit of outliers where the frame reaches it."""
    panel.axhline(0, color=VERMILION, linewidth=1.2)
    if frame > OUTLIER:
        for limit in (OUTLIER, -OUTLIER):
            panel.axhline(limit, color=GREY, linewidth=1.1, linestyle="--")


def plot_outliers(axes: Mapping[str, Sequence[Bin]]) -> Figure:
    """Return the fraction of outliers in the bins on each of *axes*, with intervals, and the records of each bin.

    Bins of fewer than ten records have no fraction, unless all bins are so small.
    """

    def fill(figure: Figure) -> None:
        panels = figure.subplots(2, len(axes), squeeze=False, height_ratios=(3, 1), sharex="col", sharey="row")
        for column, (axis, bins) in enumerate(axes.items()):
            share, records = panels[0][column], panels[1][column]
            full = [each for each in bins if each.count >= FEWEST] or [each for each in bins if each.count]
            middles = np.array([(each.low + each.high) / 2 for each in full])
            width = full[0].high - full[0].low
            _shares(share, middles - width / 8, [each.outliers for each in full if each.outliers], OUTLIER)
            _shares(
                share, middles + width / 8, [each.near_outliers for each in full if each.near_outliers], NEAR_OUTLIER
            )
            places = [(each.low + each.high) / 2 for each in bins]
            records.bar(places, [each.count for each in bins], width=0.9 * width, color=GREY)
            records.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            records.set_xlabel(axis)
            share.set_title(f"By {axis.removesuffix(' (mag)')}")
        panels[0][0].yaxis.set_major_formatter(PercentFormatter(1))
        panels[0][0].set_ylabel("fraction of outliers")
        panels[0][0].set_ylim(bottom=0)
        panels[1][0].set_ylabel("records")
        figure.legend(*panels[0][0].get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=2)

    return draw((4.6 * len(axes), 4.4), fill)


def _shares(panel: Axes, places: NDArray[np.float64], shares: Sequence[Estimate], limit: float) -> None:
    """Draw *shares* at *places*: of records that are off by more than *limit* (1 + z)."""
    colour, mark = (VERMILION, "o") if limit == OUTLIER else (GREEN, "s")
    lows, highs = ([getattr(each, end) for each in shares] for end in ("low", "high"))
    values = np.array([each.value for each in shares])
    panel.errorbar(
        places,
        values,
        yerr=[values - lows, highs - values],
        label=f"off by more than {limit} (1 + z)",
        linestyle="none",
        marker=mark,
        color=colour,
        capsize=2,
        elinewidth=1.0,
        clip_on=False,  # a fraction of 0 is seen whole
    )
