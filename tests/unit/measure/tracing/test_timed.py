"""When what a history holds began and ended, by histories that the engine writes in virtual time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.measure.tracing.timed import time_history
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def task(**more):
    return {"Type": "Task", "Resource": FUNCTION, "End": True, **more}


def failing(*bad):
    def function(given):
        if given in bad:
            raise FunctionError("Bad", f"{given} is bad")
        return given

    return function


def seconds(timed):
    return (timed.ended - timed.began).total_seconds()


def by_name(held, name):
    return [place for place in held.places if place.where.name == name]


def items(held):
    return {place.where.index: place for place in held.places if place.where.kind == "Iteration"}


RETRY = [{"ErrorEquals": ["Bad"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 2}]


def test_each_attempt_has_its_own_times_and_its_state_has_the_waits_too(world, events):
    world.function = failing(3)
    held = time_history(events(world.run(machine(Work=task(Retry=RETRY)), 3)))
    (work,) = by_name(held, "Work")
    assert [(call.attempt.number, call.status) for call in held.calls] == [(1, "FAILED"), (2, "FAILED"), (3, "FAILED")]
    assert seconds(work) >= 2 + 4
    assert sum((call.ended - call.attempt.began).total_seconds() for call in held.calls) < 1
    assert (work.status, work.errors[-1].name, work.errors[-1].called) == ("FAILED", "Bad", True)
    assert (held.error.name, "3 is bad" in held.error.cause) == ("Bad", True)


def test_what_a_failure_in_a_map_cut_off_ended_with_the_map_and_did_not_fail_itself(world, events):
    world.function = failing(1)
    wait = {"Type": "Wait", "Seconds": 100, "Next": "Work"}
    inner = machine(Which={"Type": "Choice", "Choices": [], "Default": "Pause"}, Pause=wait, Work=task())
    inner["States"]["Which"]["Choices"] = [{"Variable": "$", "NumericEquals": 1, "Next": "Work"}]
    held = time_history(events(world.run(machine(All={"Type": "Map", "ItemProcessor": inner, "End": True}), [0, 1])))
    (pause,), (work,) = by_name(held, "Pause"), by_name(held, "Work")
    (whole,) = by_name(held, "All")
    assert (pause.status, work.status, whole.status) == ("ABORTED", "FAILED", "FAILED")
    assert pause.ended == whole.ended
    assert seconds(pause) < 100
    assert {index: item.status for index, item in items(held).items()} == {0: "ABORTED", 1: "FAILED"}
    assert not pause.errors


def test_a_map_that_is_tried_again_has_its_items_twice_and_none_outlasts_its_round(world, events):
    world.function = failing(1)
    ranks = {"Type": "Map", "ItemProcessor": machine(Work=task()), "Retry": RETRY[:1], "End": True}
    held = time_history(events(world.run(machine(All=ranks), [0, 1])))
    rounds = sorted({place.ended for place in held.places if place.where.kind == "Iteration"})
    assert len(by_name(held, "Work")) == 2 * 3
    assert seconds(by_name(held, "All")[0]) >= 2 + 4
    assert len(rounds) >= 3
    assert all(seconds(place) < 1 for place in by_name(held, "Work"))


def test_a_state_without_an_event_of_its_failure_is_the_one_that_failed(world, events):
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "End"}]}
    definition = machine(Which=choice, End={"Type": "Fail", "Error": "Mine", "Cause": "so"})
    held = time_history(events(world.run(definition, 2)))
    assert [(place.status, place.errors[0].name) for place in held.places] == [("FAILED", "States.Runtime")]
    held = time_history(events(world.run(definition, 1)))
    assert [(place.where.name, place.status) for place in held.places] == [("Which", "SUCCEEDED"), ("End", "FAILED")]
    assert [(error.name, error.cause) for error in held.places[1].errors] == [("Mine", "so")]


def test_a_caught_error_is_the_calls_and_not_the_states(world, events):
    world.function = failing(3)
    catch = [{"ErrorEquals": ["Bad"], "Next": "After"}]
    held = time_history(events(world.run(machine(Work=task(Catch=catch), After={"Type": "Pass", "End": True}), 3)))
    assert [(place.where.name, place.status) for place in held.places] == [
        ("Work", "SUCCEEDED"),
        ("After", "SUCCEEDED"),
    ]
    assert [call.status for call in held.calls] == ["FAILED"]
    assert held.error is None


def redriven(world, definition, value):
    execution = world.run(definition, value)
    assert execution.status == "FAILED"
    world.function = failing()
    with execution.lock:
        execution.redrive()
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    return execution


def test_what_a_redrive_goes_on_from_ended_with_the_execution_the_first_time(world, events):
    world.function = failing(1)
    ranks = {"Type": "Map", "ItemProcessor": machine(Work=task()), "MaxConcurrency": 1, "End": True}
    held = time_history(events(redriven(world, machine(Ranks=ranks), [0, 1, 2])))
    assert len(held.redriven) == 1
    assert held.error is None
    first, again = by_name(held, "Ranks")
    assert (first.status, first.redrives, again.status, again.redrives) == ("FAILED", 0, "SUCCEEDED", 1)
    assert first.ended <= held.redriven[0] <= again.began
    assert [(call.attempt.items[0].index, call.attempt.redrive, call.status) for call in held.calls] == [
        (0, 0, "SUCCEEDED"),
        (1, 0, "FAILED"),
        (1, 1, "SUCCEEDED"),
        (2, 1, "SUCCEEDED"),
    ]


def test_a_stopped_execution_cuts_off_what_went_on(world, events):
    execution = world.start(machine(Pause={"Type": "Wait", "Seconds": 100, "End": True}))
    world.scheduler.run(until=world.scheduler.now() + 5)
    execution.stop("Mine", "enough")
    world.scheduler.run()
    held = time_history(events(execution))
    assert (held.error.name, held.error.cause) == ("Mine", "enough")
    assert all(place.status == "ABORTED" and not place.errors for place in held.places)


@settings(max_examples=60, deadline=None)
@given(
    ranks=st.lists(st.integers(0, 5), max_size=6),
    bad=st.sets(st.integers(0, 5), max_size=3),
    tried=st.booleans(),
    again=st.booleans(),
    slow=st.sets(st.integers(0, 5), min_size=1),
)
def test_all_lies_in_what_is_around_it_whatever_failed(ranks, bad, tried, again, slow):
    world = World()
    world.function = failing(*bad)
    pause = [{"Variable": "$", "NumericEquals": each, "Next": "Pause"} for each in sorted(slow)]
    which = {"Type": "Choice", "Choices": pause, "Default": "Work"}
    work = task(**({"Retry": RETRY} if tried else {}))
    inner = machine(Which=which, Pause={"Type": "Wait", "Seconds": 1, "Next": "Work"}, Work=work)
    both = {"Type": "Parallel", "Branches": [inner, machine(Beside={"Type": "Wait", "Seconds": 3, "End": True})]}
    each = machine(Both={**both, "End": True})
    outer = {"Type": "Map", "ItemProcessor": each, **({"Retry": RETRY[:1]} if again else {}), "End": True}
    execution = world.run(machine(All=outer), ranks)
    if execution.status == "FAILED" and again:
        world.function = failing()
        with execution.lock:
            execution.redrive()
        world.scheduler.run()
    events = execution.history.page(0, 25_000, reverse=False, data=True)
    held = time_history(events)
    places = {place.where.entry: place for place in held.places}
    assert len(places) == len(held.places)
    for place in held.places:
        around = places[place.where.outer.entry] if place.where.outer else None
        assert events[0]["timestamp"] <= place.began <= place.ended <= events[-1]["timestamp"]
        assert around is None or around.began <= place.began <= place.ended <= around.ended
    for call in held.calls:
        state = places[call.attempt.entry]
        assert state.began <= call.attempt.began <= call.ended <= state.ended
        assert call.status != "RUNNING"
    assert (held.error is None) == (execution.status == "SUCCEEDED")
    assert places[max(entry for entry in places if places[entry].where.outer is None)].status == execution.status
