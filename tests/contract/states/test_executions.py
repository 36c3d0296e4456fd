"""Executions behind the API: started, named, stopped, redriven, listed, and their history."""

import json
import time

import pytest

ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}


def test_a_name_is_idempotent_while_it_runs(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(WAIT, "idempotent")
    first = states.start_execution(stateMachineArn=machine, name="one", input='{"a": 1}')
    again = states.start_execution(stateMachineArn=machine, name="one", input='{"a":1}')
    assert again["executionArn"] == first["executionArn"]
    assert again["startDate"] == first["startDate"]
    code = cloud.code(states.start_execution, stateMachineArn=machine, name="one", input='{"a": 2}')
    assert code == "ExecutionAlreadyExists"
    states.stop_execution(executionArn=first["executionArn"])
    code = cloud.code(states.start_execution, stateMachineArn=machine, name="one", input='{"a": 1}')
    assert code == "ExecutionAlreadyExists"


def test_what_is_no_input_or_name_is_refused(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "inputs")
    assert cloud.code(states.start_execution, stateMachineArn=machine, input="{") == "InvalidExecutionInput"
    assert cloud.code(states.start_execution, stateMachineArn=machine, input="NaN") == "InvalidExecutionInput"
    assert cloud.code(states.start_execution, stateMachineArn=machine, name="a b") == "InvalidName"
    large = json.dumps("x" * 262_144)
    assert cloud.code(states.start_execution, stateMachineArn=machine, input=large) in {
        "InvalidExecutionInput",
        "ValidationException",
    }
    missing = machine.replace("inputs", "nothing")
    assert cloud.code(states.start_execution, stateMachineArn=missing) == "StateMachineDoesNotExist"
    nobody = f"{machine}:x".replace("stateMachine", "execution")
    assert cloud.code(states.describe_execution, executionArn=nobody) == "ExecutionDoesNotExist"


@pytest.mark.parametrize("value", ["text", None, 0, [], False])
def test_any_json_is_an_output(cloud, value):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, f"any-{type(value).__name__}")
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]
    assert json.loads(cloud.wait(arn)["output"]) == value


def test_an_execution_is_stopped(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}, "stopped"
    )
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    states.stop_execution(executionArn=arn, error="Enough", cause="for today")
    answer = states.describe_execution(executionArn=arn)
    assert (answer["status"], answer["error"], answer["cause"]) == ("ABORTED", "Enough", "for today")
    listed = states.list_executions(stateMachineArn=machine, statusFilter="ABORTED")["executions"]
    assert [entry["executionArn"] for entry in listed] == [arn]


def test_an_execution_is_redriven(cloud):
    states = cloud.client("stepfunctions")
    answer = cloud.run({"StartAt": "T", "States": {"T": cloud.task(End=True)}}, "redriven", "fail")
    assert answer["redriveStatus"] == "REDRIVABLE"
    states.redrive_execution(executionArn=answer["executionArn"])
    again = cloud.wait(answer["executionArn"])
    assert (again["status"], again["redriveCount"]) == ("FAILED", 1)
    fine = cloud.run(ECHO, "fine")
    assert cloud.code(states.redrive_execution, executionArn=fine["executionArn"]) == "ExecutionNotRedrivable"


def test_an_express_machine_answers_at_once(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "express", type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=machine, input='{"a": 1}')
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"a": 1})
    assert ":express:express:" in answer["executionArn"]
    assert answer["billingDetails"]["billedDurationInMilliseconds"] >= 100
    started = states.start_execution(stateMachineArn=machine)["executionArn"]
    assert cloud.code(states.describe_execution, executionArn=started) == "InvalidArn"
    assert cloud.code(states.list_executions, stateMachineArn=machine) == "StateMachineTypeNotSupported"
    failing = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    answer = states.start_sync_execution(stateMachineArn=cloud.machine(failing, "express-fail", type="EXPRESS"))
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "c")
    standard = cloud.machine(ECHO, "standard")
    assert cloud.code(states.start_sync_execution, stateMachineArn=standard) == "StateMachineTypeNotSupported"


def test_history_comes_in_pages_from_either_end(cloud):
    answer = cloud.run(ECHO, "paged")
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history")
    arguments = {"executionArn": answer["executionArn"], "PaginationConfig": {"PageSize": 1}}
    forward = [event["id"] for page in pages.paginate(**arguments) for event in page["events"]]
    backward = [event["id"] for page in pages.paginate(**arguments, reverseOrder=True) for event in page["events"]]
    assert forward == [1, 2, 3, 4]
    assert backward == [4, 3, 2, 1]
    bare = cloud.client("stepfunctions").get_execution_history(
        executionArn=answer["executionArn"], includeExecutionData=False
    )
    assert "input" not in bare["events"][0]["executionStartedEventDetails"]


def test_executions_are_listed_in_pages(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "listed")
    for number in range(5):  # those that have ended are sorted by their end
        cloud.wait(states.start_execution(stateMachineArn=machine, name=f"n{number}")["executionArn"])
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 2})
    assert [entry["name"] for page in pages for entry in page["executions"]] == ["n4", "n3", "n2", "n1", "n0"]
    assert cloud.code(states.list_executions, stateMachineArn=machine, statusFilter="NONE") == "ValidationException"


def test_events_go_to_the_machines_log_group(cloud):
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/vendedlogs/states/logged")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/logged:*"
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    machine = cloud.machine(ECHO, "logged", type="EXPRESS", loggingConfiguration=logging)
    cloud.client("stepfunctions").start_sync_execution(stateMachineArn=machine, input='{"a":1}')
    give_up = time.monotonic() + 120
    while not (events := logs.filter_log_events(logGroupName="/aws/vendedlogs/states/logged")["events"]):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    entries = [json.loads(event["message"]) for event in events]
    assert [entry["type"] for entry in entries] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert entries[0]["details"]["input"] == '{"a":1}'


def test_a_token_redrives_once(cloud):
    states = cloud.client("stepfunctions")
    arn = cloud.run({"StartAt": "T", "States": {"T": cloud.task(End=True)}}, "token", "fail")["executionArn"]
    first = states.redrive_execution(executionArn=arn, clientToken="one")["redriveDate"]
    cloud.wait(arn)
    assert states.redrive_execution(executionArn=arn, clientToken="one")["redriveDate"] == first
    assert cloud.wait(arn)["redriveCount"] == 1
    states.redrive_execution(executionArn=arn, clientToken="two")
    assert cloud.wait(arn)["redriveCount"] == 2


def test_the_trace_of_a_request_is_that_of_its_execution(cloud):
    states = cloud.client("stepfunctions")
    states.meta.events.register("before-sign.*.StartExecution", with_trace)
    machine = cloud.machine(ECHO, "traced")
    arn = states.start_execution(stateMachineArn=machine, traceHeader="Root=member")["executionArn"]
    assert cloud.wait(arn)["traceHeader"] == "Root=header"


def with_trace(request, **_):
    request.headers["X-Amzn-Trace-Id"] = "Root=header"
