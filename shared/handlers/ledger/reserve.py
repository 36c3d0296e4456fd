"""The function that the first state of each prepaid workflow calls: it reserves what the run may cost, or refuses it.

Only the roles of prepaid lanes' state machines may call it, and what they hand to it stands in definitions that the
platform alone writes. Of a run's input it gets the numbers of items that the input asks for.
"""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.handlers.env import require
from shared.handlers.ledger.account import Ledger, Reservation, refusal
from shared.handlers.ledger.settle import settle_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SETTLING_SECONDS = 40  # of the function's 60: what is not settled then is settled for the next run
_MOST_ITEMS = 10**9  # more than any Map has, and within what DynamoDB's numbers hold
TABLE_VARIABLE = "LEDGER"
"""The variable with the table's name."""


class PrepaidRefused(Exception):
    """The lane has less left than the run may cost."""


def handler(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Reserve what the run may cost; return how many items its Maps may have.

    Raises:
        PrepaidRefused: Too little is left, or the input asks for no whole number of items.
        LedgerBusy: AWS was asked too often; the gate tries again.
    """
    ((_, table),) = require(os.environ, TABLE_VARIABLE)
    dynamodb, states = _clients()
    return reserve(event, Ledger(dynamodb, table), states)


def reserve(
    event: Mapping[str, Any], ledger: Ledger, states: Any, clock: Callable[[], float] = time.monotonic
) -> dict[str, int]:
    """Reserve for *event*, which :func:`shared.config.prepaid_gate.gated` writes; as :func:`handler`."""
    lane = event["lane"]
    try:
        items = asked(event["asked"], event["default"])
    except PrepaidRefused:
        ledger.charge_refusal(lane)
        raise
    need = event["fixed"] + items * event["item"]
    calls = {name: (float(rate), int(most)) for name, (rate, most) in event["calls"].items()}
    wanted = Reservation(event["execution"], event["workflow"], need, items, event["item"], calls, event["started"])
    made, since = ledger.reserve(lane, wanted), clock()
    if made is None and (account := ledger.account(lane)) and account.reserved:

        def enough() -> bool:
            have = ledger.account(lane)
            return clock() - since > _SETTLING_SECONDS or have is None or have.available >= need

        settle_ended(ledger, states, lane, enough)
        made = ledger.reserve(lane, wanted)
    if made is None:
        told = refusal(ledger.account(lane), need)
        ledger.charge_refusal(lane)
        raise PrepaidRefused(f"{told}; lanes ledger {lane} shows it, and the platform tops it up")
    return {"items": made.items}


def asked(given: list[Any], default: int) -> int:
    """Return how many items a run asks for: the first number of those *given*, else *default*; 1 at least.

    Raises:
        PrepaidRefused: What is given is no whole number, or larger than any Map.
    """
    told = [value for value in given if value is not None and value != ""]
    if not told:
        return default
    first = told[0]
    if isinstance(first, str) and first.isdecimal() and len(first) <= len(str(_MOST_ITEMS)):
        first = int(first)
    if isinstance(first, float) and first.is_integer():
        first = int(first)
    if isinstance(first, bool) or not isinstance(first, int) or not 0 <= first <= _MOST_ITEMS:
        raise PrepaidRefused(f"{str(first)[:50]!r} is no number of items, so nobody knows what the run may cost")
    return max(1, first)


@cache
def _clients() -> tuple[Any, Any]:
    import boto3

    return boto3.client("dynamodb"), boto3.client("stepfunctions")
