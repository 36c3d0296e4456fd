"""Reads which invocation an event is about, and the cause of a failure: what Step Functions repeats of an answer.

It names the invocation (``requestId``) unless the function failed before it knew of a request, as code does that cannot
be loaded. Such an error is kept with the time in which it happened, and is looked for in the logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.run.history import parse_object

if TYPE_CHECKING:
    from datetime import datetime

    from shared.run.logs import Invocation

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_REQUEST_ID = re.compile(rf"RequestId: {_UUID}|{_UUID} Task timed out")  # the two forms in which Lambda names it
_CLOCKS_DIFFER = 1.0  # seconds by which the clocks of Step Functions and Lambda may differ


@dataclass(frozen=True, slots=True)
class ErrorWithoutRequest:
    """A function's error that names no request. The call began and failed between two moments, in Unix seconds."""

    error: str
    message: str
    since: float
    until: float

    def is_of(self, invocation: Invocation) -> bool:
        """Say whether the log of *invocation* shows this error in this time."""
        began = invocation.started_ms / 1000
        in_time = self.since - _CLOCKS_DIFFER <= began <= self.until + _CLOCKS_DIFFER
        return in_time and invocation.raised(self.error, self.message)


def find_request(cause: str) -> str | None:
    """Return the id of the invocation that *cause* names; None if it names none."""
    said = parse_object(cause)
    if request := said.get("requestId"):
        return str(request)
    named = _REQUEST_ID.search(str(said.get("errorMessage", cause)))
    return (named[1] or named[2]) if named else None


def request_in(output: str) -> str | None:
    """Return the id of the invocation that answered a task with *output*; None where that names none."""
    match parse_object(output):
        case {"SdkResponseMetadata": {"RequestId": str(request)}}:
            return request
    return None


def find_error_without_request(cause: str, since: datetime, until: datetime) -> ErrorWithoutRequest | None:
    """Return the error that *cause* tells of, if a function raised it and it names no request.

    Args:
        cause: The text.
        since: When the state that called the function was entered.
        until: When the call failed.
    """
    said = parse_object(cause)
    if "errorType" not in said or find_request(cause):
        return None
    message = str(said.get("errorMessage", ""))
    return ErrorWithoutRequest(str(said["errorType"]), message, since.timestamp(), until.timestamp())
