"""What a Task may name: AWS's optimized actions, the actions of the SDK, and what of it the embedded cloud has."""

import json

import pytest

from shared.local.asl.integrations.optimized import OPTIMIZED
from shared.local.asl.integrations.resolve import UnknownResourceError, resolve
from shared.local.asl.validation import problems_of, warnings_of
from shared.local.asl.validation.problems import NOT_EMULATED, SCHEMA


def defined(resource, **parameters):
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
    return json.dumps({"StartAt": "T", "States": {"T": task}})


def codes(resource):
    return [problem.code for problem in problems_of(defined(resource))]


@pytest.mark.parametrize(
    "resource", [f"{service}:{action}" for service in OPTIMIZED for action in OPTIMIZED[service][2]]
)
def test_every_action_of_the_table_is_known(resource):
    assert codes(resource) == []


@pytest.mark.parametrize(
    "resource",
    [
        "dynamodb:query", "dynamodb:getItem.waitForTaskToken", "dynamodb:getItem.sync", "sqs:receiveMessage",
        "sqs:sendMessage.sync", "sns:publish.sync:2", "s3:getObject", "lambda:invoke.sync", "lambda:invokeFunction",
        "events:putEvents.sync", "events:putRule", "glue:startJobRun.waitForTaskToken", "glue:getJobRun",
        "glue:startJobRun.sync:2", "batch:describeJobs", "http:invoke.sync", "http:invoke.waitForTaskToken",
        "states:stopExecution", "nosuch:thing", "lambda", "aws-sdk:s3", "aws-sdk:s3:getObject.sync",
        "aws-sdk:nosuch:thing", "aws-sdk:s3:noSuchThing", "aws-sdk:s3:GetObject", "aws-sdk:s3:get:object",
    ],
)  # fmt: skip
def test_what_aws_does_not_have_is_refused_as_aws_refuses_it(resource):
    assert codes(resource) == [SCHEMA]
    with pytest.raises(UnknownResourceError):
        resolve(f"arn:aws:states:::{resource}")


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        ("glue:startJobRun.sync", "run glue:startJobRun.sync"),
        ("ecs:runTask.sync", "run ecs:runTask.sync"),
        ("apigateway:invoke", "run apigateway:invoke"),
        ("eks:call", "run eks:call"),
    ],
)
def test_what_only_aws_runs_is_taken_with_a_warning(resource, what):
    definition = defined(resource)
    assert problems_of(definition) == []
    (problem,) = warnings_of(definition)
    assert (problem.code, problem.location) == (NOT_EMULATED, "/States/T/Resource")
    assert problem.message.startswith(f"The embedded cloud does not {what}, though AWS does: run this workflow on AWS")


@pytest.mark.parametrize(
    ("endpoint", "beyond"),
    [
        ({"ApiEndpoint": "https://api.example.com/x"}, True),
        ({"ApiEndpoint": "https://127.example.com/x"}, True),
        ({"ApiEndpoint": "http://127.0.0.1:80/x"}, False),
        ({"ApiEndpoint.$": "$.url"}, False),
    ],
)
def test_an_endpoint_beyond_this_machine_is_warned_of_where_the_definition_has_it(endpoint, beyond):
    definition = defined("http:invoke", **endpoint, Method="GET", Authentication={"ConnectionArn": "c"})
    assert problems_of(definition) == []
    places = [(each.code, each.location) for each in warnings_of(definition)]
    assert places == ([(NOT_EMULATED, "/States/T/Parameters/ApiEndpoint")] if beyond else [])


@pytest.mark.parametrize(
    ("resource", "service", "operation"),
    [
        ("aws-sdk:sfn:startExecution", "stepfunctions", "StartExecution"),
        ("aws-sdk:cloudwatchlogs:putLogEvents", "logs", "PutLogEvents"),
        ("aws-sdk:cognitoidentityprovider:adminGetUser", "cognito-idp", "AdminGetUser"),
        ("aws-sdk:rdsdata:executeStatement", "rds-data", "ExecuteStatement"),
        ("aws-sdk:rds:describeDBInstances", "rds", "DescribeDBInstances"),
        ("aws-sdk:iam:listMFADevices", "iam", "ListMFADevices"),
        ("aws-sdk:config:putConfigRule", "config", "PutConfigRule"),
        ("aws-sdk:databasemigration:describeEndpoints", "dms", "DescribeEndpoints"),
        ("aws-sdk:s3:listObjectsV2.waitForTaskToken", "s3", "ListObjectsV2"),
    ],
)
def test_services_and_actions_of_the_sdk_have_the_java_sdks_names(resource, service, operation):
    called = resolve(f"arn:aws:states:::{resource}")
    assert (called.service, called.operation) == (service, operation)
