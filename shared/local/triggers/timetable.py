"""Schedules as the clock knows them: when they fire, and what a firing calls. Frozen values; no clock, no moto.

Source: EventBridge Scheduler User Guide, "Schedule types"; API reference, CreateSchedule, FlexibleTimeWindow and
RetryPolicy (read 2026-11-30, the reference in botocore's model).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.config.schedule_times import Rate, ScheduleError, next_time, parse, time_zone

if TYPE_CHECKING:
    from datetime import tzinfo

    from shared.config.schedule_times import Cron

MAX_AGE, MAX_ATTEMPTS = 86_400, 185
"""AWS's defaults of a retry policy: seconds, and tries after the first."""
_MOMENT = timedelta(microseconds=1)
_zone = functools.cache(time_zone)  # it looks at a folder
_ONCE = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


@dataclass(frozen=True, slots=True)
class Target:
    """What a schedule or a rule calls.

    Attributes:
        arn: The ARN of what is called, or ``arn:aws:scheduler:::aws-sdk:<service>:<action>``.
        role: The ARN of the role that calls; empty for a rule whose target lets EventBridge in by itself.
        input: The text that it gets; empty if there is none.
        max_age: Seconds after which a firing is given up.
        max_attempts: How many tries may follow the first.
        dead_letters: The ARN of the queue for what is given up; empty if there is none.
        settings: What else a target of its kind is told, such as SqsParameters, as JSON text.
    """

    arn: str
    role: str
    input: str = ""
    max_age: int = MAX_AGE
    max_attempts: int = MAX_ATTEMPTS
    dead_letters: str = ""
    settings: str = "{}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule.

    Attributes:
        arn: Its ARN.
        group: The ARN of its group.
        expression: ``cron(...)``, ``rate(...)`` or ``at(...)``.
        zone: The time zone of cron and at expressions, by IANA's name.
        target: What it calls.
        enabled: Whether it fires.
        flexible: Within how many seconds of its time a firing comes.
        start: Nothing fires before this.
        end: Nothing fires after this.
        deleted_after: Whether the schedule is deleted after its last firing.
        changed: What differs after each change.
        waits: Whether the first time of a rate is one period after its start, as of a rule's.
    """

    arn: str
    group: str
    expression: str
    zone: str
    target: Target
    enabled: bool = True
    flexible: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    deleted_after: bool = False
    changed: float = 0.0
    waits: bool = False

    def next(self, after: datetime, since: datetime) -> datetime | None:
        """Return when it fires next, later than *after*; None for never again. A rate counts from *since*."""
        if once := read_once(self.expression, self.zone):
            found = once if once > after else None
        elif isinstance(of := parse(self.expression), Rate):
            found = next_time(of, after, start=self.start or since)
        else:
            found = next_time(of, max(after, self.start - _MOMENT) if self.start else after, zone=_zone(self.zone))
        return None if found is None or (self.end and found > self.end) else found

    def begins(self, now: datetime) -> datetime:
        """Return after which time a schedule that is new at *now* fires. A rate's first time is its start."""
        at_once = self.expression.startswith("rate") and not self.waits
        return max(self.start or now, now) - _MOMENT if at_once else now


def read(expression: str, zone: str) -> Cron | Rate | datetime:
    """Return what *expression* says, of the clock of *zone*.

    Raises:
        ScheduleError: AWS would not take it.
    """
    clock = _zone(zone)
    return _once(expression, clock) or parse(expression)


def read_once(expression: str, zone: str) -> datetime | None:
    """Return the time of an ``at(...)`` expression; None if it is another one."""
    return _once(expression, _zone(zone))


def _once(expression: str, zone: tzinfo) -> datetime | None:
    found = _ONCE.fullmatch(expression.strip())
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=zone).astimezone(UTC)
    except ValueError as error:
        raise ScheduleError(f"{expression!r} is no time", fix="at(2026-12-24T18:00:00)") from error
