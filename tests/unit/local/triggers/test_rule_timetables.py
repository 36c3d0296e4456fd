"""Rules by the clock, and tries that fail, in virtual time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from moto.core.base_backend import BackendDict
from moto.events.models import events_backends

from shared.local.asl.scheduler import VirtualScheduler
from shared.local.triggers import rules
from shared.local.triggers.buses import Buses
from shared.local.triggers.clock import Clock
from shared.local.triggers.firing import Firings, TargetError
from tests.helpers.ledgers import MemoryLedger

BEGIN = datetime(2026, 11, 30, 9, tzinfo=UTC)
QUEUE, DEAD = (f"arn:aws:sqs:us-east-1:123456789012:{name}" for name in ("q", "dead"))


class World:
    """Rules with a clock, and a target that fails as often as a test says."""

    def __init__(self, begin=BEGIN, noted=None):
        self.scheduler = VirtualScheduler(begin.timestamp())
        self.arrived, self.errors, self.buried = [], [], []
        self.noted = noted or (MemoryLedger(), MemoryLedger())
        looked, opened = self.noted
        chance = random.Random(7)
        self.firings = Firings(self.scheduler, self.call, lambda *told: self.buried.append(told), chance, opened)
        self.buses = Buses(self.firings, self.scheduler.now)
        self.clock = Clock(self.scheduler, rules.timetables, self.buses.tick, ledger=looked)
        self.events = events_backends["123456789012"]["us-east-1"]

    def call(self, firing):
        if self.errors:
            raise self.errors.pop(0)
        self.arrived.append(firing)

    def later(self, **span):
        self.scheduler.run(until=self.scheduler.now() + timedelta(**span).total_seconds())

    def rule(self, name="r", *, more=(), **given):
        self.events.put_rule(name, event_bus_arn=None, **given)
        self.events.put_targets(name, None, [{"Id": "1", "Arn": QUEUE, **dict(more)}])

    def times(self):
        return [json.loads(each.target.input)["time"] for each in self.arrived]


@pytest.fixture
def world():
    BackendDict.reset()
    made = World()
    with rules.install(made.buses, made.clock.wake, made.scheduler.now):
        yield made
    BackendDict.reset()


def test_a_rate_fires_each_period_after_the_rule_was_made(world):
    world.rule(scheduled_expression="rate(10 minutes)")
    world.later(minutes=35)
    assert world.times() == [f"2026-11-30T09:{minute}:00Z" for minute in (10, 20, 30)]
    told = json.loads(world.arrived[0].target.input)
    assert (told["source"], told["detail-type"], told["detail"]) == ("aws.events", "Scheduled Event", {})
    assert told["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/r"]


def test_a_cron_fires_in_utc_and_not_while_disabled(world):
    world.rule(scheduled_expression="cron(0 12 * * ? *)")
    world.later(days=2)
    world.events.disable_rule("r", None)
    world.later(days=2)
    world.events.enable_rule("r", None)
    world.later(days=1)
    assert world.times() == [f"2026-{day}T12:00:00Z" for day in ("11-30", "12-01", "12-04")]


def test_a_rule_without_a_pattern_gets_no_events_and_a_deleted_one_fires_no_more(world):
    world.rule(scheduled_expression="rate(1 hour)")
    world.buses.put(world.events, [{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    assert world.arrived == []
    world.events.remove_targets("r", None, ["1"])
    world.events.delete_rule("r", None)
    world.later(hours=3)
    assert world.arrived == []


def test_it_goes_on_after_a_restart_where_it_was(world):
    world.rule(scheduled_expression="rate(10 minutes)")
    world.later(minutes=14)
    later = World(BEGIN + timedelta(minutes=15), world.noted)
    later.clock.go_on()
    later.clock.wake()
    later.later(minutes=10)
    assert later.times() == ["2026-11-30T09:20:00Z"]


def test_a_target_is_tried_again_as_its_policy_says_and_then_buried(world):
    more = {"RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": DEAD}}
    world.rule(event_pattern='{"source": ["s"]}', more=more)
    world.errors = [TargetError("THROTTLING", "later", passes=True) for _ in range(3)]
    world.buses.put(world.events, [{"Source": "s", "DetailType": "d", "Detail": '{"n": 1}'}])
    world.later(minutes=5)
    ((firing, error, condition),) = world.buried
    assert (firing.tries, error.code, condition) == (3, "THROTTLING", "MaximumRetryAttempts")
    assert json.loads(firing.event)["detail"] == {"n": 1}


def test_an_event_that_waits_to_be_tried_again_survives_a_restart(world):
    world.rule(event_pattern='{"source": ["s"]}')
    world.errors = [TargetError("THROTTLING", "later", passes=True)]
    world.buses.put(world.events, [{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    later = World(BEGIN + timedelta(minutes=1), world.noted)
    later.firings.go_on()
    later.later(minutes=1)
    assert [each.target.arn for each in later.arrived] == [QUEUE]
