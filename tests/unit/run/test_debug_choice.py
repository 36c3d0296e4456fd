"""Which invocation of a run is called again: by the history as the engine writes it, and by those of children."""

import dataclasses
import json

import pytest

from shared.errors import LanesError, UsageError
from shared.run.debug.choice import Wanted, choose, find_recorded, name_of
from shared.run.find import Found
from tests.unit.local.asl.conftest import FunctionError, World

NAME = "team-w-work-0"
WORK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": NAME, "Payload.$": "$"},
    "OutputPath": "$.Payload",
}
RANKS = {
    "StartAt": "First",
    "States": {
        "First": {**WORK, "Next": "Ranks"},
        "Ranks": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 1,
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": {**WORK, "End": True}}},
            "End": True,
        },
    },
}
EIGHT = {"items": [{"rank": rank, "n": 7 - rank} for rank in range(8)]}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def ran(world, aws, run, started):
    """Return what is known of a run of a definition."""

    def run_it(definition, value=None, mended=None):
        execution = world.run(definition, value)
        if mended:
            world.function = mended
            with execution.lock:
                execution.redrive()
            world.scheduler.run()
        events = execution.history.page(0, 10_000, reverse=False, data=True)
        aws.states.histories[run.arn] = events
        last = next((part for name, part in events[-1].items() if name.endswith("EventDetails")), {})
        status = "SUCCEEDED" if events[-1]["type"] == "ExecutionSucceeded" else "FAILED"
        answer = {
            "status": status,
            "startDate": started,
            **{key: last.get(key, "") for key in ("error", "cause")},
        }
        aws.states.executions[run.arn] = [answer]
        return Found(run, status, started, started, "{}", None)

    return run_it


def fail_at(rank):
    def function(value):
        if value.get("rank") == rank:
            raise FunctionError("ZeroDivisionError", "division by zero")
        return value

    return function


def test_by_itself_it_is_the_rank_that_ended_the_run(world, ran, aws, lane):
    world.function = fail_at(3)
    recorded = choose(aws.states, lane, ran(RANKS, EIGHT), Wanted())
    assert (recorded.attempt.state, recorded.rank, recorded.attempt.event) == ("Work", 3, {"rank": 3, "n": 4})
    assert recorded.attempt.error == "ZeroDivisionError"
    assert recorded.place == "state Work, rank 3, attempt 1"


def test_another_rank_or_state_is_named(world, ran, aws, lane):
    world.function = fail_at(3)
    found = ran(RANKS, EIGHT)
    assert choose(aws.states, lane, found, Wanted(rank=1)).attempt.event == {"rank": 1, "n": 6}
    first = choose(aws.states, lane, found, Wanted(step="First"))
    assert (first.attempt.event, first.attempt.status, first.rank) == (EIGHT, "SUCCEEDED", None)


def test_the_failed_one_of_several_that_fit_is_meant(world, ran, aws, lane):
    world.function = fail_at(3)
    assert choose(aws.states, lane, ran(RANKS, EIGHT), Wanted(step="Work")).rank == 3


def test_the_cards_name_of_a_function_is_a_step(world, ran, aws, lane):
    world.function = fail_at(3)
    assert choose(aws.states, lane, ran(RANKS, EIGHT), Wanted(step="work", rank=2)).rank == 2


def test_what_is_not_clear_lists_what_there_is(world, ran, aws, lane):
    found = ran(RANKS, {"items": [{"rank": 0}, {"rank": 1}]})
    with pytest.raises(UsageError, match="several invocations") as error:
        choose(aws.states, lane, found, Wanted())
    assert "--step First  SUCCEEDED" in error.value.fix
    assert "--step Work --rank 1  SUCCEEDED" in error.value.fix
    with pytest.raises(UsageError, match="no invocation of the run fits"):
        choose(aws.states, lane, found, Wanted(rank=9))


def test_of_a_state_that_was_tried_again_the_last_attempt_counts(world, ran, aws, lane):
    def always(_):
        raise FunctionError("Flaky", "again")

    world.function = always
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    found = ran({"StartAt": "Work", "States": {"Work": {**WORK, "Retry": retry, "End": True}}}, {"n": 1})
    assert choose(aws.states, lane, found, Wanted()).attempt.number == 3
    assert choose(aws.states, lane, found, Wanted(step="Work")).attempt.number == 3


