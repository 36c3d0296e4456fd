"""Schedules in virtual time: a month of nights is some milliseconds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.local.asl.scheduler import VirtualScheduler
from shared.local.triggers.clock import Clock, Hastened
from shared.local.triggers.firing import Firings, TargetError
from shared.local.triggers.timetable import Schedule, Target
from tests.helpers.ledgers import MemoryLedger

NEW_YORK = ZoneInfo("America/New_York")
GROUP = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/g"
TARGET = Target("arn:aws:scheduler:::aws-sdk:sfn:startExecution", "arn:aws:iam::123456789012:role/r", "{}")


def schedule(expression, zone="UTC", name="s", **fields):
    arn = f"arn:aws:scheduler:us-east-1:123456789012:schedule/g/{name}"
    return Schedule(arn, GROUP, expression, zone, TARGET, **fields)


class World:
    """A clock with its firings, and a target that fails as often as a test says."""

    def __init__(self, begin, *schedules, speed=1.0, chance=None, noted=None):
        self.scheduler = VirtualScheduler(begin.timestamp())
        self.chance = chance or random.Random(7)
        self.schedules = list(schedules)
        self.started = []
        self.buried = []
        self.deleted = []
        self.errors = []
        time = Hastened(self.scheduler, speed) if speed != 1 else self.scheduler
        self.noted = noted or (MemoryLedger(), MemoryLedger())
        looked, opened = self.noted
        self.firings = Firings(time, self.call, lambda *told: self.buried.append(told), self.chance, opened)
        self.clock = Clock(time, lambda: self.schedules, self.firings.fire, self.completed, speed=speed, ledger=looked)
        self.clock.wake()

    def call(self, firing):
        if self.errors:
            raise self.errors.pop(0)
        self.started.append(firing)

    def completed(self, schedule):
        self.deleted.append(schedule)
        self.schedules.remove(schedule)

    def until(self, moment):
        self.scheduler.run(until=moment.timestamp())

    def later(self, **span):
        self.scheduler.run(until=self.scheduler.now() + timedelta(**span).total_seconds())

    def times(self):
        return [each.scheduled for each in self.started]

    def restarted(self, after=timedelta(0)):
        """Return the same world in another process, after a while."""
        begin = datetime.fromtimestamp(self.scheduler.now(), UTC) + after
        world = World(begin, *self.schedules, chance=self.chance, noted=self.noted)
        world.started = self.started
        world.clock.go_on()
        world.firings.go_on()
        return world


@pytest.mark.parametrize("restarts", [False, True])
def test_thirty_nights_are_thirty_starts_at_the_right_local_time_though_the_clocks_change(restarts):
    begin = datetime(2026, 10, 15, 12, tzinfo=NEW_YORK)  # summer time ends on November 1st
    world = World(begin, schedule("cron(30 1 * * ? *)", "America/New_York"))
    for day in range(1, 31):
        world.until(begin + timedelta(days=day))
        if restarts:
            world = world.restarted()
    local = [time.astimezone(NEW_YORK) for time in world.times()]
    assert len(local) == 30
    assert {(time.hour, time.minute) for time in local} == {
        (1, 30)
    }  # 1:30 comes twice on November 1st, and counts once
    assert [time.date() for time in local] == [(begin + timedelta(days=n)).date() for n in range(1, 31)]
    assert {time.utcoffset() for time in local} == {timedelta(hours=-4), timedelta(hours=-5)}
    assert len({each.id for each in world.started}) == 30


def test_what_was_missed_fires_once_and_is_said(caplog):
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    world = World(begin, schedule("cron(0 2 * * ? *)"))
    world.later(hours=1)
    world = world.restarted(after=timedelta(days=3))
    world.later(minutes=1)
    assert world.times() == [datetime(2026, 12, 3, 2, tzinfo=UTC)]
    assert "was due 3 times while nobody looked: fired for 2026-12-03T02:00:00+00:00" in caplog.text
    world.later(days=1)
    assert len(world.started) == 2


def test_what_was_missed_and_is_too_old_does_not_fire(caplog):
    begin = datetime(2026, 11, 30, 1, tzinfo=UTC)
    nightly = replace(schedule("cron(0 2 * * ? *)"), target=replace(TARGET, max_age=3600))
    world = World(begin, nightly)
    world.later(minutes=1)
    world = world.restarted(after=timedelta(hours=5))
    world.later(minutes=1)
    assert world.started == []
    assert "all older than its MaximumEventAgeInSeconds" in caplog.text


def test_a_rate_starts_at_once_and_then_every_so_often():
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    world = World(begin, schedule("rate(15 minutes)"))
    world.later(hours=1)
    assert [time - begin for time in world.times()] == [timedelta(minutes=n) for n in (0, 15, 30, 45, 60)]


def test_a_paused_schedule_misses_its_times_and_goes_on():
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    hourly = schedule("cron(0 * * * ? *)")
    world = World(begin + timedelta(minutes=1), hourly)
    world.schedules = [replace(hourly, enabled=False, changed=1.0)]
    world.clock.wake()
    world.until(begin + timedelta(hours=3, minutes=30))
    world.schedules = [replace(hourly, changed=2.0)]
    world.clock.wake()
    world.until(begin + timedelta(hours=5))
    assert [time.hour for time in world.times()] == [16, 17]


def test_start_and_end_bound_it_and_the_last_firing_deletes_it():
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    bounded = schedule(
        "cron(0 * * * ? *)",
        start=begin + timedelta(hours=2),
        end=begin + timedelta(hours=4),
        deleted_after=True,
    )
    once = schedule("at(2026-11-30T18:00:00)", name="once", deleted_after=True)
    world = World(begin + timedelta(minutes=1), bounded, once)
    world.later(days=2)
    assert sorted(time.hour for time in world.times()) == [14, 15, 16, 18]
    assert {each.arn.rpartition("/")[2] for each in world.deleted} == {"s", "once"}


def test_a_flexible_window_fires_within_it_and_tells_the_scheduled_time():
    begin = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
    world = World(begin, schedule("cron(0 * * * ? *)", flexible=900.0))
    world.later(days=1)
    assert len(world.started) == 24
    late = [each.began - each.scheduled.timestamp() for each in world.started]
    assert all(0 <= wait < 900 for wait in late)
    assert len(set(late)) == 24


def test_with_speed_1440_a_day_lasts_a_minute():
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    world = World(begin, schedule("cron(0 2 * * ? *)"), speed=1440.0)
    world.later(minutes=30)
    assert len(world.started) == 30
    assert world.times()[0] == datetime(2026, 12, 1, 2, tzinfo=UTC)


def test_what_passes_is_tried_again_until_it_works():
    begin = datetime(2026, 11, 30, 1, 59, tzinfo=UTC)
    world = World(begin, schedule("cron(0 2 * * ? *)"))
    world.errors = [TargetError("ThrottlingException", "slow down", passes=True)] * 4
    world.later(hours=1)
    assert [each.tries for each in world.started] == [5]
    assert world.buried == []


@pytest.mark.parametrize(
    ("limits", "passes", "condition", "tries"),
    [
        ({"max_attempts": 3}, True, "MaximumRetryAttempts", 4),
        ({"max_age": 60}, True, "MaximumEventAgeInSeconds", 6),
        ({}, True, "MaximumRetryAttempts", 186),
        ({}, False, "", 1),
    ],
)
def test_what_does_not_work_goes_to_the_dead_letter_queue(limits, passes, condition, tries):
    target = replace(TARGET, dead_letters="arn:aws:sqs:us-east-1:123456789012:dead", **limits)
    world = World(
        datetime(2026, 11, 30, 1, 59, tzinfo=UTC), replace(schedule("at(2026-11-30T02:00:00)"), target=target)
    )
    world.errors = [TargetError("Wrong", "it does not work", passes=passes)] * 200
    world.later(days=2)
    ((firing, error, exhausted),) = world.buried
    assert (firing.tries, error.code, exhausted) == (tries, "Wrong", condition)
    assert world.noted[1].all() == {}


def test_a_firing_that_waits_to_be_tried_again_survives_a_restart():
    world = World(datetime(2026, 11, 30, 1, 59, tzinfo=UTC), schedule("at(2026-11-30T02:00:00)"))
    world.errors = [TargetError("ThrottlingException", "slow down", passes=True)] * 6
    world.later(seconds=75)
    assert world.started == []
    (before,) = world.noted[1].all().values()
    world = world.restarted()
    world.later(hours=1)
    assert [each.id for each in world.started] == [before.id]
    assert world.started[0].again


def test_a_machine_that_slept_is_noticed_within_a_minute():
    begin = datetime(2026, 11, 30, 12, tzinfo=UTC)
    world = World(begin, schedule("cron(0 2 * * ? *)"))
    world.later(minutes=1)
    world.scheduler._time += 86_400  # the time went on, the timers did not
    world.later(minutes=1)
    assert world.times() == [datetime(2026, 12, 1, 2, tzinfo=UTC)]


def test_a_target_that_does_not_answer_holds_no_thread_of_another_roles():
    world = World(datetime(2026, 3, 1, tzinfo=UTC), schedule("rate(1 minute)"))
    lanes, block = [], world.scheduler.block
    world.scheduler.block = lambda job, lane="": (lanes.append(lane), block(job))
    world.later(minutes=2)
    assert world.schedules[0].target.role in lanes
