"""What AWS billed, by Cost Explorer: the truth beside our estimate, a day late.

One request tells it for all teams, by their tag; each costs a cent (https://aws.amazon.com/aws-cost-management/
aws-cost-explorer/pricing/, read 2026-12-01). Whose costs count is told as budgets tell it, by the lanes' tags ``team``,
``stage`` and ``managed-by``, which must be activated as cost allocation tags; costs of before that carry none of them.

Source: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html, read 2026-12-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.deploy.guard import IDENTITY, MANAGER
from shared.errors import LanesError
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.measure.billing.month import Month
    from shared.measure.billing.spending import Spending
    from shared.values import Json

SERVICE = "ce"
USD_A_REQUEST = 0.01
TEAM = IDENTITY[0]
_METRIC = "UnblendedCost"
WHY_THEY_DIFFER = (
    "billed and estimated differ: bills come up to 24 hours late, count free tiers, discounts and what no estimate "
    "sees (requests of functions, transfer, storage), and know a lane from the day its tags were activated on"
)
_NO_TAG = (
    f"AWS bills nothing under the tags {', '.join(IDENTITY)}: either nothing was billed yet, or they are not "
    "active. An administrator activates them under Billing, Cost allocation tags (of the organization's management "
    "account); that takes up to 24 hours and counts from then on"
)


@dataclass(frozen=True, slots=True)
class Billed:
    """What AWS billed in a month.

    Attributes:
        usd: US dollars by team, unblended.
        estimated: Whether AWS says that they may still change.
        requests: How many requests to Cost Explorer that took.
    """

    usd: Mapping[str, float]
    estimated: bool
    requests: int

    @property
    def told(self) -> str:
        """What to say beside the figures."""
        state = "AWS may still change it" if self.estimated else "AWS has closed it"
        asked = "1 request" if self.requests == 1 else f"{self.requests} requests"
        paid = f"{asked} to Cost Explorer, ${self.requests * USD_A_REQUEST:.2f}"
        return f"billed: {state}; {paid}. {WHY_THEY_DIFFER if self.usd else _NO_TAG}"

    def beside(self, spending: Spending) -> dict[str, Json]:
        """Return what was billed to the team of *spending*, and how far that is from the estimate."""
        usd = self.usd.get(spending.team)
        if usd is None:
            return {"usd_billed": None, "difference_usd": None, "difference_percent": None}
        more = usd - spending.usd
        return {
            "usd_billed": usd,
            "difference_usd": more,
            "difference_percent": 100 * more / spending.usd if spending.usd else None,
        }


def read_billed(aws: Aws, month: Month, now: datetime) -> Billed:
    """Return what AWS billed to the lanes of a stage in *month*, as far as it is known *now*.

    Args:
        aws: Whose bill it is. Cost Explorer is one for all regions.
        month: The month.
        now: The time: no bill of tomorrow is asked for.

    Raises:
        LanesError: It is told in another currency than US dollars.
    """
    ends = min(month.ends, now + timedelta(days=1))
    _, stage, manager = IDENTITY
    asked: dict[str, Json] = {
        "TimePeriod": {"Start": f"{month.begins:%Y-%m-%d}", "End": f"{ends:%Y-%m-%d}"},
        "Granularity": "MONTHLY",
        "Metrics": [_METRIC],
        "GroupBy": [{"Type": "TAG", "Key": TEAM}],
        "Filter": {"And": [_tagged(stage, aws.place.stage), _tagged(manager, MANAGER)]},
    }
    pages = list(_pages(aws, asked))
    periods = [period for page in pages for period in page["ResultsByTime"]]
    usd: dict[str, float] = {}
    for team, amount in _teams(group for period in periods for group in period.get("Groups", ())):
        usd[team] = usd.get(team, 0.0) + amount
    return Billed(usd, any(period.get("Estimated") for period in periods), len(pages))


def _pages(aws: Aws, asked: Mapping[str, Json]) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of an answer; botocore has no paginator for it."""
    token: dict[str, str] = {}
    while True:
        page = aws.client(SERVICE).get_cost_and_usage(**asked, **token)
        yield page
        if not page.get("NextPageToken"):
            return
        token = {"NextPageToken": page["NextPageToken"]}


def _tagged(key: str, value: str) -> dict[str, Json]:
    return {"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}}


def _teams(groups: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, float]]:
    """Yield the team of each group, whose key is ``team$SLUG``, and its dollars. What has no tag has no slug."""
    for group in groups:
        keys, cost = group["Keys"], as_mapping(as_mapping(group["Metrics"])[_METRIC])
        team = str(keys[0] if isinstance(keys, list) else "").partition("$")[2]
        if not team:
            continue
        if cost.get("Unit", "USD") != "USD":
            raise LanesError(
                f"Cost Explorer tells the bill in {cost['Unit']}, and estimates are in US dollars",
                fix="compare them in the AWS console",
            )
        yield team, float(str(cost["Amount"]))
