"""Finds the redshifts that a run of cosmic stored, and shows how good they are: figures, plots, tables."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import LanesError
from shared.handlers.cosmic import layout
from shared.handlers.cosmic.quality import NEAR_OUTLIER, OUTLIER, scaled_error
from shared.measure.reports.plots_redshifts import (
    MAGNITUDE,
    TRUE,
    plot_outliers,
    plot_redshifts,
    plot_residuals,
    plot_residuals_by_magnitude,
)
from shared.measure.reports.redshift_figures import Bin, Estimate, binned, bins_csv, estimates, fraction, nice_edges
from shared.measure.reports.redshift_sample import MAGNITUDES, read_redshifts
from shared.measure.reports.report import Plot, Section, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.reports.redshift_sample import Redshifts
    from shared.values import Json

DENSITY, RESIDUALS, BY_MAGNITUDE, OUTLIERS = "redshift", "residuals", "residuals-by-magnitude", "outliers"
"""Names of the plots."""
_D = "d = (predicted - true) / (1 + true)"
_NO_MAGNITUDES = (
    "No figures by magnitude: the ranks of this run stored no magnitudes. Those of a run made now do; "
    "lanes deploy, then lanes run."
)


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
        return Section("Redshifts", f"No figures of the redshifts: {error}")
    return show_redshifts(found) if found.records else None


def show_redshifts(found: Redshifts) -> Section:
    """Return the section of a report that shows the redshifts *found*, at least one record."""
    text = _counted(found)
    if not found.judged:
        return Section("Redshifts", f"{text} So there are no figures and no plots.")
    if found.judged > 1 and found.true.min() == found.true.max():
        same = f"Every true redshift is {found.true[0]:g}, which is no survey with a truth."
        return Section("Redshifts", f"{text} {same} So there are no figures and no plots.")
    figures = _figures(found)
    axes = _axes(found)
    if MAGNITUDE not in axes:
        text += f" {_NO_MAGNITUDES}"
    tables = [_figures_table(figures), *(_bins_table(axis, bins) for axis, bins in axes.items())]
    told: dict[str, Json] = {name: asdict(each) for name, each in figures.items()}
    told |= {f"by {axis}": [asdict(each) for each in bins] for axis, bins in axes.items()}
    return Section("Redshifts", text, plots=_plots(found, figures, axes), tables=tables, figures=told)


def _counted(found: Redshifts) -> str:
    """Say how many records are judged, which are not, and of how many the plots are."""
    text = f"{found.judged:,} of {found.records:,} records are judged."
    if found.unpredicted:
        text += f" Of {found.unpredicted:,} the prediction is no finite number."
    if found.untrue:
        text += f" {found.untrue:,} have no true redshift above -1."
    if len(found.true) < found.judged:
        text += (
            f" Plots, bins, medians and sigma_NMAD are of a random sample of {len(found.true):,} of them, "
            "the same one each time; bias and the fractions of outliers are of all."
        )
    without = int(np.isnan(found.magnitudes).sum())
    if 0 < without < len(found.magnitudes):
        text += f" {without:,} of the {len(found.magnitudes):,} have no r magnitude."
    return text


def _figures(found: Redshifts) -> dict[str, Estimate]:
    scaled = scaled_error(found.true, found.predicted)
    made = estimates(scaled, bias=found.sums["scaled_error"] / found.judged, count=found.judged)
    far, near = (fraction(hits, found.judged) for hits in found.outliers)
    return {**made, "outliers": far, "near_outliers": near}


def _axes(found: Redshifts) -> dict[str, list[Bin]]:
    """Return bins by true redshift, and by magnitude where there are any."""
    scaled = scaled_error(found.true, found.predicted)
    axes = {TRUE: binned(found.true, scaled, nice_edges(found.true))}
    known = ~np.isnan(found.magnitudes)
    if known.any():
        places = found.magnitudes[known]
        axes[MAGNITUDE] = binned(places, scaled[known], nice_edges(places))
    return axes


def _plots(found: Redshifts, figures: Mapping[str, Estimate], axes: Mapping[str, Sequence[Bin]]) -> list[Plot]:
    true, predicted = found.true, found.predicted
    sigma = figures["sigma_nmad"].value
    told = f"sigma_NMAD {sigma:.4f}, bias {figures['bias'].value:+.4f}, {_share(figures['outliers'].value)} outliers"
    density, cells = plot_redshifts(true, predicted, f"N = {len(true):,}: {told}")
    plots = [
        Plot(
            DENSITY,
            density,
            f"Predicted against true redshift, by density. Dashed: off by {OUTLIER} (1 + z).",
            f"Predicted against true redshift of {len(true):,} records, about the line predicted = true: {told}.",
            cells,
        ),
        Plot(
            RESIDUALS,
            plot_residuals(true, predicted, axes[TRUE]),
            f"{_D} over the true redshift, with its median, its 16th and 84th percentile, and its histogram.",
            f"Scaled residuals over the true redshift: {_trend(axes[TRUE])}.",
            bins_csv({TRUE: axes[TRUE]}),
        ),
    ]
    if MAGNITUDE in axes:
        known = ~np.isnan(found.magnitudes)
        figure = plot_residuals_by_magnitude(found.magnitudes[known], true[known], predicted[known], axes[MAGNITUDE])
        plots.append(
            Plot(
                BY_MAGNITUDE,
                figure,
                f"{_D} over the r magnitude, with its median, and its 16th and 84th percentile.",
                f"Scaled residuals over the r magnitude: {_trend(axes[MAGNITUDE])}.",
                bins_csv({MAGNITUDE: axes[MAGNITUDE]}),
            )
        )
    plots.append(
        Plot(
            OUTLIERS,
            plot_outliers(axes),
            f"Fraction of records off by more than {OUTLIER} (1 + z), and by more than {NEAR_OUTLIER} (1 + z), "
            "in bins of ten records or more, with Wilson intervals of 95 %. Below: the records of each bin.",
            f"Fraction of outliers by {' and by '.join(axes)}: {_share(figures['outliers'].value)} overall.",
            bins_csv(axes),
        )
    )
    return plots


def _trend(bins: Sequence[Bin]) -> str:
    """Say in words what the medians of *bins* do."""
    told = [each for each in bins if each.median is not None]
    if not told:
        return "too few records in a bin for a median"
    first, last = told[0], told[-1]
    return (
        f"the median is {first.median:+.4f} from {first.low:g} to {first.high:g} "
        f"and {last.median:+.4f} from {last.low:g} to {last.high:g}"
    )


def _figures_table(figures: Mapping[str, Estimate]) -> Table:
    told = {
        "bias": "mean d",
        "median": "median d",
        "sigma_nmad": "sigma_NMAD: 1.48 x median |d - median d|",
        "outliers": f"outliers: |d| > {OUTLIER}",
        "near_outliers": f"outliers: |d| > {NEAR_OUTLIER}",
    }
    rows = []
    for name, what in told.items():
        each, show = figures[name], _share if "outliers" in name else _small
        rows.append([what, show(each.value), _interval(each, show), f"{each.count:,}"])
    note = f"{_D}. Intervals of 95 %: Wilson's for fractions, a bootstrap for the rest."
    return Table("How good the redshifts are", ("figure", "value", "interval", "records"), rows, note=note)


def _bins_table(axis: str, bins: Sequence[Bin]) -> Table:
    rows = []
    for each in bins:
        row = [f"{each.low:g} to {each.high:g}", f"{each.count:,}"]
        row += ["" if value is None else _small(value) for value in (each.median, each.sigma_nmad)]
        for share in (each.outliers, each.near_outliers):
            row += [_share(share.value), _interval(share, _share)] if share else ["", ""]
        rows.append(row)
    shares = (f"|d| > {OUTLIER}", "interval", f"|d| > {NEAR_OUTLIER}", "interval")
    note = f"{sum(each.count for each in bins):,} records. Medians need ten of them in a bin."
    return Table(f"By {axis}", ("from, to", "records", "median d", "sigma_NMAD", *shares), rows, note=note)


def _interval(each: Estimate, show: Callable[[float], str]) -> str:
    if each.low is None or each.high is None:
        return "too few records"
    return f"{show(each.low)} to {show(each.high)}"


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _small(value: float) -> str:
    return f"{value:.5f}"
