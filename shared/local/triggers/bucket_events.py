"""What S3 tells of objects: to queues, topics, functions and the account's bus, as the bucket's configuration asks.

moto 5.2 tells less than S3 does (no sequencer, no version, a slash in a key as ``%2F``), tells a receiver before it
knows whether it may, and takes configurations that S3 refuses. While installed, this stands in its place.

An event is with its receiver when the request that caused it is answered. On AWS it takes a second or so.

Source: Amazon S3 User Guide, "Event message structure", "Granting permissions to publish event notification messages to
a destination" and "EventBridge event message structure" (read 2026-11-30, in the copy that AWS published until 2023).
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import secrets
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus

from flask import has_request_context, request
from moto.awslambda.utils import get_backend
from moto.core.exceptions import ServiceException
from moto.s3 import notifications as from_s3
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.s3.responses import S3Response
from moto.sns.models import sns_backends

from shared.local.arns import REGION
from shared.local.door.callers import caller_of
from shared.local.door.identity import user_id
from shared.local.enforcement.callers import service
from shared.local.enforcement.gate import source
from shared.local.seams import Seam, plugged, replacing
from shared.local.times import to_milliseconds
from shared.local.triggers import queues
from shared.local.triggers.bucket_notifications import UNVALIDATED, Asked, never_sent, refused
from shared.local.triggers.buses import Buses, News

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.enforcement.gate import Gate
    from shared.values import Json

_S3 = "s3.amazonaws.com"
_LOOPBACK = "127.0.0.1"
_ACTIONS = {"cloud_function": "lambda:InvokeFunction", "queue": "sqs:SendMessage", "topic": "sns:Publish"}
_LATER_FORM = ("s3:ObjectAcl", "s3:ObjectTagging", "s3:ObjectRestore:Delete")  # whose records are of version 2.3
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_log = logging.getLogger(__name__)
_TAGGED = "s3:ObjectTagging:Put"
_untold: ContextVar[tuple[str, ...]] = ContextVar("the events that are not told now", default=())
_last_sequencer = 0
_sequencer_lock = threading.Lock()


class NotHere(S3ClientError):
    """AWS does this, and the embedded cloud does not."""

    def __init__(self, events: list[str]) -> None:
        what = f"the embedded cloud never sends {', '.join(events)}; leave them out, or try them on AWS"
        super().__init__("NotImplemented", what)


@contextlib.contextmanager
def install(gate: Gate, buses: Buses) -> Iterator[None]:
    """Take moto's place while the block lasts. The account's default bus is one of *buses*."""
    seams = (
        replacing(from_s3, "send_event", functools.partial(_send_event, _Receivers(gate, buses))),
        replacing(from_s3, "send_test_event", lambda **_: None),  # moto's goes out before anything is checked
        Seam(FakeBucket, "set_notification_configuration", functools.partial(_configuring, gate)),
        Seam(S3Backend, "_set_delete_marker", _telling_markers),
        Seam(S3Backend, "complete_multipart_upload", _without(_TAGGED, "s3:ObjectCreated:Put")),
        Seam(S3Response, "put_object", _without(_TAGGED)),
        Seam(S3Response, "copy_object", _without(_TAGGED)),
    )
    with plugged(seams):
        yield


def _telling_markers(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def set_delete_marker(self: S3Backend, bucket_name: str, *args: object) -> Any:
        marker = original(self, bucket_name, *args)
        bucket = self.get_bucket(bucket_name)
        event = from_s3.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        from_s3.send_event(self.account_id, event, bucket, marker)
        return marker

    return set_delete_marker


def _without(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a wrapper of what makes an object, inside of which events of these names are not told.

    moto does it in steps and tells of each: of the tags of each new object, and of the object that the parts make.
    """

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def make(*args: object, **named: object) -> Any:
            before = _untold.set(names)
            try:
                return original(*args, **named)
            finally:
                _untold.reset(before)

        return make

    return wrap


def asked_of(bucket: FakeBucket) -> list[Asked]:
    """Return the parts of *bucket*'s configuration."""
    held = bucket.notification_configuration
    return [
        Asked(each.id, kind, each.arn, tuple(each.events), tuple(_rules(each.filters)))
        for kind in _ACTIONS
        for each in (getattr(held, kind) if held else ())
    ]


