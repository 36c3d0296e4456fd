"""Keeps clients within a part of what AWS answers an account a second: the rest is for the runs, and for other people.

AWS gives each action of an account a bucket of calls that fills again at so many a second, and throttles who finds it
empty. A program that shows what happens all day must never be the one that empties it, whatever is opened in it. So it
keeps a bucket of its own for each action, half as large, in which every attempt counts, retries too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.aws_facts import (
    EXECUTION_CALLS,
    FILTER_CALLS,
    HISTORY_CALLS,
    LIST_CALLS,
    LOG_CALLS,
    MACHINE_CALLS,
    RARE_CALLS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

    from shared.config.aws_facts import Throttle

_PART = 2
_PATIENCE = 15.0  # seconds that a call waits for its turn, at the most


@dataclass(frozen=True, slots=True)
class Rate:
    """How often an action may be called here, and for how many seconds a call waits for its turn at the most."""

    throttle: Throttle
    patience: float = _PATIENCE


RATES: Mapping[tuple[str, str], Rate] = {
    ("stepfunctions", "DescribeExecution"): Rate(EXECUTION_CALLS),
    ("stepfunctions", "DescribeMapRun"): Rate(RARE_CALLS, 0.0),  # counts: the next look asks for them
    ("stepfunctions", "DescribeStateMachine"): Rate(MACHINE_CALLS),
    ("stepfunctions", "DescribeStateMachineForExecution"): Rate(RARE_CALLS),
    ("stepfunctions", "GetExecutionHistory"): Rate(HISTORY_CALLS),
    ("stepfunctions", "ListExecutions"): Rate(LIST_CALLS),
    ("logs", "FilterLogEvents"): Rate(FILTER_CALLS),
    ("logs", "GetLogEvents"): Rate(LOG_CALLS),
}
"""By service and action, as boto3 and AWS call them."""


class Bucket:
    """So many calls at once, and *rate* a second after that. It may be used by several threads.

    Args:
        burst: How many at once.
        rate: How many a second.
        clock: Seconds from any start.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        burst: float,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._burst, self._rate = burst, rate
        self._clock, self._sleep = clock, sleep
        self._free, self._since = burst, clock()
        self._lock = Lock()

    def take(self, patience: float = float("inf")) -> bool:
        """Wait for a turn; False, at once, where that would take more seconds than *patience*."""
        with self._lock:
            now = self._clock()
            self._free = min(self._burst, self._free + (now - self._since) * self._rate)
            self._since = now
            wait = max(0.0, (1 - self._free) / self._rate)
            if wait > patience:
                return False
            self._free -= 1
        if wait:
            self._sleep(wait)
        return True


def keep_pace(
    session: boto3.Session,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Have the clients that *session* makes from now on keep to half of the :data:`RATES`, all together."""
    for (service, action), rate in RATES.items():
        bucket = Bucket(rate.throttle.bucket / _PART, rate.throttle.refill / _PART, clock, sleep)
        wait = partial(_wait, bucket, rate, action)
        session.events.register(f"before-send.{service}.{action}", wait)


def _wait(bucket: Bucket, rate: Rate, action: str, **_: object) -> None:
    """Wait for a turn to call *action*.

    Raises:
        ClientError: It would take too long. It is what AWS says of too many calls, so that it is dealt with as that;
            botocore does not repeat it.
    """
    if not bucket.take(rate.patience):
        told = f"not asked: more than {rate.throttle.refill / _PART:g} a second, half of what AWS answers an account"
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": told}}, action)
