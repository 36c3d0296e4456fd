"""What an execution used, counted from its history. Pure.

Step Functions writes the history, and the team's code cannot. The time between the events around a call is no less than
what Lambda bills for it: it holds the cold start as well. Of a call whose end is not in the history, nobody knows how
long it goes on: the run was stopped, the state gave it up, or the answer was lost. It is charged in full.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared.handlers.ledger.prices import LAMBDA_REQUEST_USD, TRANSITION, nano

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SCHEDULED = {"TaskScheduled", "LambdaFunctionScheduled"}
_DONE = {"TaskSucceeded", "LambdaFunctionSucceeded"}
_FAILED = {"TaskFailed": "taskFailedEventDetails", "LambdaFunctionFailed": "lambdaFunctionFailedEventDetails"}
_NEVER_BEGAN = {
    "TaskStartFailed",
    "TaskSubmitFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
}
_FIRST_AFTER = {
    **dict.fromkeys(_SCHEDULED, "TaskStateEntered"),
    "MapStateStarted": "MapStateEntered",
    "ParallelStateStarted": "ParallelStateEntered",
}
"""What comes right before the first attempt of a state, by the event that begins an attempt."""
_MAYBE_GOES_ON = ("Lambda.", "States.")
"""How errors begin after which nobody knows whether the function has ended: Lambda's client lost it, or time was up."""
_ROUNDING_MS = 2  # of both times, and of the bill


def used_by(events: Iterable[Mapping[str, Any]], calls: Mapping[str, tuple[float, int]]) -> int:
    """Return what the execution with these *events* used, in nanodollars: transitions, requests and time.

    Args:
        events: Its whole history, as GetExecutionHistory tells it, the first event first.
        calls: By the name of a state: what a millisecond of its call costs, and what the whole call at the most.
    """
    entry: dict[int, int] = {0: 0}  # by an event: that of the state's entry which it belongs to
    names: dict[int, str] = {}  # by an entry
    attempt: dict[int, int] = {}  # by an event: that by which the call was scheduled
    open_calls: dict[int, tuple[str, Any]] = {}
    kinds: dict[int, str] = {}  # by an event
    transitions = used = 0
    for event in events:
        own, before, kind = event["id"], event.get("previousEventId", 0), event["type"]
        kinds[own] = kind
        entry[own] = entry.get(before, 0)
        if kind.endswith("StateEntered"):
            entry[own] = own
            names[own] = event["stateEnteredEventDetails"]["name"]
            transitions += 1
        transitions += kind in _FIRST_AFTER and kinds.get(before) != _FIRST_AFTER[kind]
        if kind in _SCHEDULED:
            attempt[own] = own
            open_calls[own] = names.get(entry[own], ""), event["timestamp"]
            continue
        if before in attempt:
            attempt[own] = attempt[before]
        if kind in _NEVER_BEGAN or kind in _DONE or (kind in _FAILED and not _maybe_goes_on(event, _FAILED[kind])):
            name, since = open_calls.pop(attempt.get(own, 0), ("", None))
            rate, most = calls.get(name, (0.0, 0))
            if since is not None and kind not in _NEVER_BEGAN:
                used += _ended(rate, most, (event["timestamp"] - since).total_seconds() * 1000)
    never_ended = sum(calls.get(name, (0.0, 0))[1] for name, _ in open_calls.values())
    return used + never_ended + transitions * TRANSITION


def _ended(rate: float, most: int, milliseconds: float) -> int:
    """Return what a call used that took so long; one that has no rate is of a service, and counts in full."""
    if not rate:
        return most
    return min(most, nano(LAMBDA_REQUEST_USD) + math.ceil(rate * (milliseconds + _ROUNDING_MS)))


def _maybe_goes_on(event: Mapping[str, Any], details: str) -> bool:
    return str(event.get(details, {}).get("error", "States.")).startswith(_MAYBE_GOES_ON)
