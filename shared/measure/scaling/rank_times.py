"""How long ranks of the same work take: most take about as long as the median, and some several times as long.

Of the field's ranks 4 in 100 take 3.6 times as long as the median of their run, whatever the partition. They are the
ranks of slow environments: an environment that is slow once is slow again. The rest are log-normal, close to the
median. So a rank's time is ``fixed + scaled x S``, where S is a mixture of two log-normals with three numbers: the
share of slow ranks, how many times longer they take, and the spread of both kinds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEVER = -1e6
"""The logarithm of a chance of nothing, as a finite number: sums of it stay numbers."""
_LEAST_SIGMA = 0.005  # with none at all the distribution would be a step, which a grid cannot show
_POINTS = 4000
_REACH = 8.0  # standard deviations
_erfc = np.vectorize(math.erfc, otypes=[float])


@dataclass(frozen=True, slots=True)
class Spread:
    """How the times of ranks of the same work differ from their median.

    Attributes:
        slow: The share of slow ranks, 0..1.
        factor: How many times longer than the median a slow rank takes.
        sigma: The standard deviation of the logarithm of the times, among the slow ones and among the others.
    """

    slow: float
    factor: float
    sigma: float

    @property
    def mean(self) -> float:
        """The mean time, in times of the median of the ranks that are not slow."""
        return math.exp(self.sigma**2 / 2) * (1 - self.slow + self.slow * self.factor)

    @property
    def deviation(self) -> float:
        """The standard deviation of the times, in times of that median."""
        square = math.exp(2 * self.sigma**2) * (1 - self.slow + self.slow * self.factor**2)
        return math.sqrt(max(0.0, square - self.mean**2))

    def log_chance(self, times: Floats) -> Floats:
        """Return the logarithm of the chance that a rank is done after so many *times* that median."""
        logs, chances, _ = _table(self.slow, self.factor, self.sigma)
        return np.interp(np.log(np.maximum(times, 1e-300)), logs, chances, left=NEVER, right=0.0)

    def longest(self, ranks: int) -> float:
        """Return the times of that median after which all of so many *ranks* are done, but for a chance of 1e-4."""
        logs, _, later = _table(self.slow, self.factor, self.sigma)
        return math.exp(logs[min(int(np.searchsorted(-later * ranks, -1e-4)), len(logs) - 1)])


@lru_cache(maxsize=64)
def _table(slow: float, factor: float, sigma: float) -> tuple[Floats, Floats, Floats]:
    """Return logarithms of times, and for each the log of the chance to be done by then, and the chance not to be."""
    width = max(sigma, _LEAST_SIGMA)
    logs = np.linspace(-_REACH * width, math.log(max(factor, 1.0)) + _REACH * width, _POINTS)
    usual, late = logs / (width * math.sqrt(2)), (logs - math.log(factor)) / (width * math.sqrt(2))
    later = ((1 - slow) * _erfc(usual) + slow * _erfc(late)) / 2
    done = ((1 - slow) * _erfc(-usual) + slow * _erfc(-late)) / 2
    chances = np.where(done > later, np.log1p(-later), np.log(np.maximum(done, 1e-300)))  # each where it is exact
    return logs, chances, later
