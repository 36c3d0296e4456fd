"""A model of how long a run of many ranks takes and what it costs, for sizes beyond the machine.

With N ranks, n records a rank and batches of b records, on functions of M MB::

    seconds = start + Map + joining x turns(N)
    Map     = the expected end of the slowest of N ranks, of which each begins as soon as AWS lets it
    a rank  = rank_start + n x (compute + overhead / b) x speed(M) x S

start      what a run takes however small it is: its first and last states
Map        each rank waits for its child execution, for an environment, for the account's concurrency and for S3, at
           the rates that AWS documents (:mod:`shared.measure.scaling.way`, :mod:`~shared.measure.scaling.slowest`)
rank_start what a rank takes however little it has to do: its cold start, its imports, what it fetches
compute, overhead   seconds for a record, and seconds for a batch, on the memory that was measured
speed(M)   the vCPUs that were measured over the vCPUs of M MB: Lambda gives one for each 1769 MB, at most six
S          how ranks of the same work differ (:mod:`shared.measure.scaling.rank_times`)
joining    seconds for a result that the last step reads; turns(N): how many it reads one after the other
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from shared.config.aws_facts import STANDARD_STARTS
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import LEAST_EXPRESS, Usage
from shared.measure.scaling.rank_times import Spread
from shared.measure.scaling.slowest import Limits, RankTime, last_end
from shared.measure.scaling.way import OWN, limits_of, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.measure.scaling.slowest import Ended
    from shared.measure.scaling.way import Way
    from shared.values import Json

LONGEST_RANK = 900.0
"""Seconds that Lambda lets a function run, at most."""
HELD_BACK = ("children", "environments", "concurrency", "s3")
"""What can hold ranks back, in the order in which the parts of a run's time are told."""
_MB_A_CPU = 1769
_MOST_CPUS = 6
_STATES = 6  # of a run, beside one for each rank
_PUTS = 6  # of its first function 2, of its last one 4 (a rehearsal in tests/workflows counts them)


@dataclass(frozen=True, slots=True)
class Fit:
    """The model's numbers and where they come from. Seconds, MB.

    Attributes:
        source: What was measured.
        slow: The share of slow ranks, 0..1; ``factor``: how many times longer they take; ``sigma``: the standard
            deviation of the logarithm of ranks' times.
        worlds: The smallest and the largest world that was measured; beyond them a prediction is an extrapolation.
        rank_records: The fewest and the most records of a rank that were measured.
        batches: The smallest and the largest batch size that was measured.
        memory_mb: The memory that was measured.
        measurements: How many runs were fitted.
        held_out: How many runs were not fitted, and judge the fit.
        error: The median of the relative errors on those that were held out, 0..1.
        error_90: The 90th percentile of these errors.
        under: How far below its prediction a run stays of which 19 in 20 take longer: a logarithm, >= 0.
        over: How far above its prediction a run is of which 19 in 20 are quicker, likewise.
        runs: From how many runs each number is, by its name.
        mixed: In what the runs differ beside their sizes: memory, how they were carried out.
    """

    source: str
    start: float
    joining: float
    compute: float
    overhead: float
    rank_start: float
    slow: float
    factor: float
    sigma: float
    memory_mb: int
    worlds: tuple[int, int]
    rank_records: tuple[float, float]
    batches: tuple[int, int]
    measurements: int
    held_out: int
    error: float
    error_90: float
    under: float
    over: float
    runs: Mapping[str, int]
    mixed: tuple[str, ...] = ()

    @property
    def spread(self) -> Spread:
        """How ranks of the same work differ."""
        return Spread(self.slow, self.factor, self.sigma)

    def covers(self, world_size: int) -> bool:
        """Say whether *world_size* is between the worlds that were measured; else a prediction is an extrapolation."""
        return self.worlds[0] <= world_size <= self.worlds[1]

    def widened(self, world: int, records: float) -> float:
        """Return how many times wider an interval is where *world* ranks of so many *records* were not measured.

        The distance is that to the nearest size that was measured, in widths of the measured range, both as
        logarithms. A distance of one width doubles the variance.
        """
        far = [_beyond(world, self.worlds), _beyond(records, self.rank_records)]
        return math.sqrt(1 + sum(each**2 for each in far))


