"""Where moto's answers about budgets differ from AWS's: who is told about a budget, and what it counts.

moto has no DescribeSubscribersForNotification, and always shows a budget's FilterExpression and Metrics. AWS shows them
only to a caller that sets ShowFilterExpression (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/
API_budgets_DescribeBudget.html, read 2026-11-29). A reader that forgets it takes every budget for one without tags.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from moto.budgets.responses import BudgetsResponse

from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[BudgetsResponse], str]  # a method that answers one of Budgets' calls

_ASKED_FOR = ("FilterExpression", "Metrics")


@contextlib.contextmanager
def budgets_told() -> Iterator[None]:
    """Make moto answer about budgets as AWS does, while the block lasts."""
    seams = (
        Seam(BudgetsResponse, "describe_budget", _less_unasked),
        Seam(BudgetsResponse, "describe_budgets", _less_unasked),
        replacing(BudgetsResponse, "describe_subscribers_for_notification", _describe_subscribers),
    )
    with plugged(seams):
        yield


def _less_unasked(original: Answer) -> Answer:
    """Wrap an answer: members that the caller did not ask for are left out."""

    def describe(response: BudgetsResponse) -> str:
        told = json.loads(original(response))
        if not json.loads(response.body).get("ShowFilterExpression"):
            for budget in [told["Budget"]] if "Budget" in told else told["Budgets"]:
                for member in _ASKED_FOR:
                    budget.pop(member, None)
        return json.dumps(told)

    return describe


def _describe_subscribers(response: BudgetsResponse) -> str:
    asked = json.loads(response.body)
    budget = response.backend.budgets[asked["AccountId"]][asked["BudgetName"]]
    found = [each.subscribers for each in budget.notifications if each.details == asked["Notification"]]
    return json.dumps({"Subscribers": [subscriber for subscribers in found for subscriber in subscribers]})
