"""One account's tokens in each region. Thread-safe."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from shared.aws.token_bucket import TokenBucket
from shared.config.aws_facts import EXPRESS_STARTS, STANDARD_STARTS
from shared.config.throttles import CONTROL_PLANE, starts_of, throttles_of, transitions_of
from shared.local.pacing.functions import Functions, Quotas, ThrottledError
from shared.local.standing import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.config.aws_facts import Throttle
    from shared.local.pacing.functions import Entered

_TICK = 0.1
"""Seconds of children that a Map run may start at once: a bucket that AWS does not tell of, as small as may be here."""
_INVOKE = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})


class Account:
    """What an account has left.

    Args:
        region: The region that the cloud plays.
        quotas: What its functions may.
        throttles: How often each action may be called, by region.
        clock: Seconds from any start.
        idle: Seconds after which an environment that serves nothing is gone.
    """

    def __init__(
        self,
        region: str,
        quotas: Quotas | None = None,
        *,
        throttles: Callable[[str], Mapping[tuple[str, str], Throttle]] = throttles_of,
        clock: Callable[[], float] = time.monotonic,
        idle: float = 600.0,
    ) -> None:
        self._region = region
        self._throttles = throttles
        self._clock = clock
        self._lock = Lock()
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}
        self._functions = Functions(quotas or Quotas(), idle)
        self._throttled: Counter[str] = Counter()
        self._kept_waiting, self._waited = 0, 0.0
        self._late = 0.0

    # Calls of APIs, and states.

    def admits(self, region: str, service: str, operation: str) -> bool:
        """Take a token for a call, where the action has a bucket; return whether there was one."""
        known = self._throttles(region)
        if service == "lambda" and (service, operation) not in known and operation not in _INVOKE:
            operation = CONTROL_PLANE
        given = known.get((service, operation))
        return given is None or self._take(region, service, operation, given)

    def starts(self, region: str, *, express: bool) -> bool:
        """Take a token for the start of an execution; return whether there was one."""
        action = "StartExecution (express)" if express else "StartExecution"
        return self._take(region, "stepfunctions", action, starts_of(region, express=express))

    def transition(self, region: str) -> float:
        """Take a token for a state that a standard execution enters; return the seconds until it may."""
        with self._lock:
            now = self._clock()
            given = transitions_of(region)
            wait = self._bucket((region, "stepfunctions", "StateTransition"), given, now).take(now, float("inf"))
        return wait or 0.0

    def _take(self, region: str, service: str, action: str, given: Throttle) -> bool:
        with self._lock:
            now = self._clock()
            taken = self._bucket((region, service, action), given, now).take(now) is not None
            if not taken:
                self._throttled[f"{service}:{action}"] += 1
        return taken

    def _bucket(self, key: tuple[str, str, str], given: Throttle, now: float) -> TokenBucket:
        if key not in self._buckets:
            self._buckets[key] = TokenBucket(given.bucket, given.refill, now)
        return self._buckets[key]

    # Children of distributed Maps.

    def dispatch(self, *, express: bool) -> TokenBucket:
        """Return the tokens of one Map run's children, by the account's clock (:meth:`now`)."""
        rate = (EXPRESS_STARTS if express else STANDARD_STARTS).value
        return TokenBucket(self.children_at_a_time(express=express), rate, self.now())

    @staticmethod
    def children_at_a_time(*, express: bool) -> float:
        """Return how many children a Map run may start at once."""
        return (EXPRESS_STARTS if express else STANDARD_STARTS).value * _TICK

    def now(self) -> float:
        """Return the seconds of the account's clock."""
        return self._clock()

    def started_late(self, seconds: float) -> None:
        """Note by how many seconds this machine was late to start a child that an account would have started."""
        if seconds > _TICK:
            with self._lock:
                self._late += seconds - _TICK

    # Functions.

    def know(self, function: str, reserved: int | None) -> None:
        """Note that there is a *function*, with so much concurrency *reserved*, or None."""
        with self._lock:
            self._functions.know(function, reserved)

    def forget(self, function: str) -> None:
        """Note that a function was deleted."""
        with self._lock:
            self._functions.forget(function)

    def retire(self, function: str) -> None:
        """Note that a function was changed."""
        with self._lock:
            self._functions.retire(function)

    def enter(self, function: str, version: str, reserved: int | None, *, waited_for: bool) -> Entered:
        """Let an invocation begin; as of :meth:`Functions.enter`.

        Raises:
            ThrottledError: The account has none left now.
        """
        with self._lock:
            try:
                return self._functions.enter(function, version, reserved, self._clock(), waited_for=waited_for)
            except ThrottledError as error:
                self._throttled[f"lambda:Invoke ({error.reason})"] += 1
                raise

    def leave(self, entered: Entered) -> None:
        """Note that an invocation has ended."""
        with self._lock:
            self._functions.leave(entered, self._clock())

    def kept_waiting(self, seconds: float) -> None:
        """Note that an invocation waited for this machine, where an account would have run it."""
        if seconds > _TICK:
            with self._lock:
                self._kept_waiting += 1
                self._waited += seconds

    # What it says of itself.

    def pace(self) -> Pace:
        """Return what was throttled so far, and what this machine delayed."""
        with self._lock:
            return Pace(
                region=self._region,
                throttled=dict(sorted(self._throttled.items())),
                kept_waiting=self._kept_waiting,
                waited=round(self._waited, 1),
                late=round(self._late, 1),
            )
