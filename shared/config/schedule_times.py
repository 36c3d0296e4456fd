"""When a schedule starts something: the expressions of EventBridge Scheduler, read and computed as AWS does. Pure.

Two kinds are known: ``cron(minutes hours day-of-month month day-of-week year)`` and ``rate(5 minutes)``. What AWS
documents is read, and what it does not document (a range that wraps, ``LW``) is refused. Libraries for this syntax
(aws-croniter 2.1, pyawscron 1.0; read 2026-11-29) know nothing of clocks that change, nor ``L`` as a day of the week,
so none is used; croniter and cronsim know another syntax.

Source of the syntax and of what happens when the clock changes (read 2026-11-29):
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SATURDAY = 7
"""AWS counts the days of a week from 1, Sunday."""
_MONTHS = {name: number for number, name in enumerate(
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1)}  # fmt: skip
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_NOT_OF_IANA = frozenset({"localtime", "Factory", "posixrules"})
"""What a machine's folder of time zones holds besides IANA's names."""
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_FORMS = "cron(0 2 * * ? *), or rate(15 minutes)"


class ScheduleError(LanesError):
    """An expression or a time zone that is none."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, from when the schedule starts; AWS counts a day as 24 hours, whatever the clock does."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class Days:
    """Which days of a month: exactly one of the fields is set.

    Attributes:
        of_month: Days of the month, from 1.
        of_week: Days of the week, 1 (Sunday) to 7.
        last_of_month: The month's last day.
        nearest_weekday: The weekday (Monday to Friday) of the same month that is nearest to this day of the month.
        last_weekday: The last day of the month that is this day of the week.
        nth: Day of the week, and which one of the month (1 to 5).
    """

    of_month: frozenset[int] = frozenset()
    of_week: frozenset[int] = frozenset()
    last_of_month: bool = False
    nearest_weekday: int | None = None
    last_weekday: int | None = None
    nth: tuple[int, int] | None = None

    def within(self, year: int, month: int) -> list[int]:
        """Return the days of *month* that are meant, in order; none where the month has no such day."""
        length = monthrange(year, month)[1]
        if self.last_of_month:
            return [length]
        if self.nearest_weekday is not None:
            return _nearest(year, month, self.nearest_weekday, length)
        return [day for day in range(1, length + 1) if self._holds(day, _weekday(year, month, day), length)]

    def _holds(self, day: int, weekday: int, length: int) -> bool:
        if self.last_weekday is not None:
            return weekday == self.last_weekday and day + 7 > length
        if self.nth is not None:
            return (weekday, (day - 1) // 7 + 1) == self.nth
        return day in self.of_month or weekday in self.of_week


@dataclass(frozen=True, slots=True)
class Cron:
    """Times of a wall clock, to the minute."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: tuple[int, ...]

    def walls(self, first: datetime) -> Iterator[datetime]:
        """Yield the clock's times (without a zone), in order, from the day of *first* on."""
        for year in self.years:
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in self.days.within(year, month):
                    if date(year, month, day) < first.date():
                        continue
                    for hour in self.hours:
                        yield from (datetime(year, month, day, hour, minute) for minute in self.minutes)  # noqa: DTZ001 - a clock on a wall


def parse(expression: str) -> Cron | Rate:
    """Return what *expression* says.

    Raises:
        ScheduleError: It is none of AWS's, with the field that is wrong and the fix.
    """
    text = expression.strip()
    found = re.fullmatch(r"(cron|rate|at)\((.*)\)", text)
    if found is None:
        raise ScheduleError(f"{text!r} is no schedule", fix=f"write {_FORMS}")
    if found[1] == "at":
        raise ScheduleError(
            f"{text!r} would start once and never again", fix=f"use `lanes run`; a schedule is {_FORMS}"
        )
    return _rate(text, found[2]) if found[1] == "rate" else _cron(text, found[2])


def time_zone(name: str) -> tzinfo:
    """Return the time zone of IANA's *name*, as Scheduler takes it.

    Raises:
        ScheduleError: There is no such zone, or this machine knows none.
    """
    if name == "UTC":
        return UTC
    known = available_timezones() - _NOT_OF_IANA
    if name in known:
        return ZoneInfo(name)
    if not known:
        raise ScheduleError("this machine has no time zones", fix="install the package tzdata")
    near = [zone for zone in sorted(known) if name and name.lower().replace(" ", "_") in zone.lower()]
    fix = f"did you mean {near[0]}?" if near else "a name of IANA's database: UTC, Europe/Berlin, America/New_York"
    raise ScheduleError(f"unknown time zone {name!r}", fix=fix)


def times(of: Cron | Rate, after: datetime, *, zone: tzinfo = UTC, start: datetime | None = None) -> Iterator[datetime]:
    """Yield, in order and in UTC, the times that lie after *after*.

    When the clock is put forward, a time that it leaves out is left out; when it is put back, a time that comes twice
    counts once, the first time.

    Args:
        of: What :func:`parse` returned.
        after: A time with a zone. It is not itself among the answers.
        zone: Whose clock a cron expression means. A rate knows no zone.
        start: When the schedule was made, and for a rate the first time of all; *after* if left out. Of a cron
            expression, nothing before it.
    """
    after = after.astimezone(UTC)
    begin = after if start is None else start.astimezone(UTC)
    return _rate_times(of, after, begin) if isinstance(of, Rate) else _cron_times(of, max(after, begin), zone)


def next_time(
    of: Cron | Rate, after: datetime, *, zone: tzinfo = UTC, start: datetime | None = None
) -> datetime | None:
    """Return the first of :func:`times`, or None where there is none any more."""
    return next(times(of, after, zone=zone, start=start), None)


def _cron_times(cron: Cron, after: datetime, zone: tzinfo) -> Iterator[datetime]:
    for wall in cron.walls(after.astimezone(zone).replace(tzinfo=None)):
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        left_out = moment.astimezone(zone).replace(tzinfo=None) != wall
        if moment > after and not left_out:
            yield moment


def _rate_times(rate: Rate, after: datetime, start: datetime) -> Iterator[datetime]:
    passed = max(0, (after - start) // rate.every + 1)
    try:
        moment = start + rate.every * passed
        while True:
            yield moment
            moment += rate.every
    except OverflowError:  # after the year 9999
        return


def _rate(text: str, inside: str) -> Rate:
    found = re.fullmatch(r"\s*(\d+)\s+(minute|hour|day)(s?)\s*", inside, re.ASCII)
    if found is None:
        raise ScheduleError(
            f"{text!r} is no rate", fix="write a whole number and minutes, hours or days: rate(15 minutes)"
        )
    count, unit = int(found[1]), found[2]
    if count == 0:
        raise ScheduleError(f"{text!r} is no rate: it must be at least 1", fix=f"write rate(1 {unit})")
    if (count == 1) == bool(found[3]):
        right = f"rate({count} {unit}{'s' * (count != 1)})"
        raise ScheduleError(
            f"{text!r} is no rate: AWS wants the singular after 1 and the plural after more", fix=f"write {right}"
        )
    try:
        return Rate(_UNITS[unit] * count)
    except OverflowError:
        raise ScheduleError(f"{text!r} never comes round", fix="write fewer days") from None


def _cron(text: str, inside: str) -> Cron:
    fields = inside.split()
    if len(fields) != 6:  # noqa: PLR2004 - as many as AWS has
        what = f"{text!r} has {len(fields)} fields, and AWS wants 6"
        raise ScheduleError(what, fix="minutes hours day-of-month month day-of-week year: cron(0 2 * * ? *)")
    minutes, hours, of_month, months, of_week, years = fields
    if (of_month == "?") == (of_week == "?"):
        what = f"{text!r}: one of day-of-month and day-of-week, and not both, must be ?"
        raise ScheduleError(what, fix="cron(0 2 * * ? *) is every day, cron(0 2 ? * MON-FRI *) every weekday")
    return Cron(
        minutes=_Field(text, "minutes", 0, 59).values(minutes),
        hours=_Field(text, "hours", 0, 23).values(hours),
        days=_days_of_week(text, of_week) if of_month == "?" else _days_of_month(text, of_month),
        months=_Field(text, "month", 1, 12, _MONTHS).values(months),
        years=_Field(text, "year", 1970, 2199).values(years),
    )


def _days_of_month(text: str, written: str) -> Days:
    field = _Field(text, "day-of-month", 1, 31)
    if written == "L":
        return Days(last_of_month=True)
    if found := re.fullmatch(r"(\d+)W", written, re.ASCII):
        return Days(nearest_weekday=field.one(found[1]))
    return Days(of_month=frozenset(field.values(written)))


def _days_of_week(text: str, written: str) -> Days:
    field = _Field(text, "day-of-week", 1, SATURDAY, _WEEKDAYS)
    if written == "L":
        return Days(of_week=frozenset({SATURDAY}))
    if found := re.fullmatch(r"(\w+)L", written, re.ASCII):
        return Days(last_weekday=field.one(found[1]))
    if found := re.fullmatch(r"(\w+)#([1-5])", written, re.ASCII):
        return Days(nth=(field.one(found[1]), int(found[2])))
    return Days(of_week=frozenset(field.values(written)))


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the six fields: which numbers, and names for numbers, it takes."""

    text: str
    name: str
    low: int
    high: int
    names: dict[str, int] | None = None

    def values(self, written: str) -> tuple[int, ...]:
        """Return the numbers that *written* stands for, in order: a list of values, ranges and steps."""
        return tuple(sorted({value for part in written.split(",") for value in self._part(part)}))

    def one(self, written: str) -> int:
        """Return the number of one value, written as a number or as a name."""
        if re.fullmatch(r"\d+", written, re.ASCII) and self.low <= int(written) <= self.high:
            return int(written)
        if self.names and written in self.names:
            return self.names[written]
        raise self._wrong(written)

    def _part(self, part: str) -> Iterable[int]:
        base, slash, step = part.partition("/")
        if slash and not (re.fullmatch(r"\d+", step, re.ASCII) and int(step) > 0):
            raise self._wrong(part)
        low, dash, high = base.partition("-")
        if base == "*":
            first, last = self.low, self.high
        elif dash:
            first, last = self.one(low), self.one(high)
        else:
            first = self.one(base)
            last = self.high if slash else first
        if first > last:
            what = f"{self.text!r}: {self.name} {part!r} runs backwards"
            raise ScheduleError(
                what, fix=f"write both parts: {low}-{self._word(self.high)},{self._word(self.low)}-{high}"
            )
        return range(first, last + 1, int(step) if slash else 1)

    def _word(self, value: int) -> str:
        return next((name for name, number in (self.names or {}).items() if number == value), str(value))

    def _wrong(self, written: str) -> ScheduleError:
        names = f" or {self._word(self.low)} to {self._word(self.high)}" if self.names else ""
        special = {"day-of-month": ", alone L or 15W", "day-of-week": ", alone L, 6L or 3#2"}.get(self.name, "")
        what = f"{self.text!r}: {written!r} is no {self.name}"
        return ScheduleError(what, fix=f"{self.low} to {self.high}{names}, with * , - and /{special}")


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _nearest(year: int, month: int, day: int, length: int) -> list[int]:
    """Return the weekday nearest to *day* that does not leave the month; none where the month has no such day."""
    if day > length:
        return []
    weekday = _weekday(year, month, day)
    if weekday == SATURDAY:
        return [day - 1 if day > 1 else day + 2]
    if weekday == 1:
        return [day + 1 if day < length else day - 2]
    return [day]
