"""Finds why an execution failed: the state, the rank, the error, and the invocation that raised it.

A history is a linked list: every event names the one before it, so the state and the map iteration that an event
belongs to are found by walking back. A distributed map keeps its items' histories in child executions; its own
failure says only that too many items failed, so the child is asked that was one too many. A failure that was caught,
retried or tolerated ended nothing and is never blamed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.errors import FIX
from shared.run.own_code import fix_of, in_checkout, own_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import PaginatorConfigTypeDef

    from shared.run.logs import Invocation

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_REQUEST_ID = re.compile(rf"RequestId: {_UUID}|{_UUID} Task timed out")  # Lambda's two ways to name it in a text
_SLACK = 1.0  # seconds between the clocks of Step Functions and Lambda
_FAILED = ("Failed", "TimedOut", "Aborted")
MOST_A_PAGE: PaginatorConfigTypeDef = {"PageSize": 1000}  # at most; unasked AWS gives 100
_NOT_A_CAUSE = ("ExecutionFailed", "ExecutionTimedOut", "MapIterationFailed", "MapStateFailed", "ParallelStateFailed")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an execution did not succeed.

    Attributes:
        status: FAILED, TIMED_OUT or ABORTED.
        state: The state that failed, None when the execution as a whole was ended.
        rank: The rank or map item that failed, None outside a map.
        error: The error's name, as Retry and Catch know it.
        message: What the error says; paths of the function's code are those of the checkout.
        request_id: The invocation that raised it, None when no function did, or when it failed before the handler was
            there: then Lambda names none.
        traceback: The frames of the function's own code, a file and its line each; those of Lambda's runtime and of
            libraries are left out. An error of our own tree has none: its message tells all.
        fix: What to do about it, None where that is not known.
        nameless: The error as its invocation logged it, where it names no request; else None.
    """

    status: str
    state: str | None
    rank: int | None
    error: str
    message: str
    request_id: str | None
    traceback: tuple[str, ...] = ()
    fix: str | None = None
    nameless: Nameless | None = None


@dataclass(frozen=True, slots=True)
class Nameless:
    """A function's error that names no request: the call began and failed between two moments, in Unix seconds."""

    error: str
    message: str
    since: float
    until: float

    def is_of(self, invocation: Invocation) -> bool:
        """Say whether the log of *invocation* shows this error, in this time."""
        began = invocation.started_ms / 1000
        in_time = self.since - _SLACK <= began <= self.until + _SLACK
        return in_time and invocation.raised(self.error, self.message)


def find_nameless(cause: str, since: datetime, until: datetime) -> Nameless | None:
    """Return the error that a failure's *cause* tells of, if it is a function's and names no request."""
    said = _parsed(cause)
    if "errorType" not in said or find_request(cause):
        return None
    return Nameless(str(said["errorType"]), str(said.get("errorMessage", "")), since.timestamp(), until.timestamp())


def find_failure(states: SFNClient, execution_arn: str) -> Failure:
    """Return why the execution at *execution_arn*, which ended without success, did so."""
    execution = states.describe_execution(executionArn=execution_arn)
    error, cause = execution.get("error", ""), execution.get("cause", "")
    deepest = _deepest(states, execution_arn)
    if deepest is None:
        message = cause or {"ABORTED": "it was stopped", "TIMED_OUT": "it took too long"}.get(execution["status"], "")
        return Failure(execution["status"], None, None, error or execution["status"], message, None)
    found, (state, rank, around) = deepest
    error, cause = found.get("error", "") or error, found.get("cause", "") or cause
    said = _parsed(cause)
    error, message, request = (
        str(said.get("errorType", error)),
        str(said.get("errorMessage", cause)),
        find_request(cause),
    )
    return Failure(
        execution["status"],
        state,
        rank,
        error,
        in_checkout(message),
        request,
        traceback=() if FIX in message else own_frames(said.get("stackTrace")),
        fix=fix_of(error, message),
        nameless=find_nameless(cause, *around) if around else None,
    )


def find_invocation(failure: Failure, invocations: Iterable[Invocation]) -> Invocation | None:
    """Return which of *invocations* ended in *failure*: the one it names, or the last that logged the same in its time.

    A handler that cannot be loaded fails before Lambda's runtime knows of a request, so its error names none.
    """
    if failure.request_id:
        return next((each for each in invocations if each.request_id == failure.request_id), None)
    if failure.nameless is None:
        return None
    return max(filter(failure.nameless.is_of, invocations), key=lambda each: each.started_ms, default=None)


def find_request(cause: str) -> str | None:
    """Return the id of the invocation that a failure's *cause* names, None when it names none."""
    said = _parsed(cause)
    named = _REQUEST_ID.search(str(said.get("errorMessage", cause)))
    return said.get("requestId") or (named and (named[1] or named[2]))


