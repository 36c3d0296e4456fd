"""Mocked results held to botocore's models."""

import pytest
from botocore.session import get_session

from shared.local.asl.integrations import mock_called
from shared.local.asl.integrations.mock_called import called_api
from shared.local.asl.integrations.mock_schema import schema_problem
from shared.local.asl.integrations.resolve import resolve

PREFIX = "Mock result schema validation error: "


def problem(resource, result, mode="STRICT"):
    said = schema_problem(resolve(f"arn:aws:states:::{resource}"), result, mode)
    return None if said is None else said.removeprefix(PREFIX)


def memory(size):
    return {"Configuration": {"MemorySize": size}}


@pytest.mark.parametrize(
    ("resource", "result", "said"),
    [
        ("states:startExecution", {}, "Required field 'ExecutionArn' is missing"),
        ("states:startExecution", {"executionArn": "a", "startDate": "b"}, "Required field 'ExecutionArn' is missing"),
        ("states:startExecution", {"ExecutionArn": "a", "StartDate": 1}, "Field 'StartDate' must be a string"),
        ("states:startExecution", {"ExecutionArn": "a", "StartDate": "2026-11-30T00:00:00Z"}, None),
        ("states:startExecution.sync:2", {"ExecutionArn": "a"}, "Required field 'StateMachineArn' is missing"),
        ("lambda:invoke", {"Payload": {"any": ["JSON"]}, "StatusCode": 200}, None),
        ("lambda:invoke", {"StatusCode": 200.5}, "Field 'StatusCode' must be a number"),
        ("lambda:invoke", {"StatusCode": True}, "Field 'StatusCode' must be a number"),
        ("lambda:invoke", [1], "Mock result must be a valid JSON object"),
        ("lambda:invoke.waitForTaskToken", [1], None),
        ("dynamodb:putItem", {"ConsumedCapacity": {"CapacityUnits": 1}}, None),
        ("dynamodb:putItem", {"Attributes": {"a": {"S": 1}}}, "Field 'S' must be a string"),
        ("dynamodb:putItem", {"Attributes": {"a": {"BOOL": "true"}}}, "Field 'BOOL' must be a boolean"),
        ("dynamodb:putItem", {"Attributes": [1]}, "Field 'Attributes' must be an object"),
        ("dynamodb:putItem", {"NoneOfTheModels": 1}, None),
        ("aws-sdk:s3:getObject", {"StorageClass": "Papyrus"}, "Field 'StorageClass' is not an expected value"),
        ("aws-sdk:kms:encrypt", {"KeyId": ""}, "Field 'KeyId' is smaller than the minimum length"),
        ("aws-sdk:kms:encrypt", {"KeyId": "k" * 2049}, "Field 'KeyId' exceeds the maximum length"),
        ("aws-sdk:lambda:getFunction", memory(127), "Field 'MemorySize' is less than the minimum value"),
        ("aws-sdk:lambda:getFunction", memory(10**9), "Field 'MemorySize' exceeds the maximum value"),
        ("aws-sdk:lambda:getFunction", memory(1e999), "Field 'MemorySize' must be a number"),
        ("http:invoke", "any JSON", None),
        ("apigateway:invoke", ["any JSON"], None),
        ("athena:startQueryExecution.sync", {"QueryExecution": {"Status": 1}}, "Field 'Status' must be an object"),
        ("sagemaker:createTrainingJob.sync", {"TrainingJobName": "t"}, "Required field 'TrainingJobArn' is missing"),
        ("bedrock:invokeModel", {"Body": {"any": "JSON"}, "ContentType": "application/json"}, None),
    ],
)  # fmt: skip
def test_a_strict_result_is_an_answer_of_the_api(resource, result, said):
    assert problem(resource, result) == said


def test_what_is_missing_is_only_missed_by_strict():
    assert problem("states:startExecution", {}, "PRESENT") is None
    assert problem("states:startExecution", {"ExecutionArn": 1}, "PRESENT") == "Field 'ExecutionArn' must be a string"
    assert problem("states:startExecution", {"ExecutionArn": 1}, "NONE") is None
    assert problem("states:startExecution", "no object", "NONE") is None


def test_every_action_that_has_another_name_at_the_api_is_one_of_its_operations():
    session = get_session()
    for table, pattern in ((mock_called._POLLED, ".sync"), (mock_called._ACTIONS, "")):
        for name, operation in table.items():
            called = called_api(resolve(f"arn:aws:states:::{name}{pattern}"))
            assert called is not None
            assert called.operation == operation
            assert operation in session.get_service_model(called.service).operation_names, name
