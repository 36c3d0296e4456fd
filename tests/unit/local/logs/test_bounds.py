"""Old logs and figures go: by a group's retention, by the cloud's days, and by its megabytes."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict

from shared.config.cloud_bounds import Bound, CloudBounds
from shared.local import logs
from shared.local.storage import Storage
from tests.unit.local.logs.conftest import GROUP, KEYS

DAY = 24 * 3600


def held(cloudwatch):
    pages = cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    return [event["message"] for page in pages for event in page["events"]]


def rows(room, table):
    return room._store.database.read(f"SELECT count(*) FROM {table}")[0][0]


def test_events_older_than_the_groups_retention_are_gone_at_once_and_then_from_the_disk(
    room, cloudwatch, stream, clock
):
    cloudwatch.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    stream("old", at=clock.ms)
    clock.seconds += DAY + 1
    assert held(cloudwatch) == []
    assert cloudwatch.get_log_events(logGroupName=GROUP, logStreamName="s")["events"] == []
    stream("new", at=clock.ms)
    assert held(cloudwatch) == ["new"]
    assert rows(room, "event") == 1
    (told,) = cloudwatch.describe_log_groups()["logGroups"]
    assert told["storedBytes"] == 3 + 26
    (described,) = cloudwatch.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert described["firstEventTimestamp"] == clock.ms


def test_events_older_than_the_clouds_days_are_gone_with_the_streams_that_they_were_in(room, cloudwatch, stream, clock):
    stream("old", at=clock.ms)
    clock.seconds += 31 * DAY
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="t")
    stream("new", at=clock.ms, stream="t")
    assert held(cloudwatch) == ["new"]
    names = [each["logStreamName"] for each in cloudwatch.describe_log_streams(logGroupName=GROUP)["logStreams"]]
    assert names == ["t"]


def test_a_deleted_groups_events_give_their_space_back(room, cloudwatch, stream, clock):
    stream(*("x" for _ in range(5000)), at=clock.ms)
    cloudwatch.delete_log_group(logGroupName=GROUP)
    cloudwatch.create_log_group(logGroupName=GROUP)
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")
    for _ in range(8):
        clock.seconds += 3601
        stream("y", at=clock.ms)
    assert held(cloudwatch) == ["y"] * 8
    assert (rows(room, "event"), rows(room, "gone")) == (8, 0)


@pytest.fixture
def small(tmp_path, clock):
    """A cloud that keeps 2 MB of logs."""
    storage = Storage(tmp_path / "data", persistent=False, bounds=CloudBounds(logs=Bound(30, 2)))
    with mock_aws(), logs.install(storage, clock) as room:
        yield room, storage
    BackendDict.reset()


def test_the_oldest_go_when_there_is_too_much(small, clock):
    _, storage = small
    client = boto3.client("logs", **KEYS)
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="s")
    for number in range(60):
        events = [{"timestamp": clock.ms, "message": f"{number:05d}" + "x" * 1000} for _ in range(200)]
        client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
        clock.seconds += 1
    numbers = [int(text[:5]) for text in held(client)]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 59
    assert numbers[0] > 0
    size = sum(path.stat().st_size for path in storage.path.iterdir())
    assert size < 12 << 20  # with what SQLite writes ahead, and what came since it was looked
    (told,) = client.describe_log_groups()["logGroups"]
    assert told["storedBytes"] == len(numbers) * (1005 + 26)


def test_old_figures_go(room, clock):
    client = boto3.client("cloudwatch", **KEYS)
    client.put_metric_data(Namespace="n", MetricData=[{"MetricName": "old", "Value": 1}])
    clock.seconds += 31 * DAY
    client.put_metric_data(Namespace="n", MetricData=[{"MetricName": "new", "Value": 1}])
    assert [each["MetricName"] for each in client.list_metrics()["Metrics"]] == ["new"]
    assert rows(room, "figure") == 1
