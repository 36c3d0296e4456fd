"""TestState: what happened to the data on the way, the items of a Map, and the states around the tested one."""

import json

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/states"
INVOKE = {
    "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True,
}  # fmt: skip
BOOM = {"errorOutput": {"error": "Boom", "cause": "it did"}}
INNER = {"StartAt": "Each", "States": {"Each": INVOKE}}
DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


LISTING = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}


def reader(kind="JSON", **config):
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": kind, **config},
        "Parameters": {"Bucket": "b", "Key": "k.gz"},
    }


@pytest.fixture
def tested(cloud):
    """Return a function that tests a state: its answer, with the texts of the inspection as values."""
    states = cloud.client("stepfunctions")

    def test(state, **more):
        given = {name: json.dumps(more.pop(name)) for name in ("input", "context", "variables") if name in more}
        answer = states.test_state(definition=json.dumps(state), inspectionLevel="DEBUG", **given, **more)
        seen = answer.get("inspectionData", {})
        answer["seen"] = {name: json.loads(item) if isinstance(item, str) else item for name, item in seen.items()}
        return answer

    return test


def refused(tested, state, **more):
    with pytest.raises(ClientError) as caught:
        tested(state, **more)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_is_random_is_shown_as_it_was_sent(tested):
    state = {**INVOKE, "Parameters": {"FunctionName": "f", "Payload": {"id.$": "States.UUID()"}}}
    state["ResultSelector"] = {"id.$": "States.UUID()"}
    answer = tested(state, mock={"result": "{}"})
    assert answer["seen"]["afterResultSelector"] == json.loads(answer["output"])


def test_the_data_is_shown_as_far_as_it_came(tested):
    answer = tested({**INVOKE, "Parameters": {"FunctionName.$": "$.nothing"}}, mock={"result": "{}"}, input={"a": 1})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert answer["seen"] == {"input": {"a": 1}, "afterInputPath": {"a": 1}}
    answer = tested({**INVOKE, "ResultSelector": {"x.$": "$.nothing"}}, mock={"result": "{}"})
    assert answer["seen"]["result"] == {}
    assert "afterResultSelector" not in answer["seen"]


def test_variables_are_those_after_the_state_also_where_a_catcher_assigned_them(tested):
    catch = [{"ErrorEquals": ["Boom"], "Assign": {"why.$": "$.Cause"}, "Next": "Z"}]
    answer = tested({**INVOKE, "Catch": catch}, mock=BOOM, variables={"before": 1})
    assert answer["seen"]["variables"] == {"before": 1, "why": "it did"}


# Maps.


