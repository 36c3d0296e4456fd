"""What one service brings to another: the receiver's policy must allow it, or a role.

SNS and CloudWatch Logs call a function, or write into a queue, as themselves. So the receiver's own policy must let
them in. While installed, moto delivers only what is allowed. AWS drops the rest and does not tell the sender; here it
is said once in the log. What buckets and EventBridge tell, and what pollers read of queues and streams, is decided in
:mod:`shared.local.triggers`.

Source: AWS Lambda Developer Guide, "Using Lambda with other services", and "Event source mappings"; Amazon SNS
Developer Guide, "Fanout to Amazon SQS queues" (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from moto.awslambda.models import LambdaBackend
from moto.sns.models import Subscription

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.enforcement.gate import Gate

    Deliver = Callable[..., None]

_INVOKE, _SEND = "lambda:InvokeFunction", "sqs:SendMessage"


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Have moto deliver only what is allowed, while the block lasts."""
    wrappers = (
        (Subscription, "publish", _from_topic),
        (LambdaBackend, "send_log_event", _from_log_group),
    )
    with plugged(Seam(owner, name, functools.partial(wrap, gate)) for owner, name, wrap in wrappers):
        yield


def _from_topic(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def publish(self: Subscription, *args: object, **named: object) -> None:
        action = {"lambda": _INVOKE, "sqs": _SEND}.get(self.protocol)
        if action is None or gate.delivers("sns.amazonaws.com", action, self.endpoint, self.topic.arn):
            original(self, *args, **named)

    return publish


def _from_log_group(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send(
        self: LambdaBackend, function_arn: str, filter_name: str, log_group_name: str, *args: object, **named: object
    ) -> None:
        group = f"arn:aws:logs:{self.region_name}:{self.account_id}:log-group:{log_group_name}:*"
        if gate.delivers("logs.amazonaws.com", _INVOKE, function_arn, group):
            original(self, function_arn, filter_name, log_group_name, *args, **named)

    return send
