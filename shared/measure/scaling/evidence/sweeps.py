"""Reads what this project measured itself: sweeps' journals, and runs as ``lanes run --json`` tells them."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.scaling.evidence.found import UnreadableError
from shared.measure.scaling.evidence.values import count, mapping, number, positive, shown
from shared.measure.scaling.measured import DEFAULT_BATCH, Evidence, RankTimes, TimedRun
from shared.measure.scaling.sweep import DONE, Journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found
    from shared.measure.scaling.sweep import Record
    from shared.values import Json


def read_journal(path: Path, found: Found) -> None:
    """Add the cells of a sweep that ended well and tell how many records they did."""
    try:
        records = list(Journal(path).read().values())
    except LanesError as error:
        found.problems.append(f"{error.where}: {error.what}")
        return
    used = 0
    for record in records:
        try:
            if record["status"] == DONE and "world_size" in record["axes"] and record["records"]:
                found.add(_of_cell(record))
                used += 1
        except (KeyError, TypeError, ValueError, IndexError) as error:
            found.problem(path, None, f"the cell {shown(record['key'])} is not as lanes sweep writes it: {error!r}")
    if left := len(records) - used:
        found.unused(f"{path}: {left} cells that failed, have no records or no world size")
    found.add(Evidence(sources=(f"{used} runs of the sweep in {path.parent}",)))


def _of_cell(record: Record) -> Evidence:
    world = int(record["axes"]["world_size"])
    batch = int(record["axes"].get("batch_size", DEFAULT_BATCH))
    run = TimedRun(math.ceil(record["records"] / world), world, batch, record["wall_seconds"], record["memory_size_mb"])
    ranks = [(each[1], each[2]) for each in record["ranks"] if each[1] and each[2]]
    colds = [each[3] / 1000 for each in record["ranks"] if each[3] is not None]
    return Evidence(runs=(run,), ranks=_ranks(ranks, batch), cold_starts=median_of(colds))


def read_run(path: Path, told: Mapping[str, Json], found: Found) -> None:
    """Add a run that ``lanes run --json`` told."""
    if told.get("status") != DONE:
        found.unused(f"{path}: the run did not succeed")
        return
    output = mapping(told.get("output"), "output")
    world, batch = count(output, "world_size"), count(output, "batch_size")
    ranks = [mapping(each, "a rank") for each in _list(told["ranks"])]
    memories = {count(each, "memory_size_mb") for each in ranks if each.get("memory_size_mb")}
    if len(memories) != 1:
        raise UnreadableError("its ranks do not tell the memory of their function")
    run = TimedRun(
        math.ceil(positive(told, "records") / world), world, batch, positive(told, "wall_seconds"), memories.pop()
    )
    times = [(number(each, "records"), number(each, "seconds")) for each in ranks if each.get("seconds")]
    colds = [number(each, "cold_start_ms") / 1000 for each in ranks if each.get("cold_start_ms") is not None]
    found.add(Evidence((f"the run {path}",), (run,), _ranks(times, batch), cold_starts=median_of(colds)))


def median_of(values: Sequence[float]) -> tuple[float, ...]:
    """Return the median of *values*, as the one value of a run; none where there are none."""
    return (statistics.median(values),) if values else ()


def _ranks(ranks: Sequence[tuple[float, float]], batch: int) -> tuple[RankTimes, ...]:
    worked = [each for each in ranks if all(each)]
    if not worked:
        return ()
    records, seconds = zip(*worked, strict=True)
    return (RankTimes(tuple(records), tuple(seconds), batch),)


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
