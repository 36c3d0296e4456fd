"""The columns of tables that leave us, for data frames and files of columns: each with a name, a unit and one type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.measure.billing.finished_run import FinishedRun

Kind: TypeAlias = Literal["integer", "number", "text", "flag", "moment", "any"]
"""What a column holds: 64-bit integers, 64-bit floats, texts, booleans, moments in UTC, or what a workflow wrote."""
Value: TypeAlias = "int | float | str | bool | datetime | None"
"""A value of a column of any kind but the last."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Its unit is the end of its name: ``_ms``, ``_mb`` (as Lambda counts), ``_usd``."""

    name: str
    kind: Kind


RANKS = (
    Column("rank", "integer"),
    Column("records", "integer"),
    Column("seconds", "number"),
    Column("records_per_second", "number"),
    Column("memory_mb", "integer"),
    Column("memory_size_mb", "integer"),
    Column("billed_ms", "integer"),
    Column("cold_start_ms", "number"),
    Column("attempts", "integer"),
    Column("redriven", "integer"),
    Column("request_id", "text"),
)
"""A run's ranks: see :class:`shared.run.gather.Rank`. Figures of a REPORT line that CloudWatch lacks are None."""


def rank_rows(finished: FinishedRun) -> list[Mapping[str, Value]]:
    """Return a row for each rank of *finished*, with the values of :data:`RANKS`."""
    return [{column.name: getattr(rank, column.name) for column in RANKS} for rank in finished.outcome.ranks]
