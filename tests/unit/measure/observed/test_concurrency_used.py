"""How many functions run at once: by a cloud on this machine, or by CloudWatch."""

from datetime import UTC, datetime
from types import SimpleNamespace

from shared.local.standing import HEADER, Standing
from shared.measure.observed.concurrency_used import read_limits, read_used, used_now

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STANDING = Standing(8, "memory", "free memory", {"team1": 3}, {"": 5}, {"": 8}, "127.0.0.1:4000")


def cloud(headers):
    answer = {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900},
        "ResponseMetadata": {"HTTPHeaders": headers},
    }
    lambda_ = SimpleNamespace(get_account_settings=lambda: answer)
    return SimpleNamespace(owner=SimpleNamespace(client=lambda _: lambda_))


def test_a_cloud_on_this_machine_tells_it_with_the_limits():
    limits = read_limits(cloud({HEADER: STANDING.as_header()}))
    assert limits.standing == STANDING
    used = used_now(STANDING)
    assert (used.of("team1"), used.of("team2")) == (3, 0)


def test_another_cloud_tells_the_limits_alone():
    limits = read_limits(cloud({}))
    assert (limits.concurrency, limits.unreserved, limits.standing) == (1000, 900, None)


def test_cloudwatch_tells_the_most_of_each_function():
    asked = []

    class CloudWatch:
        def get_paginator(self, name):
            assert name == "get_metric_data"
            return self

        def paginate(self, *, MetricDataQueries, StartTime, EndTime):
            asked.append((len(MetricDataQueries), (EndTime - StartTime).total_seconds()))
            values = [[2.0, 4.0], [3.0], []]
            told = zip(MetricDataQueries, values, strict=True)
            yield {"MetricDataResults": [{"Id": query["Id"], "Values": each} for query, each in told]}

    lanes = [
        SimpleNamespace(team=team, functions={name: SimpleNamespace(name=name) for name in names})
        for team, names in (("team1", ["a", "b"]), ("team2", ["c"]))
    ]
    used = read_used(SimpleNamespace(client=lambda _: CloudWatch()), lanes, NOW)
    assert (used.of("team1"), used.of("team2")) == (7, 0)
    assert asked == [(3, 300.0)]
    assert "CloudWatch" in used.what
