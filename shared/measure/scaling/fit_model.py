"""Fits the model of time to measured runs: half of the configurations are fitted, the other half judge the fit.

Every second configuration, in order of size, is held out, so both halves span the same ranges. All repeats of one
configuration are in the same half. How ranks differ comes from the times of single ranks, what a batch costs from runs
with several batch sizes, and the rest from the times of whole runs, by least squares of relative errors.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.config.aws_facts import MAP_CHILDREN
from shared.errors import LanesError
from shared.measure.scaling.fit_spread import fit_spread, fitted_half
from shared.measure.scaling.rank_times import Spread
from shared.measure.scaling.time_model import Fit, Size, slowest_end, speed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shared.measure.scaling.measured import Evidence, RankMean, TimedRun

_SIGMAS = [step / 50 for step in range(16)]  # tried where no times of single ranks are known
_FEWEST = 4  # configurations for four numbers
_ROUNDS = 6  # of Gauss and Newton; three would do
_UNBOUND = float(MAP_CHILDREN.value)  # ranks that an account runs at once: nobody recorded it, so nothing waited for it


def hold_out(runs: Sequence[TimedRun]) -> tuple[list[TimedRun], list[TimedRun]]:
    """Return the fitted and the held-out half of *runs*."""
    places = {place: index for index, place in enumerate(_winding({run.configuration for run in runs}))}
    fitted = [run for run in runs if places[run.configuration] % 2 == 0]
    return fitted, [run for run in runs if places[run.configuration] % 2]


def _winding(places: Collection[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return *places* in an order of which every second one is a chequered half of their grid.

    They are sorted, but every second group is turned round: else, with two batch sizes, one of them would be fitted,
    and the other one held out.
    """
    if not places or not next(iter(places)):
        return list(places)
    order: list[tuple[Any, ...]] = []
    for number, first in enumerate(sorted({place[0] for place in places})):
        group = [(first, *rest) for rest in _winding({place[1:] for place in places if place[0] == first})]
        order += reversed(group) if number % 2 else group
    return order


def predicted(fit: Fit, run: TimedRun) -> float:
    """Return the seconds that the model says of a measured run."""
    ended = slowest_end(fit, run.records, _size(run), run.way, _UNBOUND)
    return fit.start + ended.mean + fit.joining * run.way.turns(run.world_size)


def log_ratios(fit: Fit, runs: Sequence[TimedRun]) -> list[float]:
    """Return, for each run, the logarithm of what it took over what the model says."""
    known = {run.configuration: predicted(fit, run) for run in runs}
    return [math.log(run.seconds / known[run.configuration]) for run in runs]


def relative_errors(fit: Fit, runs: Sequence[TimedRun]) -> list[float]:
    """Return the relative error of the model on each run."""
    return [abs(math.exp(-ratio) - 1) for ratio in log_ratios(fit, runs)]


def fit_evidence(evidence: Evidence) -> Fit:
    """Return the model that is fitted to *evidence*.

    Raises:
        LanesError: There are too few runs to fit the numbers and to judge them, or they differ too little.
    """
    fitted, held = hold_out(evidence.runs)
    if len({run.configuration for run in fitted}) < _FEWEST or not held:
        configurations = len({run.configuration for run in evidence.runs})
        few = f"{len(evidence.runs)} runs of {configurations} configurations are too few to fit a model to"
        raise LanesError(
            "\n  not used: ".join([few, *evidence.unused]),
            where=", ".join(evidence.sources) or None,
            fix=f"give runs of {2 * _FEWEST} configurations or more: more of --fit, or lanes sweep TEAM cosmic "
            "--world-size 1,2,3,4 --batch-size 8,16,32,64,128",
        )
    ranks = fitted_half(evidence.ranks)
    spread = fit_spread(ranks)
    begin = _begun(evidence, fitted, held)
    if spread:
        chosen = _fitted(_spread_of(begin, spread), fitted, evidence.means)
    else:
        tried = [_fitted(_spread_of(begin, Spread(0.0, 1.0, each)), fitted, evidence.means) for each in _SIGMAS]
        chosen = min(tried, key=lambda fit: sum(ratio**2 for ratio in log_ratios(fit, fitted)))
    chosen = _parted(chosen, evidence)
    ratios = log_ratios(chosen, held)
    errors = relative_errors(chosen, held)
    return replace(
        chosen,
        error=float(np.median(errors)),
        error_90=float(np.quantile(errors, 0.9)),
        under=max(0.0, _upper([-ratio for ratio in ratios])),
        over=max(0.0, _upper(ratios)),
        runs=_from_runs(evidence, fitted, len(ranks) if spread else len(fitted)),
    )


