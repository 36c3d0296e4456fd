"""Schedules through the API, on a whole cloud: what fires, with whose rights, and what is refused."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

START = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
OFF = {"Mode": "OFF"}
WRONG, NOT_HERE = "ValidationException", "NotImplementedException"


@pytest.fixture(scope="module")
def machine(account):
    role = account.role("machine", "states.amazonaws.com")
    definition = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}
    told = account.machines.create_state_machine(name="nightly", definition=json.dumps(definition), roleArn=role)
    return told["stateMachineArn"]


@pytest.fixture(scope="module")
def group(account):
    account.scheduler.create_schedule_group(Name="team1-nights", Tags=[{"Key": "team", "Value": "team1"}])
    return "team1-nights"


@pytest.fixture(scope="module")
def role(account, group):
    trusted = {"ArnEquals": {"aws:SourceArn": account.arn("scheduler", f"schedule-group/{group}")}}
    return account.role(
        "starts", "scheduler.amazonaws.com", "states:StartExecution", "sqs:SendMessage", condition=trusted
    )


@pytest.fixture
def schedule(account, group, role, machine):
    made = []

    def make(name, *, target=(), **fields):
        told = {"Arn": START, "RoleArn": role, "Input": json.dumps({"StateMachineArn": machine, "Input": "{}"})}
        given = {
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": OFF,
            "Target": told | dict(target),
            **fields,
        }
        account.scheduler.create_schedule(Name=name, GroupName=group, **given)
        made.append(name)

    yield make
    for name in made:
        account.scheduler.delete_schedule(Name=name, GroupName=group)


def executions(account, machine, number):
    """Wait until there are so many executions more than none with a test's own name; return them, newest first."""
    deadline = time.monotonic() + 120
    while True:
        told = account.machines.list_executions(stateMachineArn=machine)["executions"]
        if len(told) >= number:
            return told
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_universal_target_starts_an_execution_with_its_context_filled_in(account, machine, schedule, group):
    given = {
        "StateMachineArn": machine,
        "Name": "night-<aws.scheduler.execution-id>",
        "Input": json.dumps({"at": "<aws.scheduler.scheduled-time>", "try": "<aws.scheduler.attempt-number>"}),
    }
    before = len(account.machines.list_executions(stateMachineArn=machine)["executions"])
    schedule("universal", target={"Input": json.dumps(given)})  # a rate's first time is now
    found = executions(account, machine, before + 1)[0]
    assert len(found["name"]) == len("night-") + 16
    told = json.loads(account.machines.describe_execution(executionArn=found["executionArn"])["input"])
    assert told["try"] == "1"
    assert told["at"].endswith("Z")


def test_a_machine_as_target_gets_the_input(account, machine, schedule):
    before = len(account.machines.list_executions(stateMachineArn=machine)["executions"])
    schedule("templated", target={"Arn": machine, "Input": '{"from": "<aws.scheduler.schedule-arn>"}'})
    found = executions(account, machine, before + 1)[0]
    told = json.loads(account.machines.describe_execution(executionArn=found["executionArn"])["input"])
    assert told == {"from": account.arn("scheduler", "schedule/team1-nights/templated")}


def arrived(account, queue):
    deadline = time.monotonic() + 120
    while not (found := account.messages(queue)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]["Body"]


def test_templated_targets_are_called(account, schedule):
    role = account.role("calls", "scheduler.amazonaws.com", "sqs:SendMessage", "sns:Publish", "events:PutEvents")
    queue, of_topic = account.queue("templated"), account.arn("sqs", "of-topic")
    open_to = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": of_topic}
    account.queue("of-topic", Policy=json.dumps({"Version": "2012-10-17", "Statement": [open_to]}))
    topic = account.aws.client("sns").create_topic(Name="scheduled")["TopicArn"]
    account.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=of_topic)
    events = account.aws.client("events")
    events.put_rule(Name="scheduled", EventPattern='{"source": ["my.schedule"]}')
    events.put_targets(Rule="scheduled", Targets=[{"Id": "1", "Arn": of_topic}])
    schedule("to-queue", target={"Arn": queue, "RoleArn": role, "Input": "hello"})
    assert arrived(account, queue) == "hello"
    schedule("to-topic", target={"Arn": topic, "RoleArn": role, "Input": "hello"})
    assert json.loads(arrived(account, of_topic))["Message"] == "hello"
    settings = {"EventBridgeParameters": {"Source": "my.schedule", "DetailType": "tick"}}
    bus = account.arn("events", "event-bus/default")
    schedule("to-bus", target={"Arn": bus, "RoleArn": role, "Input": '{"n": 1}', **settings})
    assert json.loads(arrived(account, of_topic))["detail"] == {"n": 1}


def test_any_action_is_a_universal_target(account, schedule):
    role = account.role("universal", "scheduler.amazonaws.com", "sqs:SendMessage", "dynamodb:PutItem")
    queue = account.queue("universal")
    url = account.sqs.get_queue_url(QueueName="universal")["QueueUrl"]
    given = {
        "QueueUrl": url,
        "MessageBody": "hello",
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "b"}},
    }
    arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    schedule("sends", target={"Arn": arn, "RoleArn": role, "Input": json.dumps(given)})
    assert arrived(account, queue) == "hello"


def dead_letter(account, queue):
    deadline = time.monotonic() + 120
    while not (found := account.messages(queue)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


def test_what_the_role_may_not_do_is_a_dead_letter(account, machine, schedule):
    idle = account.role("idle", "scheduler.amazonaws.com", "sqs:SendMessage")
    queue = account.queue("dead-schedules")
    schedule("denied", target={"RoleArn": idle, "DeadLetterConfig": {"Arn": queue}})
    letter = dead_letter(account, queue)
    told = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "AccessDeniedException"
    assert "assumed-role/idle" in told["ERROR_MESSAGE"]
    assert told["SCHEDULE_ARN"] == account.arn("scheduler", "schedule/team1-nights/denied")
    assert told["TARGET_ARN"] == START
    assert (told["RETRY_ATTEMPTS"], told["IS_PAYLOAD_TRUNCATED"]) == ("0", "false")
    assert "EXHAUSTED_RETRY_CONDITION" not in told  # trying again would not help
    assert len(told["EXECUTION_ID"]) == 16
    assert json.loads(letter["Body"]) == {"StateMachineArn": machine, "Input": "{}"}


def test_a_machine_that_is_gone_is_a_dead_letter(account, schedule, role):
    queue = account.queue("dead-machines")
    gone = account.arn("states", "stateMachine:gone")
    schedule("gone", target={"Arn": gone, "DeadLetterConfig": {"Arn": queue}})
    assert dead_letter(account, queue)["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "StateMachineDoesNotExist"


def test_a_schedule_is_paused_and_resumed_with_what_it_tells_of_itself(account, schedule, group):
    schedule("pausing", ScheduleExpression="cron(0 2 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    for state in ("DISABLED", "ENABLED"):
        told = account.scheduler.get_schedule(Name="pausing", GroupName=group)
        taken = {
            key: value
            for key, value in told.items()
            if key not in {"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"}
        }
        account.scheduler.update_schedule(**{**taken, "State": state})
        now = account.scheduler.get_schedule(Name="pausing", GroupName=group)
        same = {"ResponseMetadata": 0, "LastModificationDate": 0}
        assert {**now, **same} == {**told, "State": state, **same}


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"ScheduleExpression": "cron(0 2 * * * *)"}, WRONG, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "every day"}, WRONG, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, WRONG, "Mars/Base"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, WRONG, "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, WRONG, "FlexibleTimeWindow"),
        (
            {"target": {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:x.fifo"}}},
            WRONG,
            "standard queue",
        ),
        ({"target": {"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c"}}, NOT_HERE, "cluster/c"),
        ({"target": {"Arn": "arn:aws:s3:::b"}}, WRONG, "no target of schedules"),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}}, WRONG, "'StateMachineArn' is not known"),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:listQueues", "Input": "{}"}}, WRONG, "only reads"),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendLetter", "Input": "{}"}}, WRONG, "no action"),
        ({"target": {"Arn": "arn:aws:scheduler:::aws-sdk:post:send", "Input": "{}"}}, WRONG, "no service post"),
        ({"target": {"Arn": "arn:aws:events:us-east-1:123456789012:event-bus/default"}}, WRONG, "DetailType, Source"),
        ({"target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}}, WRONG, "MessageGroupId"),
        ({"target": {"SqsParameters": {"MessageGroupId": "g"}}}, WRONG, "SqsParameters"),
        ({"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}, NOT_HERE, "KmsKeyArn"),
    ],
)
def test_what_would_never_fire_is_refused_when_it_is_made(account, schedule, group, fields, code, words):
    with pytest.raises(ClientError, match=words.replace("(", r"\(")) as caught:
        schedule("refused", **fields)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == (501 if code == NOT_HERE else 400)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        account.scheduler.get_schedule(Name="refused", GroupName=group)


def test_a_role_that_does_not_trust_this_group_is_refused(account, schedule):
    other = {"ArnEquals": {"aws:SourceArn": account.arn("scheduler", "schedule-group/other")}}
    arn = account.role("of-another-group", "scheduler.amazonaws.com", "states:StartExecution", condition=other)
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule("untrusted", target={"RoleArn": arn})


def test_groups_are_made_once_and_go_with_their_schedules(account, role, machine):
    scheduler = account.scheduler
    scheduler.create_schedule_group(Name="brief")
    with pytest.raises(ClientError, match="ConflictException"):
        scheduler.create_schedule_group(Name="brief")
    trusting = account.role("of-brief", "scheduler.amazonaws.com", "states:StartExecution")
    given = {
        "Name": "s",
        "GroupName": "brief",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": machine, "RoleArn": trusting},
    }
    scheduler.create_schedule(**given)
    scheduler.delete_schedule_group(Name="brief")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scheduler.create_schedule(**given)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scheduler.delete_schedule_group(Name="brief")
    with pytest.raises(ClientError, match="default schedule group"):
        scheduler.delete_schedule_group(Name="default")


def test_a_call_that_comes_again_with_its_token_makes_nothing_twice(account, role, machine, group):
    given = {
        "Name": "again",
        "GroupName": group,
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": machine, "RoleArn": role},
    }
    made = account.scheduler.create_schedule(**given, ClientToken="t1")["ScheduleArn"]
    assert account.scheduler.create_schedule(**given, ClientToken="t1")["ScheduleArn"] == made
    with pytest.raises(ClientError, match="ConflictException"):
        account.scheduler.create_schedule(**given, ClientToken="t2")
    account.scheduler.delete_schedule(Name="again", GroupName=group)