def _deepest(states: SFNClient, arn: str) -> tuple[Mapping[str, Any], _Place] | None:
    """Return (details, place) of the failure that ended the execution, from a child execution where it has one.

    None when no failure did: it took too long, or was stopped.
    """
    events = {event["id"]: event for event in history(states, arn)}
    ending = next((event for event in events.values() if event["type"] == "ExecutionFailed"), None)
    if ending is None:
        return None
    blamed = _blamed(events, ending)
    child = _one_too_many(states, _map_run(events, blamed)) if blamed["type"] == "MapRunFailed" else None
    if child and (below := _deepest(states, child)):
        details, place = below
        return details, place if place.rank is not None else place._replace(rank=_rank_of_input(states, child))
    return _details(blamed), _place(events, blamed)


def _one_too_many(states: SFNClient, map_run: str) -> str | None:
    """Return the child whose failure failed a map run: of those that failed, the first that was not tolerated.

    None when there is none to ask: no child failed, or they are express ones, which keep no history.
    """
    pages = states.get_paginator("list_executions").paginate(
        mapRunArn=map_run, statusFilter="FAILED", PaginationConfig=MOST_A_PAGE
    )
    failed = [child for page in pages for child in page["executions"] if ":express:" not in child["executionArn"]]
    if not failed:
        return None
    failed.sort(key=lambda child: child["stopDate"])
    run = states.describe_map_run(mapRunArn=map_run)
    share = int(run["executionCounts"]["total"] * run["toleratedFailurePercentage"] / 100)
    tolerated = min((each for each in (run["toleratedFailureCount"], share) if each), default=0)  # 0 is: not set
    return failed[min(tolerated, len(failed) - 1)]["executionArn"]


def _map_run(events: Mapping[int, Mapping[str, Any]], at: Mapping[str, Any]) -> str:
    """Walk back from the failure of a map run to the ARN it was started with."""
    while "mapRunArn" not in _details(at):
        at = events[at["previousEventId"]]
    arn: str = _details(at)["mapRunArn"]
    return arn


def history(states: SFNClient, arn: str) -> Iterator[Any]:
    """Yield every event of an execution, oldest first."""
    for page in states.get_paginator("get_execution_history").paginate(executionArn=arn, PaginationConfig=MOST_A_PAGE):
        yield from page["events"]


def _is_failure(event: Mapping[str, Any]) -> bool:
    kind: str = event["type"]
    if kind in _NOT_A_CAUSE:
        return False
    return kind.endswith(_FAILED) or kind == "FailStateEntered"


def _blamed(events: Mapping[int, Mapping[str, Any]], ending: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the failure that the *ending* event tells of, or that event itself where no other does.

    It is the last that says the same; a Fail state says its own.
    """
    said = _said(ending)
    same = [event for event in events.values() if _is_failure(event) and _said(event) == said]
    before = events.get(ending.get("previousEventId", 0), ending)
    return same[-1] if same else before if before["type"] == "FailStateEntered" else ending


def _said(event: Mapping[str, Any]) -> tuple[Any, Any]:
    return _details(event).get("error"), _details(event).get("cause")


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event's own part, ``taskFailedEventDetails`` or the like; empty when it has none."""
    found = [value for name, value in event.items() if name.endswith("EventDetails") and isinstance(value, dict)]
    return found[0] if found else {}


class _Place(NamedTuple):
    """Where a failure happened: the state, the rank, and the moments of its entry and its failure."""

    state: str | None
    rank: int | None
    around: tuple[datetime, datetime] | None


def _place(events: Mapping[int, Mapping[str, Any]], event: Mapping[str, Any]) -> _Place:
    """Walk back from *event* to the state and the rank it happened in; what a map before it did is not asked."""
    state: str | None = None
    rank: int | None = None
    entered: datetime | None = None
    maps = 0  # that were left on the way here
    at: Mapping[str, Any] | None = event
    while at is not None:
        details = _details(at)
        if at["type"] == "MapStateExited":
            maps += 1
        elif at["type"] == "MapStateEntered" and maps:
            maps -= 1
        elif maps:
            pass
        elif at["type"].endswith("StateEntered"):
            state = state or details.get("name")
            entered = entered or at.get("timestamp")
            rank = _rank(details.get("input")) if rank is None else rank
        elif at["type"] == "MapIterationStarted":
            rank = details.get("index") if rank is None else rank
            break
        at = events.get(at.get("previousEventId", 0))
    failed = event.get("timestamp")
    return _Place(state, rank, (entered, failed) if entered and failed else None)


def _rank_of_input(states: SFNClient, arn: str) -> int | None:
    return _rank(states.describe_execution(executionArn=arn).get("input"))


def _rank(text: str | None) -> int | None:
    value = _parsed(text or "").get("rank")
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
