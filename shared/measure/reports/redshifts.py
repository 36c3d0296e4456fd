"""Finds the redshifts that a run of cosmic stored, and shows how good they are: figures, plots, tables."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import LanesError
from shared.handlers.cosmic import layout
from shared.handlers.cosmic.quality import scaled_error
from shared.measure.reports.plots_redshifts import (
    MAGNITUDE,
    TRUE,
    plot_outliers,
    plot_redshifts,
    plot_residuals,
    plot_residuals_by_magnitude,
)
from shared.measure.reports.redshift_figures import Figures, binned, estimates, fraction, nice_edges
from shared.measure.reports.redshift_sample import MAGNITUDES, read_redshifts
from shared.measure.reports.redshift_section import (
    BY_MAGNITUDE,
    DENSITY,
    OUTLIERS,
    RESIDUALS,
    TITLE,
    section_of,
    summary_of,
)
from shared.measure.reports.report import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.reports.redshift_figures import Bin
    from shared.measure.reports.redshift_sample import Redshifts
    from shared.measure.reports.report import Plot
    from shared.values import Json


def predictions_of(output: Json) -> str | None:
    """Return how the keys of a run's predictions begin, by its *output*; None where it is of no such run."""
    match output:
        case {"results": {"ranks": str(ranks)}, "run_id": str(run_id)}:
            path = ranks.removesuffix(layout.ranks("", run_id))
            return layout.predictions(path, run_id, 0).removesuffix("0.npz")
    return None


def stored_plots(aws: Aws, lane: Lane, output: Json) -> tuple[str, ...]:
    """Return the names of the plots that the run with this *output* has, by looking at what one rank stored."""
    prefix = predictions_of(output)
    if prefix is None or (isinstance(output, dict) and output.get("quality") is None):
        return ()
    owner = lane.place.account
    told = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix=prefix, MaxKeys=1, ExpectedBucketOwner=owner)
    if not (keys := [entry["Key"] for entry in told.get("Contents", [])]):
        return ()
    body = aws.s3.get_object(Bucket=lane.bucket, Key=keys[0], ExpectedBucketOwner=owner)["Body"].read()
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            by_magnitude = (BY_MAGNITUDE,) if MAGNITUDES in file.files else ()
    except (OSError, ValueError, zipfile.BadZipFile):
        return ()
    return (DENSITY, RESIDUALS, *by_magnitude, OUTLIERS)


def redshift_plots(aws: Aws, lane: Lane, output: Json) -> Sequence[Plot]:
    """Return plots of the redshifts that the run with this *output* predicted and stored; none where it stored none."""
    section = redshift_section(aws, lane, output)
    return section.plots if section else ()


def redshift_section(aws: Aws, lane: Lane, output: Json) -> Section | None:
    """Return how good the redshifts are that the run with this *output* stored; None where it is of no such run."""
    prefix = predictions_of(output)
    if prefix is None:
        return None
    try:
        found = read_redshifts(aws, lane, prefix)
    except LanesError as error:
        return Section(TITLE, f"No figures of the redshifts: {error}")
    return show_redshifts(found) if found.records else None


def show_redshifts(found: Redshifts) -> Section:
    """Return the section that shows the redshifts *found*: figures, plots, tables; or why there are none."""
    figures = _figures(found)
    section = section_of(figures)
    if not section.plots:
        return section
    drawn, cells = _drawn(found, figures)
    plots = [replace(each, figure=drawn[each.name]) for each in section.plots]
    return replace(section, plots=[replace(each, data=cells) if each.name == DENSITY else each for each in plots])


def _figures(found: Redshifts) -> Figures:
    """Return the figures of what was *found*; no values where none can be judged, or all have one true redshift."""
    judged, without = found.judged, int(np.isnan(found.magnitudes).sum())
    counts = (found.records, judged, found.unpredicted, found.untrue, len(found.true), without)
    if not judged:
        return Figures(*counts)
    if judged > 1 and found.true.min() == found.true.max():
        return Figures(*counts, every_true=float(found.true[0]))
    scaled = scaled_error(found.true, found.predicted)
    values = estimates(scaled, bias=found.sums["scaled_error"] / judged, count=judged)
    far, near = (fraction(hits, judged) for hits in found.outliers)
    return Figures(*counts, {**values, "outliers": far, "near_outliers": near}, _bins(found))


def _bins(found: Redshifts) -> dict[str, list[Bin]]:
    """Return bins by true redshift, and by magnitude where there are any."""
    scaled = scaled_error(found.true, found.predicted)
    axes = {TRUE: binned(found.true, scaled, nice_edges(found.true))}
    known = ~np.isnan(found.magnitudes)
    if known.any():
        places = found.magnitudes[known]
        axes[MAGNITUDE] = binned(places, scaled[known], nice_edges(places))
    return axes


def _drawn(found: Redshifts, figures: Figures) -> tuple[dict[str, Figure], str]:
    """Return the drawing of each plot, and the cells of the density as CSV."""
    true, predicted, bins = found.true, found.predicted, figures.bins
    density, cells = plot_redshifts(true, predicted, f"N = {len(true):,}: {summary_of(figures)}")
    drawn = {
        DENSITY: density,
        RESIDUALS: plot_residuals(true, predicted, bins[TRUE]),
        OUTLIERS: plot_outliers(bins),
    }
    if MAGNITUDE in bins:
        known = ~np.isnan(found.magnitudes)
        drawn[BY_MAGNITUDE] = plot_residuals_by_magnitude(
            found.magnitudes[known], true[known], predicted[known], bins[MAGNITUDE]
        )
    return drawn, cells
