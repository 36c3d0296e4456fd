"""The files that belong to a run's page: its input and output, its plots, its report."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from shared.console.pretty import as_page, in_bytes, pretty
from shared.console.site import File
from shared.errors import UsageError
from shared.hidden import hide, hide_text
from shared.measure.billing.measured_run import read_measured
from shared.run.logged import LoggedRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.console.desk import Desk
    from shared.console.followed import Followed, SeenRun
    from shared.console.readings import Late
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.reports.report import Plot, Report, Section

TIMELINE = "timeline"
REDSHIFTS = ("redshift", "residuals", "residuals-by-magnitude", "outliers")
_STYLED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What matplotlib and the reports' templates write has styles of its own, and no scripts."""
_DRAWING = Lock()  # matplotlib's settings are those of the process


def measure(desk: Desk, run: SeenRun, followed: Followed) -> Late[MeasuredRun]:
    """Return what is measured of *run*, which is over, as far as it was read; it is read in the background."""
    return followed.late(run, desk.readings, "measured", lambda: read_measured(desk.aws, run.found))


def stored_redshifts(desk: Desk, run: SeenRun, followed: Followed) -> Late[tuple[str, ...]]:
    """Return the plots of redshifts that *run* has, by name, as far as that was asked, in the background."""
    return followed.late(run, desk.readings, "stored redshifts", lambda: _stores(desk, run))


def plots_of(measured: Late[MeasuredRun] | None, stored: Late[tuple[str, ...]] | None) -> tuple[str, ...]:
    """Return the names of the plots that there are: none before the run was measured."""
    timeline = (TIMELINE,) if measured and measured.value and measured.value.rows else ()
    return (*timeline, *((stored and stored.value) or ()))


def measured_now(desk: Desk, run: SeenRun, followed: Followed) -> MeasuredRun:
    """Return what is measured of *run*, and wait for it.

    Raises:
        UsageError: The run goes on, or is an express one.
    """
    if isinstance(run, LoggedRun):
        raise UsageError(
            "AWS keeps no history of express runs, so there is nothing to draw or report", where=run.found.run.id
        )
    if not run.over:
        raise UsageError("this run goes on, and its plots are drawn when it is over", where=run.found.run.id)
    return followed.once(run, "measured", lambda: read_measured(desk.aws, run.found))


def data_file(run: SeenRun, what: str) -> File:
    """Return the run's ``input`` or ``output`` as a file, whole but for its secrets.

    Raises:
        UsageError: It has no output yet.
    """
    text = run.found.input if what == "input" else run.found.output
    if text is None:
        raise UsageError(f"{run.found.run.id} has no {what}", fix="a run has one when it has succeeded")
    return File(in_bytes(pretty(text)), "application/json; charset=utf-8")


def plot_file(desk: Desk, run: SeenRun, followed: Followed, name: str) -> File:
    """Return the plot called *name* as SVG; it is drawn once.

    Raises:
        UsageError: There is no such plot, or the run goes on.
    """
    measured = measured_now(desk, run, followed)
    if name == TIMELINE:
        drawn = followed.once(run, "timeline", lambda: _timeline(measured))
    elif name in REDSHIFTS:
        drawn = followed.once(run, "redshifts", lambda: _redshifts(desk, measured))
    else:
        drawn = {}
    if name not in drawn:
        known = ", ".join((TIMELINE, *REDSHIFTS))
        raise UsageError(f"this run has no plot {name!r}", where=run.found.run.id, fix=f"plots are {known}")
    return File(drawn[name], "image/svg+xml; charset=utf-8", policy=_STYLED)


def report_file(desk: Desk, run: SeenRun, followed: Followed, name: str = "") -> File:
    """Return the run's report as one page of HTML, for saving where it has a *name*.

    Raises:
        UsageError: The run goes on.
    """
    measured = measured_now(desk, run, followed)
    made = followed.once(run, "report", lambda: _report(desk, measured))
    return File(made, "text/html; charset=utf-8", name, policy=_STYLED)


def _stores(desk: Desk, run: SeenRun) -> tuple[str, ...]:
    from shared.measure.reports.redshifts import stored_plots  # it loads numpy and matplotlib

    return stored_plots(desk.aws, run.found.run.lane, json.loads(run.found.output or "null"))


def _timeline(measured: MeasuredRun) -> dict[str, bytes]:
    from shared.measure.reports.plots_run import plot_timeline  # matplotlib takes a second to load
    from shared.measure.reports.plots_style import as_svg

    if not measured.rows:
        return {}
    with _DRAWING:
        return {TIMELINE: as_svg(plot_timeline(measured.rows)).encode()}


def _redshifts(desk: Desk, measured: MeasuredRun) -> dict[str, bytes]:
    from shared.measure.reports.plots_style import as_svg
    from shared.measure.reports.redshifts import redshift_plots

    found = measured.found
    with _DRAWING:
        plots: Sequence[Plot] = redshift_plots(desk.aws, found.run.lane, json.loads(found.output or "null"))
        return {plot.name: as_svg(plot.figure).encode() for plot in plots if plot.figure}


def _report(desk: Desk, measured: MeasuredRun) -> bytes:
    from shared.measure.reports.report import as_html
    from shared.measure.reports.report_run import report_run

    found = measured.found
    shown = replace(found, input=_hidden(found.input), output=None if found.output is None else _hidden(found.output))
    with _DRAWING:
        return as_page(as_html(_without_secrets(report_run(desk.aws, replace(measured, found=shown)))))


def _hidden(text: str) -> str:
    return json.dumps(hide(json.loads(text)))


def _without_secrets(report: Report) -> Report:
    return replace(report, sections=[_told(section) for section in report.sections])


def _told(section: Section) -> Section:
    """Return *section* without secrets in what a run's functions wrote: its block of code."""
    return replace(section, code=hide_text(section.code))
