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
