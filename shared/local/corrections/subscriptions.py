"""Subscriptions by mail, which SNS asks the address about first, and moto takes for confirmed.

Until somebody follows the link in the mail, a subscription has no ARN and cannot be removed. No mail is sent here, so
every such subscription waits. Source: SNS API reference, Subscribe, Unsubscribe and ListSubscriptionsByTopic (read
2026-11-29).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.responses import SNSResponse

from shared.local.seams import Seam, parameter, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.sns.models import Subscription

    Answer = Callable[[SNSResponse], ActionResult]  # a method that answers one of SNS's calls

_BY_MAIL = ("email", "email-json")
_PENDING = "PendingConfirmation"


@contextlib.contextmanager
def mail_confirmed_first() -> Iterator[None]:
    """Have moto wait for the confirmation of a subscription by mail, while the block lasts."""
    seams = (
        Seam(SNSResponse, "subscribe", _subscribe),
        Seam(SNSResponse, "list_subscriptions", _list),
        Seam(SNSResponse, "list_subscriptions_by_topic", _list),
        Seam(SNSResponse, "unsubscribe", _unsubscribe),
    )
    with plugged(seams):
        yield


def _subscribe(original: Answer) -> Answer:
    def subscribe(self: SNSResponse) -> ActionResult:
        answer = original(self)
        asked = str(parameter(self, "ReturnSubscriptionArn")).lower() == "true"
        subscription = self.backend.subscriptions.get(answer.result["SubscriptionArn"])
        if subscription and _waits(subscription) and not asked:
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return answer

    return subscribe


def _list(original: Answer) -> Answer:
    def listing(self: SNSResponse) -> ActionResult:
        answer = original(self)
        told = [_told(each) for each in answer.result["Subscriptions"]]
        return ActionResult({**answer.result, "Subscriptions": told})

    return listing


def _unsubscribe(original: Answer) -> Answer:
    def unsubscribe(self: SNSResponse) -> ActionResult:
        if not str(parameter(self, "SubscriptionArn")).startswith("arn:"):
            raise SNSInvalidParameter("Invalid parameter: SubscriptionId")
        return original(self)

    return unsubscribe


def _waits(subscription: Subscription) -> bool:
    return subscription.protocol in _BY_MAIL and not subscription.confirmed


def _told(subscription: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": _PENDING if _waits(subscription) else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }
