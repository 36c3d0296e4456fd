"""Pages, tags, activities, configurations and what is told of executions and Map runs."""

import json

import pytest
from moto.logs.models import logs_backends

from tests.helpers.step_functions import ACCOUNT, REGION, ROLE, passing

DAY = 24 * 3600
MAP = json.dumps(
    {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "Label": "L",
                "End": True,
                "ItemBatcher": {"MaxItemsPerBatch": 2},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    **json.loads(passing()),
                },
            }
        },
    }
)


def test_a_token_leads_on_for_a_day_in_the_request_that_it_was_issued_to(api):
    for number in range(5):
        api("CreateActivity", name=f"a{number}")
        api("CreateStateMachine", name=f"m{number}", definition=passing(), roleArn=ROLE)
    first = api("ListActivities", maxResults=2)
    names = [each["name"] for each in first["activities"]]
    token = first["nextToken"]
    for operation in ("ListStateMachines", "ListActivities"):
        assert api.refused(operation, nextToken="99") == ("InvalidToken", "Invalid Token: 'Invalid token'")
    assert api.refused("ListStateMachines", nextToken=token)[0] == "InvalidToken"
    rest = api("ListActivities", nextToken=token, maxResults=0)
    assert names + [each["name"] for each in rest["activities"]] == [f"a{number}" for number in range(5)]
    assert "nextToken" not in rest
    api.scheduler.call_later(DAY + 1, lambda: None)
    api.scheduler.run()
    assert api.refused("ListActivities", nextToken=token)[0] == "InvalidToken"


def test_a_list_goes_on_where_its_page_ended_whatever_began_meanwhile(api):
    machine = api.machine()

    def names(count):
        return [api.start(machine).rpartition(":")[2] for _ in range(count)]

    def page(**told):
        answer = api("ListExecutions", stateMachineArn=machine, **told)
        return [each["name"] for each in answer["executions"]], answer.get("nextToken")

    old = names(4)[::-1]
    api.scheduler.run()
    first, token = page(maxResults=2)
    new = names(2)[::-1]
    api.scheduler.run()
    second, other = page(maxResults=2)
    assert (sorted(first), sorted(second), token != other) == (sorted(old[:2]), sorted(new), True)
    assert sorted(page(nextToken=token)[0]) == sorted(old[2:])
    assert sorted(page(nextToken=other)[0]) == sorted(old)


def test_a_page_of_a_history_keeps_its_order(api):
    run = {"executionArn": api.run(api.machine())["executionArn"]}
    first = api("GetExecutionHistory", **run, maxResults=3, reverseOrder=True)
    rest = api("GetExecutionHistory", **run, nextToken=first["nextToken"], reverseOrder=True)
    assert [each["id"] for each in first["events"] + rest["events"]] == [4, 3, 2, 1]
    assert api.refused("GetExecutionHistory", **run, nextToken=first["nextToken"])[0] == "InvalidToken"


