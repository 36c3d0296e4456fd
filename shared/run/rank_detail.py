"""One rank, opened: what it got, what it called and how often, what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.run.attempts import attempts_in
from shared.run.cause import request_in
from shared.run.history import details, history, parse_object
from shared.run.own_code import fix_of, own_frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.run.attempts import Attempt
    from shared.run.ranks import RankRow
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Call:
    """An attempt of a rank, with the seconds that it waited for since the one before ended.

    ``request`` is the invocation that answered; None where the history names none. ``function`` is a name or an ARN.
    """

    state: str
    number: int
    redrive: int
    what: str
    function: str | None
    status: str
    error: str
    request: str | None
    began: datetime
    ended: datetime | None
    waited: float | None

    @property
    def seconds(self) -> float | None:
        """How long it took; None before its end."""
        return (self.ended - self.began).total_seconds() if self.ended else None


@dataclass(frozen=True, slots=True)
class RankDetail:
    """A rank with all that its events tell.

    Attributes:
        row: The rank.
        event: What it got: the input of its child execution, or of the first state of an inline Map's item.
        result: What came of it; None unless it succeeded.
        calls: Every call that it made, with its retries, oldest first.
        states: The states that it entered, in order; one that was entered again stands there again.
        traceback: The function's own frames, each a text of two lines, where a function raised the error.
        fix: What to do about the error; None where that is not known.
    """

    row: RankRow
    event: Json
    result: Json
    calls: tuple[Call, ...]
    states: tuple[str, ...]
    traceback: tuple[str, ...] = ()
    fix: str | None = None

    @property
    def retries(self) -> int:
        """How many of the calls were made again, by a Retry or a redrive."""
        return len(self.calls) - len({call.state for call in self.calls})

    @property
    def transitions(self) -> int:
        """What Step Functions bills for: each state that was entered, and each retry."""
        return len(self.states) + sum(call.number > 1 for call in self.calls)


def detail_of(row: RankRow, events: Sequence[HistoryEventTypeDef]) -> RankDetail:
    """Return the rank in *row*, by the *events* of its item or of its execution, oldest first."""
    attempts = attempts_in(events)
    failed = next((each for each in reversed(attempts) if each.cause), None) if row.bad else None
    said = parse_object(failed.cause) if failed else {}
    return RankDetail(
        row,
        _event(events),
        _result(events) if row.status == "SUCCEEDED" else None,
        tuple(_calls(attempts)),
        tuple(event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event),
        own_frames(said.get("stackTrace")),
        fix_of(row.error, row.message) if row.error else None,
    )


def read_child(states: SFNClient, row: RankRow) -> list[HistoryEventTypeDef]:
    """Return the events of the child execution in *row*, oldest first."""
    return list(history(states, row.execution))


def _calls(attempts: Sequence[Attempt]) -> list[Call]:
    calls: list[Call] = []
    ended: dict[str, datetime | None] = {}
    for each in attempts:
        before = ended.get(each.state)
        calls.append(
            Call(
                each.state,
                each.number,
                each.redrive,
                f"{each.kind}:{each.action}",
                each.function,
                each.status,
                each.error or "",
                each.request_id or request_in(json.dumps(each.result)),
                each.began,
                each.ended,
                (each.began - before).total_seconds() if before and each.number > 1 else None,
            )
        )
        ended[each.state] = each.ended
    return calls


def _event(events: Sequence[HistoryEventTypeDef]) -> Json:
    for event in events:
        if event["type"] == "ExecutionStarted" or event["type"].endswith("StateEntered"):
            return _parsed(details(event).get("input"))
    return None


def _result(events: Sequence[HistoryEventTypeDef]) -> Json:
    for event in reversed(events):
        if event["type"] == "ExecutionSucceeded" or event["type"].endswith("StateExited"):
            return _parsed(details(event).get("output"))
    return None


def _parsed(text: object) -> Json:
    try:
        value: Json = json.loads(str(text)) if text is not None else None
    except ValueError:
        return str(text)
    return value
