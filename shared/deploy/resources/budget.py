"""AWS Budgets: what a team may cost in a month, and who is told at 80 and at 100 percent. A budget stops nothing.

AWS brings a budget up to date up to three times a day, so an alert may come hours after the money is spent.
Source: docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html, read on 2026-11-29.

A budget counts what carries the lane's tags, so the tags ``team``, ``stage`` and ``managed-by`` must be activated as
cost allocation tags in the account that pays (Billing, once, by hand; it takes AWS a day). The same filter says whose
the budget is; AWS tells it only when asked (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/
API_budgets_DescribeBudget.html, read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.guard import IDENTITY
from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there, listed_names
from shared.deploy.steps import created, differences, removed, updated
from shared.deploy.tags import tag_pairs
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Budget, Place
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "budget"
SERVICE = "budgets"
ARN = ("budgets", "budget/")
_PERCENT = (80, 100)
_METRIC = "UnblendedCost"


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the lane's budget, if its team's file or the settings name one."""
    if sources.lane.budget:
        yield desired(sources.lane.budget, sources.lane.place, sources.tags)


def desired(budget: Budget, place: Place, tags: Mapping[str, str]) -> Resource:
    """Return *budget* as it should be."""
    return Resource(
        KIND,
        budget.name,
        tags,
        {
            "account": place.account,
            "monthly_usd": float(budget.monthly_usd),
            "alerts": {f"{percent} %": sorted(budget.notify) for percent in _PERCENT if budget.notify},
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the budget as it is, or None. Its tags are those whose cost it counts."""
    budgets = aws.client(SERVICE)
    on = {"AccountId": aws.place.account, "BudgetName": name}
    answer = if_there(lambda: budgets.describe_budget(**on, ShowFilterExpression=True), "NotFoundException")
    if answer is None:
        return None
    found = answer["Budget"]
    parts = [part["Tags"] for part in found.get("FilterExpression", {}).get("And", ()) if "Tags" in part]
    pages = budgets.get_paginator("describe_notifications_for_budget").paginate(**on)
    return Resource(
        KIND,
        name,
        {part["Key"]: part["Values"][0] for part in parts if part.get("Key") and part.get("Values")},
        {
            "account": aws.place.account,
            "monthly_usd": float(found["BudgetLimit"]["Amount"]) if "BudgetLimit" in found else None,
            "alerts": {
                f"{alert['Threshold']:g} %": _addresses(aws, {**on, "Notification": alert})
                for page in pages
                for alert in page["Notifications"]
            },
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the account's budgets that are named like *team*'s."""
    pages = aws.client(SERVICE).get_paginator("describe_budgets").paginate(AccountId=aws.place.account)
    return listed_names(pages, "Budgets", "BudgetName", name_prefix(team))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. A changed budget is made anew: AWS counts the month's cost by itself."""
    if have is None:
        return created(want, _create(want))
    return updated(want, differences(want.properties, have.properties), _delete(have), _create(want))


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return removed(have, _delete(have))


def _create(want: Resource) -> Call:
    whose = [{"Tags": {"Key": key, "Values": [want.tags[key]], "MatchOptions": ["EQUALS"]}} for key in IDENTITY]
    budget: dict[str, Json] = {
        "BudgetName": want.name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": f"{want.properties['monthly_usd']:.2f}", "Unit": "USD"},
        "FilterExpression": {"And": whose},
        "Metrics": [_METRIC],
    }
    alerts: list[Json] = [
        {
            "Notification": _alert(percent),
            "Subscribers": [{"SubscriptionType": "EMAIL", "Address": address} for address in as_list(addresses)],
        }
        for percent, addresses in as_mapping(want.properties["alerts"]).items()
    ]
    params: dict[str, Json] = {
        "AccountId": want.properties["account"],
        "Budget": budget,
        "NotificationsWithSubscribers": alerts,
        "ResourceTags": tag_pairs(want.tags),
    }
    return Call(SERVICE, "create_budget", params)


def _delete(have: Resource) -> Call:
    return Call(SERVICE, "delete_budget", {"AccountId": have.properties["account"], "BudgetName": have.name})


def _alert(percent: str) -> dict[str, Json]:
    return {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": float(percent.removesuffix(" %")),
        "ThresholdType": "PERCENTAGE",
    }


def _addresses(aws: Aws, alert: Mapping[str, object]) -> list[str]:
    pages = aws.client(SERVICE).get_paginator("describe_subscribers_for_notification").paginate(**alert)
    return sorted(subscriber["Address"] for page in pages for subscriber in page["Subscribers"])
