"""EventBridge Scheduler's expressions: what is read, what is refused, and which times follow."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.schedule_times import ScheduleError, next_time, parse, time_zone, times

NOW = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)  # a Sunday


def _next(expression: str, count: int = 3, after: datetime = NOW, zone: str = "UTC") -> list[str]:
    found = times(parse(expression), after, zone=time_zone(zone))
    return [moment.isoformat(" ", "minutes")[:16] for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("cron(0 2 * * ? *)", ["2026-11-30 02:00", "2026-12-01 02:00", "2026-12-02 02:00"]),
        ("cron(0/20 12-13 * * ? *)", ["2026-11-29 12:40", "2026-11-29 13:00", "2026-11-29 13:20"]),
        ("cron(0 9 ? * MON-FRI *)", ["2026-11-30 09:00", "2026-12-01 09:00", "2026-12-02 09:00"]),
        ("cron(0 9 ? * 2,7 *)", ["2026-11-30 09:00", "2026-12-05 09:00", "2026-12-07 09:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-12-25 10:15", "2027-01-29 10:15", "2027-02-26 10:15"]),
        ("cron(0 0 ? * TUE#2 *)", ["2026-12-08 00:00", "2027-01-12 00:00", "2027-02-09 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-12-05 00:00", "2026-12-12 00:00", "2026-12-19 00:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00", "2027-01-31 00:00"]),
        # 1 May 2027 is a Saturday, 31 October a Sunday: the nearest weekday does not leave the month
        ("cron(0 0 1W 5 ? *)", ["2027-05-03 00:00", "2028-05-01 00:00", "2029-05-01 00:00"]),
        ("cron(0 0 31W 10 ? *)", ["2027-10-29 00:00", "2028-10-31 00:00", "2029-10-31 00:00"]),
        ("cron(0 0 31W * ? 2027)", ["2027-01-29 00:00", "2027-03-31 00:00", "2027-05-31 00:00"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("rate(15 minutes)", ["2026-11-29 12:45", "2026-11-29 13:00", "2026-11-29 13:15"]),
        ("rate(1 day)", ["2026-11-30 12:30", "2026-12-01 12:30", "2026-12-02 12:30"]),
    ],
)
def test_the_next_times(expression: str, first: list[str]) -> None:
    assert _next(expression) == first


@pytest.mark.parametrize("expression", ["cron(0 0 30 2 ? *)", "cron(0 0 * * ? 2025)", "cron(0 0 31 4,6,9,11 ? *)",
                                        "cron(0 0 29 2 ? 2027)", "cron(0 0 28 NOV ? 2026)"])  # fmt: skip
def test_what_never_fires_has_no_next_time(expression: str) -> None:
    assert next_time(parse(expression), NOW) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nightly", "is no schedule"),
        ("cron(0 2 * * ?)", "has 5 fields"),
        ("cron(0 2 * * * *)", "one of day-of-month and day-of-week"),
        ("cron(0 2 ? * ? *)", "one of day-of-month and day-of-week"),
        ("cron(0 2 1 * MON *)", "one of day-of-month and day-of-week"),
        ("cron(60 2 * * ? *)", "'60' is no minutes"),
        ("cron(0 24 * * ? *)", "'24' is no hours"),
        ("cron(0 2 0 * ? *)", "'0' is no day-of-month"),
        ("cron(0 2 LW * ? *)", "'LW' is no day-of-month"),
        ("cron(0 2 1W,15W * ? *)", "'1W' is no day-of-month"),
        ("cron(0 2 ? * 3#1,6#3 *)", "'3#1' is no day-of-week"),  # AWS: one # in the field
        ("cron(0 2 ? * 3#6 *)", "'3#6' is no day-of-week"),
        ("cron(0 2 ? * 0 *)", "'0' is no day-of-week"),
        ("cron(0 2 ? * FRI-MON *)", "runs backwards"),
        ("cron(0 2 * 13 ? *)", "'13' is no month"),
        ("cron(0 2 * jan ? *)", "'jan' is no month"),
        ("cron(0 2 * * ? 1969)", "'1969' is no year"),
        ("cron(0/0 2 * * ? *)", "'0/0' is no minutes"),
        ("cron(/5 2 * * ? *)", "'' is no minutes"),
        ("cron(1,,2 2 * * ? *)", "'' is no minutes"),
        ("cron(\u0661 2 * * ? *)", "is no minutes"),
        ("rate(0 minutes)", "must be at least 1"),
        ("rate(-5 minutes)", "is no rate"),
        ("rate(1.5 hours)", "is no rate"),
        ("rate(1 hours)", "singular"),
        ("rate(5 minute)", "singular"),
        ("rate(2 weeks)", "is no rate"),
        ("rate(99999999999 days)", "never comes round"),
        ("at(2026-12-01T00:00:00)", "would start once"),
    ],
)
def test_what_aws_would_not_take_is_refused_with_a_fix(expression: str, words: str) -> None:
    with pytest.raises(ScheduleError, match=words.replace("(", r"\(").replace("?", r"\?")) as caught:
        parse(expression)
    assert caught.value.fix


def test_a_time_that_the_clock_leaves_out_is_left_out() -> None:
    before = datetime(2027, 3, 26, 12, tzinfo=UTC)  # Berlin puts its clock forward on the 28th, at 2:00
    assert _next("cron(30 2 * * ? *)", 2, before, "Europe/Berlin") == ["2027-03-27 01:30", "2027-03-29 00:30"]


def test_a_time_that_the_clock_has_twice_counts_once() -> None:
    before = datetime(2027, 10, 30, 12, tzinfo=UTC)  # Berlin puts its clock back on the 31st, at 3:00
    assert _next("cron(30 2 * * ? *)", 2, before, "Europe/Berlin") == ["2027-10-31 00:30", "2027-11-01 01:30"]
    between = datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # 2:00 for the second time
    assert _next("cron(30 2 * * ? *)", 1, between, "Europe/Berlin") == ["2027-11-01 01:30"]


def test_a_day_of_a_rate_has_24_hours_whatever_the_clock_does() -> None:
    berlin = time_zone("Europe/Berlin")
    start = datetime(2027, 3, 27, 12, tzinfo=berlin)
    found = list(islice(times(parse("rate(1 day)"), start, zone=berlin), 2))
    assert [moment.astimezone(berlin).hour for moment in found] == [13, 13]


def test_a_rate_begins_when_its_schedule_does() -> None:
    rate = parse("rate(15 minutes)")
    assert next_time(rate, NOW - timedelta(seconds=1), start=NOW) == NOW
    assert next_time(rate, NOW, start=NOW) == NOW + timedelta(minutes=15)
    assert next_time(rate, NOW + timedelta(minutes=44), start=NOW) == NOW + timedelta(minutes=45)


def test_a_cron_begins_when_its_schedule_does() -> None:
    found = next_time(parse("cron(0 2 * * ? *)"), NOW, start=NOW + timedelta(days=10))
    assert found == datetime(2026, 12, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "localtime", "Europe/berlin", "../etc/passwd"])
def test_a_zone_that_iana_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError, match="unknown time zone"):
        time_zone(name)


_MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
_LISTS = st.lists(st.integers(0, 23), min_size=1, max_size=4)


@given(
    minutes=st.integers(0, 59),
    hours=_LISTS,
    day=st.integers(1, 31),
    months=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    after=_MOMENTS,
)
def test_the_next_time_is_what_looking_at_each_day_finds(
    minutes: int, hours: list[int], day: int, months: list[int], after: datetime
) -> None:
    cron = parse(f"cron({minutes} {','.join(map(str, hours))} {day} {','.join(map(str, months))} ? *)")
    if all(day > monthrange(2024, month)[1] for month in months):
        assert next_time(cron, after) is None
        return
    moment = after.replace(hour=0, minute=minutes, second=0, microsecond=0)
    while not (moment > after and moment.hour in hours and moment.day == day and moment.month in months):
        moment += timedelta(hours=1) if moment.day == day and moment.month in months else timedelta(days=1)
    assert next_time(cron, after) == moment


@given(
    weekday=st.integers(1, 7),
    nth=st.integers(1, 5),
    after=_MOMENTS,
)
def test_each_nth_weekday_is_that_weekday_in_that_week(weekday: int, nth: int, after: datetime) -> None:
    for moment in islice(times(parse(f"cron(0 0 ? * {weekday}#{nth} *)"), after), 5):
        assert moment.isoweekday() % 7 + 1 == weekday
        assert (nth - 1) * 7 < moment.day <= nth * 7
        assert moment > after
