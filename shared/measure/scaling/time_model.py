"""A small model of how long a run of many ranks takes and what it costs, for sizes beyond the machine.

With N ranks, n records a rank and batches of b records, on functions of M MB::

    seconds = start + dispatch x N + waves x n x (compute x speed(M) + overhead / b x speed(M) + transfer) x straggle(N)

start      what a run takes however small it is: its first and last states, a cold start
dispatch   what each further rank adds: its child execution is started and its result is joined, one after the other;
           never less than AWS takes, which starts 100 a second, whatever was measured where
compute, overhead   seconds a record, and seconds a batch, on the memory that was measured
transfer   seconds a record to bring it from S3 and to unpack it; it does not depend on the memory
speed(M)   the vCPUs measured over the vCPUs of M MB: Lambda gives one for each 1769 MB, at most six
straggle(N)   exp(sigma x z): ranks' times are log-normal, and the run waits for the slowest of N, whose expected
           standard score z is that of the largest of N (Blom's approximation)
waves      how often the account's concurrency must be filled to start N ranks
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import yaml

from shared.config.aws_facts import STANDARD_STARTS
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

_MB_A_CPU = 1769
_MOST_CPUS = 6
_STATES = 6  # of a run, beside one for each rank


@dataclass(frozen=True, slots=True)
class Fit:
    """The model's numbers and where they come from. Seconds, MB.

    Attributes:
        source: What was measured, and which part of it was fitted.
        held_out: How many measurements were not, and ``error`` and ``error_90`` the median and the 90th percentile
            of the relative errors there, 0..1.
        worlds: The smallest and the largest world in it; beyond them a prediction is an extrapolation.
        batches: The smallest and the largest batch size in it.
        memory_mb: The memory that was measured.
        rank_start: What a rank is billed beside its records: its cold start, its imports.
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


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a run would take: seconds, US dollars, and one rank's mean seconds."""

    records: int
    world_size: int
    batch_size: int
    memory_mb: int
    seconds: float
    rank_seconds: float
    usd: float

    def as_record(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@cache
def published() -> Fit:
    """Return the fit to the field's published tables that comes with the package."""
    read = yaml.safe_load(files("shared.measure.scaling").joinpath("published.yaml").read_text(encoding="utf-8"))
    return Fit(**{**read, "worlds": tuple(read["worlds"]), "batches": tuple(read["batches"])})


def straggle(sigma: float, world_size: int) -> float:
    """Return how much longer than the median the slowest of *world_size* ranks is expected to take; 1 for one."""
    return math.exp(sigma * NormalDist().inv_cdf((world_size - 0.375) / (world_size + 0.25)))


def per_record(fit: Fit, batch_size: int, memory_mb: int) -> float:
    """Return the median rank's seconds for each record."""
    speed = _cpus(fit.memory_mb) / _cpus(memory_mb)
    return (fit.compute + fit.overhead / batch_size) * speed + fit.transfer


def _cpus(memory_mb: int) -> float:
    return min(memory_mb / _MB_A_CPU, _MOST_CPUS)


def predict(  # noqa: PLR0913  the model's own variables
    fit: Fit, records: int, world_size: int, batch_size: int, memory_mb: int, *, concurrency: int = 1000
) -> Prediction:
    """Return what *records* on *world_size* ranks would take."""
    each = math.ceil(records / world_size) * per_record(fit, batch_size, memory_mb)
    waves = math.ceil(world_size / concurrency)
    dispatch = max(fit.dispatch, 1 / STANDARD_STARTS.value)
    seconds = fit.start + dispatch * world_size + waves * each * straggle(fit.sigma, min(world_size, concurrency))
    rank = fit.rank_start + each * math.exp(fit.sigma**2 / 2)  # the mean of a log-normal
    usage = Usage(
        lambda_requests=world_size + 3,
        lambda_gb_seconds=world_size * rank * memory_mb / 1024,
        state_transitions=world_size + _STATES,
        s3_puts=2 * world_size + 5,
        s3_gets=3 * world_size,
    )
    return Prediction(records, world_size, batch_size, memory_mb, seconds, rank, cost_of(usage).usd)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a recommendation may choose from, and the limits it keeps: seconds of a rank, ranks at once."""

    worlds: Sequence[int] = tuple(sorted({round(10 ** (step / 8)) for step in range(33)}))  # 1 to 10,000
    memories: Sequence[int] = (1769, 3538, 5307, 7076, 10240)
    longest_rank: float = 900
    concurrency: int = 1000

    def runs(self, fit: Fit, records: int) -> list[Prediction]:
        """Return all runs that keep the limits; batch sizes are those that were measured."""
        low, high = fit.batches
        batches = sorted({low, high, *(2**power for power in range(20) if low <= 2**power <= high)})
        found = [
            predict(fit, records, world, batch, memory, concurrency=self.concurrency)
            for world in self.worlds
            if world <= records
            for batch in batches
            for memory in self.memories
        ]
        return [each for each in found if each.rank_seconds <= self.longest_rank]


def recommend(
    runs: Sequence[Prediction], *, deadline: float | None = None, budget: float | None = None
) -> Prediction | None:
    """Return the cheapest of *runs* that ends within *deadline* seconds, or the fastest within *budget* US dollars.

    With both, the cheapest that keeps both; with neither, the fastest. None when there is none.
    """
    fitting = [
        each
        for each in runs
        if (deadline is None or each.seconds <= deadline) and (budget is None or each.usd <= budget)
    ]
    if deadline is None:
        return min(fitting, key=lambda each: (each.seconds, each.usd), default=None)
    return min(fitting, key=lambda each: (each.usd, each.seconds), default=None)
