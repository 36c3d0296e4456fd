"""Reads every attempt of every task from an execution's history: what was called, with what, and what came of it.

An attempt belongs to one entry of a state; a retry is a further attempt of the same entry. Maps and Parallels nest
states, so each attempt has the path of map items that it ran in. A distributed Map keeps the histories of its items in
child executions: those are read with the children's own events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.run.cause import find_request
from shared.run.history import details

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.values import Json

_ENDED = frozenset({"MapStateSucceeded", "MapStateFailed", "ParallelStateSucceeded", "ParallelStateFailed"})


@dataclass(frozen=True, slots=True)
class Item:
    """One iteration of an inline Map: the Map's name and the index of its item."""

    map: str
    index: int


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


@dataclass(frozen=True, slots=True)
class _Where:
    """A state that was entered, or an iteration of a Map: what the events after it belong to.

    Attributes:
        name: The state's name.
        kind: Its type, such as Map; Iteration for one of a Map's.
        entry: The id of the event.
        outer: What encloses it, None at the top.
        index: An iteration's index.
        attempt: The place of the attempt in hand among all attempts, None before there is one.
    """

    name: str
    kind: str
    entry: int
    outer: _Where | None
    index: int = 0
    attempt: int | None = None


def attempts_in(events: Iterable[HistoryEventTypeDef]) -> tuple[Attempt, ...]:
    """Return the attempts of the execution with these *events*, oldest first; all its events must be there."""
    return _Reader().read(events)


class _Reader:
    """Walks through a history once."""

    def __init__(self) -> None:
        self._where: dict[int, _Where | None] = {0: None}
        self._types: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self._attempts: list[Attempt] = []

    def read(self, events: Iterable[HistoryEventTypeDef]) -> tuple[Attempt, ...]:
        for event in events:
            number, before = event["id"], event.get("previousEventId", 0)
            self._where[number] = self._follow(event, self._where.get(before), self._types.get(before, ""))
            self._types[number] = event["type"]
        return tuple(self._attempts)

    def _follow(self, event: HistoryEventTypeDef, where: _Where | None, before: str) -> _Where | None:
        """Return where *event* belongs, which follows one of the type *before* that belongs to *where*."""
        kind = event["type"]
        if kind.endswith("StateEntered") or kind == "MapIterationStarted":
            return _entered(event, where, before)
        if where is None:
            return None
        if kind.startswith("MapIteration") or kind.endswith("StateExited") or kind in _ENDED:
            return _back(event, where, before)
        if kind.endswith("Scheduled"):
            self._attempts.append(self._scheduled(event, where))
            return replace(where, attempt=len(self._attempts) - 1)
        if where.attempt is not None:
            self._attempts[where.attempt] = _told(self._attempts[where.attempt], event)
        return where

    def _scheduled(self, event: HistoryEventTypeDef, where: _Where) -> Attempt:
        told = details(event)
        number = self._counts[where.entry] = self._counts.get(where.entry, 0) + 1
        bare = event["type"] == "LambdaFunctionScheduled"
        arguments = _parsed(told.get("input" if bare else "parameters"))
        kind = "lambda" if bare else str(told.get("resourceType", ""))
        given = arguments if isinstance(arguments, dict) else {}
        named = given.get("FunctionName") if kind == "lambda" and not bare else None
        return Attempt(
            state=where.name,
            items=tuple(_items(where)),
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
        )


def _entered(event: HistoryEventTypeDef, where: _Where | None, before: str) -> _Where:
    """Return the state or the iteration that begins with *event*."""
    told, number = details(event), event["id"]
    if event["type"] == "MapIterationStarted":
        index = told.get("index")
        return _Where(str(told.get("name")), "Iteration", number, where, index if isinstance(index, int) else 0)
    inside = before in {"MapIterationStarted", "ParallelStateStarted"}
    outer = where if inside else where and where.outer
    return _Where(str(told["name"]), event["type"].removesuffix("StateEntered"), number, outer)


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


def _items(where: _Where | None) -> Iterator[Item]:
    if where is not None:
        yield from _items(where.outer)
        if _is_iteration(where) and where.outer is not None:
            yield Item(where.outer.name, where.index)


def _enclosing(where: _Where | None, meant: Callable[[_Where], bool]) -> _Where | None:
    while where is not None and not meant(where):
        where = where.outer
    return where


def _is_iteration(where: _Where) -> bool:
    return where.kind == "Iteration"


def _back(event: HistoryEventTypeDef, where: _Where, before: str) -> _Where | None:
    """Return what *event* ends, an iteration or a state; it follows one of the type *before* that belongs to *where*.

    A state that has exited is found by its name, which is unique: AWS has its exit follow the event before its success.
    """
    kind = event["type"]
    if kind.endswith("StateExited"):
        return _enclosing(where, lambda each: each.name == details(event).get("name"))
    if kind.startswith("MapIteration"):
        return _enclosing(where, _is_iteration)
    if before == f"{kind.partition('State')[0]}StateStarted":
        return where
    if kind.startswith("Map") and not _is_iteration(where):
        return _enclosing(where, lambda each: each.kind == "Map")  # a distributed one, whose events are its own
    return where.outer


def by_item(attempts: Iterable[Attempt]) -> Mapping[tuple[str, tuple[Item, ...]], tuple[Attempt, ...]]:
    """Return the attempts of each state in each map iteration, oldest first."""
    found: dict[tuple[str, tuple[Item, ...]], tuple[Attempt, ...]] = {}
    for attempt in attempts:
        key = attempt.state, attempt.items
        found[key] = (*found.get(key, ()), attempt)
    return found
