"""Reads what runs leave behind: ``combined_data.json`` with a result of each rank, the field's and our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.measure.scaling.evidence.found import Ran, UnreadableError
from shared.measure.scaling.evidence.values import count, mapping, number
from shared.measure.scaling.measured import Evidence, RankTimes
from shared.measure.scaling.way import FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found
    from shared.values import Json

FIGURE = "total_cpu_time (seconds)"
"""What every result has, the field's and our own."""


def read_results(path: Path, results: Sequence[Json], found: Found) -> None:
    """Add the ranks of one run.

    The field's results have the seconds of CPU that torch's profiler counts, which is no time of a clock: only their
    ratios are used. Ours have the clock's. A rank without records is left out.
    """
    ranks: list[tuple[float, float]] = []
    first = mapping(results[0], "the first result")
    for place, each in enumerate(results, 1):
        try:
            result = mapping(each, "it")
            records, seconds = _records(result), number(result, "seconds" if "seconds" in result else FIGURE)
        except UnreadableError as error:
            found.problem(path, None, f"result {place}: {error}")
            continue
        if records and seconds:
            ranks.append((records, seconds))
    if not ranks:
        found.unused(f"{path}: no rank has records")
        return
    batch = count(first, "batch_size")
    ours = "world_size" in first
    world = count(first, "world_size") if ours else len(results)
    ran = Ran(world, sum(records for records, _ in ranks), batch, whole=ours or len(results) != FIELD.joined)
    for name in ("run_id", "result_path"):
        if isinstance(name_of := first.get(name), str):
            found.results[name_of] = ran
    columns = tuple(records for records, _ in ranks), tuple(seconds for _, seconds in ranks)
    found.add(Evidence(ranks=(RankTimes(*columns, batch),)))


def _records(result: Mapping[str, Json]) -> float:
    """Return the records of a rank; the field's results tell how many it did a second of its CPU time."""
    if "records" in result:
        return number(result, "records")
    return round(number(result, "sample_persec") * number(result, FIGURE))
