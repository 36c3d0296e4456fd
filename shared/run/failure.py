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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import PaginatorConfigTypeDef

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_REQUEST_ID = re.compile(rf"RequestId: {_UUID}|{_UUID} Task timed out")  # Lambda's two ways to name it in a text
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
        message: What the error says.
        request_id: The invocation that raised it, None when no function did.
    """

    status: str
    state: str | None
    rank: int | None
    error: str
    message: str
    request_id: str | None


def find_failure(states: SFNClient, execution_arn: str) -> Failure:
    """Return why the execution at *execution_arn*, which ended without success, did so."""
    execution = states.describe_execution(executionArn=execution_arn)
    error, cause = execution.get("error", ""), execution.get("cause", "")
    deepest = _deepest(states, execution_arn)
    if deepest is None:
        message = cause or {"ABORTED": "it was stopped", "TIMED_OUT": "it took too long"}.get(execution["status"], "")
        return Failure(execution["status"], None, None, error or execution["status"], message, None)
    found, state, rank = deepest
    error, cause = found.get("error", "") or error, found.get("cause", "") or cause
    said = _parsed(cause)
    message = str(said.get("errorMessage", cause))
    return Failure(execution["status"], state, rank, str(said.get("errorType", error)), message, find_request(cause))


def find_request(cause: str) -> str | None:
    """Return the id of the invocation that a failure's *cause* names, None when it names none."""
    said = _parsed(cause)
    named = _REQUEST_ID.search(str(said.get("errorMessage", cause)))
    return said.get("requestId") or (named and (named[1] or named[2]))


def _deepest(states: SFNClient, arn: str) -> tuple[Mapping[str, Any], str | None, int | None] | None:
    """Return (details, state, rank) of the failure that ended the execution, from a child execution where it has one.

    None when no failure did: it took too long, or was stopped.
    """
    events = {event["id"]: event for event in history(states, arn)}
    ending = next((event for event in events.values() if event["type"] == "ExecutionFailed"), None)
    if ending is None:
        return None
    blamed = _blamed(events, ending)
    child = _one_too_many(states, _map_run(events, blamed)) if blamed["type"] == "MapRunFailed" else None
    if child and (below := _deepest(states, child)):
        details, state, rank = below
        return details, state, _rank_of_input(states, child) if rank is None else rank
    return (_details(blamed), *_place(events, blamed))


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
    before = events.get(ending["previousEventId"], ending)
    return same[-1] if same else before if before["type"] == "FailStateEntered" else ending


def _said(event: Mapping[str, Any]) -> tuple[Any, Any]:
    return _details(event).get("error"), _details(event).get("cause")


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event's own part, ``taskFailedEventDetails`` or the like; empty when it has none."""
    found = [value for name, value in event.items() if name.endswith("EventDetails") and isinstance(value, dict)]
    return found[0] if found else {}


def _place(events: Mapping[int, Mapping[str, Any]], event: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Walk back from *event* to the state and the rank it happened in."""
    state: str | None = None
    rank: int | None = None
    at: Mapping[str, Any] | None = event
    while at is not None:
        details = _details(at)
        if at["type"].endswith("StateEntered"):
            state = state or details.get("name")
            rank = _rank(details.get("input")) if rank is None else rank
        if at["type"] == "MapIterationStarted":
            return state, details.get("index") if rank is None else rank
        at = events.get(at.get("previousEventId", 0))
    return state, rank


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
