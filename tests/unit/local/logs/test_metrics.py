"""Metrics on disk: statistics by period, metrics by their dimensions, and what is refused."""

from __future__ import annotations

import datetime as dt

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.unit.local.logs.conftest import KEYS

RANK = [{"Name": "Rank", "Value": "0"}]


@pytest.fixture
def metrics(room):
    return boto3.client("cloudwatch", **KEYS)


@pytest.fixture
def minute(clock):
    return dt.datetime.fromtimestamp(clock.seconds - 120, dt.UTC)


def asked(minute, **more):
    end = minute + dt.timedelta(minutes=2)
    return {"Namespace": "n", "MetricName": "m", "StartTime": minute, "EndTime": end, "Period": 60, **more}


def put(metrics, *data):
    metrics.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", **each} for each in data])


def test_statistics_of_values_counts_and_sets(metrics, minute):
    later = minute + dt.timedelta(seconds=70)
    together = {"SampleCount": 2, "Sum": 10, "Minimum": 1, "Maximum": 9}
    put(
        metrics,
        {"Timestamp": minute, "Value": 4, "Unit": "Seconds"},
        {"Timestamp": minute, "Values": [1, 2], "Counts": [1, 1000], "Unit": "Seconds"},
        {"Timestamp": later, "StatisticValues": together, "Unit": "Seconds"},
    )
    wanted = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]
    first, second = metrics.get_metric_statistics(**asked(minute, Statistics=wanted))["Datapoints"]
    assert [first[name] for name in wanted] == [2005, 2005 / 1002, 1, 4, 1002]
    assert (first["Timestamp"], first["Unit"]) == (minute, "Seconds")
    assert [second[name] for name in wanted] == [10, 5, 1, 9, 2]
    assert second["Timestamp"] == minute + dt.timedelta(minutes=1)


def test_a_metric_is_found_by_exactly_its_dimensions(metrics, minute):
    put(metrics, {"Timestamp": minute, "Value": 1}, {"Timestamp": minute, "Value": 5, "Dimensions": RANK})
    (plain,) = metrics.get_metric_statistics(**asked(minute, Statistics=["Sum"]))["Datapoints"]
    (ranked,) = metrics.get_metric_statistics(**asked(minute, Statistics=["Sum"], Dimensions=RANK))["Datapoints"]
    assert (plain["Sum"], ranked["Sum"]) == (1, 5)
    listed = metrics.list_metrics(Namespace="n", Dimensions=[{"Name": "Rank"}])["Metrics"]
    assert listed == [{"Namespace": "n", "MetricName": "m", "Dimensions": RANK}]
    assert len(metrics.list_metrics(Namespace="n")["Metrics"]) == 2


def test_data_of_several_metrics_newest_first(metrics, minute):
    later = minute + dt.timedelta(seconds=70)
    put(metrics, {"Timestamp": minute, "Value": 1}, {"Timestamp": later, "Value": 3})
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "a", "MetricStat": stat, "ReturnData": False}, {"Id": "b", "Expression": "a", "Label": "same"}]
    times = {"StartTime": minute, "EndTime": minute + dt.timedelta(minutes=2)}
    (told,) = metrics.get_metric_data(MetricDataQueries=queries, **times)["MetricDataResults"]
    assert (told["Id"], told["Label"], told["Values"]) == ("b", "same", [3, 1])
    queries = [{"Id": "a", "MetricStat": stat}, {"Id": "b", "Expression": "a * 2"}]
    with pytest.raises(ClientError, match="metric math"):
        metrics.get_metric_data(MetricDataQueries=queries, **times)


def test_what_is_not_computed_is_refused(metrics, minute):
    with pytest.raises(ClientError, match="no percentiles"):
        metrics.get_metric_statistics(**asked(minute, ExtendedStatistics=["p99"]))
    more = {"StartTime": minute - dt.timedelta(days=2), "Statistics": ["Sum"]}
    with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
        metrics.get_metric_statistics(**asked(minute) | more)


def test_what_buckets_tell_is_still_there(metrics, minute):
    s3 = boto3.client("s3", **KEYS)
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"xy")
    names = {each["MetricName"] for each in metrics.list_metrics(Namespace="AWS/S3")["Metrics"]}
    assert names == {"BucketSizeBytes", "NumberOfObjects"}
