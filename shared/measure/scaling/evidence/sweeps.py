"""Reads what this project measured itself: sweeps' journals, and runs as ``lanes run --json`` tells them."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.scaling.evidence.found import UnreadableError
from shared.measure.scaling.evidence.values import count, mapping, number, positive
from shared.measure.scaling.measured import DEFAULT_BATCH, Evidence, RankTimes, TimedRun
from shared.measure.scaling.sweep import DONE, WORLD, Journal
from shared.values import as_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found
    from shared.measure.scaling.sweep import Record
    from shared.values import Json

_SIZES = {WORLD, "batch_size", "data_prefix", "data_map", "file_limit"}
"""Parameters that say how large a run is: worlds and batches are fitted, and the cell tells how many records it did."""


def read_journal(path: Path, found: Found) -> None:
    """Add the cells of the newest sweep in a journal that ended well and tell how many records they did.

    Cells of other code, memory, place or input are of other runs, and are told. Sizes may differ: they are fitted.
    """
    try:
        lines = Journal(path).last_lines()
    except LanesError as error:
        found.problems.append(f"{error.where}: {error.what}")
        return
    newest = _made_by(lines[max(lines)]) if lines else {}
    used, others, left = 0, Counter[str](), 0
    for place, record in lines.items():
        made = _made_by(record)
        if made != newest:
            others[" and ".join(name for name in {**newest, **made} if made.get(name) != newest.get(name))] += 1
            continue
        try:
            cell = _of_cell(record)
        except (ValueError, TypeError) as error:
            found.problem(path, place, f"the cell is not as lanes sweep writes it: {error}")
            continue
        if cell is None:
            left += 1
        else:
            found.add(cell)
            used += 1
    for names, many in others.items():
        found.unused(f"{path}: {many} cells that were measured with other {names} than the newest one")
    if left:
        found.unused(f"{path}: {left} cells that failed, or tell no records, world size or memory")
    found.add(Evidence(sources=(f"{used} runs of the sweep in {path.parent}",)))


def _made_by(record: Record) -> dict[str, Json]:
    """Return what made a cell's result, beside its size: what no two runs that are fitted together may differ in."""
    told = {name: value for name, value in _part(record, "setting").items() if name != "input"}
    return told | {name: value for name, value in _given(record).items() if name not in _SIZES}


def _given(record: Record) -> dict[str, Json]:
    """Return the input of a cell, as far as its record tells it."""
    return {**_part(_part(record, "setting"), "input"), **_part(record, "axes")}


def _part(told: Mapping[str, object], name: str) -> Mapping[str, Json]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _of_cell(record: Record) -> Evidence | None:
    """Return what a cell tells; None where it failed, or does not tell how large it was."""
    told: dict[str, Json] = {**record}  # type: ignore[dict-item]  # it came out of a file: nothing in it is sure
    given = _given(record)
    if told.get("status") != DONE or not told.get("records") or told.get("memory_size_mb") == 0:
        return None
    if WORLD not in given:
        return None
    world = count(given, WORLD)
    batch = count(given, "batch_size") if "batch_size" in given else DEFAULT_BATCH
    records = math.ceil(positive(told, "records") / world)
    run = TimedRun(records, world, batch, positive(told, "wall_seconds"), count(told, "memory_size_mb"))
    names = ("rank", "records", "seconds", "cold_start_ms")
    ranks = [dict(zip(names, as_list(each), strict=True)) for each in _list(told.get("ranks"))]
    times = [
        (number(each, "records"), number(each, "seconds")) for each in ranks if each["records"] and each["seconds"]
    ]
    colds = [number(each, "cold_start_ms") / 1000 for each in ranks if each["cold_start_ms"] is not None]
    return Evidence(runs=(run,), ranks=_ranks(times, batch), cold_starts=median_of(colds))


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
