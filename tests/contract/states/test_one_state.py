"""TestState: one state alone."""

import json
import re

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/states"


def test_a_state_is_tested_alone(cloud):
    states = cloud.client("stepfunctions")

    def test(state, **more):
        return states.test_state(definition=json.dumps(state), roleArn=ROLE, **more)

    answer = test(
        {"Type": "Pass", "Parameters": {"b.$": "$.a"}, "Next": "B"}, input='{"a": 1}', inspectionLevel="DEBUG"
    )
    assert (answer["status"], answer["output"], answer["nextState"]) == ("SUCCEEDED", '{"b":1}', "B")
    assert json.loads(answer["inspectionData"]["afterParameters"]) == {"b": 1}
    failing = cloud.task(
        Next="B", Retry=[{"ErrorEquals": ["ValueError"]}], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    )
    assert test(failing, input='"fail"')["status"] == "RETRIABLE"
    answer = test(failing, input='"fail"', stateConfiguration={"retrierRetryCount": 3})
    assert (answer["status"], answer["nextState"], answer["error"]) == ("CAUGHT_ERROR", "C", "ValueError")
    answer = test(cloud.task(End=True), input="1", mock={"result": '"mocked"'})
    assert answer["output"] == '"mocked"'
    answer = test({"Type": "Fail", "Error": "E"})
    assert (answer["status"], answer["error"]) == ("FAILED", "E")
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}], "Default": "Other"}
    assert test(choice, input='{"a": 1}')["nextState"] == "One"
    whole = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Result": 5, "End": True}},
    }
    assert test(whole, stateName="B")["output"] == "5"


PASS = {"StartAt": "TestState", "States": {"TestState": {"Type": "Pass", "Result": "real", "End": True}}}
PARALLEL = {"Type": "Parallel", "Branches": [PASS], "End": True}
MAP = {"Type": "Map", "ItemProcessor": PASS, "End": True}
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f"},
    "End": True,
}
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}},
    "End": True,
}


def test_a_map_and_a_parallel_are_mocked_whole(cloud):
    states = cloud.client("stepfunctions")
    for state, mocked in ((PARALLEL, ["mocked"]), (MAP, [2])):
        answer = states.test_state(definition=json.dumps(state), input="[1]", mock={"result": json.dumps(mocked)})
        assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", mocked)


def test_a_mocked_task_has_the_token_of_the_context(cloud):
    states = cloud.client("stepfunctions")
    answer = states.test_state(
        definition=json.dumps(ASK), mock={"result": "{}"}, context='{"Task": {"Token": "T"}}', inspectionLevel="DEBUG"
    )
    assert answer["status"] == "SUCCEEDED"
    assert json.loads(answer["inspectionData"]["afterParameters"])["MessageBody"] == {"t": "T"}


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        ({"Type": "Pass", "End": True}, {"mock": {"result": "{}"}}, "State type 'Pass' is not supported"),
        (INVOKE, {"mock": {"result": "{}", "errorOutput": {"error": "E"}}}, "should have only one of"),
        (INVOKE, {"mock": {"result": "{}"}, "revealSecrets": True}, "does not support RevealSecrets"),
        (INVOKE, {"mock": {"result": '{"StatusCode": "200"}'}}, "Field 'StatusCode' must be a number"),
        (INVOKE, {"mock": {"result": "{"}}, "Mocked result must be valid JSON"),
        (PARALLEL, {"mock": {"result": "{}"}}, "Mocked result must be an array."),
        (PARALLEL, {"mock": {"result": "[1, 2]"}}, "same number of items as number of Parallel branches"),
        (INVOKE, {"mock": {"result": "{}"}, "context": '{"Task": {"Token": "T"}}'}, "Context object contains 'Task'"),
        (INVOKE, {"mock": {"result": "{}"}, "context": '{"Execution": {"Id": 1}}'}, "Execution.Id must be a string"),
        (INVOKE, {"mock": {"result": "{}"}, "context": "{"}, "Invalid Context object provided: it must be valid JSON"),
        (INVOKE, {"mock": {"result": "{}"}, "context": '{"Pokedex": {}}'}, "Field 'Pokedex' is not allowed"),
        (ASK, {"roleArn": ROLE}, "only when a mock is specified"),
        (
            INVOKE,
            {"roleArn": ROLE, "context": "{}"},
            "TestState does not support Context when a mock is not specified.",
        ),
        (INVOKE, {}, "RoleArn must be specified when testing a Task state"),
    ],
)
def test_what_aws_refuses_of_a_mock_is_refused(cloud, state, more, said):
    with pytest.raises(ClientError, match=re.escape(said)) as caught:
        cloud.client("stepfunctions").test_state(definition=json.dumps(state), **more)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