def _upper(values: Sequence[float]) -> float:
    """Return what 19 in 20 of such values stay below, by the values that were seen; of few, the largest of them."""
    place = math.ceil((len(values) + 1) * 0.95) - 1
    return sorted(values)[min(place, len(values) - 1)]


def _begun(evidence: Evidence, fitted: Sequence[TimedRun], held: Sequence[TimedRun]) -> Fit:
    """Return a fit whose numbers are not fitted yet."""
    runs = [*fitted, *held]
    batches = [run.batch_size for run in runs] + [mean.batch_size for mean in evidence.means]
    worlds, records = [run.world_size for run in runs], [run.records for run in runs]
    return Fit(
        source="; ".join(evidence.sources),
        start=0.0,
        joining=0.0,
        compute=0.001,
        overhead=0.0,
        rank_start=0.0,
        slow=0.0,
        factor=1.0,
        sigma=0.0,
        memory_mb=max(run.memory_mb for run in runs),
        worlds=(min(worlds), max(worlds)),
        rank_records=(min(records), max(records)),
        batches=(min(batches), max(batches)),
        measurements=len(fitted),
        held_out=len(held),
        error=math.nan,
        error_90=math.nan,
        under=math.nan,
        over=math.nan,
        runs={},
        mixed=_mixed(runs),
    )


def _from_runs(evidence: Evidence, fitted: Sequence[TimedRun], ranks: int) -> dict[str, int]:
    """Return from how many runs each number is; those that tell how ranks differ are from *ranks*."""
    whole = dict.fromkeys(("start", "joining", "compute"), len(fitted))
    starts = sum(run.map_seconds is not None for run in fitted) or len(evidence.billed) or len(evidence.cold_starts)
    spread = dict.fromkeys(("slow", "factor", "sigma"), ranks)
    return whole | {"overhead": len(evidence.means) or len(fitted), "rank_start": starts} | spread


def _mixed(runs: Sequence[TimedRun]) -> tuple[str, ...]:
    """Return in what *runs* differ beside their sizes."""
    memories, ways = sorted({run.memory_mb for run in runs}), {run.way for run in runs}
    told = [f"functions of {', '.join(str(each) for each in memories)} MB"] if len(memories) > 1 else []
    return (*told, *([f"{len(ways)} ways of carrying a run out"] if len(ways) > 1 else []))


def _spread_of(fit: Fit, spread: Spread) -> Fit:
    return replace(fit, slow=spread.slow, factor=spread.factor, sigma=spread.sigma)


@dataclass(frozen=True, slots=True)
class _Row:
    """One equation: its coefficients (start, the ranks' start, joining, compute, overhead), its value, its scale."""

    columns: tuple[float, float, float, float, float]
    value: float
    scale: float


def _fitted(fit: Fit, runs: Sequence[TimedRun], means: Sequence[RankMean]) -> Fit:
    """Return *fit* with start, rank_start, joining, compute and overhead fitted to whole *runs*, by Gauss and Newton.

    The ranks' own start is told from the run's only where some runs tell their Map's time; else it stays in ``start``.
    """
    shape = _batch_shape(means)
    apart = any(run.map_seconds is not None for run in runs)
    batches = {run.batch_size for run in runs}
    used = [True, apart, True, True, shape is None and len(batches) > 1]
    for _ in range(_ROUNDS):
        rows = _rows(fit, runs, shape or 0.0)
        left = np.array([[each for each, use in zip(row.columns, used, strict=True) if use] for row in rows])
        right, scale = np.array([row.value for row in rows]), np.array([row.scale for row in rows])
        if np.linalg.matrix_rank(left) < left.shape[1]:
            raise LanesError(
                "the runs differ too little to tell their start, their ranks' work and the joining apart",
                where=fit.source,
                fix="give runs of several world sizes and of several numbers of records of a rank",
            )
        found = iter(_least_squares(left / scale[:, None], right / scale))
        start, rank_start, joining, compute, overhead = (next(found) if use else 0.0 for use in used)
        overhead = overhead if shape is None else compute * shape
        fit = replace(
            fit, start=start, rank_start=rank_start, joining=joining, compute=max(compute, 1e-9), overhead=overhead
        )
    return fit


