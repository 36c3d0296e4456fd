"""CloudTrail's event history, as far as it tells who changed what: a ring of the last calls that write.

It is written at the door, for every caller, the cloud's own parts among them, and for refused calls too. It is kept in
memory and not over a restart. As CloudTrail's event history it has management events: no objects, items, messages or
invocations; and a region tells its own. Of a call's parameters it keeps short names and ARNs alone, so no secret and no
definition gets in.

Source: AWS CloudTrail API reference, LookupEvents; user guide, "Logging data events" and "Global service events";
Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail" (read 2026-12-01).
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from shared.local.calls.models import model_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.local.calls import Call
    from shared.local.calls.call import Value

KEPT = 5000
"""Calls that are kept; each takes about a kilobyte."""
_PAGE = 50  # API reference, LookupEvents, MaxResults: at most 50, which is also the default
_READS = re.compile(
    r"(Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|Simulate|Generate|Validate|Test|Batch(Get|Check)|Assume"
    r"|Check|Filter|Receive|Estimate|Preview|Start(Query|LiveTail)|Discover|Poll|View|SendHeartbeat)"
)
_DATA = {
    "cloudwatch": r"PutMetricData",
    "dynamodb": r".*Item|Batch.*|Transact.*|Execute.*",
    "events": r"PutEvents",
    "lambda": r"Invoke.*",
    "logs": r"PutLogEvents",
    "s3": r".*Object.*|.*MultipartUpload.*|UploadPart.*|RenameObject|RestoreObject",
    "sns": r"Publish.*",
    "sqs": r"SendMessage.*|DeleteMessage.*|ChangeMessageVisibility.*",
    "stepfunctions": r"SendTask.*",
    "xray": r"Put.*",
}
_GLOBAL = {"budgets", "iam", "route53", "sts"}  # services without a region, whose events lie in one
_GLOBAL_REGION = "us-east-1"
# Lambda's events are called by the operation and its API's date, some of them with a version of it (names seen in
# trails; no guide lists them).
_DATE = re.compile(r"/(\d{4})-(\d{2})-(\d{2})/")
_SECOND = re.compile(r"(Add|Remove)Permission|UpdateFunction(Code|Configuration)|(Tag|Untag)Resource")
CHANGES = "x-lanes-changes"
"""The header of the answer to Lambda's GetAccountSettings that has :attr:`Trail.changes`."""
# What writes and leaves every resource as it was made.
_RUNS = frozenset(
    {
        ("logs", "CreateLogStream"),
        ("stepfunctions", "RedriveExecution"),
        ("stepfunctions", "StartExecution"),
        ("stepfunctions", "StartSyncExecution"),
        ("stepfunctions", "StopExecution"),
    }
)
_OF_DATA = {service: re.compile(pattern) for service, pattern in _DATA.items()}
_NAMES = re.compile(r".*(name|arn|id|bucket|resource|key|path)$", re.IGNORECASE)
_CODE = re.compile(r'"__type":\s*"([^"]+)"|<Code>([^<]+)</Code>')
_LONGEST = 256
_LOOKUP = "InvalidLookupAttributesException"
_VALUES = {"ReadOnly": ("true", "false")}


@dataclass(frozen=True, slots=True)
class Event:
    """One call that writes, or was to.

    Attributes:
        id: Its own.
        when: Seconds since the epoch.
        service: As the event's source begins (``lambda``).
        name: The operation, as CloudTrail calls it.
        who: The caller's ARN.
        region: Where.
        named: The parameters that name something.
        resources: The ARNs of what it is about.
        error: AWS's code where it failed, else "".
        request: The request's id; "" if it has none.
    """

    id: str
    when: float
    service: str
    name: str
    who: str
    region: str
    named: Mapping[str, str]
    resources: tuple[str, ...]
    error: str
    request: str


