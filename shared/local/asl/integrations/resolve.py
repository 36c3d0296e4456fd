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
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d+:function:.+$")
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d+:activity:.+$")


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
