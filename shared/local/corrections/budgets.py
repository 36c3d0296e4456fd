"""What moto's budgets tell otherwise than AWS: who hears of one, and what it counts.

moto has no DescribeSubscribersForNotification, and tells a budget's FilterExpression and Metrics unasked. AWS tells
them to who sets ShowFilterExpression (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/
API_budgets_DescribeBudget.html, read 2026-11-29): a reader that forgets it takes every budget for one without tags.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.budgets.responses import BudgetsResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ASKED_FOR = ("FilterExpression", "Metrics")


@contextlib.contextmanager
def budgets_told() -> Iterator[None]:
    """Make moto tell of budgets what AWS tells, for as long as the block lasts."""
    one, many = BudgetsResponse.describe_budget, BudgetsResponse.describe_budgets
    ours: dict[str, Callable[[Any], str]] = {
        "describe_budget": lambda response: _less_unasked(response, one(response)),
        "describe_budgets": lambda response: _less_unasked(response, many(response)),
        "describe_subscribers_for_notification": _describe_subscribers,
    }
    for name, answer in ours.items():
        setattr(BudgetsResponse, name, answer)
    try:
        yield
    finally:
        BudgetsResponse.describe_budget, BudgetsResponse.describe_budgets = one, many
        del BudgetsResponse.describe_subscribers_for_notification


def _less_unasked(response: Any, answer: str) -> str:
    """Return *answer* without what is told only to who asks."""
    told = json.loads(answer)
    if not json.loads(response.body).get("ShowFilterExpression"):
        for budget in [told["Budget"]] if "Budget" in told else told["Budgets"]:
            for member in _ASKED_FOR:
                budget.pop(member, None)
    return json.dumps(told)


def _describe_subscribers(response: Any) -> str:
    asked = json.loads(response.body)
    budget = response.backend.budgets[asked["AccountId"]][asked["BudgetName"]]
    found = [each.subscribers for each in budget.notifications if each.details == asked["Notification"]]
    return json.dumps({"Subscribers": [subscriber for subscribers in found for subscriber in subscribers]})
