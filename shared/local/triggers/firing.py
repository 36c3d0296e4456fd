"""Firings of schedules, and events of rules: each is tried until it is done, given up, or a dead letter.

A firing keeps its target as it was when the schedule fired, as a message that is on its way. AWS does not document how
long it waits between tries; here it is a second, then twice as long each time, up to eight minutes, which spreads AWS's
185 tries over its day.

Source: EventBridge Scheduler API reference, RetryPolicy and DeadLetterConfig, and the members of the same names in
EventBridge's (read 2026-11-30, in botocore's models). Which errors AWS tries again is from memory, not looked up.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from shared.local.ledger import NoLedger

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.asl.scheduler import Scheduler
    from shared.local.ledger import Ledger
    from shared.local.triggers.timetable import Schedule, Target

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 480.0  # seconds
_ID_BITS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a schedule fired, or one event that a rule brings to one of its targets.

    Attributes:
        schedule: The schedule's or the rule's ARN.
        group: The ARN of the schedule's group; the rule's own.
        target: What is called.
        scheduled: The time that it fired for.
        due: When the next try may be, in seconds since the epoch. The age of a firing counts from its first such time.
        began: That first time.
        id: 16 hexadecimal digits, AWS's execution id.
        tries: How many there were.
        again: Whether an earlier try may have been heard, though nobody knows: this cloud ended meanwhile.
        event: The event that a rule brings, as JSON; empty for a schedule.
        forwarded: Whether the event came from another bus.
    """

    schedule: str
    group: str
    target: Target
    scheduled: datetime
    due: float
    began: float
    id: str
    tries: int = 0
    again: bool = False
    event: str = ""
    forwarded: bool = False


class TargetError(Exception):
    """A target refused a call.

    Args:
        code: The service's error code.
        message: What it says.
        passes: Whether it may work later.
    """

    def __init__(self, code: str, message: str, *, passes: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.passes = passes


class Firings:
    """Those that are not done yet. Thread-safe.

    Args:
        scheduler: Gives time and threads. Its time counts.
        call: Calls the target of a firing; raises TargetError.
        bury: Writes a firing into its dead-letter queue, with the last error and AWS's word for the retry condition
            that was exhausted, or empty; raises TargetError.
        random: For ids, and for the moments in flexible windows.
        ledger: Notes those that are not done.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        call: Callable[[Firing], None],
        bury: Callable[[Firing, TargetError, str], None],
        random: Random,
        ledger: Ledger | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._call = call
        self._bury = bury
        self._random = random
        self._ledger = ledger or NoLedger()

    def fire(self, schedule: Schedule, time: datetime) -> None:
        """Call the target of *schedule*, which fired for *time*: at once, or at some moment of its flexible window."""
        due = time.timestamp() + self._random.random() * schedule.flexible
        self._wait(
            Firing(schedule.arn, schedule.group, schedule.target, scheduled=time, due=due, began=due, id=self._new_id())
        )

    def bring(self, rule: str, target: Target, event: str, *, forwarded: bool = False) -> None:
        """Bring an *event* of a *rule* to *target*: the first try is made before this returns."""
        now = self._scheduler.now()
        firing = Firing(
            rule,
            rule,
            target,
            scheduled=datetime.fromtimestamp(now, UTC),
            due=now,
            began=now,
            id=self._new_id(),
            event=event,
            forwarded=forwarded,
        )
        self._ledger.put(firing.id, firing)
        self._try(firing)

    def _new_id(self) -> str:
        return f"{self._random.getrandbits(_ID_BITS):016x}"

    def go_on(self) -> None:
        """Go on with what an earlier cloud had not done."""
        for firing in self._ledger.all().values():
            self._wait(replace(firing, again=True))

    def _wait(self, firing: Firing) -> None:
        self._ledger.put(firing.id, firing)
        lane = firing.target.role or firing.target.arn  # a call that is slow keeps none of another role's waiting
        call = partial(self._scheduler.block, partial(self._try, firing), lane)
        self._scheduler.call_later(max(0.0, firing.due - self._scheduler.now()), call, lane)

    def _try(self, firing: Firing) -> None:
        tried = replace(firing, tries=firing.tries + 1)
        try:
            self._call(tried)
        except TargetError as error:
            self._failed(tried, error)
        except Exception as error:  # noqa: BLE001  a firing must not be lost for what is wrong in here
            _log.exception("a firing of %s failed", firing.schedule)
            self._failed(
                tried, TargetError("AWS.Scheduler.InternalServerError", f"{type(error).__name__}: {error}", passes=True)
            )
        else:
            self._done(firing)

    def _failed(self, firing: Firing, error: TargetError) -> None:
        due = self._scheduler.now() + self._delay(firing.tries)
        if not error.passes:
            self._give_up(firing, error, "")
        elif firing.tries > firing.target.max_attempts:
            self._give_up(firing, error, "MaximumRetryAttempts")
        elif due - firing.began > firing.target.max_age:
            self._give_up(firing, error, "MaximumEventAgeInSeconds")
        else:
            self._wait(replace(firing, due=due, again=False))

    def _delay(self, tries: int) -> float:
        return float(min(_FIRST_DELAY * 2 ** min(tries - 1, 16), _LONGEST_DELAY))

    def _give_up(self, firing: Firing, error: TargetError, condition: str) -> None:
        lost = f"{firing.schedule} did not reach {firing.target.arn} for {firing.scheduled.isoformat()}: {error}"
        if not firing.target.dead_letters:
            _log.warning("%s; it has no dead-letter queue", lost)
        else:
            try:
                self._bury(firing, error, condition)
            except TargetError as refusal:
                _log.warning("%s; nor could that be written to %s: %s", lost, firing.target.dead_letters, refusal)
        self._done(firing)

    def _done(self, firing: Firing) -> None:
        self._ledger.drop(firing.id)