def test_of_a_run_that_was_redriven_what_the_redrive_called_counts(world, ran, aws, lane):
    world.function = fail_at(3)
    found = ran(RANKS, EIGHT, mended=fail_at(9))
    recorded = choose(aws.states, lane, found, Wanted(rank=3))
    assert (recorded.attempt.status, recorded.attempt.redrive) == ("SUCCEEDED", 1)
    with pytest.raises(UsageError, match="several invocations") as error:
        choose(aws.states, lane, found, Wanted(step="Work"))
    assert "FAILED" not in error.value.fix
    world.function = fail_at(3)
    found = ran(RANKS, EIGHT, mended=fail_at(5))
    assert choose(aws.states, lane, found, Wanted(step="Work")).rank == 5


def test_a_run_that_no_function_ended_says_what_to_look_at(ran, aws, lane):
    found = ran({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Bad", "Cause": "so it is"}}})
    with pytest.raises(LanesError, match="no function failed, so there is nothing to debug: Bad: so it is"):
        choose(aws.states, lane, found, Wanted())


def test_what_a_function_got_is_found_in_a_run_that_failed_elsewhere(ran, aws, lane):
    states = {"Work": {**WORK, "Next": "No"}, "No": {"Type": "Fail", "Error": "Bad", "Cause": "so it is"}}
    found = ran({"StartAt": "Work", "States": states}, {"n": 1})
    assert choose(aws.states, lane, found, Wanted(function=NAME)).attempt.event == {"n": 1}


def event(number, kind, before=None, **told):
    part = "stateEntered" if kind.endswith("StateEntered") else f"{kind[0].lower()}{kind[1:]}"
    previous = number - 1 if before is None else before
    return {"id": number, "previousEventId": previous, "type": kind, f"{part}EventDetails": told, "timestamp": number}


def one_call(started, *, resource, kind, parameters, error, cause):
    """Return the history of one call that failed, as AWS tells it."""
    told = {"resource": resource, "resourceType": kind}
    events = [
        event(1, "ExecutionStarted", input="{}"),
        event(2, "TaskStateEntered", name="Call", input="{}"),
        event(3, "TaskScheduled", **told, parameters=json.dumps(parameters)),
        event(4, "TaskStarted", **told),
        event(5, "TaskFailed", **told, error=error, cause=cause),
        event(6, "ExecutionFailed", error=error, cause=cause),
    ]
    return [{**each, "timestamp": started} for each in events]


def fails(aws, arn, events):
    ending = events[-1]["executionFailedEventDetails"]
    aws.states.histories[arn] = events
    aws.states.executions[arn] = [{"status": "FAILED", "input": "{}", **ending}]


def test_a_services_refusal_is_no_functions(aws, lane, run, started):
    parameters = {"Bucket": "b", "Key": "k"}
    told = {"error": "S3.AccessDenied", "cause": "not authorized to perform: s3:GetObject"}
    fails(aws, run.arn, one_call(started, resource="getObject", kind="aws-sdk:s3", parameters=parameters, **told))
    with pytest.raises(LanesError, match="the state's own call of aws-sdk:s3:getObject: S3"):
        choose(aws.states, lane, Found(run, "FAILED", started, started, "{}", None), Wanted())


def in_function(started, name=NAME, value=None):
    cause = json.dumps({"errorMessage": "'x'", "errorType": "KeyError", "requestId": "", "stackTrace": []})
    parameters = {"FunctionName": name, "Payload": value or {}}
    return one_call(started, resource="invoke", kind="lambda", parameters=parameters, error="KeyError", cause=cause)


def test_a_nested_workflow_of_the_lane_is_followed(aws, lane, run, started):
    inner = lane.state_machine_arn("w").replace(":stateMachine:", ":execution:") + ":inner"
    cause = json.dumps({"ExecutionArn": inner, "Status": "FAILED", "Error": "KeyError"})
    told = {"error": "States.TaskFailed", "cause": cause, "parameters": {"StateMachineArn": "m"}}
    fails(aws, run.arn, one_call(started, resource="startExecution.sync", kind="states", **told))
    fails(aws, inner, in_function(started, value={"inner": 1}))
    found = Found(run, "FAILED", started, started, "{}", None)
    recorded = choose(aws.states, lane, found, Wanted())
    assert (recorded.attempt.event, recorded.execution) == ({"inner": 1}, inner)
    others = dataclasses.replace(lane, workflows={"w": dataclasses.replace(lane.workflows["w"], name="another")})
    with pytest.raises(LanesError, match="failed in another workflow, which is not team's"):
        choose(aws.states, others, found, Wanted())


def distributed(started):
    events = [
        event(1, "ExecutionStarted", input="{}"),
        event(2, "MapStateEntered", name="Ranks", input="{}"),
        event(3, "MapStateStarted", length=0),
        event(4, "MapRunStarted", mapRunArn="arn:map"),
        event(5, "MapRunFailed", error="States.ExceedToleratedFailureThreshold", cause="too many"),
        event(6, "ExecutionFailed", error="States.ExceedToleratedFailureThreshold", cause="too many"),
    ]
    return [{**each, "timestamp": started} for each in events]


def test_a_distributed_maps_child_is_read(aws, lane, run, started):
    fails(aws, run.arn, distributed(started))
    for rank in (3, 5):
        fails(aws, f"arn:child-{rank}", in_function(started, value={"rank": rank}))
    aws.states.children["arn:map"] = [
        {"executionArn": f"arn:child-{rank}", "status": "FAILED", "stopDate": rank} for rank in (5, 3)
    ]
    found = Found(run, "FAILED", started, started, "{}", None)
    ending = choose(aws.states, lane, found, Wanted())
    assert (ending.rank, ending.execution) == (3, "arn:child-3")
    assert choose(aws.states, lane, found, Wanted(rank=5)).execution == "arn:child-5"


def test_express_children_keep_no_history(aws, lane, run, started):
    fails(aws, run.arn, distributed(started))
    aws.states.children["arn:map"] = [{"executionArn": "arn:aws:states:x:y:express:m:c", "status": "FAILED"}]
    with pytest.raises(
        UsageError, match="the run has invoked no function; 1 children of distributed Maps were not read"
    ):
        choose(aws.states, lane, Found(run, "FAILED", started, started, "{}", None), Wanted(rank=1))


@pytest.fixture
def express(lane):
    return dataclasses.replace(lane, workflows={"w": dataclasses.replace(lane.workflows["w"], type="express")})


def logged(events, name):
    arn = f"arn:aws:states:us-east-1:123456789012:express:m:{name}:0"
    for each in events:
        told = next((part for key, part in each.items() if key.endswith("EventDetails")), {})
        line = {
            "id": str(each["id"]),
            "previous_event_id": str(each["previousEventId"]),
            "type": each["type"],
            "event_timestamp": "1767323045000",
            "execution_arn": arn,
            "details": told,
        }
        yield ("stream", 1767323045000, json.dumps(line))


RUN = "20260102T030405Z-a1b2c3"


def test_an_express_run_is_read_from_its_log(aws, express, started):
    aws.logs.groups["/logs"] = [*logged(in_function(started, value={"n": 1}), RUN), *logged([], "other")]
    run, recorded = find_recorded(aws, express, RUN, Wanted())
    assert (run.workflow, recorded.attempt.event, recorded.attempt.error) == ("w", {"n": 1}, "KeyError")


def test_a_log_without_data_is_refused_by_name(aws, express, started):
    events = in_function(started)
    for each in events:
        next((part for key, part in each.items() if key.endswith("EventDetails")), {}).pop("parameters", None)
    aws.logs.groups["/logs"] = list(logged(events, RUN))
    with pytest.raises(LanesError, match="the log of w holds no data"):
        find_recorded(aws, express, RUN, Wanted())


@pytest.mark.parametrize(
    "function", [NAME, f"arn:aws:lambda:us-east-1:1:function:{NAME}", f"1:function:{NAME}:7", f"{NAME}:live"]
)
def test_the_name_in_any_form_of_a_function(function):
    assert name_of(function) == NAME
