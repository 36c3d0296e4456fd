"""A small model of how long a run of many ranks takes and what it costs, for sizes beyond the machine.

With N ranks, n records a rank and batches of b records, on functions of M MB::

    seconds = start + dispatch x N + waves x n x (compute x speed(M) + overhead / b x speed(M) + transfer) x straggle(N)

start      what a run takes however small it is: its first and last states, a cold start
dispatch   what each further rank adds: its child execution is started and its result is joined, one after the other.
           It is never less than AWS takes, which starts 100 a second, whatever was measured elsewhere
compute, overhead   seconds for a record, and seconds for a batch, on the memory that was measured
transfer   seconds to bring a record from S3 and to unpack it; it does not depend on the memory
speed(M)   the vCPUs that were measured over the vCPUs of M MB: Lambda gives one for each 1769 MB, at most six
straggle(N)   exp(sigma x z). The times of ranks are log-normal, and the run waits for the slowest of N. Its expected
           standard score z is that of the largest of N (Blom's approximation)
waves      how often the account's concurrency must be filled to start N ranks
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import TYPE_CHECKING

import yaml

from shared.config.aws_facts import STANDARD_STARTS
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.values import Json

LONGEST_RANK = 900.0
"""Seconds that Lambda lets a function run, at most."""
_MB_A_CPU = 1769
_MOST_CPUS = 6
_STATES = 6  # of a run, beside one for each rank


@dataclass(frozen=True, slots=True)
class Fit:
    """The model's numbers and where they come from. Seconds, MB.

    Attributes:
        source: What was measured, and which part of it was fitted.
        measurements: How many measurements were fitted.
        held_out: How many measurements were not fitted.
        error: The median of the relative errors on those that were held out, 0..1.
        error_90: The 90th percentile of these errors.
        worlds: The smallest and the largest world that was measured; beyond them a prediction is an extrapolation.
        batches: The smallest and the largest batch size that was measured.
        memory_mb: The memory that was measured.
        rank_start: Seconds that a rank is billed beside its records: its cold start, its imports.
    """

    source: str
    start: float
    dispatch: float
    compute: float
    overhead: float
    transfer: float
    sigma: float
    rank_start: float
    memory_mb: int
    worlds: tuple[int, int]
    batches: tuple[int, int]
    measurements: int
    held_out: int
    error: float
    error_90: float

    def covers(self, world_size: int) -> bool:
        """Say whether *world_size* is between the worlds that were measured; else a prediction is an extrapolation."""
        return self.worlds[0] <= world_size <= self.worlds[1]

    def nine_in_ten(self, seconds: float) -> tuple[float, float]:
        """Return the least and the most seconds that 9 of 10 runs take, for a prediction of *seconds*."""
        return seconds * (1 - self.error_90), seconds * (1 + self.error_90)

    def safely(self, deadline: float) -> float:
        """Return the longest prediction of a run that ends within *deadline* seconds 9 times in 10."""
        return deadline / (1 + self.error_90)


@dataclass(frozen=True, slots=True)
class Size:
    """What decides the time of a run: its records, its ranks, the records of a batch, the MB of a function."""

    records: int
    world_size: int
    batch_size: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a run of a *size* would take: seconds, US dollars, and the mean seconds of one rank."""

    size: Size
    seconds: float
    rank_seconds: float
    usd: float

    @property
    def fits_lambda(self) -> bool:
        """Whether a rank ends within the time that Lambda gives it."""
        return self.rank_seconds <= LONGEST_RANK

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        took = {"seconds": self.seconds, "rank_seconds": self.rank_seconds, "usd": self.usd}
        return {**asdict(self.size), **took}


@cache
def published() -> Fit:
    """Return the fit to the field's published tables that comes with the package."""
    read = yaml.safe_load(files("shared.measure.scaling").joinpath("published.yaml").read_text(encoding="utf-8"))
    return Fit(**{**read, "worlds": tuple(read["worlds"]), "batches": tuple(read["batches"])})


def straggle(sigma: float, world_size: int) -> float:
    """Return how many times longer than the median the slowest of *world_size* ranks is expected to take."""
    return math.exp(sigma * NormalDist().inv_cdf((world_size - 0.375) / (world_size + 0.25)))


def per_record(fit: Fit, batch_size: int, memory_mb: int) -> float:
    """Return the seconds that the median rank takes for a record."""
    speed = _cpus(fit.memory_mb) / _cpus(memory_mb)
    return (fit.compute + fit.overhead / batch_size) * speed + fit.transfer


def dispatch_seconds(fit: Fit) -> float:
    """Return the seconds that each further rank adds: what was measured, and never less than AWS takes."""
    return max(fit.dispatch, 1 / STANDARD_STARTS.value)


def _cpus(memory_mb: int) -> float:
    return min(memory_mb / _MB_A_CPU, _MOST_CPUS)


def predict(fit: Fit, size: Size, *, concurrency: int = 1000) -> Prediction:
    """Return what a run of *size* would take in an account that runs *concurrency* ranks at once."""
    world = size.world_size
    each = math.ceil(size.records / world) * per_record(fit, size.batch_size, size.memory_mb)
    waves = math.ceil(world / concurrency)
    seconds = fit.start + dispatch_seconds(fit) * world + waves * each * straggle(fit.sigma, min(world, concurrency))
    rank = fit.rank_start + each * math.exp(fit.sigma**2 / 2)  # the mean of a log-normal
    usage = Usage(
        lambda_requests=world + 3,
        lambda_gb_seconds=world * rank * size.memory_mb / 1024,
        state_transitions=world + _STATES,
        s3_puts=2 * world + 5,
        s3_gets=3 * world,
    )
    return Prediction(size, seconds, rank, cost_of(usage).usd)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a recommendation may choose from, and how many ranks run at once."""

    worlds: Sequence[int] = tuple(sorted({round(10 ** (step / 8)) for step in range(33)}))  # 1 to 10,000
    memories: Sequence[int] = (1769, 3538, 5307, 7076, 10240)
    concurrency: int = 1000

    def runs(self, fit: Fit, records: int) -> list[Prediction]:
        """Return all runs whose ranks keep Lambda's limit. Batch sizes are within those that were measured."""
        low, high = fit.batches
        batches = sorted({low, high, *(2**power for power in range(20) if low <= 2**power <= high)})
        found = [
            predict(fit, Size(records, world, batch, memory), concurrency=self.concurrency)
            for world in self.worlds
            if world <= records
            for batch in batches
            for memory in self.memories
        ]
        return [each for each in found if each.fits_lambda]


def recommend(
    runs: Sequence[Prediction], *, deadline: float | None = None, budget: float | None = None
) -> Prediction | None:
    """Return the cheapest of *runs* that ends within *deadline* seconds, or the fastest within *budget* US dollars.

    With both limits it is the cheapest that keeps both, with none the fastest. None when no run keeps them.
    """
    fitting = [
        each
        for each in runs
        if (deadline is None or each.seconds <= deadline) and (budget is None or each.usd <= budget)
    ]
    if deadline is None:
        return min(fitting, key=lambda each: (each.seconds, each.usd), default=None)
    return min(fitting, key=lambda each: (each.usd, each.seconds), default=None)
