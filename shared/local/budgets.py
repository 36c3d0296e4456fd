"""Who hears of a budget: DescribeSubscribersForNotification, which moto keeps the answer to and does not have."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.budgets.responses import BudgetsResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAM = "describe_subscribers_for_notification"


@contextlib.contextmanager
def subscribers_told() -> Iterator[None]:
    """Make moto answer the call, for as long as the block lasts."""
    setattr(BudgetsResponse, _SEAM, _describe_subscribers)
    try:
        yield
    finally:
        delattr(BudgetsResponse, _SEAM)


def _describe_subscribers(response: Any) -> str:
    asked = json.loads(response.body)
    budget = response.backend.budgets[asked["AccountId"]][asked["BudgetName"]]
    found = [each.subscribers for each in budget.notifications if each.details == asked["Notification"]]
    return json.dumps({"Subscribers": [subscriber for subscribers in found for subscriber in subscribers]})