def _rows(fit: Fit, runs: Sequence[TimedRun], shape: float) -> list[_Row]:
    """Return the equations of *runs* for small changes of *fit*; *shape*: a batch's overhead, in records."""
    slopes: dict[object, tuple[float, float, float]] = {}
    rows = []
    for run in runs:
        if run.configuration not in slopes:
            slopes[run.configuration] = _slope(fit, run)
        held, of_compute, of_overhead = slopes[run.configuration]
        work = (of_compute + shape * of_overhead, of_overhead)
        turns = run.way.turns(run.world_size)
        rows.append(_Row((1.0, 1.0, turns, *work), run.seconds - held, run.seconds))
        if run.map_seconds is not None:
            rows.append(_Row((0.0, 1.0, 0.0, *work), run.map_seconds - held, run.seconds))
    return rows


def _slope(fit: Fit, run: TimedRun) -> tuple[float, float, float]:
    """Return how the end of the slowest rank depends on compute and on overhead, and the part that does not."""
    bare = replace(fit, rank_start=0.0)
    more = replace(bare, compute=1.05 * fit.compute, overhead=1.05 * fit.overhead)
    end, later = (slowest_end(each, run.records, _size(run), run.way, _UNBOUND).mean for each in (bare, more))
    scaled = run.records * (fit.compute + fit.overhead / run.batch_size) * speed(fit.memory_mb, run.memory_mb)
    times = (later - end) / (0.05 * scaled)  # of the median: how many times longer the slowest takes
    work = times * run.records * speed(fit.memory_mb, run.memory_mb)
    return end - times * scaled, work, work / run.batch_size


def _batch_shape(means: Sequence[RankMean]) -> float | None:
    """Return what a batch costs, in records, from *means* over ranks; None where they do not tell."""
    if len({mean.batch_size for mean in means}) < 2:  # noqa: PLR2004  a line has two ends
        return None
    left = np.array([[mean.records, mean.records / mean.batch_size] for mean in means])
    right = np.array([mean.seconds for mean in means])
    compute, overhead = _least_squares(left / right[:, None], np.ones(len(right)))
    return overhead / compute if compute else None


def _parted(fit: Fit, evidence: Evidence) -> Fit:
    """Return *fit* with the ranks' own start taken out of ``start``, where the runs did not tell it."""
    if fit.rank_start:
        return fit
    usual = math.exp(fit.sigma**2 / 2)
    own = [
        mean.seconds - mean.records * (fit.compute + fit.overhead / mean.batch_size) * usual for mean in evidence.billed
    ] or list(evidence.cold_starts)
    rank_start = min(max(0.0, statistics.median(own)), fit.start) if own else 0.0
    return replace(fit, start=fit.start - rank_start, rank_start=rank_start)


def _size(run: TimedRun) -> Size:
    return Size(round(run.records * run.world_size), run.world_size, run.batch_size, run.memory_mb)


def _least_squares(left: np.ndarray, right: np.ndarray) -> list[float]:
    """Return the coefficients >= 0 with the least squares.

    A coefficient that would be negative is 0, and the others are fitted without it.
    """
    used = list(range(left.shape[1]))
    found = np.zeros(0)
    while used:
        found = np.linalg.lstsq(left[:, used], right, rcond=None)[0]
        if found.min() >= 0:
            break
        used.pop(int(found.argmin()))
    result = np.zeros(left.shape[1])
    result[used] = found if used else 0
    return [float(value) for value in result]