def test_tags_have_limits(api):
    arn = api.machine(tags=[{"key": "a", "value": ""}])
    more = [{"key": f"k{number}", "value": "v"} for number in range(49)]
    api("TagResource", resourceArn=arn, tags=more)
    api("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "again"}])  # as many as before
    assert api.refused("TagResource", resourceArn=arn, tags=[{"key": "b", "value": ""}])[0] == "TooManyTags"
    assert api("ListTagsForResource", resourceArn=arn)["tags"][0] == {"key": "a", "value": "again"}
    for tag in ({"key": "aws:x", "value": ""}, {"key": "a"}, {"value": "a"}, {"key": "a&b", "value": ""}):
        assert api.refused("TagResource", resourceArn=arn, tags=[tag])[0] == "ValidationException"
    api("UntagResource", resourceArn=arn, tagKeys=["a", "nothing"])
    assert len(api("ListTagsForResource", resourceArn=arn)["tags"]) == 49
    version = api.version(arn)
    assert api.refused("TagResource", resourceArn=version, tags=[]) == (
        "ResourceNotFound",
        f"Resource not found: '{version}'",
    )
    kept = {each.arn: each.tags for each in api.backend.iter_tagged_resources()}
    assert len(kept[arn]) == 49


def test_an_activity_is_made_once(api):
    made = api("CreateActivity", name="a", tags=[{"key": "a", "value": "1"}])
    assert api("CreateActivity", name="a", tags=[{"key": "b", "value": "1"}]) == made
    assert api("ListTagsForResource", resourceArn=made["activityArn"]) == {"tags": [{"key": "a", "value": "1"}]}
    described = api("DescribeActivity", activityArn=made["activityArn"])
    assert described["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    assert api("GetActivityTask", activityArn=made["activityArn"]) == {}
    api("DeleteActivity", activityArn=made["activityArn"])
    api("DeleteActivity", activityArn=made["activityArn"])
    assert api.refused("DescribeActivity", activityArn=made["activityArn"]) == (
        "ActivityDoesNotExist",
        f"Activity Does Not Exist: '{made['activityArn']}'",
    )


@pytest.mark.parametrize(
    ("logging", "why"),
    [
        ({"level": "FATAL"}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": []}, "Must specify exactly one Log Destination."),
        ({"level": "OFF", "destinations": ["g", "g"]}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": ["gone"]}, "Log Destination not found."),
        ({"destinations": ["gone"]}, "Log Destination not found."),
    ],
)
def test_where_a_machine_logs_must_be_there(api, logging, why):
    logs_backends[ACCOUNT][REGION].create_log_group("g", {})
    if "destinations" in logging:
        logging = {**logging, "destinations": [group(name) for name in logging["destinations"]]}
    made = {"name": "m", "definition": passing(), "roleArn": ROLE, "loggingConfiguration": logging}
    refused = "InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}"
    assert api.refused("CreateStateMachine", **made) == refused


def group(name):
    return {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"}}


def test_what_a_machine_does_not_say_of_its_logs_is_told(api):
    logs_backends[ACCOUNT][REGION].create_log_group("g", {})
    arn = api.machine(loggingConfiguration={"destinations": [group("g")]})
    told = api("DescribeStateMachine", stateMachineArn=arn)
    assert told["loggingConfiguration"] == {
        "level": "OFF",
        "includeExecutionData": False,
        "destinations": [group("g")],
    }
    assert (told["tracingConfiguration"], told["encryptionConfiguration"]) == (
        {"enabled": False},
        {"type": "AWS_OWNED_KEY"},
    )


def test_a_trace_header_is_told(api):
    run = api.run(api.machine(), traceHeader="Root=1-a")
    assert run["traceHeader"] == "Root=1-a"


def test_the_newest_execution_is_first_by_its_end_or_its_beginning(api):
    waiting = api.machine(
        json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$", "End": True}}})
    )
    long, short = (api.start(waiting, input=seconds) for seconds in ("9", "5"))
    api.scheduler.run()
    runs = api.start(waiting, input="1")
    listed = [each["executionArn"] for each in api("ListExecutions", stateMachineArn=waiting)["executions"]]
    assert listed == [runs, long, short]
    api("StopExecution", executionArn=runs)
    only = api("ListExecutions", stateMachineArn=waiting, statusFilter="ABORTED")["executions"]
    assert [each["executionArn"] for each in only] == [runs]
    given = {"stateMachineArn": waiting, "statusFilter": "PENDING_REDRIVE"}
    assert api.refused("ListExecutions", **given)[0] == "ValidationException"


def test_the_children_of_a_map_run_are_told_with_their_items(api):
    run = api.run(api.machine(MAP), input="[1,2,3]")
    (listed,) = api("ListMapRuns", executionArn=run["executionArn"])["mapRuns"]
    assert listed["stateMachineArn"] == f"{run['stateMachineArn']}/L"
    children = api("ListExecutions", mapRunArn=listed["mapRunArn"])["executions"]
    assert sorted(each["itemCount"] for each in children) == [1, 2]
    child = children[0]["executionArn"]
    assert api("DescribeExecution", executionArn=child)["mapRunArn"] == listed["mapRunArn"]
    why = "Invalid Arn: 'Resource type not valid in this context: express'"
    assert api.refused("GetExecutionHistory", executionArn=child) == ("InvalidArn", why)
    counts = api("DescribeMapRun", mapRunArn=listed["mapRunArn"])
    assert (counts["itemCounts"]["resultsWritten"], counts["executionCounts"]["resultsWritten"]) == (3, 2)
    ended = {"mapRunArn": listed["mapRunArn"]}
    assert api.refused("UpdateMapRun", **ended)[0] == "ValidationException"
    assert api.refused("UpdateMapRun", **ended, maxConcurrency=1)[0] == "ValidationException"
    both = {"mapRunArn": listed["mapRunArn"], "stateMachineArn": run["stateMachineArn"]}
    assert api.refused("ListExecutions", **both)[0] == "ValidationException"


NUMBERS = "enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
TOKENS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize(
    ("text", "why", "place"),
    [
        ("not a word", f"Unrecognized token 'not': was expecting {TOKENS}", "line: 1, column: 4"),
        ("[NaN]", f"Non-standard token 'NaN': {NUMBERS}", "line: 1, column: 5"),
        ('"a', "Unexpected end-of-input in a String value", "line: 1, column: 3"),
        ("[1,]", f"Unexpected character (']' (code 93)): expected a valid value {TOKENS}", "line: 1, column: 5"),
    ],
)
def test_text_that_is_no_json_is_told_as_awss_reader_does(api, text, why, place):
    place = f'[Source: (String)"{text}"; {place}]'
    why = f"{why}\n at {place}"
    assert api.refused("StartExecution", stateMachineArn=api.machine(), input=text) == (
        "InvalidExecutionInput",
        f"Invalid State Machine Execution Input: '{why}'",
    )
    assert api.refused("SendTaskSuccess", taskToken="x", output=text)[1] == f"Invalid Output: '{why}'"
    (found,) = api("ValidateStateMachineDefinition", definition=text)["diagnostics"]
    assert (found["code"], found["message"], found["location"]) == ("INVALID_JSON_DESCRIPTION", why, place)
