from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.run.map_total import MapTotal, is_throttled


def started(arn, number=9):
    return {
        "id": number, "previousEventId": number - 1, "type": "MapRunStarted",
        "mapRunStartedEventDetails": {"mapRunArn": arn},
    }  # fmt: skip


def entered(length, number=8):
    return {"id": number, "type": "MapStateStarted", "mapStateStartedEventDetails": {"length": length}}


class World:
    """A clock, and a DescribeMapRun that answers one total after another; an exception is raised."""

    def __init__(self, *answers):
        self.now = 0.0
        self.asked = []
        self._answers = list(answers)
        self.states = SimpleNamespace(describe_map_run=self._describe)
        self.total = MapTotal(self.states, clock=lambda: self.now, draw=lambda: 0.0)

    def _describe(self, *, mapRunArn):
        self.asked.append((self.now, mapRunArn))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"itemCounts": {"total": answer}}

    def watch(self, recent, seconds):
        """Look every second, as a watcher does, and return what was known last."""
        for _ in range(seconds):
            known = self.total.known_from(recent)
            self.now += 1
        return known


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "DescribeMapRun")


def test_a_run_without_a_map_costs_no_call():
    world = World(1)
    assert world.watch([{"id": 1, "type": "TaskStateEntered"}], 100) is None
    assert world.asked == []


def test_what_the_history_tells_is_not_asked():
    world = World(1)
    assert world.watch([started("run"), entered(10_000)], 100) == 10_000
    assert world.asked == []


def test_a_map_that_reads_its_items_is_asked_until_two_answers_agree():
    world = World(400, 9_000, 10_000, 10_000)
    assert world.watch([started("run"), entered(0)], 3600) == 10_000
    assert world.asked == [(0.0, "run"), (1.0, "run"), (3.0, "run"), (7.0, "run")]


def test_a_map_that_grows_all_hour_is_asked_ever_more_seldom():
    world = World(*range(1, 10_000))
    world.watch([started("run"), entered(0)], 3600)
    assert len(world.asked) < 130
    assert world.asked[-1][0] - world.asked[-2][0] == 30.0


def test_watchers_draw_when_they_ask():
    late = World(1, 2, 3)
    late.total = MapTotal(late.states, clock=lambda: late.now, draw=lambda: 0.999)
    late.watch([started("run")], 3)
    assert [at for at, _ in late.asked] == [0.0, 2.0]


def test_an_answer_that_aws_has_no_time_for_is_none():
    world = World(refusal("ThrottlingException"), refusal("ThrottlingException"), 5)
    assert world.watch([started("run")], 1) is None
    assert world.watch([started("run")], 60) == 5


def test_another_refusal_is_told():
    with pytest.raises(ClientError):
        World(refusal("AccessDeniedException")).watch([started("run")], 1)
    assert not is_throttled(refusal("AccessDeniedException"))


def test_the_newest_map_is_meant_and_stays_known_when_its_start_is_no_longer_recent():
    world = World(3)
    assert world.watch([started("second", 20), entered(7, 19), started("first"), entered(5)], 1) == 7
    assert world.watch([{"id": 60, "type": "TaskStateEntered"}], 10) == 7
    assert world.watch([started("third", 90), entered(2, 89)], 1) == 2
    assert world.asked == []
