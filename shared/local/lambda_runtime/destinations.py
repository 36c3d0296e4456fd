"""What becomes of asynchronous invocations, sent where the function says, with the function's role.

A destination gets a record; a dead-letter queue or topic gets the event itself, if it failed for good. A function may
have both. They go through this cloud's own API, so the role's policies decide, and the receiver's too. What may not be
sent, or cannot, is lost, as on AWS, which only counts it (the metrics DestinationDeliveryFailures and
DeadLetterErrors); here the log says it.

Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"; the record's shape is that
of the example in the README of aws-cdk-lib/aws-lambda-destinations (both read 2026-11-29). What a dead letter tells,
and what a bus gets, is from memory.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.local.arns import REGION, SERVICE, queue_url
from shared.local.times import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.lambda_runtime.events import Outcome
    from shared.values import Json

    Clients = Callable[[str, str, str], Any]
    """Return the client of a service, in a region, for the role with an ARN."""

_log = logging.getLogger(__name__)
_LONGEST_MESSAGE = 1024  # bytes of an error's message in a dead letter


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
        """Send the record of *outcome*, and the event if it failed, where its function has a place for them."""
        spec = outcome.spec
        ended_well = outcome.condition == "Success"
        to = spec.on_success if ended_well else spec.on_failure
        if to:
            text = json.dumps(record(outcome, datetime.now(UTC)))
            self._try(outcome, "the record", to, lambda: self._send(to, outcome, text))
        dead = None if ended_well else spec.dead_letters
        if dead:
            self._try(outcome, "the dead letter", dead, lambda: self._bury(dead, outcome))

    def _try(self, outcome: Outcome, what: str, to: str, send: Callable[[], None]) -> None:
        try:
            send()
        except (ClientError, BotoCoreError) as error:
            self._say(f"{what} of {outcome.spec.name} ({outcome.condition}) is lost, as on AWS: {to}: {error}")

    def _client(self, to: str, outcome: Outcome) -> tuple[Any, str]:
        """Return the client of the service that the ARN *to* is of, for the function's role, and the service."""
        parts = to.split(":")
        return self._clients(parts[SERVICE], parts[REGION], outcome.spec.role), parts[SERVICE]

    def _send(self, to: str, outcome: Outcome, text: str) -> None:
        client, service = self._client(to, outcome)
        if service == "sqs":
            client.send_message(QueueUrl=queue_url(to), MessageBody=text)
        elif service == "sns":
            client.publish(TopicArn=to, Message=text)
        elif service == "events":
            client.put_events(Entries=[_entry(to, outcome, text)])
        else:
            client.invoke(FunctionName=to, InvocationType="Event", Payload=text.encode())

    def _bury(self, to: str, outcome: Outcome) -> None:
        client, service = self._client(to, outcome)
        text = (outcome.payload or b"{}").decode()
        attributes = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in _told(outcome).items()}
        if service == "sqs":
            client.send_message(QueueUrl=queue_url(to), MessageBody=text, MessageAttributes=attributes)
        else:
            client.publish(TopicArn=to, Message=text, MessageAttributes=attributes)


def _entry(bus: str, outcome: Outcome, text: str) -> dict[str, Json]:
    """Return the event in which a bus gets the record *text*."""
    ended = "Success" if outcome.condition == "Success" else "Failure"
    return {
        "EventBusName": bus,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {ended}",
        "Resources": [_arn(outcome), bus],
        "Detail": text,
    }


def _told(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Return the attributes of a dead letter, with their types."""
    invocation = outcome.invocation
    if invocation is None:
        return {
            "RequestID": ("String", outcome.request_id),
            "ErrorCode": ("Number", "429"),
            "ErrorMessage": ("String", "Rate Exceeded."),
        }
    failed = json.loads(invocation.payload or b"{}")
    message = str(failed.get("errorMessage") if isinstance(failed, dict) else failed)
    return {
        "RequestID": ("String", outcome.request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", message.encode()[:_LONGEST_MESSAGE].decode(errors="ignore") or "unknown"),
    }


def _arn(outcome: Outcome) -> str:
    """Return the ARN by which the function was called, which always has a qualifier here."""
    spec = outcome.spec
    return spec.invoked if spec.invoked not in {"", spec.function_arn} else f"{spec.function_arn}:{spec.version}"


def record(outcome: Outcome, now: datetime) -> dict[str, Json]:
    """Return the record of *outcome*. Of a function that was not started, it has no response."""
    invocation = outcome.invocation
    told: dict[str, Json] = {
        "version": "1.0",
        "timestamp": to_milliseconds(now),
        "requestContext": {
            "requestId": outcome.request_id,
            "functionArn": _arn(outcome),
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
