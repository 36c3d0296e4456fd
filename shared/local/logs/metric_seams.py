"""moto's API of CloudWatch metrics over ``logs.db``. What AWS's own services tell stays moto's.

A metric is found by exactly its dimensions, and periods begin at multiples of their length, as on AWS; moto 5.2 does
neither. Percentiles, metric math and Metrics Insights are refused by name. Source: CloudWatch API reference,
GetMetricStatistics and GetMetricData; CloudWatch User Guide, "Dimensions" (read 2026-11-30).
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend

from shared.local.logs import figures
from shared.local.logs.figures import Figure, Metric
from shared.local.logs.seams import method
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.local.logs.store import LogStore

    Query = Mapping[str, Any]
    Result = dict[str, Any]

_OF_AWS = "AWS/"
_POINTS = 1440  # of one answer
_STATISTICS: dict[str, Callable[[Figure], float]] = {
    "Sum": lambda figure: figure.total,
    "Average": lambda figure: figure.total / figure.number if figure.number else 0.0,
    "Minimum": lambda figure: figure.low,
    "Maximum": lambda figure: figure.high,
    "SampleCount": lambda figure: figure.number,
}


def seams(store: LogStore) -> list[Seam]:
    """Return what stands in the place of moto's own."""
    answers = _Answers(store)
    return [
        replacing(CloudWatchBackend, "put_metric_data", method(answers.put)),
        Seam(CloudWatchBackend, "get_metric_statistics", answers.statistics),
        Seam(CloudWatchBackend, "get_metric_data", answers.data),
        Seam(CloudWatchBackend, "get_filtered_metrics", answers.listed),
    ]


