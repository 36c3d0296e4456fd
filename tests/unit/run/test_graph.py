"""The picture of an execution, from the histories that the engine writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.run.graph import GraphReader, Items, graph_of, read_graph
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World

TASK = {"Type": "Task", "Resource": FUNCTION}
TWICE = {"ErrorEquals": ["Once"], "IntervalSeconds": 600, "MaxAttempts": 2}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Tidy"}]
DEFINITION = {
    "StartAt": "Split",
    "States": {
        "Split": {**TASK, "Retry": [TWICE], "Next": "Any"},
        "Any": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.items[0]", "IsPresent": True, "Next": "Pieces"}],
            "Default": "Tidy",
        },
        "Pieces": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {"StartAt": "Count", "States": {"Count": {**TASK, "End": True}}},
            "Catch": CATCH,
            "Next": "Tidy",
        },
        "Tidy": {"Type": "Pass", "End": True},
    },
}


@pytest.fixture
def world():
    return World()


def events_of(execution):
    return execution.history.page(0, 100_000, reverse=False, data=True)


def node(graph, name):
    return next(each for _, each in graph.walk() if each.name == name)


def failing(*errors):
    """A function that raises an error for each call, None for an answer, and then answers."""
    left = list(errors)

    def function(value):
        if left and (error := left.pop(0)):
            raise FunctionError(error)
        return value

    return function


def test_before_a_run_every_state_waits_in_the_order_of_the_machine():
    graph = graph_of(DEFINITION)
    assert [(depth, each.name, each.mark) for depth, each in graph.walk()] == [
        (0, "Split", "waiting"),
        (0, "Any", "waiting"),
        (0, "Pieces", "waiting"),
        (1, "Count", "waiting"),
        (0, "Tidy", "waiting"),
    ]
    assert node(graph, "Any").targets == ("Pieces", "Tidy")


def test_a_run_that_succeeds(world):
    graph = graph_of(DEFINITION, events_of(world.run(DEFINITION, {"items": [1, 2, 3]})))
    assert {each.mark for _, each in graph.walk()} == {"done"}
    assert node(graph, "Pieces").items == Items(3, 0, 3, 0)
    assert node(graph, "Count").done == 3


def test_a_state_that_is_tried_again(world):
    world.function = failing("Once", "Once")
    split = node(graph_of(DEFINITION, events_of(world.run(DEFINITION, {"items": []}))), "Split")
    assert (split.mark, split.retries, split.error) == ("done", 2, "")


def test_what_waits_to_be_tried_again_goes_on_and_names_its_error(world):
    world.function = failing("Once")
    events = events_of(world.run(DEFINITION, {"items": []}))
    failed = next(at for at, event in enumerate(events) if event["type"] == "LambdaFunctionFailed")
    split = node(graph_of(DEFINITION, events[: failed + 1]), "Split")
    assert (split.mark, split.error) == ("running", "Once")


def test_a_failed_item_that_is_caught_stops_the_others(world):
    world.function = failing(None, None, "Bad")
    graph = graph_of(DEFINITION, events_of(world.run(DEFINITION, {"items": [1, 2, 3, 4]})))
    pieces, count = node(graph, "Pieces"), node(graph, "Count")
    assert (pieces.mark, pieces.error) == ("done", "Bad")
    assert (pieces.items.done, pieces.items.failed, pieces.items.running) == (1, 1, 0)
    assert (count.mark, count.done, count.failed, count.stopped, count.running) == ("failed", 1, 1, 2, 0)
    assert node(graph, "Tidy").mark == "done"


def test_a_failure_that_nobody_catches_is_the_states_around_it_too(world):
    branches = [
        {"StartAt": "Works", "States": {"Works": {**TASK, "End": True}}},
        {"StartAt": "Waits", "States": {"Waits": {"Type": "Wait", "Seconds": 60, "End": True}}},
    ]
    definition = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}}
    world.function = failing("Bad")
    graph = graph_of(definition, events_of(world.run(definition)))
    assert {each.name: each.mark for _, each in graph.walk()} == {
        "Both": "failed",
        "Works": "failed",
        "Waits": "stopped",
    }
    assert node(graph, "Both").error == "Bad"


def test_a_map_that_is_tried_again_counts_its_items_anew(world):
    pieces = {**DEFINITION["States"]["Pieces"], "Retry": [TWICE], "End": True}
    del pieces["Next"], pieces["Catch"]
    definition = {"StartAt": "Pieces", "States": {"Pieces": pieces}}
    world.function = failing("Once")
    found = node(graph_of(definition, events_of(world.run(definition, {"items": [1, 2]}))), "Pieces")
    assert (found.mark, found.retries, found.items) == ("done", 1, Items(2, 0, 2, 0))


def test_a_loop_counts_the_visits_of_its_states(world):
    definition = {
        "StartAt": "Add",
        "States": {
            "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Add"}],
                "Default": "End",
            },
            "End": {"Type": "Succeed"},
        },
    }
    graph = graph_of(definition, events_of(world.run(definition, {"n": 0})))
    assert (node(graph, "Add").done, node(graph, "Enough").done, node(graph, "End").done) == (3, 3, 1)


def test_the_items_of_a_distributed_map_are_asked_for(world):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Count",
        "States": {"Count": {**TASK, "End": True}},
    }
    pieces = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    definition = {"StartAt": "Pieces", "States": {"Pieces": pieces}}
    execution = world.run(definition, {"items": [1, 2, 3]})

    class States:
        def get_paginator(self, _name):
            return self

        def paginate(self, **_asked):
            return [{"events": events_of(execution)}]

        def describe_map_run(self, *, mapRunArn):
            assert ":mapRun:" in mapRunArn
            counts = {"total": 9, "running": 1, "succeeded": 1, "failed": 1, "timedOut": 2, "aborted": 4, "pending": 0}
            return {"itemCounts": counts}

    found = node(read_graph(States(), "arn", definition), "Pieces")
    assert (found.items, found.distributed, found.inner) == (Items(9, 1, 1, 1, 2, 4), True, ())
    assert found.items.wrong == ("1 failed", "2 timed out", "4 stopped")


def test_a_record_holds_marks_at_every_depth(world):
    graph = graph_of(DEFINITION, events_of(world.run(DEFINITION, {"items": [1]})))
    record = node(graph, "Pieces").as_record()
    assert (record["mark"], record["inner"][0]["mark"], record["items"]["done"]) == ("done", "done", 1)


def test_the_longest_visit_is_told(world):
    wait = {"Type": "Wait", "SecondsPath": "$", "End": True}
    processor = {"StartAt": "Rest", "States": {"Rest": wait}}
    definition = {"StartAt": "All", "States": {"All": {"Type": "Map", "ItemProcessor": processor, "End": True}}}
    events = events_of(world.run(definition, [1, 60, 5]))
    graph = graph_of(definition, events)
    assert [node(graph, name).seconds for name in ("All", "Rest")] == [60.0, 60.0]
    going_on = graph_of(definition, [event for event in events if "StateExited" not in event["type"]][:-1])
    assert node(going_on, "All").seconds is None


def test_after_a_redrive_what_had_failed_counts_no_more(world):
    world.function = failing("Bad")
    states = {"First": {"Type": "Pass", "Next": "Try"}, "Try": {**TASK, "End": True}}
    definition = {"StartAt": "First", "States": states}
    execution = world.run(definition)
    assert node(graph_of(definition, events_of(execution)), "Try").mark == "failed"
    execution.redrive()
    world.scheduler.run()
    graph = graph_of(definition, events_of(execution))
    assert [(each.mark, each.visits, each.error) for _, each in graph.walk()] == [("done", 1, ""), ("done", 1, "")]


def test_a_redriven_map_keeps_the_items_that_had_succeeded(world):
    pieces = {**DEFINITION["States"]["Pieces"], "MaxConcurrency": 1, "End": True}
    del pieces["Next"], pieces["Catch"]
    definition = {"StartAt": "Pieces", "States": {"Pieces": pieces}}
    world.function = failing(None, "Bad")
    execution = world.run(definition, {"items": [1, 2, 3]})
    assert node(graph_of(definition, events_of(execution)), "Pieces").items == Items(3, 0, 1, 1)
    execution.redrive()
    world.scheduler.run()
    graph = graph_of(definition, events_of(execution))
    assert node(graph, "Pieces").items == Items(3, 0, 3, 0)
    assert (node(graph, "Count").done, node(graph, "Count").failed) == (3, 0)


def test_a_redriven_state_that_is_not_entered_again_goes_on(world):
    """As AWS may tell it: the work is scheduled again right after the redrive."""
    world.function = failing("Bad")
    definition = {"StartAt": "Try", "States": {"Try": {**TASK, "End": True}}}
    execution = world.run(definition)
    execution.redrive()
    world.scheduler.run()
    events = events_of(execution)
    redriven = next(event for event in events if event["type"] == "ExecutionRedriven")
    entered = next(event for event in events if event["type"] == "TaskStateEntered" and event["id"] > redriven["id"])
    others = [
        {**event, "previousEventId": redriven["id"]} if event["previousEventId"] == entered["id"] else event
        for event in events
        if event is not entered
    ]
    scheduled = others.index(redriven) + 2
    assert node(graph_of(definition, others[:scheduled]), "Try").mark == "running"
    assert graph_of(definition, others).nodes[0].visits == 1
    assert node(graph_of(definition, others), "Try").mark == "done"


def test_a_fail_state_has_failed(world):
    definition = {"StartAt": "Lost", "States": {"Lost": {"Type": "Fail", "Error": "Own"}}}
    assert node(graph_of(definition, events_of(world.run(definition))), "Lost").mark == "failed"


ERRORS = st.lists(st.sampled_from([None, None, "Once", "Bad"]), max_size=8)


@given(errors=ERRORS, items=st.integers(0, 5), redrive=st.booleans(), sizes=st.lists(st.integers(1, 9), max_size=20))
def test_events_that_come_bit_by_bit_make_the_same_graph(errors, items, redrive, sizes):
    world = World()
    world.function = failing(*errors)
    execution = world.run(DEFINITION, {"items": list(range(items))})
    if redrive and execution.status == "FAILED":
        execution.redrive()
        world.scheduler.run()
    events = events_of(execution)
    reader, taken = GraphReader(DEFINITION), 0
    for size in (*sizes, len(events)):
        reader.take(events[taken : taken + size])
        taken = min(len(events), taken + size)
        assert reader.graph() == graph_of(DEFINITION, events[:taken])


def test_the_items_that_were_stopped_when_another_failed_are_not_called_failed(world):
    pieces = {key: value for key, value in DEFINITION["States"]["Pieces"].items() if key not in {"Next", "Catch"}}
    definition = {"StartAt": "Pieces", "States": {"Pieces": {**pieces, "End": True}}}
    events = events_of(world.run(definition, {"items": [1, 2, 3]}))
    begun = next(place for place, event in enumerate(events) if event["type"].endswith("Scheduled"))
    last = {"id": begun + 1, "previousEventId": begun, "timestamp": events[begun]["timestamp"]}
    stopped = [*events[:begun], {**last, "type": "ExecutionAborted", "executionAbortedEventDetails": {}}]
    items = node(graph_of(definition, stopped), "Pieces").items
    assert (items.failed, items.running, items.stopped) == (0, 0, items.begun)
    assert items.wrong == (f"{items.begun} stopped",)
