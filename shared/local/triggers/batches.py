"""What a function gets of a queue, and what its answer says of the messages.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon SQS", its example event, and the conditions of success
and failure in "Configuring partial batch response", which its pages of queues and of streams share (read 2026-11-30).
What message attributes look like in an event is from memory, not looked up.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from shared.local.strict_json import read_strict
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shared.values import Json

LARGEST_EVENT = 6 * 1024 * 1024  # bytes: Lambda's payload of a synchronous invocation
_OF_MESSAGE = {"DataType": "dataType", "StringValue": "stringValue", "BinaryValue": "binaryValue"}


def record(message: Any, queue_arn: str, region: str) -> dict[str, Json]:
    """Return the record of *message*, which moto's queue gave out."""
    told: dict[str, Json] = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if message.message_attributes:
        told["md5OfMessageAttributes"] = message.attribute_md5
    return told


def _attribute(value: dict[str, Any]) -> dict[str, Json]:
    told: dict[str, Json] = {"stringListValues": [], "binaryListValues": []}
    for name, ours in _OF_MESSAGE.items():
        given = value.get(name)
        if given is not None:
            told[ours] = base64.b64encode(given).decode() if isinstance(given, bytes) else str(given)
    return told


def event(records: Sequence[Json]) -> bytes:
    """Return the event of a batch, as JSON."""
    return json.dumps({"Records": list(records)}).encode()


def failed(ids: Collection[str], answer: bytes, *, reports_failures: bool) -> set[str]:
    """Return which of the messages with *ids* failed, as the *answer* of a function says that did not fail itself.

    All failed if the answer should name them and cannot be read, or names one that is not in the batch.
    """
    if not reports_failures or not answer:
        return set()
    try:
        named = _named(read_strict(answer))
    except (KeyError, TypeError, ValueError):
        return set(ids)
    return set(ids) if named - set(ids) else named


def _named(answer: Json) -> set[str]:
    """Return the identifiers that an *answer* names.

    Raises:
        KeyError, TypeError, ValueError: It is not of the form that Lambda asks for.
    """
    if answer is None:
        return set()
    listed = as_mapping(answer).get("batchItemFailures")
    named = {as_text(as_mapping(each)["itemIdentifier"]) for each in as_list(listed or [])}
    if "" in named:
        raise ValueError("an itemIdentifier is empty")
    return named
