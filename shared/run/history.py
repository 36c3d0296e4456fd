"""Reads an execution's history: its events, and what each of them says.

A history is a linked list. Each event names the one before it (``previousEventId``), so the state and the map iteration
that an event belongs to are found by walking back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef, PaginatorConfigTypeDef

    from shared.values import Json

MOST_A_PAGE: PaginatorConfigTypeDef = {"PageSize": 1000}  # the most that AWS allows; it gives 100 when not asked
STATUS_OF = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
"""The status of an execution that an event of this type ends."""
ENDINGS = tuple(STATUS_OF)
"""The types of the events that end an execution."""
FAILURES = ("Failed", "TimedOut", "Aborted")
"""The endings of the types of those events that tell of a failure."""


def history(states: SFNClient, arn: str) -> Iterator[HistoryEventTypeDef]:
    """Yield every event of the execution *arn*, oldest first."""
    for page in states.get_paginator("get_execution_history").paginate(executionArn=arn, PaginationConfig=MOST_A_PAGE):
        yield from page["events"]


def details(event: HistoryEventTypeDef) -> Mapping[str, object]:
    """Return what is special to the event's type, its ``taskFailedEventDetails`` or the like; empty if it has none."""
    found = (value for name, value in event.items() if name.endswith("EventDetails"))
    return next((value for value in found if isinstance(value, dict)), {})


def rank_in(text: str | None) -> int | None:
    """Return the rank in the JSON *text* that a state gets as its input; None if it has none."""
    rank = parse_object(text).get("rank")
    return int(rank) if isinstance(rank, int | str) and str(rank).isdigit() else None


def parse_object(text: str | None) -> Mapping[str, Json]:
    """Return the JSON object that *text* holds; an empty one if it holds anything else."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
