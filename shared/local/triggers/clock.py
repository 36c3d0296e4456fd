"""The clock of schedules: it fires each when its time has come, and looks again at the next time of any.

The clock looks at least once a minute, since a machine that slept, or whose time was set, has other times left than a
timer knows. What came due while nobody looked (the machine slept, or the cloud was down) fires once for each schedule,
for the last time that was missed, if that is not older than the schedule's retry policy lets a firing become. The log
tells how many were missed. AWS is never down, so it has no rule for this.

With a ``speed``, :class:`Hastened` makes a day last so much less: the clock begins at this machine's time and runs
ahead of it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.local.ledger import NoLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.asl.scheduler import Job, Scheduler, Timer
    from shared.local.ledger import Ledger
    from shared.local.triggers.timetable import Schedule

_LOOK = 60.0  # seconds, at most, between two looks
_LANE = "clock"
_GAP = 300.0  # seconds without a look, after which the machine counts as having slept
_NOTED = "looked"  # the one key in the ledger
_log = logging.getLogger(__name__)


class Hastened:
    """A scheduler whose time runs *speed* times as fast as that of *scheduler*, from now on."""

    def __init__(self, scheduler: Scheduler, speed: float) -> None:
        self._scheduler = scheduler
        self._speed = speed
        self._start = scheduler.now()
        self.submit = scheduler.submit
        self.block = scheduler.block
        self.others_wait = scheduler.others_wait
        self.step_aside = scheduler.step_aside
        self.close = scheduler.close

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self._start + (self._scheduler.now() - self._start) * self._speed

    def call_later(self, seconds: float, job: Job, lane: str = "", /) -> Timer:
        """Submit *job* after so many seconds of this time."""
        return self._scheduler.call_later(seconds / self._speed, job, lane)


@dataclass(slots=True)
class Seen:
    """What the clock knows of a schedule: how it was, since when it is there, and when it fires next."""

    changed: float
    since: datetime
    next: datetime | None


class Clock:
    """Fires schedules. Thread-safe: one look at a time.

    Args:
        scheduler: Gives time and threads.
        schedules: Tells the schedules as they are now.
        fire: Is told of each firing: the schedule, and the time that it was scheduled for.
        completed: Is told of each schedule that never fires again and is to be deleted then.
        speed: How many times the scheduler's time is faster than this machine's.
        ledger: Notes until when the clock has looked, and what it knows.
    """

    def __init__(  # noqa: PLR0913  what it needs of the rest of the cloud
        self,
        scheduler: Scheduler,
        schedules: Callable[[], Sequence[Schedule]],
        fire: Callable[[Schedule, datetime], None],
        completed: Callable[[Schedule], None] = lambda _: None,
        *,
        speed: float = 1.0,
        ledger: Ledger | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._ledger = ledger or NoLedger()
        self._schedules = schedules
        self._fire = fire
        self._completed = completed
        self._speed = speed
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}
        self._looked = self._now()
        self._timer: Timer | None = None

    def wake(self) -> None:
        """Look at the schedules soon: one was made, changed or deleted."""
        self._scheduler.submit(self._look, _LANE)

    def go_on(self) -> None:
        """Go on where an earlier clock ended. One that ran ahead of the time is taken to have ended now."""
        for looked, seen in self._ledger.all().values():
            with self._lock:
                now = self._now()
                self._looked = min(looked, now)
                self._seen = {arn: each for arn, each in seen.items() if looked <= now}

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._scheduler.now(), UTC)

    def _look(self) -> None:
        with self._lock:
            now = self._now()
            slept = (now - self._looked).total_seconds() > _GAP * self._speed
            schedules = {each.arn: each for each in self._schedules()}
            self._seen = {arn: each for arn, each in self._seen.items() if arn in schedules}
            for schedule in schedules.values():
                due = self._due(schedule, now)
                for time in self._after_sleep(schedule, due, now) if slept else due:
                    self._fire(schedule, time)
                if due and schedule.deleted_after and self._seen[schedule.arn].next is None:
                    self._completed(schedule)
            self._looked = now
            self._ledger.put(_NOTED, (now, self._seen))
            self._look_later(now)

    def _due(self, schedule: Schedule, now: datetime) -> list[datetime]:
        """Return the times of *schedule* that have come since it was seen last."""
        seen = self._seen.get(schedule.arn)
        if seen is None:
            seen = Seen(schedule.changed, now, schedule.next(schedule.begins(now), now))
        elif seen.changed != schedule.changed:
            seen = Seen(schedule.changed, seen.since, schedule.next(now, seen.since))
        due = []
        while seen.next is not None and seen.next <= now:
            due.append(seen.next)
            seen.next = schedule.next(seen.next, seen.since)
        self._seen[schedule.arn] = seen
        return due if schedule.enabled else []

    @staticmethod
    def _after_sleep(schedule: Schedule, due: list[datetime], now: datetime) -> list[datetime]:
        kept = [time for time in due[-1:] if (now - time).total_seconds() <= schedule.target.max_age]
        if due:
            what = f"fired for {kept[0].isoformat()}" if kept else "all older than its MaximumEventAgeInSeconds"
            _log.warning("%s was due %d times while nobody looked: %s", schedule.arn, len(due), what)
        return kept

    def _look_later(self, now: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._seen:
            waits = [(each.next - now).total_seconds() for each in self._seen.values() if each.next is not None]
            self._timer = self._scheduler.call_later(max(0.0, min([_LOOK * self._speed, *waits])), self._look, _LANE)
