"""A sweep in a notebook: its runs and its configurations as tables, and its plots."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.measure.reports.recommended import recommendation_lines, recommendation_record
from shared.measure.scaling.recommend import recommend
from shared.measure.scaling.sweep import DONE
from shared.measure.scaling.sweep_tables import best, summarize_sweep
from shared.notebook import html
from shared.notebook.plots import SweepPlots
from shared.notebook.rows import cell_columns, cell_rows, point_columns, point_rows
from shared.notebook.table import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shared.measure.scaling.recommend import Recommendation
    from shared.measure.scaling.sweep import Record, Scalar
    from shared.notebook.table import Frame
    from shared.values import Json

_MOST_ROWS = 40  # configurations that a cell shows


class Sweep:
    """A workflow at every point of a grid, each several times. In a cell it shows a row for each configuration.

    Args:
        title: What it is of.
        records: Its runs.
        folder: Where they are kept; ``lanes report TEAM FOLDER`` makes a report of it.

    Attributes:
        folder: The same.
        plot: Its plots, as figures of matplotlib.
    """

    def __init__(self, title: str, records: Sequence[Record], folder: Path) -> None:
        self._title = title
        self._records = records
        self._points = summarize_sweep(records)
        self.folder = folder
        self.plot = SweepPlots(self._points)

    @cached_property
    def runs(self) -> Frame:
        """A row for each run: its place on the axes, then seconds, records/s, MB and US dollars."""
        return table_of(cell_columns(self._records), cell_rows(self._records))

    @cached_property
    def configurations(self) -> Frame:
        """A row for each configuration: how many runs, then median, least and greatest of each figure, and speed-up."""
        return table_of(point_columns(self._points), point_rows(self._points))

    @property
    def best(self) -> Mapping[str, Scalar] | None:
        """The configuration with the highest median throughput, by its values; None where no run succeeded."""
        top = best(self._points)
        return dict(top.axes) if top else None

    @cached_property
    def recommended(self) -> dict[str, Json]:
        """What to choose by what was measured, as ``--json`` of ``lanes sweep`` has it.

        It has ``fastest``, ``cheapest`` and ``balanced``, each with its ``axes``, and ``notes`` on how far to trust
        them. Where the sweep allows no choice there are notes alone.
        """
        return recommendation_record(self._recommendation)

    @cached_property
    def _recommendation(self) -> Recommendation:
        return recommend(self._records, self._points)

    @property
    def failed(self) -> int:
        """How many runs failed. The same call runs them again."""
        return sum(record["status"] != DONE for record in self._records)

    def __repr__(self) -> str:
        return f"<Sweep {self._title}: {self._counts()}>"

    def _repr_html_(self) -> str:
        axes = list(self._points[0].axes) if self._points else []
        headings = ["runs", "seconds (median)", "least to greatest", "records/s", "US dollars for 1,000", "speed-up"]
        rows = []
        for point in self._points[:_MOST_ROWS]:
            seconds, figures = point.figures["wall_seconds"], point.figures
            rows.append(
                [
                    *(str(point.axes[axis]) for axis in axes),
                    str(point.runs),
                    f"{seconds.median:.2f}",
                    f"{seconds.low:.2f} to {seconds.high:.2f}",
                    f"{figures['wall_throughput'].median:,.1f}",
                    f"{1000 * figures['cost_usd'].median:.3f}",
                    "" if point.speedup is None else f"{point.speedup:.2f}",
                ]
            )
        parts = [
            html.headline("Sweep", f"{self._title}: {self._counts()}"),
            html.table([*(axis.replace("_", " ") for axis in axes), *headings], rows),
        ]
        if len(self._points) > _MOST_ROWS:
            parts.append(html.note(f"and {len(self._points) - _MOST_ROWS:,} more (.configurations has them all)"))
        parts += [html.note(line) for line in recommendation_lines(self._recommendation)]
        errors = [str(record.get("error")) for record in self._records if record["status"] != DONE]
        if errors:
            parts.append(html.block("\n".join(dict.fromkeys(errors))))
        return html.whole(*parts)

    def _counts(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{len(self._points)} configurations, {len(self._records)} runs{failed}"
