"""Finds how many items a distributed Map has, with as few calls as possible.

For a Map whose items are in its input, the history tells the number. For a Map that reads its items, DescribeMapRun
tells it. AWS answers that call once a second for the whole account, all teams together, so the waits between two
questions grow, and nothing is asked any more once two answers agree. Only a progress bar depends on the number, so a
question that AWS throttles is just asked later.
"""

from __future__ import annotations

import time
from random import random
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.patience import growing_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
"""What AWS calls a call that it did not answer because there were too many."""


def is_throttled(error: ClientError) -> bool:
    """Say whether AWS refused a call because there were too many."""
    return code_of(error) in THROTTLED


class MapTotal:
    """The number of items of the newest distributed Map.

    Args:
        states: Step Functions.
        clock: The time in seconds, from any start.
        draw: A number in [0, 1). It shortens each wait by a different part, so that watchers do not ask together.
    """

    def __init__(
        self, states: SFNClient, *, clock: Callable[[], float] = time.monotonic, draw: Callable[[], float] = random
    ) -> None:
        self._states = states
        self._clock = clock
        self._draw = draw
        self._arn: str | None = None
        self._total: int | None = None
        self._known = False
        self._waits = _waits()
        self._next = 0.0

    def known_from(self, recent: Sequence[HistoryEventTypeDef]) -> int | None:
        """Return how many items the newest distributed Map has, as far as is known; None where there is no such Map.

        Args:
            recent: The newest events of the execution, the newest first. Where they show no Map, the last one that was
                seen counts.
        """
        began = next((event for event in recent if "mapRunStartedEventDetails" in event), None)
        if began is not None and (arn := began["mapRunStartedEventDetails"].get("mapRunArn")) != self._arn:
            self._arn, self._waits, self._next = arn, _waits(), self._clock()
            self._total = _length(recent, began)
            self._known = self._total is not None
        if self._arn is not None and not self._known and self._clock() >= self._next:
            self._ask(self._arn)
        return self._total

    def _ask(self, arn: str) -> None:
        self._next = self._clock() + next(self._waits) * (1 + self._draw()) / 2
        try:
            total = self._states.describe_map_run(mapRunArn=arn)["itemCounts"]["total"]
        except ClientError as error:
            if not is_throttled(error):
                raise
            return
        self._known = total == self._total and total > 0
        self._total = total


def _waits() -> Iterator[float]:
    return growing_waits(first=2.0, longest=60.0, growth=2.0)


def _length(recent: Sequence[HistoryEventTypeDef], began: HistoryEventTypeDef) -> int | None:
    """Return the number in the event before a Map run's start; None for a Map that reads its items: there it is 0."""
    for event in recent:
        if event["id"] == began.get("previousEventId"):
            return event.get("mapStateStartedEventDetails", {}).get("length") or None
    return None
