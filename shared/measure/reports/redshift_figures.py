"""How good redshifts are, with intervals: overall, and by bins of magnitude or redshift. Pure.

d = (predicted - true) / (1 + true), without a unit; its figures and their sources stand in
``shared.handlers.cosmic.quality``. Magnitudes are SDSS's r, in mag. All intervals are of 95 %: Wilson's for a fraction
(Wilson 1927, JASA 22, 209; the one that Brown, Cai and DasGupta 2001 recommend), a percentile bootstrap for the rest.
A bootstrap of many records takes m of n and scales the deviations by the root of m/n (Politis, Romano and Wolf 1999).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence  # noqa: TC003  pydantic reads the annotations
from dataclasses import astuple, dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from shared.handlers.cosmic.quality import NEAR_OUTLIER, OUTLIER, sigma_nmad

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

FEWEST = 10  # records that percentiles, medians and bootstraps are told of: our choice
_Z = 1.959963984540054  # of the normal distribution: 95 % lie within
_RESAMPLES, _MOST_RESAMPLED, _SEED = 500, 20_000, 20250106
_MOST_BINS = 15  # a bin more at either end may hold what lies on an edge
_TAILS, _FEWEST_FOR_TAILS = (0.1, 99.9), 1000  # percent: of so many records, bins leave out what is beyond


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, which is None where there are too few records, and the records that it is of."""

    value: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The records from ``low`` to below ``high`` (the last bin has its end too).

    ``median``, ``p16``, ``p84`` and ``sigma_nmad`` are of d, and None of fewer than ten records. The shares of outliers
    beyond 0.15 and 0.05 are None of none.
    """

    low: float
    high: float
    count: int
    median: float | None
    p16: float | None
    p84: float | None
    sigma_nmad: float | None
    outliers: Estimate | None
    near_outliers: Estimate | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is told of a run's redshifts in numbers.

    Attributes:
        records: How many there are; ``judged`` to ``untrue`` count them as :class:`Redshifts` does.
        judged: How many can be judged.
        unpredicted: How many have a prediction that is no finite number.
        untrue: How many of the others have no usable true redshift.
        sample: Of how many the plots, bins and medians are.
        without_magnitude: How many of those have no r magnitude.
        values: Bias, median, sigma_NMAD and the fractions of outliers; none where nothing can be said.
        bins: The bins on each axis.
        every_true: The true redshift of all records, where they have only one, which is no truth.
    """

    records: int
    judged: int
    unpredicted: int
    untrue: int
    sample: int
    without_magnitude: int
    values: Mapping[str, Estimate] = field(default_factory=dict)
    bins: Mapping[str, Sequence[Bin]] = field(default_factory=dict)
    every_true: float | None = None


def fraction(hits: int, count: int) -> Estimate:
    """Return *hits* of *count*, at least 1, with Wilson's interval."""
    share, square = hits / count, _Z**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    low = 0.0 if hits == 0 else middle - half  # exact at the ends, where rounding is not
    high = 1.0 if hits == count else middle + half
    return Estimate(share, low, high, count)


def estimates(scaled: Array, *, bias: float, count: int) -> dict[str, Estimate]:
    """Return bias (mean d), median and sigma_NMAD.

    Args:
        scaled: d of each record [n], n >= 1: of all, or of a sample.
        bias: The mean d of all.
        count: How many all are.
    """
    of = len(scaled)
    values = {"bias": (bias, count), "median": (float(np.median(scaled)), of), "sigma_nmad": (sigma_nmad(scaled), of)}
    if of < FEWEST:
        return {name: Estimate(value, None, None, size) for name, (value, size) in values.items()}
    taken = min(of, _MOST_RESAMPLED)
    centre = {"bias": float(np.mean(scaled)), "median": values["median"][0], "sigma_nmad": values["sigma_nmad"][0]}
    random = np.random.default_rng(_SEED)
    drawn: dict[str, list[float]] = {name: [] for name in values}
    for _ in range(_RESAMPLES):
        again = scaled[random.integers(of, size=taken)]
        drawn["bias"].append(float(np.mean(again)))
        drawn["median"].append(float(np.median(again)))
        drawn["sigma_nmad"].append(sigma_nmad(again))
    found = {}
    for name, (value, size) in values.items():
        off = (np.percentile(drawn[name], (2.5, 97.5)) - centre[name]) * math.sqrt(taken / size)
        found[name] = Estimate(value, float(value + off[0]), float(value + off[1]), size)
    return found


def nice_edges(places: Array) -> list[float]:
    """Return edges of some fifteen bins or fewer, of equal, round width, over *places* [n], n >= 1."""
    ends = np.percentile(places, _TAILS) if len(places) >= _FEWEST_FOR_TAILS else (places.min(), places.max())
    low, high = float(ends[0]), float(ends[1])
    if low == high:
        return [low - 0.5, high + 0.5]
    edges = [float(edge) for edge in MaxNLocator(_MOST_BINS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    width = edges[1] - edges[0]
    before = [edges[0] - width] if edges[0] > low else []  # the locator takes what is nearly an edge for one
    after = [edges[-1] + width] if edges[-1] < high else []
    return [*before, *edges, *after]


def binned(places: Array, scaled: Array, edges: Sequence[float]) -> list[Bin]:
    """Return a bin between each two *edges*, of the records [n] whose *places* lie there, by their *scaled* errors."""
    last = len(edges) - 2
    number = np.searchsorted(edges, places, side="right") - 1
    number[places == edges[-1]] = last
    return [_bin(edges[at], edges[at + 1], scaled[number == at]) for at in range(last + 1)]


def _bin(low: float, high: float, scaled: Array) -> Bin:
    count, size = len(scaled), np.abs(scaled)
    shares = [fraction(int((size > limit).sum()), count) if count else None for limit in (OUTLIER, NEAR_OUTLIER)]
    if count < FEWEST:
        return Bin(low, high, count, None, None, None, None, *shares)
    p16, median, p84 = (float(value) for value in np.percentile(scaled, (16, 50, 84)))
    return Bin(low, high, count, median, p16, p84, sigma_nmad(scaled), *shares)


def bins_csv(axes: Mapping[str, Sequence[Bin]]) -> str:
    """Return the bins on each of *axes* as CSV, a row each."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    plain = [each.name for each in fields(Bin)][:7]
    shares = [f"outlier_fraction{name}{part}" for name in ("", "_005") for part in ("", "_low", "_high")]
    writer.writerow(["axis", *plain, *shares])
    for axis, bins in axes.items():
        for each in bins:
            told = [
                None if share is None else value
                for share in (each.outliers, each.near_outliers)
                for value in (astuple(share)[:3] if share else (None,) * 3)
            ]
            writer.writerow([axis, *(getattr(each, name) for name in plain), *told])
    return file.getvalue()
