"""How many functions of each lane run at once, now or in the last minutes.

One call asks for the account's settings (Lambda's GetAccountSettings): a cloud on this machine tells there who holds
how many of its environments. Where the answer does not tell that, CloudWatch knows: one GetMetricData for every 500
functions, at $0.01 for a thousand of them (https://aws.amazon.com/cloudwatch/pricing/, read 2026-11-30), so whoever
shows it asks every few minutes at most.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.local.standing import read_standing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.local.standing import Standing
    from shared.values import Json

_PERIOD = 60  # seconds of a figure of Lambda's
_BACK = timedelta(minutes=5)
_MOST = 500  # metrics of one GetMetricData


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account's settings say.

    Attributes:
        concurrency: How many functions the account may run at once.
        unreserved: How many of them nobody has reserved.
        standing: How the environments of a cloud on this machine stand; None of any other cloud.
    """

    concurrency: int
    unreserved: int
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class ConcurrencyUsed:
    """How many functions run at once.

    Attributes:
        teams: By team; none are those that are not named.
        what: What the numbers are, for people.
    """

    what: str
    teams: Mapping[str, int] = field(default_factory=dict)

    def of(self, team: str) -> int:
        """Return how many *team* runs."""
        return self.teams.get(team, 0)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"what": self.what, "teams": dict(self.teams)}


def read_limits(aws: Aws) -> Limits:
    """Return what the settings of the account say, as its owner sees them: one call."""
    answer = aws.owner.client("lambda").get_account_settings()
    told = answer["AccountLimit"]
    standing = read_standing(answer["ResponseMetadata"]["HTTPHeaders"])
    return Limits(told["ConcurrentExecutions"], told["UnreservedConcurrentExecutions"], standing)


def used_now(standing: Standing) -> ConcurrencyUsed:
    """Return how many functions of each team run now."""
    return ConcurrencyUsed("now", dict(standing.held))


def read_used(aws: Aws, lanes: Collection[Lane], now: datetime) -> ConcurrencyUsed:
    """Return how many functions of each of *lanes* ran at once before *now*, as CloudWatch has it."""
    teams = {each.name: lane.team for lane in lanes for each in lane.functions.values()}
    found: Counter[str] = Counter()
    names = list(teams)
    for start in range(0, len(names), _MOST):
        asked = names[start : start + _MOST]
        queries = [
            {"Id": f"f{index}", "MetricStat": {"Metric": _metric(name), "Period": _PERIOD, "Stat": "Maximum"}}
            for index, name in enumerate(asked)
        ]
        pages = aws.client("cloudwatch").get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=now - _BACK, EndTime=now):
            for each in page["MetricDataResults"]:
                found[teams[asked[int(each["Id"][1:])]]] += int(max(each["Values"], default=0))
    return ConcurrencyUsed("each function's most in the last 5 minutes, together (CloudWatch)", dict(found))


def _metric(name: str) -> dict[str, object]:
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": "ConcurrentExecutions",
        "Dimensions": [{"Name": "FunctionName", "Value": name}],
    }
