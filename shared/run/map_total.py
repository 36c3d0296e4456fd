"""How many items a distributed Map has, found with as few calls as will do.

The history tells it of a Map whose items its input holds. Of one that reads its items DescribeMapRun tells, which AWS
answers once a second for the whole account, all teams together: so it is asked again only after ever longer waits, and
no more once two answers agree. Nothing but a progress bar depends on it, so an answer that AWS has no time for is none.
"""

from __future__ import annotations

import time
from random import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_stepfunctions import SFNClient

_FIRST_WAIT = 2.0
_LONGEST_WAIT = 60.0
_GROWTH = 2.0
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}


def is_throttled(error: ClientError) -> bool:
    """Whether AWS refused a call because there were too many."""
    return error.response["Error"]["Code"] in _THROTTLED


class MapTotal:
    """The number of items of the newest distributed Map.

    Args:
        states: Step Functions.
        clock: The time in seconds, from any start.
        draw: A number in [0, 1): where in its wait a question falls, so that watchers do not ask together.
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
        self._wait = _FIRST_WAIT
        self._next = 0.0

    def of(self, recent: Sequence[Any]) -> int | None:
        """Return how many items the newest distributed Map has, as far as is known.

        None where there is no such Map; one that *recent* does not show is the last that was seen.

        Args:
            recent: The newest events of the execution, the newest first.
        """
        began = next((event for event in recent if "mapRunStartedEventDetails" in event), None)
        if began is not None and (arn := began["mapRunStartedEventDetails"]["mapRunArn"]) != self._arn:
            self._arn, self._total, self._wait, self._next = arn, None, _FIRST_WAIT, self._clock()
            self._known = bool(length := _length(recent, began))
            self._total = length
        if self._arn is not None and not self._known and self._clock() >= self._next:
            self._ask(self._arn)
        return self._total

    def _ask(self, arn: str) -> None:
        self._next = self._clock() + self._wait * (1 + self._draw()) / 2
        self._wait = min(self._wait * _GROWTH, _LONGEST_WAIT)
        try:
            total = self._states.describe_map_run(mapRunArn=arn)["itemCounts"]["total"]
        except ClientError as error:
            if not is_throttled(error):
                raise
            return
        self._known = total == self._total and total > 0
        self._total = total


def _length(recent: Sequence[Any], began: Any) -> int | None:
    """Return what the event before a Map run's start says of its items; of a Map that reads them it says 0."""
    before: Any = next((event for event in recent if event["id"] == began.get("previousEventId")), {})
    return before.get("mapStateStartedEventDetails", {}).get("length") or None
