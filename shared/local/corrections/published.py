"""What SNS and EventBridge refuse to publish, and moto 5.2 takes or names otherwise; how FIFO topics number messages.

A topic that is not there is "Topic does not exist", and not an endpoint; what is no ARN is no TopicArn; a message has
some text, and a default one where each protocol has its own. The detail of an event is a JSON object. Sources: answers
recorded on AWS; SNS API reference, Publish; EventBridge API reference, PutEventsRequestEntry, and "Amazon EventBridge
PutEvents errors" (read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from typing import TYPE_CHECKING

from moto.events.models import EventsBackend
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError, TopicNotFound
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

from shared.local.seams import Seam, parameter, plugged
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.core.responses import ActionResult

    Event = Mapping[str, object]
    Put = Callable[[EventsBackend, Sequence[Event]], object]

_sequence = itertools.count(10**19)  # FIFO topics give 20 digits, each message's greater than those before it
_NO_JSON = "{"  # moto refuses it as EventBridge refuses a detail that is no object


@contextlib.contextmanager
def publishing_refused() -> Iterator[None]:
    """Have moto refuse as AWS does, while the block lasts."""
    seams = (
        Seam(SNSBackend, "publish", _publish),
        Seam(SNSResponse, "publish", _numbered),
        Seam(EventsBackend, "put_events", _put),
    )
    with plugged(seams):
        yield


def _publish(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def publish(self: SNSBackend, message: str, arn: str | None, *args: object, **named: object) -> str:
        if arn and not arn.startswith("arn:"):
            raise SNSInvalidParameter("Invalid parameter: TopicArn")
        if not message:
            raise SNSInvalidParameter("Invalid parameter: Empty message")
        if named.get("message_structure") == "json":
            _check_structure(message)
        try:
            return original(self, message, arn, *args, **named)
        except SNSNotFoundError as error:
            if ":endpoint/" in (arn or ""):
                raise
            raise TopicNotFound from error

    return publish


def _check_structure(message: str) -> None:
    """Raise unless *message*, which has a text for each protocol, has one for those that it does not name."""
    where = "Invalid parameter: Message Structure -"
    try:
        texts = read_strict(message)
    except ValueError:
        raise SNSInvalidParameter(f"{where} JSON message body failed to parse") from None
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        raise SNSInvalidParameter(f"{where} No default entry in JSON message body")


def _numbered(original: Callable[[SNSResponse], ActionResult]) -> Callable[[SNSResponse], ActionResult]:
    @functools.wraps(original)
    def publish(response: SNSResponse) -> ActionResult:
        told = original(response)
        topic = str(parameter(response, "TopicArn") or parameter(response, "TargetArn"))
        if topic.endswith(".fifo") and isinstance(told.result, dict):
            told.result["SequenceNumber"] = str(next(_sequence))
        return told

    return publish


def _put(original: Put) -> Put:
    @functools.wraps(original)
    def put_events(self: EventsBackend, events: Sequence[Event]) -> object:
        return original(self, [event if _is_object(event) else {**event, "Detail": _NO_JSON} for event in events])

    return put_events


def _is_object(event: Event) -> bool:
    """Tell whether the detail of *event* is an object, or is not there at all, which moto refuses itself."""
    detail = event.get("Detail")
    if not detail:
        return True
    try:
        return isinstance(read_strict(str(detail)), dict)
    except ValueError:
        return False
