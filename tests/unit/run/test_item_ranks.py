"""The ranks of inline Maps, from the histories that the engine writes."""

import pytest

from shared.run.item_ranks import ItemRanks, maps_in
from shared.run.rank_detail import detail_of
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World

RETRY = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 600, "MaxAttempts": 2}]
WORK = {"Type": "Task", "Resource": FUNCTION, "Retry": RETRY, "End": True}


@pytest.fixture
def world():
    return World()


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def mapped(processor, **more):
    return {"Type": "Map", "ItemProcessor": processor, **more}


def events_of(execution):
    return execution.history.page(0, 100_000, reverse=False, data=True)


def read(execution):
    reader = ItemRanks()
    reader.take(events_of(execution))
    return reader


def only(reader):
    (key,) = reader.visits
    return reader.rows(key)


def failing(of, error="Wrong", times=99):
    """A function that fails for the ranks *of*, so many times in all, and returns the others' values."""
    left = [times]

    def function(value):
        if value["rank"] in of and left[0]:
            left[0] -= 1
            raise FunctionError(error, f"rank {value['rank']}")
        return value

    return function


def test_each_item_is_a_rank_with_its_end(world):
    rows = only(
        read(world.run(machine(M=mapped(machine(W=WORK), End=True)), [{"rank": 5 + each} for each in range(3)]))
    )
    assert [(row.place, row.number, row.status, row.retries) for row in rows] == [
        (0, 5, "SUCCEEDED", 0),
        (1, 6, "SUCCEEDED", 0),
        (2, 7, "SUCCEEDED", 0),
    ]


def test_what_failed_says_its_error_and_its_retries_and_the_others_are_stopped(world):
    world.function = failing({1}, "Flaky")
    first = {"Variable": "$.rank", "NumericEquals": 0, "Next": "Wait"}
    inner = machine(
        Which={"Type": "Choice", "Choices": [first], "Default": "Work"},
        Wait={"Type": "Wait", "Seconds": 9999, "Next": "Work"},
        Work=WORK,
    )
    rows = only(read(world.run(machine(M=mapped(inner, End=True)), [{"rank": 0}, {"rank": 1}])))
    assert [(row.status, row.error, row.message, row.retries) for row in rows] == [
        ("ABORTED", "", "", 0),
        ("FAILED", "Flaky", "rank 1", 2),
    ]
    assert rows[1].seconds == pytest.approx(1800, rel=0.5)


def test_what_a_catch_takes_is_no_failure(world):
    world.function = failing({0})
    caught = {**WORK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}]}
    inner = machine(W=caught, Fine={"Type": "Pass", "End": True})
    (row,) = only(read(world.run(machine(M=mapped(inner, End=True)), [{"rank": 0}])))
    assert (row.status, row.error) == ("SUCCEEDED", "")


def test_a_fail_state_says_the_error_of_the_end(world):
    inner = machine(F={"Type": "Fail", "Error": "Mine", "Cause": "so it is"})
    (row,) = only(read(world.run(machine(M=mapped(inner, End=True)), [{}])))
    assert (row.status, row.error, row.message) == ("FAILED", "Mine", "so it is")


def test_items_that_wait_are_there_before_they_begin(world):
    execution = world.run(machine(M=mapped(machine(W=WORK), MaxConcurrency=1, End=True)), [{}, {}, {}])
    events = events_of(execution)
    begun = next(at for at, event in enumerate(events) if event["type"] == "MapIterationStarted")
    reader = ItemRanks()
    reader.take(events[: begun + 1])
    assert [row.status for row in only(reader)] == ["RUNNING", "PENDING", "PENDING"]


def test_events_in_any_pieces_tell_the_same_as_all_at_once(world):
    world.function = failing({2}, "Flaky", 1)
    execution = world.run(machine(M=mapped(machine(W=WORK), End=True)), [{"rank": each} for each in range(4)])
    events = events_of(execution)
    whole = only(read(execution))
    for size in (1, 3, 7):
        reader = ItemRanks()
        for end in range(0, len(events) + size, size):
            reader.take(events[:end])
        assert only(reader) == whole
    assert not reader.take(events)


