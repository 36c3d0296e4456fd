"""The ranks of a distributed Map, by a Step Functions that tells what a test says, and counts what it is asked."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.run.child_ranks import ASKED_AT_ONCE, MOST_TRIES, ChildRanks, Sought
from shared.run.run_ranks import RunRanks

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class States:
    """Children in the order of their start, each a dict: ``rank``, ``status``, ``seconds``, ``error``."""

    def __init__(self, children, page=1000):
        self.children = children
        self.asked = Counter()
        self._page = page

    def get_paginator(self, name):
        assert name == "list_executions"
        return SimpleNamespace(paginate=self._list)

    def _list(self, *, mapRunArn, PaginationConfig, statusFilter=None):
        assert mapRunArn == "arn:run"
        assert PaginationConfig == {"PageSize": 1000}
        fitting = [at for at, child in enumerate(self.children) if statusFilter in {None, child["status"]}][::-1]
        for begin in range(0, max(1, len(fitting)), self._page):
            self.asked["list", statusFilter] += 1
            yield {"executions": [self._entry(at) for at in fitting[begin : begin + self._page]]}

    def _entry(self, at):
        child = self.children[at]
        begun = START + timedelta(milliseconds=at)
        entry = {"executionArn": f"arn:{at}", "status": child["status"], "startDate": begun}
        entry["redriveCount"] = child.get("redrives", 0)
        if child["status"] != "RUNNING":
            entry["stopDate"] = begun + timedelta(seconds=child.get("seconds", 1))
        return entry

    def describe_execution(self, *, executionArn):
        self.asked["describe"] += 1
        child = self.children[int(executionArn.removeprefix("arn:"))]
        told = {"input": json.dumps({"rank": child["rank"]} if child.get("rank") is not None else {})}
        return told | ({"error": child["error"], "cause": "why"} if "error" in child else {})

    @property
    def counts(self):
        counts = Counter(child["status"] for child in self.children)
        names = {"failed": "FAILED", "timedOut": "TIMED_OUT", "aborted": "ABORTED", "running": "RUNNING"}
        told = {name: counts[status] for name, status in names.items()} | {"succeeded": counts["SUCCEEDED"]}
        return told | {"pending": 0, "pendingRedrive": 0, "total": len(self.children)}


def child(rank, status="SUCCEEDED", **more):
    return {"rank": rank, "status": status, **more}


def many(count, *, failed=(), **more):
    return [
        child(rank, "FAILED", error="Bad", **more) if rank in failed else child(rank, **more) for rank in range(count)
    ]


@pytest.fixture
def clock():
    now = [0.0]

    def read():
        return now[0]

    read.now = now
    return read


def over(states, **more):
    ranks = ChildRanks(states, "arn:run", **more)
    ranks.look(states.counts, 0, over=True)
    return ranks


def test_all_are_listed_once_and_only_those_that_failed_are_asked():
    states = States(many(2500, failed={7, 1200}))
    ranks = over(states)
    assert [row.place for row in ranks.rows()] == list(range(2500))
    assert [(row.number, row.error, row.message) for row in ranks.rows() if row.bad] == [
        (7, "Bad", "why"),
        (1200, "Bad", "why"),
    ]
    assert states.asked == {("list", None): 3, "describe": 2}
    ranks.look(states.counts, 0, over=True)
    assert states.asked == {("list", None): 3, "describe": 2}
    assert ranks.settled(0)


def test_many_failures_are_asked_a_hundred_at_a_time():
    states = States(many(734, failed=range(734)))
    ranks = over(states)
    assert states.asked["describe"] == ASKED_AT_ONCE
    assert ranks.untold == 634
    assert ranks.settled(0)
    ranks.want(200)
    assert not ranks.settled(0)
    ranks.look(states.counts, 0, over=True)
    assert (states.asked["describe"], ranks.untold) == (200, 534)


def test_while_it_runs_only_those_that_failed_are_listed_again_and_all_now_and_then(clock):
    states = States([child(rank, "RUNNING") for rank in range(10)])
    ranks = ChildRanks(states, "arn:run", clock)
    ranks.look(states.counts, 0, over=False)
    assert states.asked == {("list", None): 1}
    states.children[3] = child(3, "FAILED", error="Bad")
    states.children[4] = child(4)
    clock.now[0] = 5.0
    ranks.look(states.counts, 0, over=False)
    assert states.asked == {("list", None): 1, ("list", "FAILED"): 1, "describe": 1}
    assert [row.status for row in ranks.rows()][3:5] == ["FAILED", "RUNNING"]
    clock.now[0] = 6.0
    ranks.look(states.counts, 0, over=False)
    assert states.asked[("list", "FAILED")] == 1
    clock.now[0] = 31.0
    ranks.look(states.counts, 0, over=False)
    assert [row.status for row in ranks.rows()][3:5] == ["FAILED", "SUCCEEDED"]
    assert not ranks.settled(0)


def test_a_redrive_has_children_listed_and_asked_again():
    states = States(many(4, failed={1, 2}))
    ranks = over(states)
    states.children[1] = child(1, redrives=1)
    states.children[2] = child(2, "FAILED", error="Worse", redrives=1)
    assert not ranks.settled(1)
    ranks.look(states.counts, 1, over=True)
    assert [(row.status, row.number, row.error) for row in ranks.rows()][1:3] == [
        ("SUCCEEDED", 1, ""),
        ("FAILED", 2, "Worse"),
    ]
    assert ranks.settled(1)


def test_a_list_that_is_late_is_read_again():
    states = States([child(0), child(1, "RUNNING")])
    ranks = over(states)
    assert not ranks.settled(0)
    states.children[1] = child(1)
    ranks.look(states.counts, 0, over=True)
    assert ranks.settled(0)


def test_of_too_many_the_newest_are_listed_at_their_places():
    states = States(many(5000))
    ranks = over(states, most=3000)
    assert (ranks.cut, len(ranks.rows()), ranks.rows()[0].place) == (2000, 3000, 2000)
    assert states.asked["list", None] == 3
    assert ranks.at(1999) is None
    assert ranks.at(4999).number == 4999


def test_a_rank_is_found_at_its_place_by_one_question_and_known_after_that():
    states = States(many(100))
    ranks = over(states)
    found = ranks.find(42)
    assert (found.row.number, found.asked) == (42, 1)
    assert (ranks.find(42).asked, states.asked["describe"]) == (0, 1)
    assert ranks.rows()[42].number == 42


def test_ranks_that_count_from_elsewhere_are_found_by_how_far_off_the_first_answer_is():
    found = over(States([child(1000 + place) for place in range(100)])).find(1042)
    assert (found.row.place, found.row.number) == (42, 1042)
    assert found.asked <= 3


@given(st.integers(1, 400), st.randoms(use_true_random=False), st.data())
def test_a_rank_whose_child_began_a_little_out_of_order_is_found_by_few_questions(count, random, data):
    order = sorted(range(count), key=lambda rank: rank + random.uniform(0, 4))
    states = States([child(rank) for rank in order])
    wanted = data.draw(st.integers(0, count - 1))
    found = over(states).find(wanted)
    assert found.row is not None
    assert found.row.number == wanted
    assert states.asked["describe"] <= MOST_TRIES


def test_what_cannot_be_found_says_how_many_were_asked_and_what_they_are():
    states = States([child(2 * place) for place in range(1000)])
    found = over(states).find(501)
    assert found.row is None
    assert found.asked == len(found.numbers) == states.asked["describe"] <= MOST_TRIES
    assert set(found.numbers) >= {500, 502}


def test_items_that_tell_no_rank_have_their_places_for_numbers():
    states = States([child(None) for _ in range(10)])
    found = over(states).find(7)
    assert (found.row.place, found.row.number, found.asked) == (7, 7, 1)


def test_without_any_child_nothing_is_asked():
    states = States([])
    assert over(states).find(0) == Sought(None, 0, ())


DEFINITION = {
    "States": {
        "Ranks": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "States": {}}},
        "Few": {"Type": "Map", "ItemProcessor": {"States": {}}},
    }
}


def event(number, before, kind, **told):
    part = "stateEntered" if kind.endswith("StateEntered") else f"{kind[0].lower()}{kind[1:]}"
    return {"id": number, "previousEventId": before, "type": kind, "timestamp": START, f"{part}EventDetails": told}


@pytest.fixture
def live():
    """A run that has a distributed Map of 5 children and an inline one of 2 items."""
    events = [
        event(1, 0, "ExecutionStarted", input="{}"),
        event(2, 0, "MapStateEntered", name="Few", input="{}"),
        event(3, 2, "MapStateStarted", length=2),
        event(4, 0, "MapStateEntered", name="Ranks", input="{}"),
        event(5, 4, "MapStateStarted", length=0),
        event(6, 5, "MapRunStarted", mapRunArn="arn:run"),
    ]
    states = States(many(5, failed={2}))
    map_runs = {"arn:run": {"executionCounts": states.counts}}
    return SimpleNamespace(
        aws=SimpleNamespace(states=states),
        definition=DEFINITION,
        events=events,
        map_runs=map_runs,
        over=True,
        redrives=0,
    )


def test_the_largest_map_is_the_first_and_its_counts_are_the_runs_own(live):
    ranks = RunRanks(live)
    assert [(each.key, each.name, each.kind, each.total) for each in ranks.maps()] == [
        (4, "Ranks", "distributed", 5),
        (2, "Few", "inline", 2),
    ]
    of = ranks.map(None)
    before = ranks.ranks(of)
    assert (before.total, before.failed, before.rows) == (5, 1, ())
    ranks.look(of)
    after = ranks.ranks(of)
    assert (after.total, after.failed, len(after.rows)) == (5, 1, 5)
    assert ranks.ranks(of) is after
    assert ranks.settled(of)


def test_a_map_that_the_run_has_not_is_refused(live):
    with pytest.raises(Exception, match="the run has no Map 3"):
        RunRanks(live).map(3)


def test_of_a_map_whose_counts_were_refused_those_count_that_are_listed(live):
    live.map_runs, live.over = {}, False
    ranks = RunRanks(live)
    of = next(each for each in ranks.maps() if each.arn)
    ranks.look(of)
    found = ranks.ranks(of)
    assert (found.total, found.failed, len(found.rows)) == (5, 1, 5)
    assert not ranks.settled(of)
