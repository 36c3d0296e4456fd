"""Reads every attempt of every task from an execution's history: what was called, with what, and what came of it.

An attempt belongs to one entry of a state; a retry is a further attempt of the same entry. A redrive adds its events to
the history: it enters again what had not ended, or schedules it again in the entry that it had; both are read. Maps and
Parallels nest states, so each attempt has the path of map items that it ran in. A distributed Map keeps the histories
of its items in child executions: those are read with the children's own events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.run.cause import find_request
from shared.run.history import details
from shared.run.places import REDRIVEN, Item, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.places import Where
    from shared.values import Json

__all__ = ["Attempt", "Item", "attempts_in", "by_item"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that a Task state made.

    Attributes:
        state: The state's name.
        items: The map iterations that it ran in, outermost first.
        entry: The id of the event that entered the state: attempts with the same one are retries of one another.
        number: 1 for the first attempt since the state was entered.
        kind: The event's resource type, such as ``lambda`` or ``aws-sdk:s3``.
        action: Its resource, such as ``invoke.waitForTaskToken``.
        arguments: What the task called with, as the event that scheduled it has it.
        function: The name or ARN of the function that it invoked; None when it invoked none.
        event: What the function got; None when it invoked none.
        status: SUCCEEDED, FAILED, TIMED_OUT, or RUNNING when the history tells no end.
        result: What came back; None unless it succeeded.
        error: The error's name; None unless it failed.
        cause: The error's cause; None unless it failed.
        request_id: The invocation that the cause names; None when it names none.
        began: When it was scheduled.
        ended: When it ended; None when the history tells no end.
        redrive: After how many redrives of its execution it was made; 0 for the first run of it.
    """

    state: str
    items: tuple[Item, ...]
    entry: int
    number: int
    kind: str
    action: str
    arguments: Json
    function: str | None
    event: Json
    status: str
    result: Json
    error: str | None
    cause: str | None
    request_id: str | None
    began: datetime
    ended: datetime | None
    redrive: int = 0


def attempts_in(events: Iterable[HistoryEventTypeDef]) -> tuple[Attempt, ...]:
    """Return the attempts of the execution with these *events*, oldest first; all its events must be there."""
    return _Reader().read(events)


class _Reader:
    """Walks through a history once."""

    def __init__(self) -> None:
        self._places = Places()
        self._counts: dict[int, int] = {}
        self._attempts: list[Attempt] = []
        self._in_hand: dict[int, int] = {}  # the place of each entry's last attempt among all
        self._redrives = 0

    def read(self, events: Iterable[HistoryEventTypeDef]) -> tuple[Attempt, ...]:
        for event in events:
            self._take(event)
        return tuple(self._attempts)

    def _take(self, event: HistoryEventTypeDef) -> None:
        kind, told = event["type"], details(event)
        name, index = str(told.get("name", "")), told.get("index")
        before = event.get("previousEventId", 0)
        where = self._places.follow(event["id"], before, kind, name, index if isinstance(index, int) else 0)
        self._redrives += kind == REDRIVEN
        if where is None:
            return
        if kind.endswith("Scheduled"):
            self._in_hand[where.entry] = len(self._attempts)
            self._attempts.append(self._scheduled(event, where))
        elif where.entry in self._in_hand:
            place = self._in_hand[where.entry]
            self._attempts[place] = _told(self._attempts[place], event)

    def _scheduled(self, event: HistoryEventTypeDef, where: Where) -> Attempt:
        told = details(event)
        number = self._counts[where.entry] = self._counts.get(where.entry, 0) + 1
        bare = event["type"] == "LambdaFunctionScheduled"
        arguments = _parsed(told.get("input" if bare else "parameters"))
        kind = "lambda" if bare else str(told.get("resourceType", ""))
        given = arguments if isinstance(arguments, dict) else {}
        named = given.get("FunctionName") if kind == "lambda" and not bare else None
        return Attempt(
            state=where.name,
            items=where.items,
            entry=where.entry,
            number=number,
            kind=kind,
            action="invoke" if bare else str(told.get("resource", "")),
            arguments=arguments,
            function=str(told["resource"]) if bare else str(named) if named else None,
            event=arguments if bare else given.get("Payload", {}) if named else None,
            status="RUNNING",
            result=None,
            error=None,
            cause=None,
            request_id=None,
            began=event["timestamp"],
            ended=None,
            redrive=self._redrives,
        )


def _told(attempt: Attempt, event: HistoryEventTypeDef) -> Attempt:
    """Return *attempt* with what *event*, a later one of the same state, tells of its end."""
    kind, told = event["type"], details(event)
    if attempt.status != "RUNNING" or not kind.startswith(("Task", "LambdaFunction", "Activity")):
        return attempt
    if kind.endswith("Succeeded"):
        return replace(attempt, status="SUCCEEDED", result=_parsed(told.get("output")), ended=event["timestamp"])
    if not kind.endswith(("Failed", "TimedOut")):
        return attempt
    cause = told.get("cause")
    return replace(
        attempt,
        status="TIMED_OUT" if kind.endswith("TimedOut") else "FAILED",
        error=str(told.get("error") or ""),
        cause=str(cause or ""),
        request_id=find_request(str(cause or "")),
        ended=event["timestamp"],
    )


def _parsed(text: object) -> Json:
    try:
        value: Json = json.loads(str(text)) if text is not None else None
    except ValueError:
        return str(text)
    return value


def by_item(attempts: Iterable[Attempt]) -> Mapping[tuple[str, tuple[Item, ...]], tuple[Attempt, ...]]:
    """Return the attempts of each state in each map iteration, oldest first."""
    found: dict[tuple[str, tuple[Item, ...]], tuple[Attempt, ...]] = {}
    for attempt in attempts:
        key = attempt.state, attempt.items
        found[key] = (*found.get(key, ()), attempt)
    return found
