"""Fits the model of time to measurements: half of the configurations are fitted, the other half judge the fit.

Every second configuration, in order of size, is held out, so both halves span the same range. All repeats of one
configuration are in the same half.
"""

from __future__ import annotations

import csv
import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import LanesError, UsageError
from shared.measure.scaling.sweep import DONE, JOURNAL, Journal
from shared.measure.scaling.time_model import Fit, per_record, published, straggle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shared.measure.scaling.sweep import Record

_SIGMAS = [step / 100 for step in range(31)]
_RECORDS_A_MB = 51.13  # a partition of 100 MB holds 5,113 samples
_FEWEST = 4  # configurations for four numbers
_DEFAULT_BATCH = 128
_PAPER_BATCH, _PAPER_MEMORY = 512, 10240
_PAPER_BATCH_PARTITION = "25"  # MB, of the runs over batch sizes
_PAPER_RANK_BILLED = 12.355  # seconds, the mean of ten ranks with partitions of 25 MB in a CloudWatch export
TABLES = ("total_execution_time.csv", "result_stats.csv", "batch_varying_results.csv")


@dataclass(frozen=True, slots=True)
class TimedRun:
    """One run: the records of a rank, its ranks, the records of a batch, and the seconds of the whole run."""

    records: float
    world_size: int
    batch_size: int
    seconds: float

    @property
    def configuration(self) -> tuple[float, int, int]:
        """What all its repeats have in common."""
        return self.records, self.world_size, self.batch_size


def hold_out(runs: Sequence[TimedRun]) -> tuple[list[TimedRun], list[TimedRun]]:
    """Return the fitted and the held-out half of *runs*."""
    places = {place: index for index, place in enumerate(sorted({run.configuration for run in runs}))}
    fitted = [run for run in runs if places[run.configuration] % 2 == 0]
    return fitted, [run for run in runs if places[run.configuration] % 2]


def predicted(fit: Fit, run: TimedRun) -> float:
    """Return what the model says of a measured run, on the memory it was measured with."""
    each = run.records * per_record(fit, run.batch_size, fit.memory_mb)
    return fit.start + fit.dispatch * run.world_size + each * straggle(fit.sigma, run.world_size)


def relative_errors(fit: Fit, runs: Sequence[TimedRun]) -> list[float]:
    """Return the relative error of the model on each run."""
    return [abs(predicted(fit, run) - run.seconds) / run.seconds for run in runs]


def fit_folder(folder: Path | None) -> Fit:
    """Return the fit to the sweep or to the published tables in *folder*; without one, the fit of this package.

    Raises:
        LanesError: A sweep has too few runs.
        UsageError: A table is missing.
    """
    if folder is None:
        return published()
    return fit_sweep(folder) if (folder / JOURNAL).exists() else fit_published(folder)


def fit_published(folder: Path) -> Fit:
    """Fit the tables of arXiv 2501.06249 in *folder*.

    Compute comes from the times of single ranks in the fitted half of the configurations, overhead from the table over
    batch sizes, and the rest from the times of whole workflows in the fitted half.

    Raises:
        UsageError: A table is missing.
    """
    total, stats, varied = (_rows(folder / name) for name in TABLES)
    worlds = {(row["partition(MB)"], row["data(GB)"]): round(float(row["num_worlds"])) for row in total}
    runs = [
        TimedRun(
            _records(row["partition(MB)"]), round(float(row["num_worlds"])), _PAPER_BATCH, _seconds(row["duration"])
        )
        for row in total
    ]
    fitted, held = hold_out(runs)
    configurations = {run.configuration for run in fitted}
    ranks = [
        (_records(row["partition (MB)"]), float(row["total_cpu_time (seconds)"]))
        for row in stats
        if (_records(row["partition (MB)"]), worlds.get((row["partition (MB)"], row["data (GB)"])), _PAPER_BATCH)
        in configurations
    ]
    batches = [(int(row["batch_size"]), float(row["total_cpu_time (seconds)"])) for row in varied]
    slope = _weighted([[1.0, size] for size, _ in ranks], [seconds for _, seconds in ranks])[1]
    overhead = _weighted([[1.0, 1 / size] for size, _ in batches], [seconds for _, seconds in batches])[1]
    overhead /= _records(_PAPER_BATCH_PARTITION)
    begin = Fit(
        source="arXiv 2501.06249, times of whole workflows: partitions of 25 to 100 MB, 1 to 12.6 GB",
        start=0,
        dispatch=0,
        compute=slope - overhead / _PAPER_BATCH,
        overhead=overhead,
        transfer=0,
        sigma=0,
        rank_start=0,
        memory_mb=_PAPER_MEMORY,
        worlds=(min(worlds.values()), max(worlds.values())),
        batches=(min(batches)[0], max(batches)[0]),
        measurements=len(fitted),
        held_out=len(held),
        error=math.nan,
        error_90=math.nan,
    )

    def at(sigma: float) -> Fit:
        slow = [run.records * straggle(sigma, run.world_size) for run in fitted]
        rest = [run.seconds - each * slope for run, each in zip(fitted, slow, strict=True)]
        columns = [[1.0, run.world_size, each] for run, each in zip(fitted, slow, strict=True)]
        start, dispatch, transfer = _weighted(columns, rest, [run.seconds for run in fitted])
        return replace(begin, sigma=sigma, start=start, dispatch=dispatch, transfer=transfer)

    best = _best(at, fitted)
    mean = (
        _records(_PAPER_BATCH_PARTITION) * per_record(best, _PAPER_BATCH, _PAPER_MEMORY) * math.exp(best.sigma**2 / 2)
    )
    return _judged(replace(best, rank_start=_PAPER_RANK_BILLED - mean), held)


