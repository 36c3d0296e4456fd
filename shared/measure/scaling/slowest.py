"""When the last of many ranks ends: each starts as soon as AWS lets it, and takes its own time.

A rank starts when Step Functions has started its child execution, when S3 answers it, and when its function has an
environment for it: a free one, or a new one. The count of started ranks is followed on a grid of times, as a fluid::

    started(t) = min(ranks, 1 + rate x t, ended(t) + environments(t))
    ended(t) = sum over starts s before t of F(t - s)

F is the distribution of a rank's own time. The ranks' times are independent, so the chance that all have ended is a
product, and its expectation and its quantiles follow without any dice::

    P(all ended by t) = prod over starts s of F(t - s)

A fluid has no ranks: with few ranks at once, each of which takes about as long, the true steps of whole waves are
smoothed. tests/unit/measure/scaling/test_slowest.py compares with a simulation of single ranks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.measure.scaling.rank_times import Floats, Spread

_POINTS = 600  # of the grid
_POINTS_A_RANK = 100  # at least, where ranks wait for others to end: a wave starts late by a step at most
_MOST_POINTS = 4000  # whose work grows with their square
_WAVES = 12  # that are followed; of more, the rest take the mean time of a rank each
_NINE_IN_TEN = (0.05, 0.95)
_NORMAL_95 = 1.645  # standard deviations that 95 of 100 are below


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds ranks back before they run. What is left out holds nothing back.

    Attributes:
        starts: Child executions that are started, a second.
        at_once: Child executions that run at once.
        environments: Environments that the function has at first.
        growth: Environments that it gains a second.
        concurrency: Ranks that the account runs at once.
        served: Ranks a second whose requests S3 answers.
    """

    starts: float = math.inf
    at_once: float = math.inf
    environments: float = math.inf
    growth: float = 0.0
    concurrency: float = math.inf
    served: float = math.inf

    @property
    def rate(self) -> float:
        """How many ranks start a second while nothing else holds them."""
        return min(self.starts, self.served)

    @property
    def most(self) -> float:
        """How many ranks run at once, in the end."""
        return min(self.at_once, self.concurrency)


@dataclass(frozen=True, slots=True)
class RankTime:
    """A rank's own time, in seconds: *fixed*, and *scaled* times what *spread* tells."""

    fixed: float
    scaled: float
    spread: Spread

    @property
    def mean(self) -> float:
        """The mean, in seconds."""
        return self.fixed + self.scaled * self.spread.mean

    def longest(self, ranks: int) -> float:
        """Return the seconds after which all of so many *ranks* are done, but for a chance of 1e-4."""
        return self.fixed + self.scaled * self.spread.longest(ranks)

    def log_chance(self, seconds: Floats) -> Floats:
        """Return the logarithm of the chance that a rank is done after so many *seconds*."""
        return self.spread.log_chance((seconds - self.fixed) / max(self.scaled, 1e-9))


@dataclass(frozen=True, slots=True)
class Ended:
    """When the last rank ends, in seconds after the first could start: expected, and as 9 of 10 runs have it."""

    mean: float
    low: float
    high: float

    def later(self, seconds: float) -> Ended:
        """Return the same so many *seconds* later."""
        return Ended(self.mean + seconds, self.low + seconds, self.high + seconds)


def last_end(rank: RankTime, world: int, limits: Limits) -> Ended:
    """Return when the last of *world* ranks ends."""
    if world <= limits.most:
        return _followed(rank, world, limits)
    skipped = round(max(0, math.ceil(world / limits.most - _WAVES)) * limits.most)  # whole waves, which keep their step
    waits = skipped * max(rank.mean / limits.most, 1 / limits.rate)
    later = _followed(rank, world - skipped, limits).later(waits)
    late = _NORMAL_95 * rank.scaled * rank.spread.deviation * math.sqrt(world) / limits.most  # of the ranks' mean
    low, high = math.hypot(later.mean - later.low, late), math.hypot(later.high - later.mean, late)
    return Ended(later.mean, later.mean - low, later.mean + high)


def _followed(rank: RankTime, world: int, limits: Limits) -> Ended:
    """Return when the last of *world* ranks ends, each start of which is followed."""
    length = (world - 1) / limits.rate + rank.longest(world)
    times = np.linspace(0.0, length, _POINTS + 1)
    fresh = np.diff(_may_start(world, limits, times), prepend=0.0)
    running = np.cumsum(fresh) - np.convolve(fresh, np.exp(rank.log_chance(times)))[: len(times)]
    if np.all(running <= _room(limits, times) + 1e-6):
        return _ended(rank, times, fresh)
    return _held_back(rank, world, limits, length + rank.mean * world / limits.most)


def _may_start(world: int, limits: Limits, times: Floats) -> Floats:
    """Return how many of *world* ranks may have started by each of *times*, were there room for all of them."""
    return np.minimum(world, 1 + limits.rate * times) if math.isfinite(limits.rate) else np.full_like(times, world)


def _room(limits: Limits, times: Floats) -> Floats:
    """Return how many ranks may run at each of *times*."""
    return np.minimum(limits.most, limits.environments + limits.growth * times)


def _held_back(rank: RankTime, world: int, limits: Limits, length: float) -> Ended:
    """Return when the last rank ends if ranks wait for environments, or for others to end. *length*: of the grid."""
    points = min(max(_POINTS, math.ceil(_POINTS_A_RANK * length / rank.mean)), _MOST_POINTS)
    times = np.linspace(0.0, length, points + 1)
    may, room = _may_start(world, limits, times), _room(limits, times)
    done_backwards = np.exp(rank.log_chance(times))[::-1].copy()
    fresh = np.zeros_like(times)
    started = 0.0
    for step in range(points + 1):
        ended = float(fresh[:step] @ done_backwards[points - step : points])
        now = max(started, min(float(may[step]), ended + float(room[step])))
        fresh[step], started = now - started, now
    if started < world - 1e-6 or times[-1] - times[np.flatnonzero(fresh)[-1]] < rank.longest(world):
        return _held_back(rank, world, limits, 1.5 * length)
    return _ended(rank, times, fresh)


def _ended(rank: RankTime, times: Floats, fresh: Floats) -> Ended:
    """Return when all of the ranks have ended that start at *times*, so many *fresh* ones at each."""
    all_done = np.exp(np.convolve(fresh, rank.log_chance(times))[: len(times)])
    low, high = (float(np.interp(chance, all_done, times)) for chance in _NINE_IN_TEN)
    mean = float(np.sum(1 - (all_done[1:] + all_done[:-1]) / 2) * times[1])
    return Ended(mean, low, high)
