"""A lane's account in the ledger's table, in whole nanodollars.

For each lane (key ``lane``), the table holds items (key ``item``):

- ``account``: granted = available + kept + reserved + spent. ``kept`` is kept back for starts that are refused.
- ``open#ARN``: the reservation of an execution; ``done#ARN``: what became of it, for ninety days.
- ``grant#ID``: what was granted, when and by whom.

Whatever changes two items does so in one transaction, under conditions. So a reservation is made once and settled
once, whoever is killed in the midst of it and however often it is tried.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.errors import LanesError, code_of
from shared.handlers.ledger.prices import FEE, dollars

OPEN, DONE, GRANT, ACCOUNT = "open#", "done#", "grant#", "account"
EXPIRES = "expires"
"""The attribute by which DynamoDB forgets what is done."""
_DAYS_KEPT = 90
_KEPT_FEES, _KEPT_SHARE = 1000, 10  # of refused starts; one tenth of the first grant at the most
_TRIES = 12
THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "Throttling", "ThrottlingException"}
"""What AWS answers where it was asked too often."""
_AGAIN = {"TransactionConflictException", "TransactionInProgressException", *THROTTLED}
_REASONS_AGAIN = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Why a transaction was cancelled that may be tried again. Source: DynamoDB API reference, TransactWriteItems."""
_MORE = "SET granted = granted + :more, available = available + :more"
_CONDITION = "ConditionalCheckFailed"

Sleep = Callable[[float], None]


class LedgerBusy(LanesError):
    """AWS was asked too often, and nothing was changed. The gate of a run tries again."""


