"""How much of a log CloudWatch takes in, which is what it bills: the bytes of each event, and 26 more.

Source: CloudWatch Logs API reference, PutLogEvents; CloudWatch pricing, which counts those 26 for what is stored (read
2026-11-30). That they are billed when they come in as well is taken to be so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.run.history import details

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_OVERHEAD = 26
_OURS = "\nEMBEDDED Requests: "  # what the embedded cloud adds to a REPORT, and AWS does not


def size_of(message: str) -> int:
    """Return the bytes that an event with this *message* is billed for."""
    if message.startswith("REPORT ") and _OURS in message:
        message = message.partition(_OURS)[0] + "\n"
    return len(message.encode(errors="replace")) + _OVERHEAD


def bytes_of_log(events: Iterable[HistoryEventTypeDef], arn: str) -> int:
    """Return the bytes that a machine's log has of the *events* of the execution *arn*, with all of their data."""
    return sum(size_of(_logged(event, arn)) for event in events)


def _logged(event: HistoryEventTypeDef, arn: str) -> str:
    told = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details(event),
        "previous_event_id": str(event.get("previousEventId", 0)),
        "event_timestamp": str(int(event["timestamp"].timestamp() * 1000)),
        "execution_arn": arn,
        "redrive_count": "0",
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)