def test_a_redrive_goes_on_with_the_items_that_had_failed(world):
    world.function = failing({1})
    execution = world.run(machine(M=mapped(machine(W=WORK), End=True)), [{"rank": each} for each in range(3)])
    assert [row.status for row in only(read(execution))].count("FAILED") == 1
    world.function = lambda value: value
    with execution.lock:
        execution.redrive()
    world.scheduler.run()
    reader = read(execution)
    rows = only(reader)
    assert [row.status for row in rows] == ["SUCCEEDED"] * 3
    assert rows[1].retries == 1
    detail = detail_of(rows[1], reader.events(next(iter(reader.visits)), 1))
    assert [(call.status, call.redrive) for call in detail.calls] == [("FAILED", 0), ("SUCCEEDED", 1)]
    assert (detail.event, detail.result, detail.retries) == ({"rank": 1}, {"rank": 1}, 1)


def test_a_map_in_a_map_is_a_part_of_its_item(world):
    world.function = failing({3})
    inner = machine(N=mapped(machine(W=WORK), ItemsPath="$.inner", End=True))
    given = [{"inner": [{"rank": 1}, {"rank": 2}]}, {"inner": [{"rank": 3}]}]
    reader = read(world.run(machine(M=mapped(inner, End=True)), given))
    (failed,) = [row for row in only(reader) if row.status == "FAILED"]
    assert (failed.number, failed.error) == (1, "Wrong")
    detail = detail_of(failed, reader.events(next(iter(reader.visits)), 1))
    assert [(call.state, call.error) for call in detail.calls] == [("W", "Wrong")]
    assert (detail.event, detail.states) == (given[1], ("N", "W"))


def test_a_distributed_map_that_is_redriven_is_the_same_one(world):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **machine(W=WORK)}
    world.function = failing({1})
    execution = world.run(machine(M=mapped(processor, Label="M", End=True)), [{"rank": each} for each in range(3)])
    before = read(execution).visits
    world.function = lambda value: value
    with execution.lock:
        execution.redrive()
    world.scheduler.run()
    after = read(execution).visits
    assert [(visit.key, visit.arn) for visit in after.values()] == [(visit.key, visit.arn) for visit in before.values()]
    assert [(visit.arn != "", visit.succeeded) for visit in after.values()] == [(True, True)]


def test_each_map_of_a_run_is_one_of_its_own(world):
    more = {"Type": "Pass", "Result": [{"rank": 0}], "Next": "N"}
    first = mapped(machine(W=WORK), Next="P")
    definition = machine(M=first, P=more, N=mapped(machine(V=WORK), End=True))
    reader = read(world.run(definition, [{"rank": 0}, {"rank": 1}]))
    assert [(visit.name, visit.total) for visit in reader.visits.values()] == [("M", 2), ("N", 1)]


def test_a_detail_tells_each_call_with_its_wait(world):
    world.function = failing({0}, "Flaky", 2)
    reader = read(world.run(machine(M=mapped(machine(W=WORK), End=True)), [{"rank": 0}]))
    (key,) = reader.visits
    detail = detail_of(reader.rows(key)[0], reader.events(key, 0))
    assert [(call.number, call.status, call.error, call.waited) for call in detail.calls] == [
        (1, "FAILED", "Flaky", None),
        (2, "FAILED", "Flaky", pytest.approx(600, abs=1)),
        (3, "SUCCEEDED", "", pytest.approx(1200, abs=1)),
    ]
    assert detail.transitions == 3
    assert detail.states == ("W",)


def test_maps_are_found_wherever_they_lie():
    distributed = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **machine(A={"Type": "Pass"})}
    express = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **machine(B={"Type": "Pass"})}
    both = {"Type": "Parallel", "Branches": [machine(X=mapped(express)), machine(Y=mapped(distributed))]}
    definition = machine(P=both, M=mapped(machine(N=mapped(machine(C={"Type": "Pass"})))))
    assert maps_in(definition) == {"X": "express", "Y": "distributed", "M": "inline", "N": "inline"}