def _beyond(value: float, measured: tuple[float, float]) -> float:
    low, high = measured
    outside = max(0.0, math.log(max(value, 1e-9) / high), math.log(low / max(value, 1e-9)))
    return outside / max(math.log(high / low), math.log(2)) if outside else 0.0


@dataclass(frozen=True, slots=True)
class Size:
    """What decides the time of a run: its records, its ranks, the records of a batch, the MB of a function."""

    records: int
    world_size: int
    batch_size: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a run of a *size* would take: seconds, US dollars, and the mean seconds of one rank.

    ``low`` and ``high`` are a prediction interval: 9 of 10 runs take that many seconds. ``high`` is what 19 of 20 keep.
    """

    size: Size
    seconds: float
    low: float
    high: float
    rank_seconds: float
    usd: float

    @property
    def fits_lambda(self) -> bool:
        """Whether a rank ends within the time that Lambda gives it."""
        return self.rank_seconds <= LONGEST_RANK

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        took = {"seconds": self.seconds, "low": self.low, "high": self.high, "rank_seconds": self.rank_seconds}
        return {**asdict(self.size), **took, "usd": self.usd}


@cache
def published() -> Fit:
    """Return the fit to the field's published tables that comes with the package."""
    read = yaml.safe_load(files("shared.measure.scaling").joinpath("published.yaml").read_text(encoding="utf-8"))
    ranges = {name: tuple(read[name]) for name in ("worlds", "rank_records", "batches", "mixed")}
    return Fit(**{**read, **ranges})


def dispatch_seconds() -> float:
    """Return the seconds after which a distributed Map has started one more standard child, at the least."""
    return 1 / STANDARD_STARTS.value


def speed(measured_mb: int, memory_mb: int) -> float:
    """Return how many times longer a record takes on *memory_mb* than on *measured_mb*."""
    return _cpus(measured_mb) / _cpus(memory_mb)


def _cpus(memory_mb: int) -> float:
    return min(memory_mb / _MB_A_CPU, _MOST_CPUS)


def per_record(fit: Fit, batch_size: int, memory_mb: int) -> float:
    """Return the seconds that a record takes on the median rank."""
    return (fit.compute + fit.overhead / batch_size) * speed(fit.memory_mb, memory_mb)


def rank_time(fit: Fit, records: float, batch_size: int, memory_mb: int) -> RankTime:
    """Return the time of a rank of so many *records*."""
    return RankTime(fit.rank_start, records * per_record(fit, batch_size, memory_mb), fit.spread)


def predict(fit: Fit, size: Size, *, concurrency: int = 1000, way: Way = OWN) -> Prediction:
    """Return what a run of *size*, carried out in this *way*, takes if the account runs *concurrency* ranks at once."""
    each = math.ceil(size.records / size.world_size)
    rank = rank_time(fit, each, size.batch_size, size.memory_mb)
    ended = last_end(rank, size.world_size, together(limits_of(way, each, concurrency), HELD_BACK))
    seconds = fit.start + ended.mean + fit.joining * way.turns(size.world_size)
    # The spread of the slowest rank is in the residuals as well, but of the worlds that were measured.
    wide = fit.widened(size.world_size, each)
    low = math.hypot(fit.under * wide, (ended.mean - ended.low) / seconds)
    high = math.hypot(fit.over * wide, (ended.high - ended.mean) / seconds)
    usage = _used(size, rank.mean, way)
    usd = cost_of(usage).usd
    return Prediction(size, seconds, seconds * math.exp(-low), seconds * math.exp(high), rank.mean, usd)


