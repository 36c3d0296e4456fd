"""What the model of time is fitted to: measured runs, and the times of their ranks."""

from __future__ import annotations

from dataclasses import dataclass, fields

from shared.measure.scaling.way import OWN, Way

DEFAULT_BATCH = 128
"""Records of a batch where nothing says otherwise: the default of ``cosmic``."""


@dataclass(frozen=True, slots=True)
class TimedRun:
    """One run.

    Attributes:
        records: Of one rank.
        world_size: Its ranks.
        batch_size: Records of a batch.
        seconds: From its start to its end.
        memory_mb: Of the function of its ranks.
        map_seconds: Of these, in the Map; None where that was not told.
        way: How it was carried out.
    """

    records: float
    world_size: int
    batch_size: int
    seconds: float
    memory_mb: int
    map_seconds: float | None = None
    way: Way = OWN

    @property
    def configuration(self) -> tuple[float, int, int, int, str]:
        """What all its repeats have in common; it can be sorted."""
        return self.records, self.world_size, self.batch_size, self.memory_mb, repr(self.way)


@dataclass(frozen=True, slots=True)
class RankTimes:
    """The times of the ranks of one run: records and seconds of each. The seconds may be CPU's or the wall clock's.

    Only their ratios are used, within a run.
    """

    records: tuple[float, ...]
    seconds: tuple[float, ...]
    batch_size: int


@dataclass(frozen=True, slots=True)
class RankMean:
    """The mean over ranks of one run: seconds, for so many records in batches of such a size."""

    records: float
    batch_size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was read.

    Attributes:
        sources: What was read from where, in words.
        runs: Whole runs.
        ranks: Times of single ranks, by run.
        means: Means over ranks, in runs with several batch sizes; only their ratios are used.
        billed: The same in seconds that were billed: with the rank's own start.
        cold_starts: The median of the seconds of cold starts, of each run that had some.
        unused: What was passed over, with the reason.
    """

    sources: tuple[str, ...] = ()
    runs: tuple[TimedRun, ...] = ()
    ranks: tuple[RankTimes, ...] = ()
    means: tuple[RankMean, ...] = ()
    billed: tuple[RankMean, ...] = ()
    cold_starts: tuple[float, ...] = ()
    unused: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Evidence)))
