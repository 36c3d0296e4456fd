"""Finds why an execution failed: the state, the rank, the error, and the invocation that raised it.

A distributed Map keeps the histories of its items in child executions. Its own failure says only that too many items
failed, so the child is asked whose failure was one too many. A failure that was caught, retried or tolerated ended
nothing and is never blamed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import FIX
from shared.run.cause import find_error_without_request, find_request
from shared.run.history import FAILURES, MOST_A_PAGE, details, history, parse_object, rank_in
from shared.run.own_code import fix_of, in_checkout, own_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef, HistoryEventTypeDef

    from shared.run.cause import ErrorWithoutRequest
    from shared.run.logged_children import ChildLog
    from shared.run.logs import Invocation

_NOT_A_CAUSE = ("ExecutionFailed", "ExecutionTimedOut", "MapIterationFailed", "MapStateFailed", "ParallelStateFailed")
_WITHOUT_CAUSE = {"ABORTED": "it was stopped", "TIMED_OUT": "it took too long"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an execution did not succeed.

    Attributes:
        status: FAILED, TIMED_OUT or ABORTED.
        state: The state that failed; None when the execution as a whole was ended.
        rank: The rank or map item that failed; None outside a map.
        error: The error's name, as Retry and Catch know it.
        message: What the error says. Paths of the function's code are those of the checkout.
        request_id: The invocation that raised it. None when no function did, or when the function failed before its
            handler was there: then Lambda names none.
        traceback: The frames of the function's own code, each with its file and its line; those of Lambda's runtime
            and of libraries are left out. An error of our own tree has none, because its message tells all.
        fix: What to do about it; None where that is not known.
        without_request: The error to look for in the logs, where it names no request; else None.
        execution: The ARN of the execution whose history tells it: a distributed Map's child, or the run itself. Empty
            where no history does.
    """

    status: str
    state: str | None
    rank: int | None
    error: str
    message: str
    request_id: str | None
    traceback: tuple[str, ...] = ()
    fix: str | None = None
    without_request: ErrorWithoutRequest | None = None
    execution: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """Where it happened: ``state Work, rank 3``; empty where nothing tells."""
        state = [f"state {self.state}"] if self.state else []
        return ", ".join([*state, *([f"rank {self.rank}"] if self.rank is not None else [])])

    @property
    def lines(self) -> list[str]:
        """What to show of it: the traceback, the error with its message, and the fix."""
        frames = [line for frame in self.traceback for line in frame.splitlines()]
        head = ["Traceback (most recent call last):"] if frames else []
        return [*head, *frames, f"{self.error}: {self.message}", *([f"fix: {self.fix}"] if self.fix else [])]


class Ended(NamedTuple):
    """How Step Functions says that an execution ended: its status, its error and the error's cause, empty if none."""

    status: str
    error: str
    cause: str


def find_failure(
    states: SFNClient,
    execution_arn: str,
    read: Iterable[HistoryEventTypeDef] | None = None,
    log: ChildLog | None = None,
) -> Failure:
    """Return why the execution at *execution_arn* did not succeed; it has ended.

    Args:
        states: Step Functions.
        execution_arn: The execution.
        read: All its events, where they were read already.
        log: Tells of express children.
    """
    execution = states.describe_execution(executionArn=execution_arn)
    ended = Ended(execution["status"], execution.get("error", ""), execution.get("cause", ""))
    return _failure(ended, _deepest(states, execution_arn, read, log))


def failure_in(events: Iterable[HistoryEventTypeDef], ended: Ended) -> Failure:
    """Return why an execution that *ended* so did not succeed, by all its *events*: those of an express one's log."""
    by_id = {event["id"]: event for event in events}
    blamed = _blame(by_id)
    return _failure(ended, (details(blamed), _place(by_id, blamed)) if blamed else None)


def _failure(ended: Ended, deepest: tuple[Mapping[str, object], _Place] | None) -> Failure:
    status, error, cause = ended
    found, (state, rank, around, execution) = deepest or ({}, _Place(None, None, None))
    error, cause = str(found.get("error") or error), str(found.get("cause") or cause)
    if deepest is None and "errorType" not in parse_object(cause):
        return Failure(status, None, None, error or status, cause or _WITHOUT_CAUSE.get(status, ""), None)
    said = parse_object(cause)
    error, message = str(said.get("errorType", error)), str(said.get("errorMessage", cause))
    return Failure(
        status,
        state,
        rank,
        error,
        in_checkout(message),
        find_request(cause),
        traceback=() if FIX in message else own_frames(said.get("stackTrace")),
        fix=fix_of(error, message),
        without_request=find_error_without_request(cause, *around) if around else None,
        execution=execution,
    )


def find_invocation(failure: Failure, invocations: Iterable[Invocation]) -> Invocation | None:
    """Return the one of *invocations* that ended in *failure*: the one it names, or the last that logged the same.

    A handler that cannot be loaded fails before Lambda's runtime knows of a request, so its error names none.
    """
    if failure.request_id:
        return next((each for each in invocations if each.request_id == failure.request_id), None)
    if failure.without_request is None:
        return None
    return max(filter(failure.without_request.is_of, invocations), key=lambda each: each.started_ms, default=None)


