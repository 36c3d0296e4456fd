"""The plot of one run: its ranks over time."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from matplotlib.patches import Patch

from shared.measure.reports.plots_style import BLUE, ORANGE, VERMILION, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from shared.measure.observed.invocations import Row

STRAGGLER = 1.5  # times the median of its state: a rank that takes so long is a straggler
_FEWEST = 3  # invocations of a state that can have a straggler: of two, neither is the exception
_MOST_LABELS = 40


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
