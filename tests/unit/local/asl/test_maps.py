"""Parallel and inline Map: order, concurrency, failure, and what is recorded."""

import pytest


def mapped(states, **more):
    return {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": next(iter(states)), "States": states},
                "End": True,
                **more,
            }
        },
    }


def test_outputs_keep_the_order_of_the_items(world, call):
    delays = {0: 3, 1: 1, 2: 2}
    wait = {"Type": "Wait", "SecondsPath": "$.wait", "Next": "T"}
    items = [{"wait": delays[n], "n": n} for n in range(3)]
    output = world.output(mapped({"W": wait, "T": call()}), items)
    assert [item["n"] for item in output] == [0, 1, 2]
    assert [value["n"] for _, value in world.calls] == [1, 2, 0]
    assert world.elapsed == pytest.approx(3)


@pytest.mark.parametrize(("concurrency", "seconds"), [(1, 80), (2, 40), (40, 2), (0, 2)])
def test_at_most_so_many_iterations_run_at_a_time(world, concurrency, seconds):
    wait = {"Type": "Wait", "Seconds": 1, "End": True}
    execution = world.run(mapped({"W": wait}, MaxConcurrency=concurrency), list(range(80)))
    assert execution.output == list(range(80))
    assert world.elapsed == pytest.approx(seconds)


def test_a_failed_iteration_ends_the_others(world, call, fail, types):
    def broken(value):
        if value == 1:
            raise fail("Bad")
        return value

    world.function = broken
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "T"}], "Default": "W"}
    wait = {"Type": "Wait", "Seconds": 10, "End": True}
    execution = world.run(mapped({"C": choice, "T": call(), "W": wait}), [0, 1, 2])
    assert execution.error == "Bad"
    assert world.elapsed == 0
    kinds = types(execution)
    assert kinds.count("MapIterationAborted") == 2
    assert kinds.count("WaitStateAborted") == 2
    assert kinds[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_an_empty_map_gives_an_empty_array(world, call):
    assert world.output(mapped({"T": call()}), []) == []


def test_the_item_and_its_index_reach_the_selector_and_the_states(world):
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "States.ArrayLength($)"}
    again = {"Type": "Pass", "Parameters": {"i.$": "$.i", "again.$": "$$.Map.Item.Index", "n.$": "$.all"}, "End": True}
    output = world.output(mapped({"P": again}, ItemSelector=selector), ["a", "b"])
    assert output == [{"i": 0, "again": 0, "n": 2}, {"i": 1, "again": 1, "n": 2}]


def test_a_map_is_retried_as_a_whole(world, call, fail):
    failures = iter([True])

    def broken(value):
        if next(failures, False):
            raise fail("Once")
        return value

    world.function = broken
    retry = [{"ErrorEquals": ["Once"], "IntervalSeconds": 5}]
    assert world.output(mapped({"T": call()}, Retry=retry, MaxConcurrency=1), [1, 2]) == [1, 2]
    assert len(world.calls) == 3


def test_branches_run_side_by_side_and_give_an_array(world):
    def branch(seconds):
        return {"StartAt": f"W{seconds}", "States": {f"W{seconds}": {"Type": "Wait", "Seconds": seconds, "End": True}}}

    definition = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [branch(5), branch(3)], "End": True}},
    }
    assert world.output(definition, {"x": 1}) == [{"x": 1}, {"x": 1}]
    assert world.elapsed == pytest.approx(5)


def test_a_failed_branch_ends_the_others_and_is_caught(world, types):
    fail = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    definition = {
        "StartAt": "P",
        "States": {
            "P": {
                "Type": "Parallel",
                "Branches": [wait, fail],
                "Catch": [{"ErrorEquals": ["E"], "ResultPath": "$.why", "Next": "D"}],
                "Next": "D",
            },
            "D": {"Type": "Succeed"},
        },
    }
    execution = world.run(definition, {"x": 1})
    assert execution.output == {"x": 1, "why": {"Error": "E", "Cause": "c"}}
    assert "ParallelStateFailed" in types(execution)
    assert "WaitStateAborted" in types(execution)
    assert world.elapsed == 0


def test_maps_nest(world):
    inner = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
        "End": True,
    }
    assert world.output(mapped({"I": inner}), [[1, 2], [], [3]]) == [[1, 2], [], [3]]


def test_25000_events_are_the_most(world, types):
    loop = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "C"}],
                "Default": "A",
            },
            "C": {"Type": "Succeed"},
        },
    }
    execution = world.run(loop)
    assert execution.status == "FAILED"
    assert execution.cause == "The execution reached the maximum number of history events (25000)."
    assert len(types(execution)) == 25_000


def test_variables_have_scopes(world):
    inner = {"Type": "Pass", "Assign": {"inner.$": "$outer"}, "Parameters": {"seen.$": "$outer"}, "End": True}
    definition = mapped({"I": inner})
    definition["States"]["First"] = {"Type": "Pass", "Assign": {"outer": 42}, "Next": "M"}
    definition["StartAt"] = "First"
    definition["States"]["M"] |= {"ItemsPath": "$.items", "Next": "Last"}
    del definition["States"]["M"]["End"]
    definition["States"]["Last"] = {"Type": "Pass", "Parameters": {"x.$": "$inner"}, "End": True}
    execution = world.run(definition, {"items": [1]})
    assert execution.error == "States.Runtime"  # what an iteration assigned is not seen outside
