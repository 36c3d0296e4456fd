"""Executions that start others and wait for them."""

import json

import pytest

from shared.local.asl.tokens import Answer


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def nested(pattern, **parameters):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": "arn:child", "Input.$": "$", **parameters},
        "End": True,
    }


@pytest.mark.parametrize(("pattern", "wanted"), [(".sync", '{"v":1}'), (".sync:2", {"v": 1})])
def test_a_nested_execution_gives_its_output(world, pattern, wanted):
    child = machine(W={"Type": "Wait", "Seconds": 3600, "End": True})
    world.engine.start_machine = lambda _arn, _name, text: world.start(child, json.loads(text), "child")
    output = world.output(machine(T=nested(pattern)), {"v": 1})
    assert output["Output"] == wanted
    assert output["Status"] == "SUCCEEDED"
    assert world.elapsed == pytest.approx(3600)


def test_a_nested_execution_that_fails_fails_the_task(world, types):
    child = machine(F={"Type": "Fail", "Error": "Inner", "Cause": "c"})
    world.engine.start_machine = lambda _arn, _name, text: world.start(child, json.loads(text), "child")
    execution = world.run(machine(T=nested(".sync:2")))
    assert execution.error == "States.TaskFailed"
    assert json.loads(execution.cause)["Error"] == "Inner"
    assert "TaskSubmitted" in types(execution)


def test_a_machine_that_does_not_exist_fails_the_submission(world, types):
    class MissingError(Exception):
        TYPE = "StateMachineDoesNotExist"

    def missing(arn, _name, _text):
        raise MissingError(f"State Machine Does Not Exist: '{arn}'")

    world.engine.start_machine = missing
    execution = world.run(machine(T=nested(".sync")))
    assert execution.error == "StepFunctions.StateMachineDoesNotExistException"
    assert "TaskSubmitFailed" in types(execution)


def test_stopping_the_outer_execution_stops_the_inner_one(world):
    children = []

    def start(_arn, _name, text):
        children.append(world.start(machine(W={"Type": "Wait", "Seconds": 10**6, "End": True}), json.loads(text)))
        return children[0]

    world.engine.start_machine = start
    outer = world.start(machine(T=nested(".sync")))
    world.scheduler.run(until=world.scheduler.now() + 1)
    outer.stop("Enough", None)
    world.scheduler.run(until=world.scheduler.now() + 1)
    assert (outer.status, children[0].status) == ("ABORTED", "ABORTED")


@pytest.mark.parametrize("pattern", ["sync", "sync:2"])
def test_a_task_that_waits_for_an_execution_has_a_token_which_may_answer_first(world, one, pattern):
    """Recorded on AWS: test_sync_with_task_token of LocalStack's suite."""
    tokens = []

    def start(arn, name, text):
        tokens.append(json.loads(text)["t"])
        return world.start(one(Type="Wait", Seconds=60), {}, name="child")

    world.engine.start_machines_with(start)
    waiting = machine(T=nested(f".{pattern}", Input={"t.$": "$$.Task.Token"}))
    del waiting["States"]["T"]["Parameters"]["Input.$"]
    execution = world.start(waiting)
    world.scheduler.run(until=world.scheduler.now() + 10)
    world.engine.tokens.answer(tokens[0], Answer(alive=True))
    world.scheduler.run(until=world.scheduler.now() + 10)
    world.engine.tokens.answer(tokens[0], Answer("done"))
    world.scheduler.run()
    assert (execution.status, execution.output) == ("SUCCEEDED", "done")

    left_alone = world.start(waiting)
    world.scheduler.run(until=world.scheduler.now() + 10)
    world.engine.tokens.answer(tokens[1], Answer(alive=True))
    world.scheduler.run()
    assert left_alone.output["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("pattern", ["", ".sync", ".sync:2"])
def test_no_input_and_null_are_an_empty_object(world, one, pattern):
    given = []

    def start(_arn, _name, text):
        given.append(text)
        return world.start(one(Type="Pass"), json.loads(text), "child")

    world.engine.start_machines_with(start)
    for parameters in ({"Input": None}, {}):
        waiting = machine(T=nested(pattern, **parameters))
        del waiting["States"]["T"]["Parameters"]["Input.$"]
        output = world.output(waiting)
        if pattern:
            assert output["Input"] == ({} if pattern == ".sync:2" else "{}")
    assert given == ["{}", "{}"]


@pytest.mark.parametrize("pattern", ["sync", "sync:2"])
def test_a_task_that_waits_for_an_execution_needs_the_signs_of_life_it_asks_for(world, one, pattern):
    tokens, children = [], []

    def start(_arn, _name, text):
        tokens.append(json.loads(text)["t"])
        children.append(world.start(one(Type="Wait", Seconds=60), {}, name="child"))
        return children[-1]

    world.engine.start_machines_with(start)
    waiting = machine(T={**nested(f".{pattern}", Input={"t.$": "$$.Task.Token"}), "HeartbeatSeconds": 20})
    del waiting["States"]["T"]["Parameters"]["Input.$"]
    execution = world.start(waiting)
    for _ in range(2):
        world.scheduler.run(until=world.scheduler.now() + 15)
        world.engine.tokens.answer(tokens[0], Answer(alive=True))
    world.scheduler.run()
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    assert world.elapsed == pytest.approx(50)
    assert children[0].status == "ABORTED"


def test_a_fault_of_ours_is_none_of_step_functions_errors(world):
    def broken(*_):
        raise KeyError("inside")

    world.engine.start_machines_with(broken)
    execution = world.run(machine(T=nested(".sync")))
    assert (execution.error, "inside" in execution.cause) == ("States.Runtime", False)
