"""Settles the runs of a lane that have ended: what they did not use of their reservations is available again.

Nothing tells the ledger that a run has ended, so nothing can be lost on its way: the next run that finds too little
asks, and so does ``lanes ledger``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.handlers.ledger.account import THROTTLED, LedgerBusy
from shared.handlers.ledger.prices import GATE_CALL
from shared.handlers.ledger.used import used_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.handlers.ledger.account import Ledger, Reservation

_GOES_ON = {"RUNNING", "PENDING_REDRIVE"}
_LAST = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
MOST_CHILDREN = 200
"""How many children of a run's Maps are read one by one. Step Functions lets 20 histories be read in a second, so those
of a larger run are charged as the most that each can have used."""


def settle_ended(ledger: Ledger, states: Any, lane: str, enough: Callable[[], bool] = lambda: False) -> int:
    """Settle the runs of *lane* that have ended, the oldest first, and return how many were.

    Args:
        ledger: The ledger.
        states: A client of Step Functions.
        lane: Whose runs.
        enough: Is asked before each; once it says so, the rest waits for another time.

    Raises:
        LedgerBusy: AWS was asked too often. What is settled stays so.
    """
    settled = 0
    for reservation in ledger.reservations(lane):
        if enough():
            break
        used = used_so_far(states, reservation)
        if used is not None:
            settled += ledger.settle(lane, reservation, used)
    return settled


def used_so_far(states: Any, reservation: Reservation) -> int | None:
    """Return what the run of *reservation* used, in nanodollars; None while it, or a child of it, goes on.

    Of a run that Step Functions does not know any more, all that was reserved counts as used.

    Raises:
        LedgerBusy: Step Functions was asked too often: it lets 20 histories be read in a second.
    """
    try:
        return _used_so_far(states, reservation)
    except ClientError as error:
        if code_of(error) == "ExecutionDoesNotExist":
            return reservation.reserved
        if code_of(error) in THROTTLED:
            what = "Step Functions is too busy to tell what the lane's runs used"
            raise LedgerBusy(what, fix="try again in some seconds") from error
        raise


def _used_so_far(states: Any, reservation: Reservation) -> int | None:
    if states.describe_execution(executionArn=reservation.arn)["status"] in _GOES_ON:
        return None
    own = _used_by(states, reservation.arn, reservation.calls)
    children = list(_children(states, reservation.arn))
    if own is None or any(child["status"] in _GOES_ON for child in children):
        return None
    if len(children) > MOST_CHILDREN:
        return GATE_CALL + own + len(children) * reservation.item
    used = [_used_by(states, child["executionArn"], reservation.calls) for child in children]
    return None if None in used else GATE_CALL + own + sum(each or 0 for each in used)


def _used_by(states: Any, arn: str, calls: Mapping[str, tuple[float, int]]) -> int | None:
    """Return what an execution used; None while its history does not end.

    Step Functions tells of an execution before all copies of what it knows agree: "This operation is eventually
    consistent" (API reference, DescribeExecution). Calls that the history does not have yet would be given back.
    """
    last = ""

    def noted() -> Iterator[dict[str, Any]]:
        nonlocal last
        for event in _events(states, arn):
            last = event["type"]
            yield event

    used = used_by(noted(), calls)
    return used if last in _LAST else None


def _events(states: Any, arn: str) -> Iterator[dict[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=False)
    for page in pages:
        yield from page["events"]


def _children(states: Any, arn: str) -> Iterator[dict[str, Any]]:
    for page in states.get_paginator("list_map_runs").paginate(executionArn=arn):
        for run in page["mapRuns"]:
            for listed in states.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"]):
                yield from listed["executions"]