@dataclass(frozen=True, slots=True)
class Account:
    """A lane's account, in nanodollars. ``refused`` counts refused starts; ``from_file`` is the file's sum."""

    lane: str
    granted: int
    available: int
    kept: int
    reserved: int
    spent: int
    refused: int
    from_file: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was reserved for one execution.

    Attributes:
        arn: The execution.
        workflow: Its workflow's key.
        reserved: Nanodollars.
        items: How many items each of its Maps may have.
        item: What an item costs at the most, in nanodollars.
        calls: By the name of a state: what a millisecond of its call costs, and what the whole call at the most.
        at: When, in ISO 8601.
        used: Nanodollars, once it is settled.
    """

    arn: str
    workflow: str
    reserved: int
    items: int
    item: int
    calls: Mapping[str, tuple[float, int]]
    at: str
    used: int | None = None


class Ledger:
    """The accounts in one table.

    Args:
        dynamodb: A client of DynamoDB.
        table: The table's name.
        sleep: Waits so many seconds before a transaction that met another is tried again.
        now: The time.
    """

    def __init__(
        self,
        dynamodb: Any,
        table: str,
        sleep: Sleep = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dynamodb, self._table, self._sleep, self._now = dynamodb, table, sleep, now

    def account(self, lane: str) -> Account | None:
        """Return the account of *lane*, or None."""
        item = self._get(lane, ACCOUNT)
        if item is None:
            return None
        names = ("granted", "available", "kept", "reserved", "spent", "refused", "from_file")
        return Account(lane, *(int(item[name]["N"]) for name in names))

    def reserve(self, lane: str, wanted: Reservation) -> Reservation | None:
        """Reserve what is *wanted*, or return what that execution has already; None where too little is left.

        Step Functions forgets an execution after ninety days, and its name, and so its ARN, is free again. What an
        earlier one of that ARN reserved, and nobody settled, is charged in full first.

        Raises:
            LanesError: The lane has no account.
            LedgerBusy: DynamoDB is too busy.
        """
        need = {":need": _number(wanted.reserved)}
        update = {
            "UpdateExpression": "SET available = available - :need, reserved = reserved + :need",
            "ConditionExpression": "available >= :need",
            "ExpressionAttributeValues": need,
        }
        put = {"Item": self._item(lane, OPEN, wanted), "ConditionExpression": "attribute_not_exists(lane)"}
        if self._write({"Update": self._on(lane, ACCOUNT) | update}, {"Put": {"TableName": self._table, **put}}):
            return wanted
        if found := self._get(lane, OPEN + wanted.arn):
            held = _reservation(found)
            if held.at == wanted.at:
                return held
            self.settle(lane, held, held.reserved)
            return self.reserve(lane, wanted)
        if self._get(lane, ACCOUNT) is None:
            raise _no_account(lane)
        return None

    def charge_refusal(self, lane: str) -> None:
        """Charge *lane* for a start that was refused.

        Raises:
            LanesError: The lane has no account.
            LedgerBusy: DynamoDB is too busy.
        """
        update = {
            "UpdateExpression": "SET available = available - :fee, spent = spent + :fee, refused = refused + :one",
            "ConditionExpression": "attribute_exists(lane)",
            "ExpressionAttributeValues": {":fee": _number(FEE), ":one": _number(1)},
        }
        if not self._write({"Update": self._on(lane, ACCOUNT) | update}):
            raise _no_account(lane)

    def settle(self, lane: str, reservation: Reservation, used: int) -> bool:
        """Give back what an ended execution did not use of its *reservation*; False where that is done already.

        Args:
            lane: Whose it is.
            reservation: The open reservation.
            used: Nanodollars. No more is charged than was reserved, which is the most that it can have been.
        """
        used = min(used, reservation.reserved)
        update = {
            "UpdateExpression": "SET available = available + :back, reserved = reserved - :was, spent = spent + :used",
            "ExpressionAttributeValues": {
                ":back": _number(reservation.reserved - used),
                ":was": _number(reservation.reserved),
                ":used": _number(used),
            },
        }
        done = self._item(lane, DONE, reservation) | {
            "used": _number(used),
            EXPIRES: _number(int(self._now().timestamp()) + _DAYS_KEPT * 86_400),
        }
        same = {  # and not that of a later execution of its name; "at" is a reserved word of DynamoDB's
            "ConditionExpression": "#at = :at",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": {":at": {"S": reservation.at}},
        }
        return self._write(
            {"Delete": self._on(lane, OPEN + reservation.arn) | same},
            {"Update": self._on(lane, ACCOUNT) | update},
            {"Put": {"TableName": self._table, "Item": done}},
        )

    def grant_file(self, lane: str, amount: int, who: str) -> None:
        """Have *lane* granted *amount*, the sum in its team's file, in place of what the file said before.

        Top-ups stay beside it. Doing it again changes nothing.
        """
        while (have := self.account(lane)) is None or have.from_file != amount:
            if have is None:
                kept = min(amount // _KEPT_SHARE, _KEPT_FEES * FEE)
                sums = {"granted": amount, "from_file": amount, "available": amount - kept, "kept": kept}
                item = {
                    name: _number(value) for name, value in {**sums, "reserved": 0, "spent": 0, "refused": 0}.items()
                }
                put = {"Item": self._key(lane, ACCOUNT) | item, "ConditionExpression": "attribute_not_exists(lane)"}
                step = {"Put": {"TableName": self._table, **put}}
            else:
                more = {":more": _number(amount - have.from_file), ":new": _number(amount)}
                update = {
                    "UpdateExpression": f"{_MORE}, from_file = :new",
                    "ConditionExpression": "from_file = :old",
                    "ExpressionAttributeValues": {**more, ":old": _number(have.from_file)},
                }
                step = {"Update": self._on(lane, ACCOUNT) | update}
            at = self._now().isoformat(timespec="microseconds")
            self._write(step, self._note_grant(lane, f"{at}#file", amount, who, "file"))

    def top_up(self, lane: str, amount: int, who: str, token: str) -> bool:
        """Grant *lane* so much more; False where the same *token* has done so before.

        Raises:
            LanesError: The lane has no account.
        """
        update = {
            "UpdateExpression": _MORE,
            "ConditionExpression": "attribute_exists(lane)",
            "ExpressionAttributeValues": {":more": _number(amount)},
        }
        done = self._write(
            {"Update": self._on(lane, ACCOUNT) | update}, self._note_grant(lane, token, amount, who, "top-up")
        )
        if not done and self.account(lane) is None:
            raise _no_account(lane)
        return done

    def reservations(self, lane: str, kind: str = OPEN) -> list[Reservation]:
        """Return the reservations of *lane* that are open, or those that are done, the oldest first."""
        return sorted(map(_reservation, self._items(lane, kind)), key=lambda each: each.at)

    def grants(self, lane: str) -> list[dict[str, str | int]]:
        """Return what *lane* was granted: ``at``, ``who``, ``by`` (file or top-up) and ``amount``, the oldest first."""
        found: list[dict[str, str | int]] = [
            {"at": each["at"]["S"], "who": each["who"]["S"], "by": each["by"]["S"], "amount": int(each["amount"]["N"])}
            for each in self._items(lane, GRANT)
        ]
        return sorted(found, key=lambda each: str(each["at"]))

    def _write(self, *steps: Mapping[str, Any]) -> bool:
        """Carry *steps* out, all or none; False where a condition does not hold."""
        for again in range(_TRIES):
            try:
                self._dynamodb.transact_write_items(TransactItems=list(steps))
            except ClientError as error:
                reasons = {each.get("Code") for each in error.response.get("CancellationReasons", ())}
                if _CONDITION in reasons:
                    return False
                if not (reasons & _REASONS_AGAIN or code_of(error) in _AGAIN):
                    raise
                self._sleep(random.uniform(0, 0.02 * 2 ** min(again, 6)))  # noqa: S311  spreads them, hides nothing
            else:
                return True
        raise LedgerBusy("the ledger's table is too busy", fix="start the run again")

    def _get(self, lane: str, item: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._dynamodb.get_item(**self._on(lane, item), ConsistentRead=True).get(
            "Item"
        )
        return found

    def _items(self, lane: str, kind: str) -> list[Mapping[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="lane = :lane AND begins_with(#item, :kind)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":lane": {"S": lane}, ":kind": {"S": kind}},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def _on(self, lane: str, item: str) -> dict[str, Any]:
        return {"TableName": self._table, "Key": self._key(lane, item)}

    def _key(self, lane: str, item: str) -> dict[str, Any]:
        return {"lane": {"S": lane}, "item": {"S": item}}

    def _item(self, lane: str, kind: str, made: Reservation) -> dict[str, Any]:
        calls = {name: {"L": [{"N": repr(rate)}, _number(most)]} for name, (rate, most) in made.calls.items()}
        return self._key(lane, kind + made.arn) | {
            "workflow": {"S": made.workflow},
            "reserved": _number(made.reserved),
            "items": _number(made.items),
            "each": _number(made.item),
            "calls": {"M": calls},
            "at": {"S": made.at},
        }

    def _note_grant(self, lane: str, token: str, amount: int, who: str, by: str) -> dict[str, Any]:
        told = {"amount": _number(amount), "who": {"S": who}, "by": {"S": by}, "at": {"S": self._now().isoformat()}}
        item = self._key(lane, GRANT + token) | told
        return {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(lane)"}}


def refusal(account: Account | None, need: int) -> str:
    """Say why a run that needs so much is refused."""
    left = account.available if account else 0
    granted = account.granted if account else 0
    waiting = f", {dollars(account.reserved)} are reserved for runs that go on" if account and account.reserved else ""
    sums = f"up to {dollars(need)}, and {dollars(left)} of the lane's {dollars(granted)} are left"
    return f"this run may cost {sums}{waiting}"


def _no_account(lane: str) -> LanesError:
    return LanesError(f"lane {lane} has no account in the ledger", fix=f"lanes deploy {lane}, as the platform")


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _reservation(item: Mapping[str, Any]) -> Reservation:
    calls = item["calls"]["M"]
    return Reservation(
        arn=item["item"]["S"].partition("#")[2],
        workflow=item["workflow"]["S"],
        reserved=int(item["reserved"]["N"]),
        items=int(item["items"]["N"]),
        item=int(item["each"]["N"]),
        calls={name: (float(each["L"][0]["N"]), int(each["L"][1]["N"])) for name, each in calls.items()},
        at=item["at"]["S"],
        used=int(item["used"]["N"]) if "used" in item else None,
    )