def test_a_map_shows_its_items_and_what_each_becomes(tested):
    state = {
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "ItemProcessor": INNER, "End": True,
        "ItemSelector": {"value.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
    }  # fmt: skip
    seen = tested(state, input={"items": [7, 8]}, mock={"result": "[1, 2]"})["seen"]
    assert seen == {
        "input": {"items": [7, 8]}, "afterInputPath": {"items": [7, 8]}, "afterItemsPath": [7, 8],
        "afterItemSelector": [{"value": 7, "index": 0}, {"value": 8, "index": 1}], "maxConcurrency": 3,
        "afterResultSelector": [1, 2], "afterResultPath": [1, 2],
    }  # fmt: skip


def test_a_distributed_map_reads_what_the_request_says_is_in_s3(tested):
    state = {
        "Type": "Map", "ItemReader": reader(ItemsPointer="/a"), "ItemProcessor": DISTRIBUTED, "End": True,
        "ItemSelector": {"x.$": "$$.Map.Item.Value"}, "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ToleratedFailureCount": 5, "ToleratedFailurePercentage": 50,
    }  # fmt: skip
    data = {"mapItemReaderData": '{"a": [7, 8, 9]}'}
    seen = tested(state, mock={"result": "[]"}, stateConfiguration=data)["seen"]
    assert seen["afterItemsPointer"] == [7, 8, 9]
    assert seen["afterItemSelector"] == [{"x": 7}, {"x": 8}, {"x": 9}]
    assert seen["afterItemBatcher"] == [{"Items": [{"x": 7}, {"x": 8}]}, {"Items": [{"x": 9}]}]
    assert (seen["toleratedFailureCount"], seen["toleratedFailurePercentage"]) == (5, 50.0)


@pytest.mark.parametrize(
    ("given", "data", "items"),
    [
        (reader("CSV", CSVHeaderLocation="FIRST_ROW"), "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (reader("JSONL"), '{"a": 1}\n[2]\n', [{"a": 1}, [2]]),
        (reader(MaxItems=1), "[1, 2]", [1]),
        (LISTING, '{"Contents": [{"Key": "k"}]}', [{"Key": "k"}]),
    ],
)
def test_the_data_of_a_reader_is_read_as_its_input_type_says(tested, given, data, items):
    state = {
        "Type": "Map", "ItemReader": given, "ItemProcessor": DISTRIBUTED, "End": True,
        "ItemSelector": {"x.$": "$$.Map.Item.Value"},
    }  # fmt: skip
    seen = tested(state, mock={"result": "[]"}, stateConfiguration={"mapItemReaderData": data})["seen"]
    assert seen["afterItemSelector"] == [{"x": item} for item in items]


def test_data_that_is_none_of_a_readers_fails_the_state(tested):
    state = {"Type": "Map", "ItemReader": reader(), "ItemProcessor": DISTRIBUTED, "End": True}
    answer = tested(state, mock={"result": "[]"}, stateConfiguration={"mapItemReaderData": "{"})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_without_its_data_a_readers_items_may_be_the_input(tested):
    state = {
        "Type": "Map", "ItemReader": reader(), "ItemsPath": "$.orders", "ItemProcessor": DISTRIBUTED, "End": True,
    }  # fmt: skip
    assert tested(state, input={"orders": [1]}, mock={"result": "[]"})["seen"]["afterItemsPath"] == [1]
    del state["ItemsPath"]
    assert tested(state, input=[1], mock={"result": "[]"})["seen"]["afterItemsPath"] == [1]
    found = tested(state, input={"key": "k"}, mock={"result": "[]"})
    assert (found["status"], found["seen"].get("afterItemsPath")) == ("SUCCEEDED", None)


@pytest.mark.parametrize(
    ("limits", "failed", "status"),
    [
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "CAUGHT_ERROR"),
        ({"ToleratedFailureCountPath": "$.most"}, 2, "CAUGHT_ERROR"),
        ({"ToleratedFailurePercentage": 50}, 2, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, 3, "CAUGHT_ERROR"),
        ({}, 4, "SUCCEEDED"),  # as AWS answers
    ],
)
def test_too_many_failed_iterations_fail_the_map(tested, limits, failed, status):
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Z"}]
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": DISTRIBUTED, "Catch": catch, "End": True, **limits}
    given = {"input": {"items": [1, 2, 3, 4], "most": 1}, "stateConfiguration": {"mapIterationFailureCount": failed}}
    assert tested(state, mock={"result": "[]"}, **given)["status"] == status
    if limits and status != "SUCCEEDED":
        assert tested(state, mock=BOOM, **given)["error"] == "States.ExceedToleratedFailureThreshold"


def test_what_aws_refuses_of_a_maps_configuration_is_refused(tested):
    state = {"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}
    mock = {"result": "[]"}
    found = refused(tested, state, input=[1], mock=mock, stateConfiguration={"mapIterationFailureCount": 2})
    assert found == (
        "ValidationException",
        "Map iteration failure count must be less than or equal to the number of Map iterations",
    )
    found = refused(tested, INVOKE, roleArn=ROLE, stateConfiguration={"mapIterationFailureCount": 2})
    assert found[1] == "TestState does not support MapIterationFailureCount when a mock is not specified."
    for name, value in (("errorCausedByState", "Nowhere"), ("mapItemReaderData", "[]")):
        code, message = refused(tested, state, input=[1], mock=mock, stateConfiguration={name: value})
        assert (code, name.lower() in message.lower()) == ("ValidationException", True)
    code, message = refused(tested, state)
    assert code == "InvalidDefinition"
    assert message.startswith("TestState API does not support Map or Parallel states.")
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    found = refused(tested, {**state, "ResultWriter": writer}, input=[1], mock=mock)
    assert found == ("ValidationException", "Mocked result must be a JSON object.")


# States in states.


def whole(processor, **more):
    return {
        "StartAt": "M",
        "States": {
            "M": {"Type": "Map", "ItemProcessor": processor, "Next": "Z", **more},
            "Z": {"Type": "Succeed"},
        },
    }


CATCH = [{"ErrorEquals": ["Boom"], "ResultPath": "$.error", "Next": "Z"}]


def test_a_state_in_a_map_is_the_first_items(tested):
    state = {**INVOKE, "Parameters": {"FunctionName": "f", "Payload": {"item.$": "$$.Map.Item"}}}
    answer = tested(
        whole({"StartAt": "Each", "States": {"Each": state}}), stateName="Each", input=5, mock={"result": "{}"}
    )
    item = answer["seen"]["afterParameters"]["Payload"]["item"]
    assert (item["Index"], item["Value"]) == (0, 5)
    answer = tested(whole({**DISTRIBUTED, "States": {"Each": state}}), stateName="Each", input=5, mock={"result": "{}"})
    assert answer["seen"]["afterParameters"]["Payload"]["item"]["Source"] == "STATE_DATA"


def test_an_error_that_a_state_does_not_handle_is_that_of_the_states_around_it(tested):
    inner = {"Type": "Parallel", "Branches": [INNER], "End": True}
    machine = whole({"StartAt": "P", "States": {"P": inner}}, Catch=CATCH)
    answer = tested(machine, stateName="Each", input={"a": 1}, mock=BOOM)
    assert (answer["status"], answer["nextState"], answer["error"]) == ("CAUGHT_ERROR", "Z", "Boom")
    assert json.loads(answer["output"]) == {"a": 1, "error": {"Error": "Boom", "Cause": "it did"}}
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5}]
    machine = whole({"StartAt": "P", "States": {"P": {**inner, "Retry": retry}}}, Catch=CATCH)
    assert tested(machine, stateName="Each", mock=BOOM)["seen"]["errorDetails"] == {
        "retryIndex": 0, "retryBackoffIntervalSeconds": 5,
    }  # fmt: skip
    exhausted = {"retrierRetryCount": 3}
    assert tested(machine, stateName="Each", mock=BOOM, stateConfiguration=exhausted)["status"] == "CAUGHT_ERROR"
    assert tested(whole(INNER), stateName="Each", mock=BOOM)["status"] == "FAILED"


