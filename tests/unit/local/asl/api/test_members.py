"""Requests held to the model, in AWS's words: which are recorded, or seen of other services with the same framework."""

import json

import pytest

from shared.local.asl.api.members import read_request
from shared.local.asl.refusals import Refused

FAILED = "failed to satisfy constraint: Member must"


def refused(operation, params):
    body = params if isinstance(params, str) else json.dumps(params)
    with pytest.raises(Refused) as raised:
        read_request(operation, body)
    return raised.value.kind, raised.value.message


ARN, LONG = "a", "a" * 257
ROUTE = {"stateMachineVersionArn": "v", "weight": 1}
SHOWN = "RoutingConfigurationListItem(stateMachineVersionArn=v, weight=1)"
STATUSES = "[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"


@pytest.mark.parametrize(
    ("operation", "params", "shown", "rule"),
    [
        (
            "ListActivities", {"maxResults": 1001},
            "Value '1001' at 'maxResults'", "have value less than or equal to 1000",
        ),
        ("ListActivities", {"maxResults": -1}, "Value '-1' at 'maxResults'", "have value greater than or equal to 0"),
        ("ListActivities", {"nextToken": ""}, "Value '' at 'nextToken'", "have length greater than or equal to 1"),
        (
            "DescribeActivity", {"activityArn": LONG},
            f"Value '{LONG}' at 'activityArn'", "have length less than or equal to 256",
        ),
        ("ListExecutions", {"statusFilter": "x"}, "Value 'x' at 'statusFilter'", f"satisfy enum value set: {STATUSES}"),
        (
            "RedriveExecution", {"executionArn": ARN, "clientToken": "a b"},
            "Value 'a b' at 'clientToken'", "satisfy regular expression pattern: [!-~]+",
        ),
        (
            "StartExecution", {"stateMachineArn": ARN, "traceHeader": "é"},
            "Value 'é' at 'traceHeader'", "satisfy regular expression pattern: \\p{ASCII}*",
        ),
        (
            "StartExecution", {"stateMachineArn": ARN, "input": "x" * 262_145},
            "Value at 'input'", "have length less than or equal to 262144",
        ),
        (
            "TagResource", {"resourceArn": ARN, "tags": [{"key": ""}]},
            "Value '' at 'tags.1.member.key'", "have length greater than or equal to 1",
        ),
        ("TagResource", {"resourceArn": ARN, "tags": [None]}, "Value null at 'tags.1.member'", "not be null"),
        (
            "CreateStateMachineAlias", {"name": "a", "routingConfiguration": [{**ROUTE, "weight": 101}]},
            "Value '101' at 'routingConfiguration.1.member.weight'", "have value less than or equal to 100",
        ),
        (
            "CreateStateMachineAlias", {"name": "a", "routingConfiguration": [ROUTE] * 3},
            f"Value '[{SHOWN}, {SHOWN}, {SHOWN}]' at 'routingConfiguration'", "have length less than or equal to 2",
        ),
        (
            "CreateActivity", {"name": "a", "encryptionConfiguration": {}},
            "Value null at 'encryptionConfiguration.type'", "not be null",
        ),
    ],
)  # fmt: skip
def test_what_a_member_must_be_is_said_in_awss_words(operation, params, shown, rule):
    assert refused(operation, params) == (
        "ValidationException",
        f"1 validation error detected: {shown} {FAILED} {rule}",
    )


def test_all_problems_are_told_at_once():
    kind, message = refused("GetExecutionHistory", {"maxResults": 2000, "nextToken": ""})
    assert kind == "ValidationException"
    assert message == (
        f"3 validation errors detected: Value null at 'executionArn' {FAILED} not be null; "
        f"Value '2000' at 'maxResults' {FAILED} have value less than or equal to 1000; "
        f"Value '' at 'nextToken' {FAILED} have length greater than or equal to 1"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "The request is not JSON"),
        ('{"maxResults": NaN}', "The request is not JSON"),
        ("[" * 100_000, "The request is not JSON"),
        ("[]", "Start of structure or map expected"),
        ('{"maxResults": "1"}', "STRING_VALUE can not be converted to an Integer"),
        ('{"maxResults": 1.5}', "NUMBER_VALUE can not be converted to an Integer"),
        ('{"maxResults": 1e999}', "NUMBER_VALUE can not be converted to an Integer"),
        ('{"maxResults": 4294967296}', "NUMBER_VALUE can not be converted to an Integer"),
        ('{"maxResults": true}', "TRUE_VALUE can not be converted to an Integer"),
        ('{"nextToken": 1}', "NUMBER_VALUE can not be converted to a String"),
        ('{"nextToken": []}', "Start of list found where not expected."),
        ('{"nextToken": {}}', "Start of structure or map found where not expected."),
        ('{"nextToken": "\\ud800"}', "The request has a text that is not UTF-8"),
    ],
)
def test_what_is_not_of_the_models_types_is_refused(body, message):
    assert refused("ListStateMachines", body) == ("SerializationException", message)


def test_null_is_as_if_it_were_not_there_and_so_is_what_the_model_does_not_know():
    assert read_request("ListStateMachines", '{"maxResults": null, "more": {"a": 1}, "nextToken": "1"}') == {
        "nextToken": "1"
    }
    assert read_request("ListStateMachines", "") == {}
