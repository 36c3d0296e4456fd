"""AWS Budgets: what a team may cost in a month, and who hears of it at 80 and at 100 percent. It stops nothing.

AWS brings a budget up to date up to three times a day, so an alert may come hours after the money is spent.
Source: docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html, read on 2026-11-29.

A budget counts what carries the lane's tags, so the tags ``team``, ``stage`` and ``managed-by`` must be activated as
cost allocation tags in the account that pays (Billing, once, by hand; it takes AWS a day). The same filter says whose
the budget is; AWS tells it only when asked (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/
API_budgets_DescribeBudget.html, read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.deploy.guard import IDENTITY
from shared.deploy.model import Call, Resource, Step, differences, pairs, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Budget, Place

KIND = "budget"
SERVICE = "budgets"
_PERCENT = (80, 100)
_METRIC = "UnblendedCost"


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
    try:
        found = budgets.describe_budget(**on, ShowFilterExpression=True)["Budget"]
    except ClientError as error:
        if code_of(error) != "NotFoundException":
            raise
        return None
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
                f"{alert['Threshold']:g} %": _addresses(budgets, {**on, "Notification": alert})
                for page in pages
                for alert in page["Notifications"]
            },
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the account's budgets whose names begin with *prefix*."""
    for page in aws.client(SERVICE).get_paginator("describe_budgets").paginate(AccountId=aws.place.account):
        yield from (found["BudgetName"] for found in page["Budgets"] if found["BudgetName"].startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*. A changed budget is made anew: AWS counts the month's cost by itself."""
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (_create(want),))
    changed = differences(want.properties, have.properties)
    if not changed:
        return Step("nothing", KIND, want.name)
    return Step("update", KIND, want.name, changed, (_delete(have), _create(want)))


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return Step("delete", KIND, have.name, calls=(_delete(have),))


def _create(want: Resource) -> Call:
    whose = [{"Tags": {"Key": key, "Values": [want.tags[key]], "MatchOptions": ["EQUALS"]}} for key in IDENTITY]
    budget = {
        "BudgetName": want.name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": f"{want.properties['monthly_usd']:.2f}", "Unit": "USD"},
        "FilterExpression": {"And": whose},
        "Metrics": [_METRIC],
    }
    alerts = [
        {"Notification": _alert(percent), "Subscribers": [{"SubscriptionType": "EMAIL", "Address": to} for to in who]}
        for percent, who in want.properties["alerts"].items()
    ]
    params = {
        "AccountId": want.properties["account"],
        "Budget": budget,
        "NotificationsWithSubscribers": alerts,
        "ResourceTags": pairs(want.tags),
    }
    return Call(SERVICE, "create_budget", params)


def _delete(have: Resource) -> Call:
    return Call(SERVICE, "delete_budget", {"AccountId": have.properties["account"], "BudgetName": have.name})


def _alert(percent: str) -> dict[str, Any]:
    return {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": float(percent.removesuffix(" %")),
        "ThresholdType": "PERCENTAGE",
    }


def _addresses(budgets: Any, alert: Mapping[str, Any]) -> list[str]:
    pages = budgets.get_paginator("describe_subscribers_for_notification").paginate(**alert)
    return sorted(subscriber["Address"] for page in pages for subscriber in page["Subscribers"])