def test_a_failed_item_of_a_distributed_map_is_one_more(tested):
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Z"}]
    machine = whole(DISTRIBUTED, Catch=catch, ToleratedFailureCount=2)
    for failed, status in ((1, "FAILED"), (2, "CAUGHT_ERROR")):
        more = {"stateConfiguration": {"mapIterationFailureCount": failed}}
        assert tested(machine, stateName="Each", mock=BOOM, **more)["status"] == status


def test_a_name_that_no_state_has_is_refused(tested):
    assert refused(tested, whole(INNER), stateName="Nobody") == ("ValidationException", "State not found in definition")
    assert refused(tested, INVOKE, stateName="Each")[0] == "InvalidDefinition"
    assert refused(tested, whole(INNER))[0] == "InvalidDefinition"


@pytest.mark.parametrize("text", ["[]", "5", "{", '{"Type": 5}', '{"Type": "Map", "ItemProcessor": 1}', "null"])
def test_what_is_no_state_is_refused_as_a_definition(cloud, text):
    assert cloud.code(cloud.client("stepfunctions").test_state, definition=text) == "InvalidDefinition"


@pytest.mark.parametrize("given", ["{", "[]", "null", "NaN"])
def test_variables_that_are_none_are_refused(cloud, given):
    state = json.dumps({"Type": "Pass", "End": True})
    code = cloud.code(cloud.client("stepfunctions").test_state, definition=state, variables=given)
    assert code == "ValidationException"
