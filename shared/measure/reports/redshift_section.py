"""Shows how good redshifts are, from their figures alone: whoever has the figures can make the section again.

What needs each record (the drawings, the cells of the density) is put in by :mod:`shared.measure.reports.redshifts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from shared.handlers.cosmic.quality import NEAR_OUTLIER, OUTLIER
from shared.measure.reports.plots_redshifts import MAGNITUDE, TRUE
from shared.measure.reports.redshift_figures import Figures, bins_csv
from shared.measure.reports.report import Plot, Section, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.measure.reports.redshift_figures import Bin, Estimate
    from shared.values import Json

TITLE = "Redshifts"
DENSITY, RESIDUALS, BY_MAGNITUDE, OUTLIERS = "redshift", "residuals", "residuals-by-magnitude", "outliers"
"""Names of the plots."""
_FIGURES = TypeAdapter(Figures)
_D = "d = (predicted - true) / (1 + true)"
_NO_MAGNITUDES = (
    "No figures by magnitude: the ranks of this run stored no magnitudes. Those of a run made now do; "
    "lanes deploy, then lanes run."
)


def section_of(found: Figures) -> Section:
    """Return the section that shows *found*; its plots lack figures, and the density lacks its cells."""
    told: dict[str, Json] = _FIGURES.dump_python(found, mode="json")
    text = _counted(found)
    if not found.values:
        return Section(TITLE, f"{text} So there are no figures and no plots.", figures=told)
    if MAGNITUDE not in found.bins:
        text += f" {_NO_MAGNITUDES}"
    tables = [_figures_table(found.values), *(_bins_table(axis, bins) for axis, bins in found.bins.items())]
    return Section(TITLE, text, plots=_plots(found), tables=tables, figures=told)


def section_again(figures: Mapping[str, Json]) -> Section:
    """Return the section whose ``figures`` these are.

    Raises:
        ValueError: They are not of such a section.
    """
    return section_of(_FIGURES.validate_python(figures))


def summary_of(found: Figures) -> str:
    """Return the figures that stand above the density."""
    values = found.values
    sigma, bias, far = (values[name].value for name in ("sigma_nmad", "bias", "outliers"))
    return f"sigma_NMAD {sigma:.4f}, bias {bias:+.4f}, {_share(far)} outliers"


def _counted(found: Figures) -> str:
    """Say how many records are judged, which are not, and of how many the plots are."""
    text = f"{found.judged:,} of {found.records:,} records are judged."
    if found.unpredicted:
        text += f" Of {found.unpredicted:,} the prediction is no finite number."
    if found.untrue:
        text += f" {found.untrue:,} have no true redshift above -1."
    if found.sample < found.judged:
        text += (
            f" Plots, bins, medians and sigma_NMAD are of a random sample of {found.sample:,} of them, "
            "the same one each time; bias and the fractions of outliers are of all."
        )
    if 0 < found.without_magnitude < found.sample:
        text += f" {found.without_magnitude:,} of the {found.sample:,} have no r magnitude."
    if found.every_true is not None:
        text += f" Every true redshift is {found.every_true:g}, which is no survey with a truth."
    return text


def _plots(found: Figures) -> list[Plot]:
    axes, told = found.bins, summary_of(found)
    plots = [
        Plot(
            DENSITY,
            None,
            f"Predicted against true redshift, by density. Dashed: off by {OUTLIER} (1 + z).",
            f"Predicted against true redshift of {found.sample:,} records, about the line predicted = true: {told}.",
            None,
        ),
        Plot(
            RESIDUALS,
            None,
            f"{_D} over the true redshift, with its median, its 16th and 84th percentile, and its histogram.",
            f"Scaled residuals over the true redshift: {_trend(axes[TRUE])}.",
            bins_csv({TRUE: axes[TRUE]}),
        ),
    ]
    if MAGNITUDE in axes:
        plots.append(
            Plot(
                BY_MAGNITUDE,
                None,
                f"{_D} over the r magnitude, with its median, and its 16th and 84th percentile.",
                f"Scaled residuals over the r magnitude: {_trend(axes[MAGNITUDE])}.",
                bins_csv({MAGNITUDE: axes[MAGNITUDE]}),
            )
        )
    plots.append(
        Plot(
            OUTLIERS,
            None,
            f"Fraction of records off by more than {OUTLIER} (1 + z), and by more than {NEAR_OUTLIER} (1 + z), "
            "in bins of ten records or more, with Wilson intervals of 95 %. Below: the records of each bin.",
            f"Fraction of outliers by {' and by '.join(axes)}: {_share(found.values['outliers'].value)} overall.",
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
