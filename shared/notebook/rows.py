"""The columns and rows of what notebooks show as tables, beside the ranks that other rooms know as well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.measure.reports.columns import Column
from shared.measure.scaling.sweep_tables import FIGURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.measure.billing.bill import Bill
    from shared.measure.billing.cost import Cost
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.run_log import RunLine
    from shared.measure.scaling.sweep import Record
    from shared.measure.scaling.sweep_tables import Point
    from shared.run.listing import Execution
    from shared.values import Json

INVOCATIONS = (
    Column("at", "moment"),
    Column("state", "text"),
    Column("rank", "integer"),
    Column("duration_ms", "number"),
    Column("billed_ms", "integer"),
    Column("memory_mb", "integer"),
    Column("memory_size_mb", "integer"),
    Column("cold_start_ms", "number"),
    Column("trouble", "text"),
    Column("request_id", "text"),
)
"""A run's invocations; ``at`` is when each ended, ``trouble`` is ``timeout``, ``error``, ``traceback`` or empty."""
LOGS = (
    Column("at", "moment"),
    Column("step", "text"),
    Column("rank", "integer"),
    Column("text", "text"),
    Column("request_id", "text"),
)
"""The lines of a run's log, in order of time."""
BILL = (
    Column("item", "text"),
    Column("amount", "number"),
    Column("price_usd", "number"),
    Column("usd", "number"),
)
"""What a run costs, estimated: so many of an item at a price."""
RUNS = (
    Column("run_id", "text"),
    Column("workflow", "text"),
    Column("status", "text"),
    Column("started", "moment"),
    Column("seconds", "number"),
    Column("redrives", "integer"),
)
"""A team's runs, newest first."""
COSTS = (Column("run_id", "text"), Column("workflow", "text"), Column("usd", "number"))
"""What each of a team's runs costs, estimated. What ran outside of a run has a row without ``run_id``."""
_ROUNDING = 1e-9  # what adding up floats may leave, as a share of the sum
_CELL = (
    Column("repeat", "integer"),
    Column("status", "text"),
    Column("wall_seconds", "number"),
    Column("records", "integer"),
    Column("wall_throughput", "number"),
    Column("aggregate_throughput", "number"),
    Column("memory_mb", "integer"),
    Column("memory_size_mb", "integer"),
    Column("cost_usd", "number"),
    Column("cold_starts", "integer"),
    Column("measured_at", "text"),
    Column("run_id", "text"),
    Column("error", "text"),
)


def invocation_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return what :data:`INVOCATIONS` has of *rows*, in order of time."""
    return [
        {
            "at": datetime.fromtimestamp(row.at_ms / 1000, UTC),
            "state": row.place,
            "rank": row.rank,
            "duration_ms": row.report.duration_ms,
            "billed_ms": row.report.billed_ms,
            "memory_mb": row.report.used_mb,
            "memory_size_mb": row.report.memory_mb,
            "cold_start_ms": row.report.init_ms,
            "trouble": row.trouble,
            "request_id": row.report.request_id,
        }
        for row in sorted(rows, key=lambda row: row.at_ms)
    ]


def log_rows(lines: Iterable[RunLine]) -> list[dict[str, Any]]:
    """Return what :data:`LOGS` has of *lines*."""
    return [{column.name: getattr(line, column.name) for column in LOGS} for line in lines]


def run_rows(found: Iterable[Execution]) -> list[dict[str, Any]]:
    """Return what :data:`RUNS` has of *found*."""
    return [{column.name: getattr(each, column.name) for column in RUNS} for each in found]


def bill_rows(cost: Cost | None) -> list[dict[str, Any]]:
    """Return what :data:`BILL` has of *cost*; nothing where that is not known."""
    items = cost.items if cost else ()
    return [{"item": each.label, "amount": each.amount, "price_usd": each.price, "usd": each.usd} for each in items]


def cost_rows(bill: Bill) -> list[dict[str, Any]]:
    """Return what :data:`COSTS` has of *bill*. The rows add up to its total."""
    rows: list[dict[str, Any]] = []
    inside: dict[str, float] = {}
    for run_id, (workflow, cost) in bill.runs.items():
        rows.append({"run_id": run_id, "workflow": workflow, "usd": cost.usd})
        inside[workflow] = inside.get(workflow, 0.0) + cost.usd
    for workflow, cost in bill.workflows.items():
        outside = cost.usd - inside.get(workflow, 0.0)
        if outside > _ROUNDING * cost.usd:
            rows.append({"run_id": None, "workflow": workflow, "usd": outside})
    return rows


def cell_columns(records: Sequence[Record]) -> list[Column]:
    """Return the columns of a sweep's runs: its axes, then what each run took."""
    return [*(Column(axis, "any") for axis in records[0]["axes"]), *_CELL] if records else list(_CELL)


def cell_rows(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return a row for each run of a sweep."""
    return [{**record["axes"], **record} for record in records]


def point_columns(points: Sequence[Point]) -> list[Column]:
    """Return the columns of a sweep's configurations.

    They are axes, runs, median, least and greatest of each figure, and the speed-up with its interval of 95 %.
    """
    axes = [Column(axis, "any") for axis in points[0].axes] if points else []
    spreads = [Column(f"{name}_{kind}", "number") for name in FIGURES for kind in ("median", "min", "max")]
    counts = [Column(name, "integer") for name in ("runs", "failed", "cold")]
    speedup = [Column(name, "number") for name in ("speedup", "speedup_low", "speedup_high", "efficiency")]
    return [*axes, *counts, *spreads, Column("warm_seconds_median", "number"), *speedup]


def point_rows(points: Iterable[Point]) -> list[dict[str, Any]]:
    """Return a row for each configuration of a sweep."""
    rows = []
    for point in points:
        row: dict[str, Any] = {**point.axes, "runs": point.runs, "failed": point.failed, "cold": point.cold}
        for name, spread in point.figures.items():
            row |= {f"{name}_median": spread.median, f"{name}_min": spread.low, f"{name}_max": spread.high}
        row["warm_seconds_median"] = point.warm["wall_seconds"].median if point.warm else None
        row |= {"speedup": point.speedup, "efficiency": point.efficiency}
        interval = point.interval
        row |= {"speedup_low": interval.low if interval else None, "speedup_high": interval.high if interval else None}
        rows.append(row)
    return rows


def any_columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return a column for each name in *rows*, in the order in which they come first.

    What is an object in one row and null in another has the columns of the object alone.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    objects = {name.rpartition(".")[0] for name in names}
    return [Column(name, "any") for name in names if name not in objects]


def result_rows(value: Json) -> list[dict[str, Any]]:
    """Return what a workflow gave as rows: those of a list, else one. Names of inner objects are joined by dots."""
    items = value if isinstance(value, list) else [value]
    return [_flat(item) if isinstance(item, dict) else {"value": item} for item in items]


def _flat(value: Mapping[str, Json], path: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{path}.{key}" if path else key
        row |= _flat(inner, name) if isinstance(inner, dict) else {name: inner}
    return row
