"""What is made of a run: once, anew after a redrive, in the background where it is dear."""

from types import SimpleNamespace

import pytest

from shared.console.followed import Followed
from shared.console.readings import Readings
from tests.helpers.eventually import eventually

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


class Run:
    def __init__(self):
        self.found = SimpleNamespace(run=SimpleNamespace(arn="arn"))
        self.definition = DEFINITION
        self.events, self.map_runs, self.redrives, self.over = [], {}, 0, False


@pytest.fixture
def run():
    return Run()


@pytest.fixture
def readings():
    made = Readings()
    yield made
    made.close()


def test_a_thing_is_made_once_and_anew_after_a_redrive(run):
    followed, made = Followed(DEFINITION), []
    assert [followed.once(run, "x", lambda: made.append(1) or len(made)) for _ in range(3)] == [1, 1, 1]
    run.redrives = 1
    assert followed.once(run, "x", lambda: made.append(1) or len(made)) == 2


def test_what_could_not_be_made_is_not_kept(run):
    followed = Followed(DEFINITION)
    with pytest.raises(ZeroDivisionError):
        followed.once(run, "x", lambda: 1 // 0)
    assert followed.once(run, "x", lambda: 5) == 5


def test_the_background_tells_the_value_or_why_there_is_none(run, readings):
    followed = Followed(DEFINITION)
    eventually(lambda: followed.late(run, readings, "x", lambda: 5).value == 5)
    eventually(lambda: isinstance(followed.late(run, readings, "y", lambda: 1 // 0).error, ZeroDivisionError))


def test_a_row_is_made_once(run):
    followed, made = Followed(DEFINITION), []
    assert {followed.row(7, lambda: made.append(1) or "row") for _ in range(3)} == {"row"}
    assert made == [1]


def test_events_are_taken_in_once_as_they_come(run):
    followed = Followed(DEFINITION)
    started = {"id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": None}
    run.events.append(started)
    assert [len(followed.look(run)[0]) for _ in range(3)] == [1, 1, 1]
    run.events.append({**started, "id": 2, "previousEventId": 1, "type": "ExecutionAborted"})
    assert len(followed.look(run)[0]) == 2
