"""What is dear is read in the background, so many a second, and kept."""

import pytest

from shared.console.paced import Paced


class Clock:
    """Time that passes by sleeping alone. Work begins when it is told to."""

    def __init__(self):
        self.now, self.begun = 0.0, []

    def sleep(self, seconds):
        self.now += seconds

    def run(self):
        while self.begun:
            self.begun.pop()()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def paced(clock):
    return Paced(3, 2.0, clock=lambda: clock.now, sleep=clock.sleep, begin=clock.begun.append)


def reads(*keys, into=None):
    def read(key):
        if into is not None:
            into.append(key)
        return f"value of {key}"

    return [(key, lambda key=key: read(key)) for key in keys]


def test_what_is_wanted_is_read_once_and_kept(paced, clock):
    seen = []
    paced.want(reads("a", "b", into=seen))
    assert (paced.get("a"), paced.awaits(["a", "b", "c"])) == (None, 2)
    clock.run()
    paced.want(reads("a", "b", into=seen))
    clock.run()
    assert (paced.get("a"), paced.awaits(["a", "b"]), seen) == ("value of a", 0, ["a", "b"])


def test_a_burst_takes_no_time_and_the_rest_so_many_a_second(paced, clock):
    paced.want(reads(*range(3)))
    clock.run()
    assert clock.now == 0
    paced.want(reads(*range(3, 13)))
    clock.run()
    assert clock.now == pytest.approx(5)


def test_what_is_wanted_last_is_read_first(paced, clock):
    seen = []
    paced.want(reads("a", "b", into=seen))
    paced.want(reads("b", "c", into=seen))
    assert len(clock.begun) == 1
    clock.run()
    assert seen == ["b", "c", "a"]


def test_what_cannot_be_read_is_told_and_tried_again_later(paced, clock):
    answers = [ValueError("no"), "yes"]

    def read():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    paced.want([("a", read)])
    clock.run()
    assert (paced.get("a"), str(paced.why_not("a"))) == (None, "no")
    clock.sleep(29)
    paced.want([("a", read)])
    assert not clock.begun
    clock.sleep(1)
    paced.want([("a", read)])
    clock.run()
    assert (paced.get("a"), paced.why_not("a")) == ("yes", None)
