"""How ranks of the same work differ, from the times of single ranks."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from shared.measure.scaling.rank_times import Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.scaling.measured import RankTimes

_FEWEST_OF_A_RUN = 4  # ranks; of fewer, the median tells nothing
_FEWEST = 10  # ranks in all
_SLOW = 2.0  # times the median: ours. Of the field's ranks, next to none take between 1.7 and 2.3 times the median
_SHORT = 0.5  # of the median's records: the last partition of a survey holds what is left, and its time says little


def fit_spread(runs: Sequence[RankTimes]) -> Spread | None:
    """Return how ranks differ, from the ranks of *runs*; None where there are too few of them."""
    ratios = [ratio for run in runs for ratio in _ratios(run)]
    if len(ratios) < _FEWEST:
        return None
    slow = [ratio for ratio in ratios if ratio > _SLOW]
    usual = [math.log(ratio) for ratio in ratios if ratio <= _SLOW]
    factor = float(statistics.median(slow)) if slow else 1.0
    return Spread(len(slow) / len(ratios), factor, statistics.pstdev(usual))


def fitted_half(runs: Sequence[RankTimes]) -> list[RankTimes]:
    """Return the ranks of every second configuration of *runs*, in order of size, as of whole runs half are fitted."""

    def size(run: RankTimes) -> tuple[float, int, int]:
        return round(statistics.median(run.records), -2), len(run.seconds), run.batch_size

    full = [run for run in runs if len(run.seconds) >= _FEWEST_OF_A_RUN]
    places = {place: index for index, place in enumerate(sorted({size(run) for run in full}))}
    return [run for run in full if places[size(run)] % 2 == 0]


def _ratios(run: RankTimes) -> list[float]:
    """Return each rank's seconds for a record, in times of the run's median; without ranks that had little to do."""
    most = statistics.median(run.records)
    each = [
        took / count
        for count, took in zip(run.records, run.seconds, strict=True)
        if count >= _SHORT * most and took > 0 and count > 0
    ]
    if not each:
        return []
    usual = statistics.median(each)
    return [value / usual for value in each]
