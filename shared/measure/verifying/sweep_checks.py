"""Arithmetic of a sweep's runs: what each record must add up to. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shared.measure.scaling.sweep import DONE
from shared.measure.verifying.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.values import Json

_ROUNDING = 1e-9


def sweep_arithmetic(records: Sequence[Mapping[str, Json]]) -> Iterator[Finding]:
    """Yield what in the *records* of a sweep's runs that succeeded does not add up."""
    for place, record in enumerate(records):
        if record.get("status") != DONE:
            continue
        for name, follows, why in _follow(record):
            said = record.get(name)
            if not (
                isinstance(said, int | float) and math.isclose(said, follows, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
            ):
                yield Finding(f"figures.runs.{place}.{name}", str(said), str(follows), why)


def _follow(record: Mapping[str, Json]) -> Iterator[tuple[str, float, str]]:
    """Yield (name, value, from what) for each figure of a *record* that others tell."""
    match record:
        case {"records": int(records), "wall_seconds": int() | float() as seconds, "ranks": list() | tuple() as ranks}:
            yield "wall_throughput", records / seconds if seconds else 0.0, "records and wall_seconds"
            told = [_rank(rank) for rank in ranks]
            yield "records", sum(done for done, _, _ in told), "the records by rank"
            yield "cold_starts", sum(cold for _, _, cold in told), "the cold starts by rank"
            yield "aggregate_throughput", sum(done / took for done, took, _ in told if took), "ranks' records, seconds"


def _rank(told: Json) -> tuple[float, float, bool]:
    """Return the records, the seconds and whether it began cold of a rank in a record.

    Raises:
        TypeError: It is of another form.
    """
    match told:
        case [_, int() | float() as done, int() | float() | None as took, cold]:
            return done, took or 0.0, cold is not None
    raise TypeError(f"{str(told)[:60]} is no rank")
