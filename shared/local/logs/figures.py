"""The figures of CloudWatch metrics, beside the logs in ``logs.db``. Statistics are what SQLite adds up.

A figure is what one PutMetricData said of a moment: how many values, their sum, the least and the greatest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from shared.local.logs.store import LogStore


class Metric(NamedTuple):
    """What names a metric: its dimensions are a part of that, in any order."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: str

    @property
    def as_dict(self) -> dict[str, object]:
        """It, as the API tells it."""
        pairs = [{"Name": name, "Value": value} for name, value in json.loads(self.dimensions)]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": pairs}


class Figure(NamedTuple):
    """Values of a moment or a period, which begins ``at`` (ms)."""

    at: int
    unit: str
    number: float
    total: float
    low: float
    high: float


def dimensions(given: Iterable[Mapping[str, str]] | None) -> str:
    """Return the text that stands for dimensions, whatever their order."""
    return json.dumps(sorted((each["Name"], each["Value"]) for each in given or ()))


def put(store: LogStore, told: Sequence[tuple[Metric, Figure]]) -> None:
    """Write figures, each of its metric."""

    def write(writer: sqlite3.Connection) -> None:
        for metric, figure in told:
            query = "INSERT OR IGNORE INTO series (account, region, namespace, name, dimensions) VALUES (?, ?, ?, ?, ?)"
            writer.execute(query, metric)
            writer.execute(f"INSERT INTO figure ({_COLUMNS}) SELECT id, ?, ?, ?, ?, ?, ? {_OF}", (*figure, *metric))

    store.commits.do(write)
    store.tidy(100 * len(told))


_COLUMNS = "series, at, unit, count, total, low, high"
_OF = "FROM series WHERE account = ? AND region = ? AND namespace = ? AND name = ? AND dimensions = ?"


def statistics(  # noqa: PLR0913  what GetMetricStatistics takes
    store: LogStore, metric: Metric, *, begin: int, end: int, period: int, unit: str | None
) -> list[Figure]:
    """Return what a metric's figures from *begin* to before *end* come to in each period, oldest first (all ms).

    Periods begin at multiples of their length. Those without a figure are left out.
    """
    query = (
        "SELECT at / ? * ? AS period, min(unit), sum(count), sum(total), min(low), max(high) FROM figure"  # noqa: S608
        f" WHERE series = (SELECT id {_OF}) AND at >= ? AND at < ? AND (? IS NULL OR unit = ?)"
        " GROUP BY period ORDER BY period"
    )
    rows = store.database.read(query, (period, period, *metric, begin, end, unit, unit))
    return [Figure(*row) for row in rows]


def metrics(
    store: LogStore,
    place: tuple[str, str],
    namespace: str | None,
    name: str | None,
    with_dimensions: Sequence[tuple[str, str | None]],
) -> list[Metric]:
    """Return the metrics of an account and region that have figures. A dimension without a value may have any."""
    query = (
        "SELECT account, region, namespace, name, dimensions FROM series WHERE account = ? AND region = ?"
        " AND (? IS NULL OR namespace = ?) AND (? IS NULL OR name = ?) ORDER BY namespace, name, dimensions"
    )
    rows = store.database.read(query, (*place, namespace, namespace, name, name))
    return [metric for metric in map(Metric._make, rows) if _has(metric, with_dimensions)]


def _has(metric: Metric, wanted: Sequence[tuple[str, str | None]]) -> bool:
    if not wanted:
        return True
    values = dict(json.loads(metric.dimensions))
    return all(name in values and value in (None, values[name]) for name, value in wanted)
