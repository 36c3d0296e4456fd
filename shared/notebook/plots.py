"""The plots of a run and of a sweep, as figures of matplotlib that cells show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.measure.reports.plots_run import plot_timeline
from shared.measure.reports.plots_sweep import plot_sweep
from shared.notebook.progress import kernel_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure

    from shared.measure.observed.invocations import Row
    from shared.measure.reports.report import Plot
    from shared.measure.scaling.sweep_tables import Point


class RunPlots:
    """The plots of one run.

    Args:
        rows: Reads the run's invocations.
        redshifts: Reads and draws the redshifts that the run predicted.
    """

    def __init__(self, rows: Callable[[], Sequence[Row]], redshifts: Callable[[], Sequence[Plot]]) -> None:
        self._rows = rows
        self._redshifts = redshifts

    def timeline(self) -> Figure:
        """Draw the run's invocations over time, by rank. Cold starts are set apart, stragglers are marked.

        Raises:
            UsageError: No log line tells of an invocation.
        """
        rows = self._rows()
        if not rows:
            raise UsageError("there is nothing to draw: no log line tells of an invocation of this run")
        return _shown(plot_timeline(rows))

    def redshifts(self) -> list[Figure]:
        """Draw what a run of cosmic predicted against the truth, and the residuals: each figure as in a report.

        Raises:
            UsageError: The run stored no redshifts.
        """
        plots = self._redshifts()
        if not plots:
            raise UsageError("there is nothing to draw: this run stored no redshifts", fix="take a run of cosmic")
        return [_shown(plot.figure) for plot in plots if plot.figure]


class SweepPlots:
    """The plots of one sweep."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points

    def time(self) -> Figure:
        """Draw time and throughput over the sweep's axes: medians, with the least and the greatest of the repeats."""
        return self._figure("time-and-throughput")

    def speedup(self) -> Figure:
        """Draw how many times faster each world is than the smallest."""
        return self._figure("speed-up")

    def memory(self) -> Figure:
        """Draw the memory that the ranks used."""
        return self._figure("memory")

    def cost(self) -> Figure:
        """Draw cost against time, and which configurations no other beats in both."""
        return self._figure("cost-and-time")

    def _figure(self, name: str) -> Figure:
        figures = plot_sweep(self._points)
        if name not in figures:
            raise UsageError(
                f"this sweep has no data for the plot {name}",
                fix=f"sweep over more values; it has: {', '.join(figures) or 'no plot'}",
            )
        return _shown(figures[name])


def _shown(figure: Figure) -> Figure:
    """Return *figure*, which a cell of Jupyter shows.

    Our figures are made without pyplot, whose import is what teaches IPython to show figures otherwise.
    """
    shell = kernel_shell()
    if shell is not None:
        from IPython.core.pylabtools import select_figure_formats  # noqa: PLC0415  it is there, and only in a kernel

        formatters = shell.display_formatter.formatters
        if not any(_knows(formatters[kind], type(figure)) for kind in ("image/png", "image/svg+xml", "image/jpeg")):
            select_figure_formats(shell, {"png"})  # type: ignore[no-untyped-call]  # IPython's own lack
    return figure


def _knows(formatter: object, kind: type) -> bool:
    """Say whether a formatter of IPython shows objects of a *kind*, as after ``%matplotlib inline``."""
    try:
        formatter.lookup_by_type(kind)  # type: ignore[attr-defined]  # its classes have no types
    except KeyError:
        return False
    return True
