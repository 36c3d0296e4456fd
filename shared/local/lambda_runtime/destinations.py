"""Records of asynchronous invocations, sent where the function's configuration says, with the function's role.

A record goes through this cloud's own API, so the role's policies decide, and the receiver's too. What may not be sent,
or cannot, is lost, as on AWS, which only counts it (the metric DestinationDeliveryFailures); here the log says it.

Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"; the record's shape is that
of the example in the README of aws-cdk-lib/aws-lambda-destinations (both read 2026-11-29).
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.events import Outcome
    from shared.values import Json

    Clients = Callable[[str, str, str], Any]
    """Return the client of a service, in a region, for the role with an ARN."""

_log = logging.getLogger(__name__)
_SERVICE, _REGION, _ACCOUNT = 2, 3, 4  # positions in an ARN, from 0


class Destinations:
    """Sends records.

    Args:
        clients: Makes the clients of roles.
        say: Is told of each record that is lost.
    """

    def __init__(self, clients: Clients, say: Callable[[str], None] = _log.warning) -> None:
        self._clients = clients
        self._say = say

    def __call__(self, outcome: Outcome) -> None:
        """Send the record of *outcome*, if its function has a destination for it."""
        spec = outcome.spec
        to = spec.on_success if outcome.condition == "Success" else spec.on_failure
        if not to:
            return
        try:
            self._send(to, spec.role, json.dumps(record(outcome, datetime.now(UTC))))
        except (ClientError, BotoCoreError) as error:
            self._say(f"the record of {spec.name} ({outcome.condition}) is lost, as on AWS: {to}: {error}")

    def _send(self, to: str, role: str, text: str) -> None:
        parts = to.split(":")
        client = self._clients(parts[_SERVICE], parts[_REGION], role)
        if parts[_SERVICE] == "sqs":
            url = f"https://sqs.{parts[_REGION]}.amazonaws.com/{parts[_ACCOUNT]}/{parts[-1]}"
            client.send_message(QueueUrl=url, MessageBody=text)
        elif parts[_SERVICE] == "sns":
            client.publish(TopicArn=to, Message=text)
        else:
            client.invoke(FunctionName=to, InvocationType="Event", Payload=text.encode())


def record(outcome: Outcome, now: datetime) -> dict[str, Json]:
    """Return the record of *outcome*. Of a function that was not started, it has no response."""
    spec, invocation = outcome.spec, outcome.invocation
    told: dict[str, Json] = {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": outcome.request_id,
            "functionArn": f"{spec.function_arn}:{spec.version}",
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.tries,
        },
        "requestPayload": json.loads(outcome.payload or b"{}"),
    }
    if invocation:
        context: dict[str, Json] = {"statusCode": 200, "executedVersion": invocation.version}
        if invocation.function_error:
            context["functionError"] = invocation.function_error
        told |= {"responseContext": context, "responsePayload": json.loads(invocation.payload)}
    return told
