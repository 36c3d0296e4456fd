"""What rules bring to machines and topics, through the API, on a whole cloud."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


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


def test_a_role_that_may_not_starts_nothing_and_the_sender_is_not_told(account, events, machine):
    idle = account.role("idle", "events.amazonaws.com")
    events.put_rule(Name="idle", EventPattern=json.dumps({"source": ["idle"]}))
    events.put_targets(Rule="idle", Targets=[{"Id": "1", "Arn": machine, "RoleArn": idle}])
    before = len(account.machines.list_executions(stateMachineArn=machine)["executions"])
    send(events, "idle")
    assert len(account.machines.list_executions(stateMachineArn=machine)["executions"]) == before


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "stream/s"),
        (
            {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:1:d"}},
            "Dead",
        ),
        ({"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "InputPath": "$.detail[0]"}, "InputPath"),
    ],
)
def test_a_target_that_nothing_would_reach_is_refused_by_name(events, target, words):
    events.put_rule(Name="refused", EventPattern=json.dumps({"source": ["refused"]}))
    with pytest.raises(ClientError, match=words) as caught:
        events.put_targets(Rule="refused", Targets=[{"Id": "1", **target}])
    assert caught.value.response["Error"]["Code"] == "NotImplementedException"
    assert events.list_targets_by_rule(Rule="refused")["Targets"] == []
