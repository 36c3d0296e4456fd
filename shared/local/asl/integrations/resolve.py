"""From a Task's Resource to what it calls."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.local.asl.integrations.activity import ActivityTask
from shared.local.asl.integrations.base import REQUEST, SYNC, SYNC_2, TOKEN, Integration
from shared.local.asl.integrations.elsewhere import Elsewhere
from shared.local.asl.integrations.http import HttpInvoke
from shared.local.asl.integrations.lambda_ import FunctionTask, Invoke
from shared.local.asl.integrations.nested import StartExecution
from shared.local.asl.integrations.optimized import OPTIMIZED, missing_here
from shared.local.asl.integrations.sdk import OptimizedCall, PutEvents, SdkCall, UnknownActionError

if TYPE_CHECKING:
    from collections.abc import Callable

_PATTERNS = (SYNC_2, SYNC, TOKEN)
_SERVICE = re.compile(r"arn:aws[\w-]*:states:[\w-]*:\d*:(?P<service>.+)$")
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:[\w-]+:function:.+$")  # AWS does not look at the account
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
    service, _, action = name.partition(":")
    if service == "aws-sdk":
        return _sdk(action, pattern, resource)
    if service not in OPTIMIZED or pattern not in OPTIMIZED[service].actions.get(action, ()):
        raise UnknownResourceError(resource)
    if missing_here(service, action, pattern):
        return Elsewhere(service, action, pattern)
    return _OWN[service](action, pattern) if service in _OWN else OptimizedCall(service, action, pattern)


# The services whose calls are not those of an API alone, and what calls them, given the action and the pattern.
_OWN: dict[str, Callable[[str, str], Integration]] = {
    "states": lambda _action, pattern: StartExecution(pattern),
    "lambda": lambda _action, pattern: Invoke(pattern),
    "events": lambda action, pattern: PutEvents("events", action, pattern),
    "http": lambda _action, _pattern: HttpInvoke(),
}


def _sdk(name: str, pattern: str, resource: str) -> SdkCall:
    service, _, action = name.partition(":")
    if not action or ":" in action or pattern not in {REQUEST, TOKEN}:
        raise UnknownResourceError(resource)
    try:
        return SdkCall(service, action, pattern)
    except UnknownActionError:
        raise UnknownResourceError(resource) from None