def _deepest(
    states: SFNClient, arn: str, read: Iterable[HistoryEventTypeDef] | None, log: ChildLog | None
) -> tuple[Mapping[str, object], _Place] | None:
    """Return (details, place) of the failure that ended the execution, from a child execution where it has one.

    None when no failure ended it: it took too long, or was stopped.
    """
    events = {event["id"]: event for event in (history(states, arn) if read is None else read)}
    blamed = _blame(events)
    if blamed is None:
        return None
    if blamed["type"] == "MapRunFailed":
        map_run = _map_run(events, blamed)
        child = _one_too_many(states, map_run)
        if child and (below := _deepest(states, child, None, log)):
            found, place = below
            return found, place if place.rank is not None else place._replace(rank=_rank_of_input(states, child))
        if child is None and log and (below := _logged(log, states.describe_map_run(mapRunArn=map_run))):
            return below
    return details(blamed), _place(events, blamed)._replace(execution=arn)


def _logged(log: ChildLog, run: DescribeMapRunOutputTypeDef) -> tuple[Mapping[str, object], _Place] | None:
    """Return (details, place) of the failure that failed a *run* of express children; None where no log has it."""
    failed = [child for child in log.of(run) if child.status == "FAILED"]
    failed.sort(key=lambda child: child.events[-1]["timestamp"])
    if not failed:
        return None
    child = failed[min(_tolerated(run), len(failed) - 1)]
    events = {event["id"]: event for event in child.events}
    blamed = _blame(events)
    if blamed is None:
        return None
    place = _place(events, blamed)._replace(execution=child.arn)
    return details(blamed), place if place.rank is not None else place._replace(rank=child.rank)


def _tolerated(run: DescribeMapRunOutputTypeDef) -> int:
    """Return how many children of a Map's *run* may fail."""
    share = int(run["executionCounts"]["total"] * run["toleratedFailurePercentage"] / 100)
    return min((each for each in (run["toleratedFailureCount"], share) if each), default=0)  # 0 means: not set


def _blame(events: Mapping[int, HistoryEventTypeDef]) -> HistoryEventTypeDef | None:
    ending = next((event for event in events.values() if event["type"] == "ExecutionFailed"), None)
    return _blamed(events, ending) if ending else None


def _one_too_many(states: SFNClient, map_run: str) -> str | None:
    """Return the child whose failure failed a map run: of those that failed, the first that was not tolerated.

    None when there is none to ask: no child failed, or they are express executions, which keep no history.
    """
    pages = states.get_paginator("list_executions").paginate(
        mapRunArn=map_run, statusFilter="FAILED", PaginationConfig=MOST_A_PAGE
    )
    failed = [child for page in pages for child in page["executions"] if ":express:" not in child["executionArn"]]
    if not failed:
        return None
    failed.sort(key=lambda child: child["stopDate"])
    tolerated = _tolerated(states.describe_map_run(mapRunArn=map_run))
    return failed[min(tolerated, len(failed) - 1)]["executionArn"]


def _map_run(events: Mapping[int, HistoryEventTypeDef], at: HistoryEventTypeDef) -> str:
    """Walk back from the failure of a map run to the ARN that it was started with."""
    while "mapRunArn" not in details(at):
        at = events[at["previousEventId"]]
    return str(details(at)["mapRunArn"])


def _is_failure(event: HistoryEventTypeDef) -> bool:
    kind = event["type"]
    return kind == "FailStateEntered" or (kind not in _NOT_A_CAUSE and kind.endswith(FAILURES))


def _blamed(events: Mapping[int, HistoryEventTypeDef], ending: HistoryEventTypeDef) -> HistoryEventTypeDef:
    """Return the failure that the *ending* event tells of, or that event itself where no other does.

    It is the last that says the same. A Fail state says its own.
    """
    said = _said(ending)
    same = [event for event in events.values() if _is_failure(event) and _said(event) == said]
    before = events.get(ending.get("previousEventId", 0), ending)
    return same[-1] if same else before if before["type"] == "FailStateEntered" else ending


def _said(event: HistoryEventTypeDef) -> tuple[object, object]:
    return details(event).get("error"), details(event).get("cause")


class _Place(NamedTuple):
    """Where a failure happened: the state, the rank, the moments of its entry and its failure, and the execution."""

    state: str | None
    rank: int | None
    around: tuple[datetime, datetime] | None
    execution: str = ""


def _place(events: Mapping[int, HistoryEventTypeDef], event: HistoryEventTypeDef) -> _Place:
    """Walk back from *event* to the state and the rank that it happened in; a map that was left before is skipped."""
    state: str | None = None
    rank: int | None = None
    entered: datetime | None = None
    maps = 0  # that were left on the way here
    at: HistoryEventTypeDef | None = event
    while at is not None:
        kind = at["type"]
        if kind == "MapStateExited":
            maps += 1
        elif kind == "MapStateEntered" and maps:
            maps -= 1
        elif maps:
            pass
        elif kind.endswith("StateEntered"):
            entry = at["stateEnteredEventDetails"]
            state = state or entry["name"]
            entered = entered or at.get("timestamp")
            rank = rank_in(entry.get("input")) if rank is None else rank
        elif kind == "MapIterationStarted":
            rank = at["mapIterationStartedEventDetails"].get("index") if rank is None else rank
            break
        at = events.get(at.get("previousEventId", 0))
    failed: datetime | None = event.get("timestamp")
    return _Place(state, rank, (entered, failed) if entered and failed else None)


def _rank_of_input(states: SFNClient, arn: str) -> int | None:
    return rank_in(states.describe_execution(executionArn=arn).get("input"))
