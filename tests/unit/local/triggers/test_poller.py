"""Pollers in virtual time: batches, windows, limits, fairness and what fails, without a thread."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from shared.local.asl.scheduler import VirtualScheduler
from shared.local.triggers.poller import Mapping, Poller


@dataclass
class Note:
    id: str
    hidden_until: float = 0.0
    received: int = 0


@dataclass
class FakeQueue:
    """A queue in virtual time. A message that was received *most* times is dead."""

    scheduler: VirtualScheduler
    hides: float = 30.0
    most: int = 1_000
    held: list[Note] = field(default_factory=list)
    dead: list[Note] = field(default_factory=list)
    looks: int = 0

    def _visible(self):
        return [each for each in self.held if each.hidden_until <= self.scheduler.now()]

    def take(self, most):
        self.looks += 1
        self.dead += [each for each in self._visible() if each.received >= self.most]
        self.held = [each for each in self.held if each not in self.dead]
        taken = self._visible()[:most]
        for each in taken:
            each.hidden_until = self.scheduler.now() + self.hides
            each.received += 1
        return taken

    def waiting(self):
        return len(self._visible())

    def next_visible(self):
        later = [each.hidden_until for each in self.held if each.hidden_until > self.scheduler.now()]
        return min(later) - self.scheduler.now() if later else None

    def delete(self, messages):
        gone = {each.id for each in messages}
        self.held = [each for each in self.held if each.id not in gone]


class World:
    """Queues, mappings and functions, of which a test says how long they take and what fails."""

    def __init__(self, most=16):
        self.scheduler = VirtualScheduler()
        self.queues = {}
        self.mappings = []
        self.batches = []
        self.fails = lambda _message: False
        self.at_once = Counter()
        self.peak = Counter()
        self.held_back = []
        self.holding = False
        self.lanes = []
        self.poller = Poller(
            self, lambda: self.mappings, lambda mapping: self.queues.get(mapping.queue), self.work, most=most
        )

    # A scheduler that can hold back what it is to run: functions that do not answer yet.

    def now(self):
        return self.scheduler.now()

    def submit(self, job):
        self.scheduler.submit(job)

    def block(self, job, lane):
        if self.holding:
            self.held_back.append(job)
            self.lanes.append(lane)
        else:
            self.scheduler.block(job, lane)

    def call_later(self, seconds, job):
        return self.scheduler.call_later(seconds, job)

    def answer(self):
        jobs, self.held_back = self.held_back, []
        for job in jobs:
            self.scheduler.submit(job)
        self.scheduler.run(until=self.now())

    def work(self, mapping, messages):
        self.batches.append((mapping.uuid, [each.id for each in messages], self.now()))
        return {each.id for each in messages if self.fails(each)}

    def queue(self, name, *, size=10, window=0.0, at_once=5, hides=30.0, most=1_000):
        self.queues[name] = FakeQueue(self.scheduler, hides, most)
        self.mappings.append(Mapping(name, name, f"f-of-{name}", size, window, at_once))
        return self.queues[name]

    def send(self, name, *ids):
        self.queues[name].held += [Note(each) for each in ids]
        self.poller.wake()


@pytest.fixture
def world():
    return World()


def test_a_message_goes_to_the_function_at_once_and_is_deleted(world):
    queue = world.queue("q")
    world.send("q", "a")
    world.scheduler.run()
    assert [batch[1] for batch in world.batches] == [["a"]]
    assert queue.held == []


def test_a_queue_that_gives_nothing_out_keeps_no_other_one_waiting(world, caplog):
    def broken(most):
        raise ValueError("no record can be made of it")

    world.queue("broken").take = broken
    world.queue("q")
    world.send("broken", "x")
    world.send("q", "a")
    world.scheduler.run(until=world.now() + 1)
    assert [batch[1] for batch in world.batches] == [["a"]]
    assert "no batch of broken for f-of-broken could be made" in caplog.text


def test_a_batch_has_at_most_its_size(world):
    world.queue("q", size=10)
    world.send("q", *(f"m{n}" for n in range(25)))
    world.scheduler.run()
    assert [len(ids) for _, ids, _ in world.batches] == [10, 10, 5]


def test_a_window_waits_for_a_batch_to_fill_and_no_longer(world):
    world.queue("q", size=3, window=20.0)
    began = world.now()
    world.send("q", "a")
    world.scheduler.run(until=began + 5)
    world.send("q", "b")
    world.scheduler.run(until=began + 19.9)
    assert world.batches == []
    world.scheduler.run(until=began + 25)
    assert world.batches == [("q", ["a", "b"], began + 20)]
    world.send("q", "c", "d", "e")
    world.scheduler.run(until=began + 25)
    assert world.batches[1:] == [("q", ["c", "d", "e"], began + 25)]  # full: it does not wait


def test_what_fails_comes_again_after_the_visibility_timeout_and_dies_in_the_end(world):
    queue = world.queue("q", hides=30.0, most=3)
    world.fails = lambda message: message.id == "bad"
    began = world.now()
    world.send("q", "good", "bad")
    world.scheduler.run()
    assert [(ids, when - began) for _, ids, when in world.batches] == [
        (["good", "bad"], 0),
        (["bad"], 30),
        (["bad"], 60),
    ]
    assert [each.id for each in queue.dead] == ["bad"]
    assert queue.held == []


def test_a_function_that_raises_here_loses_no_message(world, caplog):
    queue = world.queue("q", most=2)

    def broken(_message):
        raise RuntimeError("ours")

    world.fails = broken
    world.send("q", "a")
    world.scheduler.run()
    assert [each.id for each in queue.dead] == ["a"]
    assert "a batch of q for f-of-q failed" in caplog.text


def test_a_batch_that_the_end_of_the_cloud_cuts_off_loses_no_message_and_says_nothing(world, caplog):
    queue = world.queue("q")

    def cut_off(_message):
        world.poller.stop()
        raise RuntimeError("closed")

    world.fails = cut_off
    world.send("q", "a")
    world.scheduler.run(until=world.now() + 1)
    assert len(queue.held) == 1
    assert not caplog.records


def test_no_more_batches_at_a_time_than_the_mapping_may_have(world):
    world.queue("q", size=1, at_once=2)
    world.holding = True
    world.send("q", *"abcde")
    world.scheduler.run(until=world.now())
    assert len(world.held_back) == 2
    world.answer()
    assert len(world.held_back) == 2
    assert len(world.batches) == 2


def test_a_full_queue_does_not_keep_others_waiting():
    world = World(most=2)
    world.queue("full", size=1)
    world.queue("other", size=1)
    world.holding = True
    world.send("full", *(f"m{n}" for n in range(100)))
    world.scheduler.run(until=world.now())
    world.send("other", "late")
    for _ in range(3):
        world.answer()
    assert ("other", ["late"]) in [(uuid, ids) for uuid, ids, _ in world.batches[:4]]


def test_functions_that_do_not_answer_keep_no_other_queue_waiting():
    world = World(most=2)
    world.queue("slow", size=1)
    world.queue("other", size=1)
    world.holding = True
    world.send("slow", *(f"m{n}" for n in range(100)))
    world.scheduler.run(until=world.now())
    world.send("other", "late", "later")
    world.scheduler.run(until=world.now())
    assert [job.args[0].uuid for job in world.held_back] == ["slow", "slow", "other"]
    assert world.lanes[-1] == "f-of-other"


def test_nobody_looks_at_an_empty_queue(world):
    queue = world.queue("q")
    world.send("q", "a")
    world.scheduler.run()
    looks = queue.looks
    world.scheduler.run(until=world.now() + 86_400)
    assert queue.looks == looks


def test_a_thousand_wakes_are_one_turn(world):
    queue = world.queue("q", size=10)
    for number in range(1_000):
        world.send("q", f"m{number}")
    world.scheduler.run()
    assert sum(len(ids) for _, ids, _ in world.batches) == 1_000
    assert queue.looks < 220


def test_after_stop_nothing_is_taken(world):
    queue = world.queue("q")
    world.poller.stop()
    world.send("q", "a")
    world.scheduler.run()
    assert (world.batches, queue.looks) == ([], 0)


def test_a_queue_that_may_be_read_again_is_found_without_a_message(world):
    queue = world.queue("q")
    del world.queues["q"]
    queue.held.append(Note("a"))
    world.poller.wake()
    world.scheduler.run(until=world.now() + 30)
    world.queues["q"] = queue
    world.scheduler.run(until=world.now() + 60)
    assert [ids for _, ids, _ in world.batches] == [["a"]]


def test_nothing_is_left_of_mappings_that_were_deleted(world):
    for number in range(20):
        world.queue(f"q{number}", window=10.0 if number % 2 else 0.0)
        world.send(f"q{number}", "a")
    world.scheduler.run(until=world.now() + 1)
    world.mappings.clear()
    for number in range(20):
        world.poller.forget(f"q{number}")
    assert world.poller._running == world.poller._opened == {}
