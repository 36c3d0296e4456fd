"""The ring of who changed what, and LookupEvents over it, through boto3 and the door."""

import json

import pytest

from shared.local.calls.call import Call
from shared.local.trail import Trail, error_code


def call(service="lambda", operation="UpdateFunctionCode", **parameters):
    return Call(service, operation, parameters, "us-east-1")


def events(trail, **asked):
    status, body = trail.answer(call("cloudtrail", "LookupEvents", **asked))
    return status, json.loads(body)


@pytest.fixture
def trail():
    ticks = iter(range(1000))
    return Trail("123456789012", lambda: float(next(ticks)), kept=120)


@pytest.mark.parametrize(
    ("service", "operation", "taken"),
    [
        ("lambda", "CreateFunction", True),
        ("lambda", "Invoke", False),
        ("lambda", "GetFunction", False),
        ("s3", "PutBucketPolicy", True),
        ("s3", "PutObject", False),
        ("s3", "DeleteObjects", False),
        ("dynamodb", "PutItem", False),
        ("dynamodb", "DeleteTable", True),
        ("sts", "AssumeRole", False),
        ("stepfunctions", "StartExecution", True),
        ("iam", "PutRolePolicy", True),
        ("ssm", "PutParameter", True),
        ("logs", "PutLogEvents", False),
    ],
)
def test_only_management_events_that_write_are_kept(service, operation, taken):
    assert Trail.takes(call(service, operation)) is taken


def test_pages_go_back_in_time_and_the_ring_forgets_the_oldest(trail):
    for i in range(130):
        trail.note(call(FunctionName=f"f{i}"), "arn:aws:iam::123456789012:user/ann", [], "", "")
    seen, token = [], {}
    while True:
        _, told = events(trail, **token)
        seen += [event["EventTime"] for event in told["Events"]]
        if "NextToken" not in told:
            break
        token = {"NextToken": told["NextToken"]}
    assert seen == [float(i) for i in range(129, 9, -1)]


def test_no_secret_and_no_long_text_is_kept(trail):
    made = call("secretsmanager", "PutSecretValue", SecretId="team2/key", SecretString="hush", Definition="x" * 300)
    trail.note(made, "ann", ["arn:aws:secretsmanager:us-east-1:1:secret:team2/key", "*"], "AccessDenied", "id")
    _, told = events(trail)
    (event,) = told["Events"]
    whole = json.loads(event["CloudTrailEvent"])
    assert whole["requestParameters"] == {"SecretId": "team2/key"}
    assert (whole["errorCode"], whole["requestID"]) == ("AccessDenied", "id")
    assert "hush" not in json.dumps(told)


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [("ResourceName", "f1", 1), ("ResourceName", "f", 0), ("ReadOnly", "false", 3), ("ReadOnly", "true", 0),
     ("EventName", "UpdateFunctionCode20150331v2", 3), ("EventName", "UpdateFunctionCode", 0), ("Username", "ann", 3)],
)  # fmt: skip
def test_one_attribute_is_looked_up(trail, key, value, count):
    for i in range(3):
        trail.note(call(FunctionName=f"f{i}"), "arn:aws:iam::1:user/ann", [f"arn:aws:lambda:::function:f{i}"], "", "")
    _, told = events(trail, LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])
    assert len(told["Events"]) == count


def test_a_region_tells_its_own_events_and_one_those_of_services_without_a_region(trail):
    for made in (
        Call("lambda", "PutFunctionConcurrency", {"FunctionName": "f"}, "eu-central-1"),
        Call("iam", "PutRolePolicy", {"RoleName": "r"}, "eu-central-1"),
    ):
        trail.note(made, "ann", [], "", "")

    def told(region):
        found = json.loads(trail.answer(Call("cloudtrail", "LookupEvents", {}, region))[1])["Events"]
        return [each["EventName"] for each in found]

    assert told("eu-central-1") == ["PutFunctionConcurrency20171031"]
    assert told("us-east-1") == ["PutRolePolicy"]
    assert told("eu-west-1") == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"StartTime": 9, "EndTime": 8}, "InvalidTimeRangeException"),
        (
            {"LookupAttributes": [{"AttributeKey": "ResourceType", "AttributeValue": "x"}]},
            "InvalidLookupAttributesException",
        ),
        ({"LookupAttributes": [{}, {}]}, "InvalidLookupAttributesException"),
    ],
)
def test_what_aws_refuses_is_refused_with_its_code(trail, asked, code):
    status, told = events(trail, **asked)
    assert (status, told["__type"]) == (400, code)


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amzn-errortype": "ResourceNotFoundException:http://x"}, b"", "ResourceNotFoundException"),
        ({}, b'{"__type": "com.amazon#Throttled", "message": "m"}', "Throttled"),
        ({}, b"<Error><Code>NoSuchBucket</Code></Error>", "NoSuchBucket"),
        ({}, b"\xff", "Failed"),
    ],
)
def test_the_code_of_an_answer_that_failed_is_found(headers, body, code):
    assert error_code(headers, body) == code


def test_a_change_of_a_resource_is_counted_and_a_run_is_not(trail):
    before = trail.changes
    for service, operation in (("stepfunctions", "StartExecution"), ("logs", "CreateLogStream")):
        trail.note(call(service, operation), "arn:aws:iam::123456789012:user/ann", [], "", "")
    assert trail.changes == before
    seen = {before}
    trail.note(call(), "arn:aws:iam::123456789012:user/ann", [], "", "")
    seen.add(trail.changes)
    trail.note(call("iam", "DeleteRole"), "arn:aws:iam::123456789012:user/ann", [], "AccessDenied", "")
    seen.add(trail.changes)
    trail.note_unread()
    seen.add(trail.changes)
    assert len(seen) == 4
    assert Trail("123456789012", lambda: 0.0).changes != Trail("123456789012", lambda: 0.0).changes
