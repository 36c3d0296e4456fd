"""Event buses: events come in by PutEvents, from S3 and from Step Functions, and go to the targets of rules.

An event is with its target when the call that caused it is answered, unless the first try fails. On AWS it takes a
second or so.

Source: Amazon EventBridge API reference, PutEvents; User Guide, "Sending events with PutEvents", "Amazon EventBridge
event structure" and "Sending and receiving events between event buses" (read 2026-11-30, most of it in botocore's
model). The words of entries that are refused are moto's and LocalStack's, which recorded them on AWS; that an event for
a bus that is not there is dropped without a word is from LocalStack's tests, from memory.
"""

from __future__ import annotations

import functools
import json
import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core.exceptions import JsonRESTError
from moto.events.models import events_backends

from shared.local.strict_json import read_strict
from shared.local.triggers.event_inputs import input_of
from shared.local.triggers.event_patterns import Pattern
from shared.local.triggers.timetable import MAX_AGE, MAX_ATTEMPTS, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.events.models import EventsBackend, Rule

    from shared.local.triggers.firing import Firings
    from shared.local.triggers.timetable import Schedule
    from shared.values import Json

    Entry = Mapping[str, Any]  # of PutEvents

_SETTINGS = ("SqsParameters",)  # what a target that is served may be told beside its input
_MOST_ENTRIES = 10
_LARGEST_ENTRIES = 256 * 1024  # bytes, of all entries of a request
_TIME_BYTES = 14  # what the time of an entry counts
_log = logging.getLogger(__name__)


class News(NamedTuple):
    """What one of AWS's services tells.

    Attributes:
        account: Whose bus gets it.
        region: Where.
        source: The service, such as ``aws.states``.
        kind: The detail type.
        resource: The ARN of what it is about.
        detail: What the service says.
    """

    account: str
    region: str
    source: str
    kind: str
    resource: str
    detail: Json


class Buses:
    """Brings events to rules.

    Args:
        firings: Tries targets.
        now: Tells the time, in seconds since the epoch.
    """

    def __init__(self, firings: Firings, now: Callable[[], float]) -> None:
        self._firings = firings
        self._now = now

    def put(self, backend: EventsBackend, entries: Sequence[Entry]) -> list[dict[str, str]]:
        """Answer PutEvents.

        Raises:
            JsonRESTError: The request as a whole is refused.
        """
        if len(entries) > _MOST_ENTRIES:
            raise JsonRESTError(
                "ValidationException",
                "1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy "
                f"constraint: Member must have length less than or equal to {_MOST_ENTRIES}",
            )
        if sum(map(_size, entries)) > _LARGEST_ENTRIES:
            raise JsonRESTError("ValidationException", "Total size of the entries in the request is over the limit.")
        return [self._put_one(backend, entry) for entry in entries]

    def _put_one(self, backend: EventsBackend, entry: Entry) -> dict[str, str]:
        wrong = next(_wrong(entry), None)
        if wrong:
            code, message = wrong
            return {"ErrorCode": code, "ErrorMessage": message}
        event: dict[str, Json] = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": backend.account_id,
            "time": _moment(entry.get("Time") or self._now()),
            "region": backend.region_name,
            "resources": list(entry.get("Resources") or []),
            "detail": json.loads(entry["Detail"]),
        }
        self.send(backend, entry.get("EventBusName") or "default", event)
        return {"EventId": str(event["id"])}

    def send(self, backend: EventsBackend, bus: str, event: dict[str, Json], *, forwarded: bool = False) -> None:
        """Bring *event* to the rules of the *bus* with this name or ARN that ask for it."""
        name = bus.rpartition("/")[2]
        held = backend.event_buses.get(name)
        if held is None:
            _log.warning("an event of %s is dropped, as on AWS: there is no event bus %s", event["source"], name)
            return
        for rule in list(held.rules.values()):
            text = rule.event_pattern.dump()
            if rule.state != "DISABLED" and text and _pattern(text).matches(event):
                self._to_targets(rule, event, forwarded=forwarded)

    @staticmethod
    def hear(arn: str) -> bool:
        """Say whether any rule could ask for what a service tells of the resource *arn*."""
        _, _, _, region, account, _ = arn.split(":", 5)
        return bool(events_backends[account][region].event_buses["default"].rules)

    def announce(self, news: News) -> None:
        """Send *news* to the default bus."""
        event = _of_service(news, _moment(self._now()))
        self.send(events_backends[news.account][news.region], "default", event)

    def tick(self, schedule: Schedule, time: datetime) -> None:
        """Bring the event of a timetable to the targets of the rule that it is of."""
        _, _, _, region, account, rest = schedule.arn.split(":", 5)
        rule = events_backends[account][region].event_buses["default"].rules.get(rest.rpartition("/")[2])
        if rule is not None:
            moment = _moment(time.timestamp())
            news = News(account, region, "aws.events", "Scheduled Event", schedule.arn, {})
            self._to_targets(rule, _of_service(news, moment))

    def _to_targets(self, rule: Rule, event: dict[str, Json], *, forwarded: bool = False) -> None:
        text, ingested = json.dumps(event), _moment(self._now())
        for held in list(rule.targets):
            target = _target(held, input_of(held, event, rule.arn, ingested))
            self._firings.bring(rule.arn, target, text, forwarded=forwarded)


def _target(held: Mapping[str, Any], text: str) -> Target:
    """Return what PutTargets was given, as firings know it, with the *text* that it gets this time."""
    retry = held.get("RetryPolicy") or {}
    return Target(
        arn=held["Arn"],
        role=held.get("RoleArn") or "",
        input=text,
        max_age=retry.get("MaximumEventAgeInSeconds", MAX_AGE),
        max_attempts=retry.get("MaximumRetryAttempts", MAX_ATTEMPTS),
        dead_letters=(held.get("DeadLetterConfig") or {}).get("Arn") or "",
        settings=json.dumps({name: held[name] for name in _SETTINGS if held.get(name)}),
    )


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> Pattern:
    return Pattern(text)


def _of_service(news: News, moment: str) -> dict[str, Json]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": news.kind,
        "source": news.source,
        "account": news.account,
        "time": moment,
        "region": news.region,
        "resources": [news.resource],
        "detail": news.detail,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(entry: Entry) -> int:
    """Return how many bytes EventBridge counts for *entry*."""
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or [])]
    return sum(len(str(text).encode()) for text in texts if text) + (_TIME_BYTES if entry.get("Time") else 0)


def _wrong(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the code and the words with which EventBridge refuses *entry*."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            yield (
                "InvalidArgument",
                f"Parameter {name} is not valid. Reason: {name} is a required argument.",
            )
    if str(entry.get("Source")).startswith("aws."):
        yield "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = read_strict(entry.get("Detail") or "")
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        yield "MalformedDetail", "Detail is malformed."
