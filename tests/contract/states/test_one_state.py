"""TestState: one state alone."""

import json

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
