"""What an execution did, the children of its distributed Maps included."""

import pytest

from shared.errors import LanesError
from shared.run.places import Item
from shared.testing.recorded.happened import in_one_history, what_happened
from tests.unit.local.asl.conftest import FUNCTION, FunctionError, World
from tests.unit.testing.histories import FakeStates

TASK = {"Type": "Task", "Resource": FUNCTION, "End": True}
EACH = {"StartAt": "Each", "States": {"Each": TASK}}


@pytest.fixture
def world():
    return World()


def distributed(processor, **more):
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **processor}
    return {"Type": "Map", "ItemProcessor": config, "End": True, **more}


def test_children_of_distributed_maps_at_any_depth(world):
    inner = {"StartAt": "Inner", "States": {"Inner": distributed(EACH)}}
    outer = {"StartAt": "Rows", "States": {"Rows": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    execution = world.run(outer, [[1, 2], [3]])
    happened = what_happened(FakeStates(execution), execution.arn)
    assert happened.attempts == ()
    assert [(each.map, each.items) for each in happened.maps] == [
        ("Inner", (Item("Rows", 0),)),
        ("Inner", (Item("Rows", 1),)),
    ]
    results = [[child.attempts[0].result for child in each.executions] for each in happened.maps]
    assert sorted(map(sorted, results)) == [[1, 2], [3]]


def test_children_that_are_forgotten_are_no_whole_history(world):
    machine = {"StartAt": "All", "States": {"All": distributed(EACH)}}
    execution = world.run(machine, [1, 2, 3])
    with pytest.raises(LanesError, match="of the Map 'All' 2 of its 3 children are still known"):
        what_happened(FakeStates(execution, forgotten=1), execution.arn)


def test_a_redriven_run_is_two_in_one(world):
    def function(_value):
        raise FunctionError("Flaky")

    world.function = function
    execution = world.run({"StartAt": "Each", "States": {"Each": TASK}}, 1)
    world.function = lambda value: value
    execution.redrive()
    world.scheduler.run()
    with pytest.raises(LanesError, match="it was redriven"):
        what_happened(FakeStates(execution), execution.arn)


def test_data_that_aws_cut_is_no_whole_history(world):
    execution = world.run({"StartAt": "Each", "States": {"Each": TASK}}, 1)
    events = execution.history.page(0, 100, reverse=False, data=True)
    assert len(in_one_history(events, "here").attempts) == 1
    events[1]["stateEnteredEventDetails"]["inputDetails"]["truncated"] = True
    with pytest.raises(LanesError, match=r"here: event 2 \(TaskStateEntered\) is too long"):
        in_one_history(events, "here")