def _used(size: Size, rank_seconds: float, way: Way) -> Usage:
    """Return what a run uses, but for its logs, and the time of its first and last states.

    Of AWS's numbers only those that grow with the ranks matter; the others are those of this project's workflow.
    """
    world = size.world_size
    each = math.ceil(size.records / world)
    usage = Usage(
        lambda_requests=world + 3,
        lambda_gb_seconds=world * rank_seconds * size.memory_mb / 1024,
        state_transitions=_STATES,
        s3_puts=way.puts * world + _PUTS,
        s3_gets=way.gets_of(each) * world + way.read_by_last * min(world, way.joined or world),
        secrets_requests=way.secrets * (world + 1),  # the check of the rendezvous asks for the key, too
    )
    if way.children == "express":  # whose states are no transitions
        steps = max(1, math.ceil(10 * rank_seconds))  # of 100 ms
        return usage + Usage(express_requests=world, express_gb_seconds=world * steps * LEAST_EXPRESS)
    return usage + Usage(state_transitions=world)


def parts(fit: Fit, size: Size, *, concurrency: int = 1000, way: Way = OWN) -> dict[str, float]:
    """Return what the seconds of a predicted run are made of: their sum is the prediction.

    What holds ranks back is added one after the other: a part is what its limit adds to those before it. So Lambda's
    environments, which grow as fast as Step Functions starts standard children, add nothing to those.
    """
    each = math.ceil(size.records / size.world_size)
    rank = rank_time(fit, each, size.batch_size, size.memory_mb)
    limits = limits_of(way, each, concurrency)
    ends = [
        last_end(rank, size.world_size, together(limits, HELD_BACK[:count]) if count else Limits()).mean
        for count in range(len(HELD_BACK) + 1)
    ]
    held = {name: after - before for name, before, after in zip(HELD_BACK, ends[:-1], ends[1:], strict=True)}
    joining = fit.joining * way.turns(size.world_size)
    return {"start": fit.start, "slowest rank": ends[0], **held, "joining": joining}


def slowest_end(fit: Fit, records: float, size: Size, way: Way, concurrency: float) -> Ended:
    """Return when the slowest rank of a measured run is expected to end, after the Map's begin."""
    rank = rank_time(fit, records, size.batch_size, size.memory_mb)
    return last_end(rank, size.world_size, together(limits_of(way, records, concurrency), HELD_BACK))


@dataclass(frozen=True, slots=True)
class Choices:
    """What a recommendation may choose from, and how many ranks run at once."""

    worlds: Sequence[int] = tuple(sorted({round(10 ** (step / 8)) for step in range(33)}))  # 1 to 10,000
    memories: Sequence[int] = (1769, 3538, 5307, 7076, 10240)
    concurrency: int = 1000

    def runs(self, fit: Fit, records: int, *, way: Way = OWN) -> list[Prediction]:
        """Return all runs whose ranks keep Lambda's limit, with the largest batch that was measured.

        In the model a larger batch is never slower and never dearer.
        """
        found = [
            predict(fit, Size(records, world, fit.batches[1], memory), concurrency=self.concurrency, way=way)
            for world in self.worlds
            if world <= records
            for memory in self.memories
        ]
        return [each for each in found if each.fits_lambda]


def recommend(
    runs: Sequence[Prediction], *, deadline: float | None = None, budget: float | None = None
) -> Prediction | None:
    """Return the cheapest of *runs* that ends within *deadline* seconds, or the fastest within *budget* US dollars.

    With both limits it is the cheapest that keeps both, with none the fastest. None when no run keeps them. A deadline
    is kept when the upper end of the run's interval keeps it.
    """
    fitting = [
        each for each in runs if (deadline is None or each.high <= deadline) and (budget is None or each.usd <= budget)
    ]
    if deadline is None:
        return min(fitting, key=lambda each: (each.seconds, each.usd), default=None)
    return min(fitting, key=lambda each: (each.usd, each.seconds), default=None)
