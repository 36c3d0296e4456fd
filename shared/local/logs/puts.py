"""What PutLogEvents refuses, and which events it leaves out.

Source: CloudWatch Logs API reference, PutLogEvents and RejectedLogEventsInfo (read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.config.aws_facts import LOG_EVENT
from shared.local.logs.bounds import DAY, OVERHEAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Event = Mapping[str, int | str]

_EVENTS, _BYTES = 10_000, 1 << 20  # of one call
_TOO_OLD, _TOO_NEW = 14 * DAY, DAY // 12


class BadBatchError(Exception):
    """PutLogEvents refuses the whole batch. Its text is AWS's."""


class Taken(NamedTuple):
    """The events of a batch that are stored, and what the answer says of the others."""

    events: list[Event]
    rejected: dict[str, int]


def taken(events: Sequence[Event], now: int, retention: int | None) -> Taken:
    """Return what is stored of a batch, at a time in ms, in a group that keeps events for *retention* days.

    Raises:
        BadBatchError: Nothing is stored.
    """
    _check(events)
    times = [int(event["timestamp"]) for event in events]
    too_old = sum(at < now - _TOO_OLD for at in times)
    expired = sum(at < now - retention * DAY for at in times) if retention else 0
    too_new = sum(at > now + _TOO_NEW for at in times)
    rejected = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    if too_new:
        rejected["tooNewLogEventStartIndex"] = len(events) - too_new
    return Taken(list(events[max(too_old, expired) : len(events) - too_new]), rejected)


def _check(events: Sequence[Event]) -> None:
    sizes = [len(str(event["message"]).encode("utf-8", "replace")) + OVERHEAD for event in events]
    times = [int(event["timestamp"]) for event in events]
    if not 0 < len(events) <= _EVENTS:
        raise BadBatchError(f"logEvents must have a length between 1 and {_EVENTS}")
    if min(sizes) == OVERHEAD:
        raise BadBatchError("1 validation error detected: a message must have length greater than or equal to 1")
    if max(sizes) > LOG_EVENT.value:
        raise BadBatchError(f"Log event too large: {max(sizes)} bytes exceeds limit of {LOG_EVENT.value}")
    if sum(sizes) > _BYTES:
        raise BadBatchError(f"Upload too large: {sum(sizes)} bytes exceeds limit of {_BYTES}")
    if times != sorted(times):
        raise BadBatchError("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > DAY:
        raise BadBatchError("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