def _rules(filters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rules = (filters.get("S3Key") or {}).get("FilterRule") or []
    for rule in rules if isinstance(rules, list) else [rules]:
        yield str(rule["Name"]), str(rule["Value"] or "")


def _configuring(gate: Gate, original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the setting of a configuration: what S3 refuses changes nothing. Receivers then get S3's test event."""

    @functools.wraps(original)
    def set_notification_configuration(self: FakeBucket, wanted: dict[str, Any] | None) -> None:
        before = self.notification_configuration
        try:
            original(self, wanted)
            _check(gate, self)
        except (S3ClientError, ServiceException):
            self.notification_configuration = before
            raise
        for kind, arn in sorted({(each.kind, each.arn) for each in asked_of(self) if each.kind != "cloud_function"}):
            _deliver(gate, self, kind, arn, _test_event(self))

    return set_notification_configuration


def _check(gate: Gate, bucket: FakeBucket) -> None:
    """Refuse *bucket*'s configuration if S3 would, or if an event of it would never be told."""
    parts = asked_of(bucket)
    if never := never_sent(parts):
        raise NotHere(never)
    for why in refused(parts):
        raise S3ClientError("InvalidArgument", why)
    keys = source(bucket.arn, bucket.account_id)
    told = ((each.arn, _ACTIONS[each.kind]) for each in parts)
    closed = [why for arn, action in told if (why := gate.why_not(service(_S3), action, arn, keys))]
    if closed:
        raise S3ClientError("InvalidArgument", f"{UNVALIDATED}: {'; '.join(closed)}")


class _Receivers(NamedTuple):
    """Who says which receivers may be told, and the buses."""

    gate: Gate
    buses: Buses


def _send_event(to: _Receivers, account_id: str, event_name: str, bucket: FakeBucket, key: Any) -> None:
    """Stand in for moto's ``send_event``."""
    name = str(getattr(event_name, "value", event_name))
    if bucket.notification_configuration is None or name in _untold.get():
        return
    told = _Told(account_id, name, bucket, key)
    for part in asked_of(bucket):
        if part.matches(name, key.name):
            _deliver(to.gate, bucket, part.kind, part.arn, {"Records": [told.record(part.id)]})
    if bucket.notification_configuration.event_bridge is not None:
        kind = from_s3._detail_type(event_name)  # noqa: SLF001  the list of AWS's words
        to.buses.announce(News(account_id, bucket.region_name, "aws.s3", kind, bucket.arn, told.for_bus()))


class _Told:
    """An event of an object, told in each form with the same sequencer and request."""

    def __init__(self, account: str, name: str, bucket: FakeBucket, key: Any) -> None:
        self._account = account
        self._name = name
        self._bucket = bucket
        self._key = key
        self._at = datetime.now(UTC)
        self._sequencer = _next_sequencer()
        self._request = secrets.token_hex(8).upper()

    def record(self, configuration: str) -> Json:
        """Return it as queues, topics and functions get it, for the part of the bucket's *configuration*."""
        named: dict[str, Json] = {"key": quote_plus(self._key.name, safe="/"), **self._facts("eTag", "versionId")}
        owner = {"principalId": self._account}
        return {
            "eventVersion": "2.3" if self._name.startswith(_LATER_FORM) else "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self._bucket.region_name,
            "eventTime": to_milliseconds(self._at),
            "eventName": self._name.removeprefix("s3:"),
            "userIdentity": {"principalId": f"AWS:{_caller(self._account)}"},
            "requestParameters": {"sourceIPAddress": _LOOPBACK},
            "responseElements": {"x-amz-request-id": self._request, "x-amz-id-2": secrets.token_urlsafe(48)},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": {"name": self._bucket.name, "ownerIdentity": owner, "arn": self._bucket.arn},
                "object": named,
            },
        }

    def for_bus(self) -> Json:
        """Return the detail of it as an event of EventBridge."""
        name = self._name.removeprefix("s3:")
        detail: dict[str, Json] = {
            "version": "0",
            "bucket": {"name": self._bucket.name},
            "object": {"key": self._key.name, **self._facts("etag", "version-id")},
            "request-id": self._request,
            "requester": self._account,
            "source-ip-address": _LOOPBACK,
        }
        if name in _REASONS:
            detail["reason"] = _REASONS[name]
        if name == "ObjectRemoved:DeleteMarkerCreated":
            detail["deletion-type"] = "Delete Marker Created"
        elif name.startswith("ObjectRemoved:"):
            detail["deletion-type"] = "Permanently Deleted"
        return detail

    def _facts(self, tag: str, version: str) -> dict[str, Json]:
        facts: dict[str, Json] = {"sequencer": self._sequencer}
        if isinstance(self._key, FakeKey):
            facts[tag] = self._key.etag.replace('"', "")
            if not self._name.startswith("s3:ObjectRemoved"):
                facts["size"] = self._key.size
        if self._bucket.is_versioned:
            facts[version] = self._key.version_id
        return facts


def _next_sequencer() -> str:
    """Return a hexadecimal number that is larger than each one before, also after a restart."""
    global _last_sequencer  # noqa: PLW0603  one order for all buckets of the process
    with _sequencer_lock:
        _last_sequencer = max(_last_sequencer + 1, time.time_ns())
        return f"{_last_sequencer:018X}"


def _caller(account: str) -> str:
    """Return the unique id of whoever makes the request; the owner's where this is no request."""
    return user_id(caller_of(request.environ)) if has_request_context() else account


def _test_event(bucket: FakeBucket) -> Json:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": to_milliseconds(datetime.now(UTC)),
        "Bucket": bucket.name,
        "RequestId": secrets.token_hex(8).upper(),
        "HostId": secrets.token_urlsafe(48),
    }


def _deliver(gate: Gate, bucket: FakeBucket, kind: str, arn: str, told: Json) -> None:
    """Bring *told* to the receiver of *kind* if it lets S3 in; what cannot be brought is lost, as on AWS."""
    if not gate.delivers(_S3, _ACTIONS[kind], arn, bucket.arn):
        return
    try:
        _RECEIVERS[kind](bucket.account_id, arn, json.dumps(told))
    except ServiceException as error:
        _log.warning("an event of %s is lost, as on AWS: %s: %s", bucket.arn, arn, error)


def _to_queue(_account: str, arn: str, text: str) -> None:
    queue = queues.find_queue(arn)
    if queue is not None:
        queues.send(queue, text)


def _to_topic(account: str, arn: str, text: str) -> None:
    sns_backends[account][arn.split(":")[REGION]].publish(arn=arn, message=text, subject="Amazon S3 Notification")


def _to_function(account: str, arn: str, text: str) -> None:
    event = {"x-amz-invocation-type": "Event"}
    backend = get_backend(account, arn.split(":")[REGION])
    backend.invoke(function_name=arn, qualifier=None, body=text, headers=event, response_headers={})


_RECEIVERS: dict[str, Callable[[str, str, str], None]] = {
    "cloud_function": _to_function,
    "queue": _to_queue,
    "topic": _to_topic,
}