class Trail:
    """The ring. *clock* gives seconds since the epoch, *kept* says how many events it has at most."""

    def __init__(self, account: str, clock: Callable[[], float], kept: int = KEPT) -> None:
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=kept)
        self._cloud = uuid.uuid4().hex
        self._changed = 0

    @property
    def changes(self) -> str:
        """A text that is another one after each call that may have changed a resource, and in every other cloud."""
        return f"{self._cloud}-{self._changed}"

    def note_unread(self) -> None:
        """Count a call that nobody could read: it may have changed anything."""
        with self._lock:
            self._changed += 1

    @staticmethod
    def takes(call: Call) -> bool:
        """Whether *call* is a management event that writes."""
        data = _OF_DATA.get(call.service)
        return not _READS.match(call.operation) and not (data and data.fullmatch(call.operation))

    def note(self, call: Call, who: str, resources: Iterable[str], error: str, request: str) -> None:
        """Keep that *who* made *call* about *resources*; *error* is the code with which it failed."""
        named = {
            name: value
            for name, value in call.parameters.items()
            if isinstance(value, str) and len(value) <= _LONGEST and _NAMES.match(name)
        }
        source = model_of(call.service).metadata.get("endpointPrefix", call.service)
        region = _GLOBAL_REGION if call.service in _GLOBAL else call.region
        about = tuple(dict.fromkeys(each for each in resources if each.startswith("arn:")))
        made = Event(str(uuid.uuid4()), self._clock(), source, _name(call), who, region, named, about, error, request)
        with self._lock:
            self._events.append(made)
            self._changed += (call.service, call.operation) not in _RUNS

    def answer(self, call: Call) -> tuple[HTTPStatus, bytes]:
        """Return the answer to a *call* of LookupEvents, whose caller may make it."""
        try:
            return HTTPStatus.OK, json.dumps(self._found(call)).encode()
        except _WrongError as wrong:
            return HTTPStatus.BAD_REQUEST, json.dumps({"__type": wrong.code, "message": str(wrong)}).encode()

    def _found(self, call: Call) -> dict[str, object]:
        asked = call.parameters
        wanted = _attribute(asked.get("LookupAttributes"))
        start, end = _seconds(asked.get("StartTime"), 0.0), _seconds(asked.get("EndTime"), float("inf"))
        most = asked.get("MaxResults")
        count = most if isinstance(most, int) else _PAGE
        if not 1 <= count <= _PAGE:
            raise _WrongError(
                "InvalidMaxResultsException",
                f"A max results value of {count} is invalid. Specify max results between 1 and {_PAGE}.",
            )
        if start > end:
            raise _WrongError("InvalidTimeRangeException", "The start time must be before the end time.")
        with self._lock:
            events = list(self._events)
        after = asked.get("NextToken")
        own = (each for each in reversed(events) if each.region == call.region)
        found = (each for each in own if start <= each.when <= end and _fits(each, wanted))
        page = list(islice(_after(found, after), count + 1))
        told: dict[str, object] = {"Events": [self._told(each) for each in page[:count]]}
        if len(page) > count:
            told["NextToken"] = page[count - 1].id
        return told

    def _told(self, event: Event) -> dict[str, object]:
        whole = {
            "eventVersion": "1.08",
            "userIdentity": {"arn": event.who, "accountId": self._account},
            "eventTime": event.when,
            "eventSource": f"{event.service}.amazonaws.com",
            "eventName": event.name,
            "awsRegion": event.region,
            "requestParameters": dict(event.named),
            "resources": [{"ARN": each, "accountId": self._account} for each in event.resources],
            "requestID": event.request,
            "eventID": event.id,
            "readOnly": False,
            "managementEvent": True,
            **({"errorCode": event.error} if event.error else {}),
        }
        return {
            "EventId": event.id,
            "EventName": event.name,
            "ReadOnly": "false",
            "EventTime": event.when,
            "EventSource": f"{event.service}.amazonaws.com",
            "Username": event.who.rpartition("/")[2] or event.who,
            "Resources": [{"ResourceName": each} for each in event.resources],
            "CloudTrailEvent": json.dumps(whole),
        }


def error_code(headers: Mapping[str, str], body: bytes) -> str:
    """Return AWS's code of an answer that failed, whose *headers* have small names: of its header, its JSON or XML."""
    if told := headers.get("x-amzn-errortype"):
        return told.partition(":")[0]
    text = body.decode("utf-8", "replace")
    found = _CODE.search(text)
    return (found[1] or found[2]).rpartition("#")[2] if found else "Failed"


def _name(call: Call) -> str:
    """Return what CloudTrail calls the operation of *call*."""
    dated = _DATE.match(model_of(call.service).operation_model(call.operation).http.get("requestUri", ""))
    if call.service != "lambda" or dated is None:
        return call.operation
    return call.operation + "".join(dated.groups()) + ("v2" if _SECOND.fullmatch(call.operation) else "")


def _after(found: Iterator[Event], token: object) -> Iterator[Event]:
    """Yield what follows the event that *token* names; nothing where that has left the ring: it was the oldest."""
    if token:
        for each in found:
            if each.id == token:
                break
    yield from found


def _attribute(given: Value) -> tuple[str, str] | None:
    """Return the one attribute that is looked up, with its value; AWS takes no more."""
    if not isinstance(given, list) or not given:
        return None
    first = given[0]
    if len(given) > 1 or not isinstance(first, dict):
        raise _WrongError(_LOOKUP, "Specify only one lookup attribute.")
    key, value = str(first.get("AttributeKey")), str(first.get("AttributeValue"))
    if key in _VALUES and value not in _VALUES[key]:
        raise _WrongError(_LOOKUP, f"{value} is not valid for {key}: true or false.")
    if key not in {"EventId", "EventName", "EventSource", "ReadOnly", "ResourceName", "Username"}:
        what = f"the embedded cloud does not look up {key}: EventName, ResourceName and ReadOnly are known."
        raise _WrongError(_LOOKUP, what)
    return key, value


def _fits(event: Event, wanted: tuple[str, str] | None) -> bool:
    if wanted is None:
        return True
    key, value = wanted
    if key == "ResourceName":
        ends = {re.split(r"[:/]", each)[-1] for each in event.resources}
        return value in {*event.resources, *event.named.values(), *ends}
    known = {
        "EventId": event.id,
        "EventName": event.name,
        "EventSource": f"{event.service}.amazonaws.com",
        "ReadOnly": "false",
        "Username": event.who.rpartition("/")[2],
    }
    return known[key] == value


def _seconds(moment: Value, otherwise: float) -> float:
    if isinstance(moment, (int, float)):
        return float(moment)
    return moment.timestamp() if isinstance(moment, datetime) else otherwise


class _WrongError(Exception):
    """What LookupEvents does not take, with AWS's code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
