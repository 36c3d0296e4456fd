"""What Lambda gives an account's functions: concurrency, new environments, calls a second. Pure: the time is handed in.

Lambda Developer Guide, "Lambda scaling behavior" and "Lambda quotas" (read 2026-11-30): "1,000 execution environment
instances every 10 seconds", for each function, refilled "continuously over time"; ten synchronous requests a second for
each unit of concurrency. How long AWS keeps an idle environment it does not tell; here it is as long as the cloud does.
That the reason of an account's full concurrency, of too many calls and of too many new environments are these is from
the names in the API's model (``ThrottleReason``): no page says which belongs to which.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.aws.token_bucket import TokenBucket
from shared.config.aws_facts import CALLS_OF_AN_ENVIRONMENT, CONCURRENCY, NEW_ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.aws_facts import Throttle

FULL = "ConcurrentInvocationLimitExceeded"
TOO_FAST = "FunctionInvocationRateLimitExceeded"
RESERVED_TOO_FAST = "ReservedFunctionInvocationRateLimitExceeded"
_ACCOUNT = ""  # whose calls are counted together: those of functions without reserved concurrency


@dataclass(frozen=True, slots=True)
class Quotas:
    """What an account may run.

    Attributes:
        concurrency: How many invocations at once.
        environments: How many new environments of each function.
        calls: How many synchronous invocations a second for each unit of concurrency.
    """

    concurrency: int = CONCURRENCY.value
    environments: Throttle = NEW_ENVIRONMENTS
    calls: int = CALLS_OF_AN_ENVIRONMENT.value


class ThrottledError(Exception):
    """An account would not run this invocation now; *reason* is AWS's name for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Entered(NamedTuple):
    """An invocation that runs: what it is of, and how often its function had been changed when it began."""

    function: str
    version: str
    reserved: bool
    changes: int


class Functions:
    """The functions of an account, by their ARNs without a version. Not thread-safe.

    Args:
        quotas: What the account may run.
        idle: Seconds after which an environment that serves nothing is gone.
    """

    def __init__(self, quotas: Quotas, idle: float) -> None:
        self._quotas = quotas
        self._longest_idle = idle
        self._running = 0  # without reserved concurrency
        self._reserved: dict[str, int] = {}
        self._changes: Counter[str] = Counter()
        self._idle: dict[str, dict[str, deque[float]]] = {}  # since when, by function and version; the longest first
        self._new: dict[str, TokenBucket] = {}
        self._calls: dict[str, TokenBucket] = {}

    def know(self, function: str, reserved: int | None) -> None:
        """Note that there is a *function*, with so much concurrency *reserved*, or None."""
        if reserved is None:
            self._reserved.pop(function, None)
        elif self._reserved.get(function) != reserved:
            self._reserved[function] = reserved
            self._calls.pop(function, None)

    def forget(self, function: str) -> None:
        """Note that a function was deleted."""
        self.retire(function)
        for table in (self._reserved, self._new, self._calls):
            table.pop(function, None)

    def retire(self, function: str) -> None:
        """Note that a function was changed: no environment of it serves another invocation."""
        self._idle.pop(function, None)
        self._changes[function] += 1

    def enter(self, function: str, version: str, reserved: int | None, now: float, *, waited_for: bool) -> Entered:
        """Let an invocation begin.

        Args:
            function: Its ARN.
            version: The ARN of the version that runs.
            reserved: Its reserved concurrency, which is held to elsewhere; None if it has none.
            now: The time, in seconds from any start.
            waited_for: Whether it is synchronous: of others any number may come a second.

        Raises:
            ThrottledError: The account has none left now.
        """
        own = reserved is not None
        if waited_for and self._calls_of(function, reserved, now).take(now) is None:
            raise ThrottledError(RESERVED_TOO_FAST if own else TOO_FAST)
        if not own and self._running >= self._quotas.concurrency - sum(self._reserved.values()):
            raise ThrottledError(FULL)
        idle = self._idle.get(function, {}).get(version, deque())
        while idle and idle[0] + self._longest_idle <= now:
            idle.popleft()
        if idle:
            idle.pop()
        elif self._new_of(function, now).take(now) is None:
            raise ThrottledError(TOO_FAST)
        self._running += not own
        return Entered(function, version, own, self._changes[function])

    def leave(self, entered: Entered, now: float) -> None:
        """Note that an invocation has ended: its environment is idle, unless its function was changed meanwhile."""
        self._running -= not entered.reserved
        if entered.changes == self._changes[entered.function]:
            self._idle.setdefault(entered.function, {}).setdefault(entered.version, deque()).append(now)

    def environments(self, function: str) -> Sequence[float]:
        """Return since when each idle environment of *function* is idle."""
        return [since for idle in self._idle.get(function, {}).values() for since in idle]

    def _new_of(self, function: str, now: float) -> TokenBucket:
        if function not in self._new:
            given = self._quotas.environments
            self._new[function] = TokenBucket(given.bucket, given.refill, now)
        return self._new[function]

    def _calls_of(self, function: str, reserved: int | None, now: float) -> TokenBucket:
        """Return the bucket of calls: a second's, as no page tells how large it is."""
        whose = _ACCOUNT if reserved is None else function
        if whose not in self._calls:
            rate = self._quotas.calls * (self._quotas.concurrency if reserved is None else reserved)
            self._calls[whose] = TokenBucket(rate, rate, now)
        return self._calls[whose]