def fit_sweep(folder: Path) -> Fit:
    """Fit the runs of a sweep over world sizes, and over batch sizes if it has them.

    A sweep does not tell transfer from compute, so transfer counts as compute here.

    Raises:
        LanesError: There are too few runs to fit four numbers and to judge them.
    """
    records = [record for record in Journal(folder / JOURNAL).read().values() if record["status"] == DONE]
    records = [record for record in records if "world_size" in record["axes"] and record["records"]]
    runs = [_of_record(record) for record in records]
    fitted, held = hold_out(runs)
    if len({run.configuration for run in fitted}) < _FEWEST:
        raise LanesError(
            f"{len(fitted)} runs are too few to fit a model to",
            where=str(folder),
            fix="lanes sweep TEAM cosmic --world-size 1,2,3,4 --batch-size 8,16,32,64,128",
        )
    colds = [rank[3] / 1000 for record in records for rank in record["ranks"] if rank[3] is not None]
    begin = Fit(
        source=f"the sweep in {folder}",
        start=0,
        dispatch=0,
        compute=0,
        overhead=0,
        transfer=0,
        sigma=0,
        rank_start=statistics.median(colds) if colds else 0.0,
        memory_mb=max(record["memory_size_mb"] for record in records),
        worlds=(min(run.world_size for run in runs), max(run.world_size for run in runs)),
        batches=(min(run.batch_size for run in runs), max(run.batch_size for run in runs)),
        measurements=len(fitted),
        held_out=len(held),
        error=math.nan,
        error_90=math.nan,
    )

    def at(sigma: float) -> Fit:
        slow = [run.records * straggle(sigma, run.world_size) for run in fitted]
        columns = [[1.0, run.world_size, each, each / run.batch_size] for run, each in zip(fitted, slow, strict=True)]
        seconds = [run.seconds for run in fitted]
        start, dispatch, compute, overhead = _weighted(columns, seconds)
        return replace(begin, sigma=sigma, start=start, dispatch=dispatch, compute=compute, overhead=overhead)

    return _judged(_best(at, fitted), held)


def _of_record(record: Record) -> TimedRun:
    world = int(record["axes"]["world_size"])
    batch = int(record["axes"].get("batch_size", _DEFAULT_BATCH))
    return TimedRun(math.ceil(record["records"] / world), world, batch, record["wall_seconds"])


def _best(at: Callable[[float], Fit], runs: Sequence[TimedRun]) -> Fit:
    """Return the fit whose sigma has the least squares of relative errors on the fitted *runs*."""
    return min(map(at, _SIGMAS), key=lambda fit: sum(error**2 for error in relative_errors(fit, runs)))


def _judged(fit: Fit, held: Sequence[TimedRun]) -> Fit:
    found = relative_errors(fit, held)
    return replace(fit, error=float(np.median(found)), error_90=float(np.quantile(found, 0.9)))


def _weighted(
    columns: Sequence[Sequence[float]], values: Sequence[float], scale: Sequence[float] | None = None
) -> list[float]:
    """Return the coefficients >= 0 with the least squares of the errors of *values*, relative to *scale*.

    Without *scale* the errors are relative to *values*. A coefficient that would be negative is 0, and the others are
    fitted without it.
    """
    weights = 1 / np.asarray(scale or values)
    left, right = np.asarray(columns) * weights[:, None], np.asarray(values) * weights
    used = list(range(left.shape[1]))
    while used:
        found = np.linalg.lstsq(left[:, used], right, rcond=None)[0]
        if found.min() >= 0:
            break
        used.pop(int(found.argmin()))
    result = np.zeros(left.shape[1])
    result[used] = found if used else 0
    return [float(value) for value in result]


def _records(partition_mb: str) -> float:
    return float(partition_mb) * _RECORDS_A_MB


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if row.get("run") != "mean"]
    except OSError as error:
        fix = f"a folder with {', '.join(TABLES)}, or with a sweep's cells.jsonl"
        raise UsageError(f"{error.strerror}", where=str(path), fix=fix) from error


def _seconds(text: str) -> float:
    """Return the seconds of ``MM:SS.sss``."""
    minutes, seconds = text.split(":")
    return 60 * float(minutes) + float(seconds)
