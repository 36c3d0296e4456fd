"""What a topic brings to a function: the message as it was published, in SNS's own event.

moto 5.2 makes up the event: its subscription, its topic, its time and its attributes are examples.

Source: AWS Lambda Developer Guide, "Invoking Lambda functions with Amazon SNS notifications" (its example event, in
mind, not read again).
"""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.utils import get_backend
from moto.sns.models import Subscription

from shared.local.arns import REGION
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.values import Json

_RENAMED = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}


@contextlib.contextmanager
def functions_told_by_topics() -> Iterator[None]:
    """Have moto bring messages to functions as SNS does, while the block lasts."""
    with plugged([Seam(Subscription, "publish", _publishing)]):
        yield


def _publishing(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def publish(self: Subscription, message: str, message_id: str, **more: Any) -> None:
        if self.protocol != "lambda":
            original(self, message, message_id, **more)
            return
        attributes = more.get("message_attributes")
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(attributes, message):
            return
        if more.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        told = self.get_post_data(message, message_id, more.get("subject"), message_attributes=attributes)
        event = {"x-amz-invocation-type": "Event"}
        backend = get_backend(self.account_id, self.endpoint.split(":")[REGION])
        text = json.dumps({"Records": [_record(self.arn, told)]})
        backend.invoke(function_name=self.endpoint, qualifier=None, body=text, headers=event, response_headers={})

    return publish


def _record(subscription: str, told: dict[str, Json]) -> dict[str, Json]:
    message = {_RENAMED.get(name, name): value for name, value in told.items()}
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {"Subject": None, "MessageAttributes": {}, **message},
    }
