"""Records of streams in batches: in order, again after a failure, given up at a limit; in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.local.asl.scheduler import VirtualScheduler
from shared.local.triggers.streams import Entry, StreamMapping, StreamPoller, Tried
from tests.helpers.ledgers import MemoryLedger

MAPPING = StreamMapping("m", "arn:stream", "arn:f")


class Shard:
    def __init__(self, name="s"):
        self.id = name
        self.entries = []

    def add(self, *values, at=0.0):
        for value in values:
            self.entries.append(Entry(len(self.entries), at, value, {"v": [value]}))

    def after(self, number, most):
        return [each for each in self.entries if each.number > number][:most]

    def last(self):
        return len(self.entries) - 1


class World:
    """A poller, and a function that fails at the values that a test says, so often."""

    def __init__(self, mapping=MAPPING, *shards, noted=None):
        self.scheduler = VirtualScheduler(1000.0)
        self.mapping = mapping
        self.shards = list(shards) or [Shard()]
        self.batches, self.gone, self.fails = [], [], {}
        self.noted = noted or MemoryLedger()
        tables = (lambda: [self.mapping]), (lambda _: self.shards)
        self.poller = StreamPoller(self.scheduler, *tables, self.work, self.gone.append, ledger=self.noted)

    def work(self, mapping, batch):
        values = [each.record for each in batch]
        self.batches.append((self.scheduler.now(), values))
        bad = next((place for place, value in enumerate(values) if self.fails.get(value)), None)
        if bad is None:
            return Tried(None)
        self.fails[values[bad]] -= 1
        return Tried(bad if mapping.reports_failures else 0, "r", "Unhandled", "1")

    def run(self, seconds=0.0):
        self.poller.wake()
        self.scheduler.run(until=self.scheduler.now() + seconds)

    def given(self):
        return [values for _, values in self.batches]


def test_records_come_in_order_in_batches_each_once():
    world = World(replace(MAPPING, batch_size=2))
    world.shards[0].add(1, 2, 3)
    world.run()
    world.shards[0].add(4)
    world.run()
    assert world.given() == [[1, 2], [3], [4]]


def test_a_batch_that_fails_is_tried_again_before_anything_after_it():
    world = World(replace(MAPPING, batch_size=2))
    world.shards[0].add(1, 2, 3)
    world.fails = {2: 2}
    world.run(10)
    assert world.batches == [(1000.0, [1, 2]), (1001.0, [1, 2]), (1003.0, [1, 2]), (1003.0, [3])]


def test_an_answer_may_say_where_it_failed():
    world = World(replace(MAPPING, reports_failures=True))
    world.shards[0].add(1, 2, 3)
    world.fails = {2: 1}
    world.run(10)
    assert world.given() == [[1, 2, 3], [2, 3]]


def test_what_fails_too_often_is_given_up_and_the_shard_goes_on():
    world = World(replace(MAPPING, batch_size=2, max_retries=1))
    world.shards[0].add(1, 2, 3)
    world.fails = {1: 9}
    world.run(60)
    (gone,) = world.gone
    assert ([each.record for each in gone.batch], gone.condition, gone.tries) == ([1, 2], "RetryAttemptsExhausted", 2)
    assert (gone.shard, gone.tried.error) == ("s", "Unhandled")
    assert world.given() == [[1, 2], [1, 2], [3]]


def test_a_cut_finds_the_bad_record():
    world = World(replace(MAPPING, batch_size=4, max_retries=0, bisects=True))
    world.shards[0].add(1, 2, 3, 4)
    world.fails = {3: 99}
    world.run(60)
    assert [[each.record for each in gone.batch] for gone in world.gone] == [[3]]
    assert world.given() == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]


def test_old_records_are_given_up():
    world = World(replace(MAPPING, max_age=60))
    world.shards[0].add(1, at=1000.0)
    world.fails = {1: 99}
    world.run(300)
    assert [gone.condition for gone in world.gone] == ["RecordAgeExceeded"]


def test_a_window_waits_for_a_full_batch():
    world = World(replace(MAPPING, batch_size=3, window=10.0))
    world.shards[0].add(1)
    world.run(4)
    world.shards[0].add(2)
    world.run(10)
    assert world.batches == [(1010.0, [1, 2])]
    world.shards[0].add(3, 4, 5)
    world.run()
    assert world.given()[1:] == [[3, 4, 5]]


@pytest.mark.parametrize(("start", "gets"), [("TRIM_HORIZON", [[1], [2]]), ("LATEST", [[2]])])
def test_it_begins_where_it_is_told(start, gets):
    world = World(replace(MAPPING, start=start))
    world.shards[0].add(1)
    world.poller.begin(world.mapping)
    world.run()
    world.shards[0].add(2)
    world.run()
    assert world.given() == gets


def test_what_no_filter_asks_for_counts_as_done():
    world = World(replace(MAPPING, batch_size=2, wanted=lambda seen: seen["v"][0] % 2 == 0))
    world.shards[0].add(1, 3, 5, 6, 8)
    world.run()
    assert world.given() == [[6], [8]]
    world.shards[0].add(7)
    world.run()
    assert len(world.batches) == 2


def test_shards_do_not_wait_for_each_other_and_a_restart_goes_on():
    world = World(MAPPING, Shard("a"), Shard("b"))
    world.shards[0].add(1)
    world.shards[1].add(2)
    world.fails = {1: 1}
    world.run()
    assert world.given() == [[1], [2]]
    later = World(MAPPING, *world.shards, noted=world.noted)
    later.poller.go_on()
    later.run()
    assert later.given() == [[1]]


def test_nothing_begins_after_the_end():
    world = World()
    world.poller.stop()
    world.shards[0].add(1)
    world.run()
    assert world.batches == []


def test_a_function_that_does_not_answer_holds_no_thread_of_anothers():
    world = World(replace(MAPPING, function="own"))
    lanes, block = [], world.scheduler.block
    world.scheduler.block = lambda job, lane="": (lanes.append(lane), block(job))
    world.shards[0].add(1)
    world.run()
    assert "own" in lanes


def test_nothing_is_left_of_a_mapping_that_was_deleted():
    world = World()
    world.shards[0].add(1)
    world.run()
    assert list(world.noted.all().values()) == [(("m", "s"), 0)]
    world.poller.forget("m")
    assert world.noted.all() == {}
