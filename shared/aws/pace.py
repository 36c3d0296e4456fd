"""Keeps clients within a part of what AWS answers an account a second: the rest is for the runs, and for other people.

AWS gives each action of an account a bucket of calls that fills again at so many a second, and throttles who finds it
empty. A program that shows what happens all day must never be the one that empties it, whatever is opened in it. So it
keeps a bucket of its own for each action, half as large, in which every attempt counts, retries too.
"""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.aws.token_bucket import TokenBucket
from shared.config.throttles import throttles_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

    from shared.config.aws_facts import Throttle

_PART = 2
_PATIENCE = 15.0  # seconds that a call waits for its turn, at the most


# What is asked all day, by service and action as boto3 and AWS call them, and for how many seconds a call waits for its
# turn at the most. The counts of a Map wait for none: the next look asks for them.
PACED: Mapping[tuple[str, str], float] = {
    ("stepfunctions", "DescribeExecution"): _PATIENCE,
    ("stepfunctions", "DescribeMapRun"): 0.0,
    ("stepfunctions", "DescribeStateMachine"): _PATIENCE,
    ("stepfunctions", "DescribeStateMachineForExecution"): _PATIENCE,
    ("stepfunctions", "GetExecutionHistory"): _PATIENCE,
    ("stepfunctions", "ListExecutions"): _PATIENCE,
    ("logs", "FilterLogEvents"): _PATIENCE,
    ("logs", "GetLogEvents"): _PATIENCE,
}


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
        self._clock, self._sleep = clock, sleep
        self._tokens = TokenBucket(burst, rate, clock())
        self._lock = Lock()

    def take(self, patience: float = float("inf")) -> bool:
        """Wait for a turn; False, at once, where that would take more seconds than *patience*."""
        with self._lock:
            wait = self._tokens.take(self._clock(), patience)
        if wait:
            self._sleep(wait)
        return wait is not None


def keep_pace(
    session: boto3.Session,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Have the clients that *session* makes from now on keep to half of what AWS answers in its region, together."""
    throttles = throttles_of(session.region_name)
    for (service, action), patience in PACED.items():
        throttle = throttles[service, action]
        bucket = Bucket(throttle.bucket / _PART, throttle.refill / _PART, clock, sleep)
        wait = partial(_wait, bucket, throttle, patience, action)
        session.events.register(f"before-send.{service}.{action}", wait)


def _wait(bucket: Bucket, throttle: Throttle, patience: float, action: str, **_: object) -> None:
    """Wait for a turn to call *action*.

    Raises:
        ClientError: It would take too long. It is what AWS says of too many calls, so that it is dealt with as that;
            botocore does not repeat it.
    """
    if not bucket.take(patience):
        told = f"not asked: more than {throttle.refill / _PART:g} a second, half of what AWS answers an account"
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": told}}, action)
