"""Rounds read one thing at a time, each when its time has come, and all together take a small share of the time."""

from datetime import UTC, datetime

import pytest

from shared.console.rounds import Ask, Rounds
from shared.errors import LanesError
from shared.measure.status import Told

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Time:
    """A clock that moves when something is read."""

    def __init__(self):
        self.now = 1000.0
        self.read = []

    def __call__(self):
        return self.now

    def reading(self, name, took=0.1):
        def read():
            self.read.append(name)
            self.now += took
            return name.upper()

        return read


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def rounds(clock):
    return Rounds(0.01, clock, lambda: NOW, start=lambda work: work())


def test_what_is_read_in_the_background_is_being_read_until_then(clock):
    waiting = []
    rounds = Rounds(0.01, clock, lambda: NOW, start=waiting.append)
    asked = {"a": Ask(clock.reading("a"), 5), "b": Ask(clock.reading("b"), 5)}
    assert all(each.being_read for each in rounds.ask(asked).values())
    rounds.ask(asked)
    assert len(waiting) == 1  # one goes round at a time
    waiting.pop()()
    assert rounds.ask(asked) == {"a": Told("A", at=NOW), "b": Told("B", at=NOW)}


def test_each_is_read_again_when_it_is_old_the_oldest_first(clock, rounds):
    asked = {"a": Ask(clock.reading("a"), 100), "b": Ask(clock.reading("b"), 50)}
    rounds.ask(asked)
    clock.now += 60
    rounds.ask(asked)
    assert clock.read == ["a", "b", "b"]
    clock.now += 60
    rounds.ask(asked)
    assert clock.read == ["a", "b", "b", "a", "b"]


def test_all_together_take_no_more_than_the_share(clock, rounds):
    asked = {name: Ask(clock.reading(name, took=2), 5) for name in "abcd"}
    rounds.ask(asked)
    for _ in range(500):
        clock.now += 10
        rounds.ask(asked)
    spent = 2 * (len(clock.read) - 4)
    assert 0 < spent <= 0.011 * 5000


def test_what_was_read_by_another_mark_is_not_shown_and_read_at_once(clock):
    waiting = []
    rounds = Rounds(0.01, clock, lambda: NOW, start=waiting.append)
    rounds.ask({"a": Ask(clock.reading("a"), 5, mark=1)})
    waiting.pop()()
    assert rounds.ask({"a": Ask(clock.reading("a"), 5, mark=2)})["a"].being_read
    assert waiting


def test_what_fails_says_why_and_is_tried_again(clock, rounds):
    def fail():
        raise LanesError("no network", where="here", fix="plug it in")

    told = rounds.ask({"a": Ask(fail, 5)})["a"]
    assert (told.state, told.why, told.fix) == ("not known", "here: no network", "plug it in")
    clock.now += 6
    assert rounds.ask({"a": Ask(clock.reading("a"), 5)})["a"].value == "A"


def test_forgetting_reads_again_and_shows_the_old_until_then(clock):
    waiting = []
    rounds = Rounds(0.01, clock, lambda: NOW, start=waiting.append)
    asked = {"a": Ask(clock.reading("a", took=50), 1000)}
    rounds.ask(asked)
    waiting.pop()()
    rounds.forget()
    assert rounds.ask(asked)["a"].value == "A"
    assert waiting


def test_what_is_forgotten_while_it_is_read_is_read_again(clock, rounds):
    """A run was started meanwhile, and the answer may be of before."""

    def read():
        clock.read.append("a")
        if len(clock.read) == 1:
            rounds.forget()
        return len(clock.read)

    asked = {"a": Ask(read, 100)}
    assert rounds.ask(asked)["a"].value == 1  # better than nothing
    assert rounds.ask(asked)["a"].value == 2
    assert rounds.ask(asked)["a"].value == 2


def test_what_cannot_be_read_again_stays_as_it_was_and_says_why(clock, rounds):
    def fail():
        raise LanesError("no network", where="here", fix="plug it in")

    rounds.ask({"a": Ask(clock.reading("a"), 5)})
    clock.now += 100
    told = rounds.ask({"a": Ask(fail, 5)})["a"]
    assert (told.state, told.value, told.why, told.at) == ("known before", "A", "here: no network", NOW)
    clock.now += 100
    assert rounds.ask({"a": Ask(clock.reading("a"), 5)})["a"] == Told("A", at=NOW)