class _Answers:
    def __init__(self, store: LogStore) -> None:
        self._store = store

    def put(self, backend: CloudWatchBackend, namespace: str, metric_data: Sequence[Mapping[str, Any]]) -> None:
        for number, datum in enumerate(metric_data, 1):
            backend._validate_parameters_put_metric_data(dict(datum), number)  # noqa: SLF001  moto has no public way
        now = self._store.now()
        told = [
            (_metric(backend, namespace, datum["MetricName"], datum.get("Dimensions")), figure)
            for datum in metric_data
            for figure in _figures(datum, now)
        ]
        figures.put(self._store, told)

    def statistics(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def get_metric_statistics(  # noqa: PLR0913, PLR0917  moto's own parameters
            backend: CloudWatchBackend,
            namespace: str,
            metric_name: str,
            start_time: dt.datetime,
            end_time: dt.datetime,
            period: int,
            stats: Sequence[str],
            dimensions: Sequence[Mapping[str, str]],
            unit: str | None = None,
        ) -> Any:
            if namespace.startswith(_OF_AWS):
                return original(backend, namespace, metric_name, start_time, end_time, period, stats, dimensions, unit)
            if not stats:
                raise InvalidParameterValue("ExtendedStatistics: the embedded cloud computes no percentiles")
            begin, end = _times(start_time, end_time, InvalidParameterValue)
            _check_points((end - begin) // (period * 1000))
            chosen = {name: _statistic(name) for name in stats}
            metric = _metric(backend, namespace, metric_name, dimensions)
            return [
                {"Timestamp": _moment(figure.at), "Unit": figure.unit}
                | {name: of(figure) for name, of in chosen.items()}
                for figure in figures.statistics(
                    self._store, metric, begin=begin, end=end, period=period * 1000, unit=unit
                )
            ]

        return get_metric_statistics

    def data(self, original: Callable[..., list[Result]]) -> Callable[..., list[Result]]:
        @functools.wraps(original)
        def get_metric_data(
            backend: CloudWatchBackend,
            queries: Sequence[Query],
            start_time: dt.datetime,
            end_time: dt.datetime,
            scan_by: str = "TimestampAscending",
        ) -> list[Result]:
            begin, end = _times(start_time, end_time, ValidationError)
            found: dict[str, Result] = {}
            for query in queries:
                if "MetricStat" not in query:
                    continue
                if query["MetricStat"]["Metric"]["Namespace"].startswith(_OF_AWS):
                    asked = {**query, "ReturnData": True}
                    (found[query["Id"]],) = original(backend, [asked], start_time, end_time, scan_by)
                else:
                    found[query["Id"]] = self._queried(backend, query, begin, end, scan_by)
            for query in queries:
                if "MetricStat" not in query:
                    found[query["Id"]] = _same(query, found)
            return [found[query["Id"]] for query in queries if query.get("ReturnData", True)]

        return get_metric_data

    def _queried(self, backend: CloudWatchBackend, query: Query, begin: int, end: int, scan_by: str) -> Result:
        asked = query["MetricStat"]
        named = asked["Metric"]
        metric = _metric(backend, named["Namespace"], named["MetricName"], named.get("Dimensions"))
        of = _statistic(asked["Stat"])
        told = figures.statistics(
            self._store, metric, begin=begin, end=end, period=int(asked["Period"]) * 1000, unit=asked.get("Unit")
        )
        if scan_by == "TimestampDescending":
            told.reverse()
        return {
            "id": query["Id"],
            "label": query.get("Label") or f"{metric.name} {asked['Stat']}",
            "values": [of(figure) for figure in told],
            "timestamps": [_moment(figure.at) for figure in told],
            "status_code": "Complete",
        }

    def listed(self, original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        @functools.wraps(original)
        def get_filtered_metrics(
            backend: CloudWatchBackend,
            metric_name: str | None,
            namespace: str | None,
            dimensions: Sequence[Mapping[str, str]] | None,
        ) -> list[Any]:
            wanted = [(each["Name"], each.get("Value")) for each in dimensions or ()]
            place = backend.account_id, backend.region_name
            found = figures.metrics(self._store, place, namespace, metric_name, wanted)
            own = [metric.as_dict for metric in found]
            aws = not namespace or namespace.startswith(_OF_AWS)
            return own + (original(backend, metric_name, namespace, dimensions) if aws else [])

        return get_filtered_metrics


def _metric(
    backend: CloudWatchBackend, namespace: str, name: str, dimensions: Sequence[Mapping[str, str]] | None
) -> Metric:
    return Metric(backend.account_id, backend.region_name, namespace, name, figures.dimensions(dimensions))


def _figures(datum: Mapping[str, Any], now: int) -> Iterator[Figure]:
    """Yield the figures of a datum: one for each value, or the one that it is."""
    at = _ms(datum["Timestamp"]) if datum.get("Timestamp") else now
    unit = datum.get("Unit") or "None"
    if datum.get("Values"):
        counts = datum.get("Counts") or [1] * len(datum["Values"])
        for value, count in zip(map(float, datum["Values"]), map(float, counts), strict=True):
            yield Figure(at, unit, count, value * count, value, value)
    elif datum.get("StatisticValues"):
        told = {name: float(value) for name, value in datum["StatisticValues"].items()}
        yield Figure(at, unit, told["SampleCount"], told["Sum"], told["Minimum"], told["Maximum"])
    else:
        value = float(datum.get("Value") or 0)
        yield Figure(at, unit, 1, value, value, value)


def _same(query: Query, found: Mapping[str, Result]) -> Result:
    """Return the result of an expression, which must be the id of another query."""
    same = found.get(query.get("Expression", ""))
    if same is None:
        raise ValidationError(
            f"Expression {query.get('Expression')!r}: the embedded cloud does no metric math and no Metrics Insights; "
            "ask for the metrics with MetricStat, and compute with what comes"
        )
    return {**same, "id": query["Id"], "label": query.get("Label") or query["Id"]}


def _statistic(name: str) -> Callable[[Figure], float]:
    if name not in _STATISTICS:
        raise InvalidParameterValue(f"statistic {name}: the embedded cloud computes {', '.join(_STATISTICS)}")
    return _STATISTICS[name]


def _check_points(points: int) -> None:
    if points > _POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {points:,} datapoints, which exceeds the limit of {_POINTS:,}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range."
        )


def _times(start: dt.datetime, end: dt.datetime, refused: type[Exception]) -> tuple[int, int]:
    if start >= end:
        raise refused("The parameter StartTime must be less than the parameter EndTime.")
    return _ms(start.replace(microsecond=0)), _ms(end.replace(microsecond=0))


def _ms(moment: dt.datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp() * 1000)


def _moment(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
