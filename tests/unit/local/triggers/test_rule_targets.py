"""What rules bring to machines and topics, through the API, on a whole cloud."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from botocore.exceptions import ClientError

from shared.local.asl.refusals import no_machine, throttled
from shared.local.triggers.rule_targets import _refusal


@pytest.fixture(scope="module")
def events(account):
    return account.aws.client("events")


@pytest.fixture(scope="module")
def machine(account):
    definition = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}
    role = account.role("machine", "states.amazonaws.com")
    told = account.machines.create_state_machine(name="told", definition=json.dumps(definition), roleArn=role)
    return told["stateMachineArn"]


def send(events, source):
    told = events.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": json.dumps({"n": 1, "of": "x"})}])
    assert told["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    ("more", "gets"),
    [
        ({}, None),
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail"}, {"n": 1, "of": "x"}),
        ({"InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'}}, {"n": 1}),
    ],
)
def test_a_machine_starts_with_what_its_target_says(account, events, machine, more, gets):
    name = f"to-machine-{len(str(more))}"
    role = account.role(name, "events.amazonaws.com", "states:StartExecution")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": machine, "RoleArn": role, **more}])
    before = {each["executionArn"] for each in account.machines.list_executions(stateMachineArn=machine)["executions"]}
    send(events, name)
    after = {each["executionArn"] for each in account.machines.list_executions(stateMachineArn=machine)["executions"]}
    (started,) = after - before
    told = json.loads(account.machines.describe_execution(executionArn=started)["input"])
    if gets is None:
        assert (told["source"], told["detail"], told["version"]) == (name, {"n": 1, "of": "x"}, "0")
        assert told["time"].endswith("Z")
    else:
        assert told == gets
    events.disable_rule(Name=name)
    send(events, name)
    assert len(account.machines.list_executions(stateMachineArn=machine)["executions"]) == len(after)


def test_a_start_that_an_account_throttles_is_tried_again_and_not_lost():
    told = _refusal(throttled())
    assert (told.code, told.passes) == ("THROTTLING", True)
    assert not _refusal(no_machine("arn")).passes


def test_a_role_that_may_not_starts_nothing_and_the_sender_is_not_told(account, events, machine):
    idle = account.role("idle", "events.amazonaws.com")
    events.put_rule(Name="idle", EventPattern=json.dumps({"source": ["idle"]}))
    events.put_targets(Rule="idle", Targets=[{"Id": "1", "Arn": machine, "RoleArn": idle}])
    before = len(account.machines.list_executions(stateMachineArn=machine)["executions"])
    send(events, "idle")
    assert len(account.machines.list_executions(stateMachineArn=machine)["executions"]) == before


def test_a_rule_that_listens_to_what_it_starts_is_told_of(account, events, machine):
    told = threading.Event()
    handler, log = logging.Handler(), logging.getLogger("shared.local.triggers.chains")
    handler.emit = lambda _: told.set()
    log.addHandler(handler)
    role = account.role("own", "events.amazonaws.com", "states:StartExecution")
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}}
    events.put_rule(Name="own", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="own", Targets=[{"Id": "1", "Arn": machine, "RoleArn": role, "Input": "{}"}])
    try:
        account.machines.start_execution(stateMachineArn=machine)
        assert told.wait(60)
    finally:
        events.disable_rule(Name="own")
        log.removeHandler(handler)


WRONG, NOT_HERE = "ValidationException", "NotImplementedException"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ({"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, NOT_HERE, "stream/s"),
        ({"Arn": "arn:aws:events:us-east-1:123456789012:api-destination/d/1"}, NOT_HERE, "api-destination"),
        ({"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c"}, NOT_HERE, "cluster/c"),
        ({"Arn": QUEUE, "SqsParameters": {"MessageGroupId": "g"}}, NOT_HERE, "SqsParameters"),
        ({"Arn": "not-an-arn"}, WRONG, "not in correct format"),
        ({"Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"}, WRONG, "RoleArn is required"),
        ({"Arn": QUEUE, "DeadLetterConfig": {"Arn": f"{QUEUE}.fifo"}}, WRONG, "standard queue"),
        ({"Arn": QUEUE, "RetryPolicy": {"MaximumRetryAttempts": 186}}, WRONG, "RetryPolicy"),
        ({"Arn": QUEUE, "InputPath": "$..x"}, WRONG, "InputPath"),
        ({"Arn": QUEUE, "Input": "{"}, WRONG, "JSON syntax"),
        ({"Arn": QUEUE, "KinesisParameters": {"PartitionKeyPath": "$.id"}}, WRONG, "KinesisParameters"),
    ],
)
def test_a_target_that_nothing_would_reach_is_refused(events, target, code, words):
    events.put_rule(Name="refused", EventPattern=json.dumps({"source": ["refused"]}))
    with pytest.raises(ClientError, match=words) as caught:
        events.put_targets(Rule="refused", Targets=[{"Id": "1", **target}])
    assert caught.value.response["Error"]["Code"] == code
    assert events.list_targets_by_rule(Rule="refused")["Targets"] == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"EventPattern": '{"source": "x"}'}, "must be an object or an array"),
        ({"EventPattern": '{"source": [{"regex": "x"}]}'}, "Unrecognized match type regex"),
        ({"ScheduleExpression": "rate(1 hours)"}, "ScheduleExpression is not valid"),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ScheduleExpression is not valid"),
    ],
)
def test_a_rule_that_aws_refuses_is_refused(events, given, words):
    with pytest.raises(ClientError, match=words):
        events.put_rule(Name="wrong", **given)


def test_a_pattern_is_tried_as_rules_take_it(events):
    event = {
        "id": "1", "account": "1", "source": "s", "time": "t", "region": "r", "resources": [], "detail-type": "d",
        "detail": {"n": 5},
    }  # fmt: skip
    for number, result in ((3, True), (7, False)):
        pattern = json.dumps({"detail": {"n": [{"numeric": [">", number]}]}})
        assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"] is result
    with pytest.raises(ClientError, match="detail-type"):
        events.test_event_pattern(EventPattern='{"source": ["s"]}', Event="{}")


@pytest.fixture
def open_queue(account):
    """Make a queue into which EventBridge may write."""

    def make(name, **attributes):
        arn = account.arn("sqs", name)
        policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        attributes["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        account.sqs.create_queue(QueueName=name, Attributes=attributes)
        return arn

    return make


def test_entries_that_are_wrong_fail_alone(account, events, open_queue):
    queue = open_queue("entries")
    events.put_rule(Name="entries", EventPattern=json.dumps({"source": ["entries"]}))
    events.put_targets(Rule="entries", Targets=[{"Id": "1", "Arn": queue}])
    good = {"Source": "entries", "DetailType": "d", "Detail": "{}"}
    told = events.put_events(
        Entries=[
            good | {"Detail": "{"},
            good | {"Detail": "[1]"},
            good | {"Detail": '{"n": NaN}'},
            good | {"Source": "aws.s3"},
            {"Source": "entries", "Detail": "{}"},
            good,
            good | {"EventBusName": "nobody"},
        ]
    )
    assert told["FailedEntryCount"] == 5
    codes = [each.get("ErrorCode") for each in told["Entries"]]
    malformed = ["MalformedDetail"] * 3
    assert codes == [*malformed, "NotAuthorizedForSourceException", "InvalidArgument", None, None]
    assert len(account.messages(queue)) == 1
    with pytest.raises(ClientError, match="less than or equal to 10"):
        events.put_events(Entries=[good] * 11)
    with pytest.raises(ClientError, match="over the limit"):
        events.put_events(Entries=[good | {"Detail": json.dumps({"x": "a" * 270_000})}])


def test_what_does_not_arrive_is_a_dead_letter(account, events, open_queue):
    dead = open_queue("dead")
    gone, closed = account.arn("sqs", "never-made"), account.queue("closed")
    events.put_rule(Name="dead", EventPattern=json.dumps({"source": ["dead"]}))
    targets = [{"Id": arn[-5:], "Arn": arn, "DeadLetterConfig": {"Arn": dead}} for arn in (gone, closed)]
    events.put_targets(Rule="dead", Targets=targets)
    send(events, "dead")
    told = account.messages(dead)
    codes = {
        each["MessageAttributes"]["TARGET_ARN"]["StringValue"]: each["MessageAttributes"]["ERROR_CODE"]["StringValue"]
        for each in told
    }
    assert codes == {gone: "NO_PERMISSIONS", closed: "NO_PERMISSIONS"}
    assert json.loads(told[0]["Body"])["detail"] == {"n": 1, "of": "x"}
    assert told[0]["MessageAttributes"]["RULE_ARN"]["StringValue"] == account.arn("events", "rule/dead")
    assert told[0]["MessageAttributes"]["RETRY_ATTEMPTS"]["StringValue"] == "0"


def test_an_event_goes_on_to_another_bus_once(account, events, open_queue):
    queue = open_queue("second")
    role = account.role("forwards", "events.amazonaws.com", "events:PutEvents")
    second = events.create_event_bus(Name="second")["EventBusArn"]
    third = events.create_event_bus(Name="third")["EventBusArn"]
    pattern = json.dumps({"source": ["forwarded"]})
    events.put_rule(Name="on", EventPattern=pattern)
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": second, "RoleArn": role}])
    for bus, targets in (
        ("second", [{"Id": "1", "Arn": queue}, {"Id": "2", "Arn": third, "RoleArn": role}]),
        ("third", [{"Id": "1", "Arn": queue}]),
    ):
        events.put_rule(Name="on", EventBusName=bus, EventPattern=pattern)
        events.put_targets(Rule="on", EventBusName=bus, Targets=targets)
    send(events, "forwarded")
    (message,) = account.messages(queue)
    assert json.loads(message["Body"])["source"] == "forwarded"


def test_a_rule_writes_into_a_log_group_that_lets_it_in(account, events):
    logs = account.aws.client("logs")
    logs.create_log_group(logGroupName="/aws/events/told")
    arn = account.arn("logs", "log-group:/aws/events/told")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{arn}:*",
    }
    events.put_rule(Name="logged", EventPattern=json.dumps({"source": ["logged"]}))
    events.put_targets(Rule="logged", Targets=[{"Id": "1", "Arn": arn}])
    send(events, "logged")
    assert logs.describe_log_streams(logGroupName="/aws/events/told")["logStreams"] == []
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName="rules", policyDocument=document)
    send(events, "logged")
    (found,) = logs.filter_log_events(logGroupName="/aws/events/told")["events"]
    assert json.loads(found["message"])["source"] == "logged"


def test_rules_watch_executions(account, events, machine, open_queue):
    queue = open_queue("watched")
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    events.put_rule(Name="watch", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="watch", Targets=[{"Id": "1", "Arn": queue}])
    arn = account.machines.start_execution(stateMachineArn=machine, name="seen", input='{"a": 1}')["executionArn"]
    seen = {}
    url = account.sqs.get_queue_url(QueueName="watched")["QueueUrl"]
    while len(seen) < 2:
        for each in account.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", []):
            event = json.loads(each["Body"])
            seen[event["detail"]["status"]] = event
    running, ended = seen["RUNNING"], seen["SUCCEEDED"]
    assert running["detail-type"] == "Step Functions Execution Status Change"
    assert running["resources"] == [arn]
    assert (running["detail"]["output"], running["detail"]["stopDate"]) == (None, None)
    assert (ended["detail"]["input"], ended["detail"]["output"]) == ('{"a": 1}', '{"a":1}')
    assert ended["detail"]["stopDate"] >= ended["detail"]["startDate"]
    assert ended["detail"]["redriveStatus"] == "NOT_REDRIVABLE"
    events.remove_targets(Rule="watch", Ids=["1"])
