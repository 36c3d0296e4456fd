"""How sure a ratio of two medians is: its bootstrap interval, and how many measurements a difference would take.

The interval is the percentile one (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13): both
samples are drawn anew with replacement 10,000 times, and 95 % of the ratios of their medians lie in it. It is the same
for times as for their logarithms, and for a ratio as for its reciprocal turned round. BCa is not used: its correction
comes from leaving single values out, and for a median that says nothing (Efron and Tibshirani, section 11.6).

The median of a sample drawn anew from n values is one of them, or the mean of two. Which one is told by an order
statistic of n uniform numbers, and that has a beta distribution. So one number is drawn in the place of n, and 10,000
ranks take no longer than 5.

In simulations (tests/unit/measure/test_intervals.py) the interval holds the true ratio in 95 of 100 cases or more where
both samples have 5 values or more, but only in about 90 of 100 where one has 3 or 4. So it says which of the two it is.
Of fewer values there is no interval.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from shared.values import Json

FEWEST = 3
"""So many values on each side are needed for an interval."""
ENOUGH = 5
"""From so many values on each side on, the interval holds the truth in 95 of 100 cases."""
_DRAWS = 10_000
_SEED = 20
_TAILS = (0.025, 0.975)
_SURE, _FOUND = 1.960, 0.842  # quantiles of the normal distribution: 95 % two-sided, and 80 % of chances to be found
_MEDIAN = math.pi / 2  # so many times the values that a mean would need (normal distribution)


@dataclass(frozen=True, slots=True)
class Interval:
    """The ratio of two medians, the second by the first, and the interval that it lies in.

    Attributes:
        ratio: Of the samples.
        low: Where the interval begins.
        high: Where it ends.
        before: How many values the first sample has.
        after: How many the second has.
    """

    ratio: float
    low: float
    high: float
    before: int
    after: int

    @property
    def sure(self) -> bool:
        """Whether there are enough values for the interval to hold the truth in 95 of 100 cases."""
        return min(self.before, self.after) >= ENOUGH

    @property
    def level(self) -> str:
        """In how many cases such an interval holds the truth."""
        return "95 %" if self.sure else "about 90 %"

    @property
    def shows(self) -> bool:
        """Whether it shows a difference: 1 is not in it."""
        return not self.low <= 1 <= self.high

    def inverse(self) -> Interval:
        """Return the ratio of the first by the second."""
        return Interval(1 / self.ratio, 1 / self.high, 1 / self.low, self.after, self.before)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"ratio": self.ratio, "low": self.low, "high": self.high, "level": self.level}


def ratio_of_medians(before: Sequence[float], after: Sequence[float]) -> Interval | None:
    """Return the ratio of the medians of two samples, *after* by *before*, with its interval.

    The same samples have the same interval. None where a sample has fewer than :data:`FEWEST` values, or one that is
    not positive.
    """
    if min(len(before), len(after)) < FEWEST or min(*before, *after) <= 0:
        return None
    draw = np.random.default_rng(_SEED)
    ratios = 1 / _medians(before, draw) * _medians(after, draw)
    low, high = np.quantile(ratios, _TAILS)
    ratio = statistics.median(after) / statistics.median(before)
    return Interval(ratio, float(low), float(high), len(before), len(after))


def _medians(values: Sequence[float], draw: np.random.Generator) -> NDArray[np.float64]:
    """Return the medians of samples drawn anew from *values*."""
    ordered, count = np.sort(np.asarray(values, dtype=float)), len(values)
    half = count // 2
    upper = draw.beta(half + 1, count - half, _DRAWS)  # the order statistic number half + 1 of as many uniform numbers
    lower = upper if count % 2 else upper * draw.random(_DRAWS) ** (1 / half)  # and the one below it
    places = [np.minimum((count * each).astype(int), count - 1) for each in (lower, upper)]
    medians: NDArray[np.float64] = (ordered[places[0]] + ordered[places[1]]) / 2
    return medians


def needed(before: Sequence[float], after: Sequence[float], ratio: float) -> int | None:
    """Return how many values each sample would need to show that the medians differ by *ratio*, four times of five.

    It is the usual size of two samples, of logarithms that are normal with the spread seen, times pi/2 since medians
    spread more than means. None where no spread is seen: a sample has one value, or all are the same.
    """
    spread = _spread(before, after)
    if not spread or ratio <= 0 or ratio == 1:
        return None
    sizes = (_SURE + _FOUND) * spread / math.log(ratio)
    return max(ENOUGH, math.ceil(2 * _MEDIAN * sizes**2))


def _spread(*samples: Sequence[float]) -> float:
    """Return the standard deviation of logarithms within the *samples*, pooled."""
    logs = [[math.log(value) for value in sample] for sample in samples if len(sample) > 1 and min(sample) > 0]
    free = sum(len(sample) - 1 for sample in logs)
    return math.sqrt(sum((len(each) - 1) * statistics.variance(each) for each in logs) / free) if free else 0.0
