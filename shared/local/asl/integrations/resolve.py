"""From a Task's Resource to what it calls."""

from __future__ import annotations

import re
from functools import lru_cache

from shared.local.asl.integrations.activity import ActivityTask
from shared.local.asl.integrations.base import REQUEST, SYNC, SYNC_2, TOKEN, Integration
from shared.local.asl.integrations.elsewhere import ELSEWHERE, Elsewhere
from shared.local.asl.integrations.lambda_ import FunctionTask, Invoke
from shared.local.asl.integrations.nested import StartExecution
from shared.local.asl.integrations.sdk import OPTIMIZED, OptimizedCall, PutEvents, SdkCall

_PATTERNS = (SYNC_2, SYNC, TOKEN)
_SERVICE = re.compile(r"arn:aws[\w-]*:states:[\w-]*:\d*:(?P<service>.+)$")
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:[\w-]+:function:.+$")  # AWS does not look at the account
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d+:activity:.+$")


# How AWS calls the optimized services whose actions it has in part; their other actions are called by aws-sdk. S3 is
# there for the readers and writers of Maps alone. Source: Step Functions Developer Guide, "Integrating optimized
# services" and each service's page (read 2026-11-29).
_ITEM = dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), frozenset({REQUEST}))
_SENT = frozenset({REQUEST, TOKEN})
_PARTLY: dict[str, dict[str, frozenset[str]]] = {
    "dynamodb": _ITEM,
    "sqs": {"sendMessage": _SENT},
    "sns": {"publish": _SENT},
    "s3": {},
}


class UnknownResourceError(ValueError):
    """A Resource that names nothing that a Task can call."""


@lru_cache(maxsize=1024)
def resolve(resource: str) -> Integration:
    """Return what the ARN *resource* calls.

    Raises:
        UnknownResourceError: It names nothing that a Task can call.
    """
    if _FUNCTION.match(resource):
        return FunctionTask(resource)
    if _ACTIVITY.match(resource):
        return ActivityTask(resource)
    match = _SERVICE.match(resource)
    if match is None:
        raise UnknownResourceError(resource)
    return _service(match["service"], resource)


def _service(text: str, resource: str) -> Integration:
    pattern = next((each for each in _PATTERNS if text.endswith(f".{each}")), REQUEST)
    name = text.removesuffix(f".{pattern}") if pattern else text
    parts = name.split(":")
    if name == "states:startExecution":
        return StartExecution(pattern)
    if parts[0] in _PARTLY and pattern not in _PARTLY[parts[0]].get(":".join(parts[1:]), ()):
        raise UnknownResourceError(resource)
    if pattern in {REQUEST, TOKEN}:
        match parts:
            case ["aws-sdk", service, action]:
                return SdkCall(service, action, pattern)
            case ["lambda", "invoke"]:
                return Invoke(pattern)
            case ["events", "putEvents"]:
                return PutEvents("events", "putEvents", pattern)
            case [service, action] if service in OPTIMIZED:
                return OptimizedCall(service, action, pattern)
    if parts[0] in ELSEWHERE | OPTIMIZED.keys():
        return Elsewhere(parts[0], ":".join(parts[1:]), pattern)
    raise UnknownResourceError(resource)
