"""Calls beyond what an account may make, as botocore's clients hear of them."""

import time

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.config.aws_facts import HISTORY_CALLS, Throttle
from shared.errors import code_of
from shared.local.calls.call import CALL, Call
from shared.local.pacing.account import Account
from shared.local.pacing.app import Paced
from tests.helpers.clock import Clock

REGION = "us-east-1"
ACTIONS = {
    ("stepfunctions", "DescribeExecution"): 3,
    ("stepfunctions", "ListExecutions"): 1,
    ("logs", "FilterLogEvents"): 2,
    ("lambda", "GetFunction"): 2,
    ("lambda", "the control plane"): 3,
}


class Body:
    def __init__(self, chunks):
        self.chunks = chunks

    def stream(self, **_):
        yield from self.chunks


class Cloud:
    """A paced cloud that answers nothing but ``{}``, and clients of it. The caller's region and service are signed."""

    def __init__(self, mode="standard", attempts=1):
        self.clock = Clock(50.0)
        given = {key: Throttle(count, count, "", HISTORY_CALLS.read) for key, count in ACTIONS.items()}
        self.account = Account(REGION, throttles=lambda _: given, clock=self.clock)
        self.app = Paced(self._answer, self.account)
        self.reached = 0
        self.asked = 0
        self.config = Config(retries={"mode": mode, "total_max_attempts": attempts})

    def client(self, service, region=REGION):
        client = boto3.Session("a", "b", region_name=region).client(service, config=self.config)
        client.meta.events.register("before-send", self._send(service, region))
        return client

    def _answer(self, _environ, start):
        self.reached += 1
        start("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    def _send(self, service, region):
        def send(request, event_name, **_):
            self.asked += 1
            told = {}
            call = Call(service, event_name.rpartition(".")[2], {}, region)
            body = self.app({CALL: call}, lambda status, headers: told.update(status=status, headers=headers))
            return AWSResponse(
                request.url, int(told["status"].split()[0]), HeadersDict(dict(told["headers"])), Body(body)
            )

        return send


ARN = "arn:aws:states:us-east-1:123456789012:execution:m:x"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


def describe(client):
    return client.describe_execution(executionArn=ARN)


def test_a_call_too_many_is_step_functions_throttling_exception():
    cloud = Cloud()
    client = cloud.client("stepfunctions")
    for _ in range(3):
        describe(client)
    with pytest.raises(ClientError) as refused:
        describe(client)
    told = refused.value.response
    assert told["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert (told["ResponseMetadata"]["HTTPStatusCode"], cloud.reached) == (400, 3)


def test_a_call_too_many_of_logs_and_of_lambda_is_told_in_their_words():
    cloud = Cloud()
    logs, functions = cloud.client("logs"), cloud.client("lambda")
    for _ in range(2):
        logs.filter_log_events(logGroupName="g")
        functions.get_function(FunctionName="f")
    with pytest.raises(ClientError, match="Rate exceeded") as refused:
        logs.filter_log_events(logGroupName="g")
    assert code_of(refused.value) == "ThrottlingException"
    with pytest.raises(ClientError) as refused:
        functions.get_function(FunctionName="f")
    assert code_of(refused.value) == "TooManyRequestsException"
    assert refused.value.response["Reason"] == "CallerRateLimitExceeded"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_all_of_lambda_s_control_plane_shares_its_calls_and_invocations_are_none_of_it():
    cloud = Cloud()
    functions = cloud.client("lambda")
    functions.list_functions()
    functions.get_account_settings()
    functions.list_layers()
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        functions.list_tags(Resource="arn:aws:lambda:us-east-1:123456789012:function:f")
    functions.get_function(FunctionName="f")
    for _ in range(20):
        functions.invoke(FunctionName="f")


def test_two_teams_share_a_bucket_and_regions_do_not():
    """Teams are roles of one account: one of them may take all, as on AWS."""
    cloud = Cloud()
    one, other, far = (
        cloud.client("stepfunctions"),
        cloud.client("stepfunctions"),
        cloud.client("stepfunctions", "eu-west-1"),
    )
    for _ in range(3):
        describe(one)
    with pytest.raises(ClientError, match="Rate exceeded"):
        describe(other)
    describe(far)
    cloud.clock.now += 1 / 3
    describe(other)
    with pytest.raises(ClientError, match="Rate exceeded"):
        describe(one)


def test_actions_have_buckets_of_their_own_and_what_no_page_limits_is_not_limited():
    cloud = Cloud()
    client = cloud.client("stepfunctions")
    for _ in range(3):
        describe(client)
    client.list_executions(stateMachineArn=MACHINE)
    for _ in range(50):
        client.list_state_machines()  # in none of this account's buckets
    with pytest.raises(ClientError):
        client.list_executions(stateMachineArn=MACHINE)


@pytest.mark.parametrize("mode", ["standard", "legacy"])
def test_botocore_waits_for_its_turn_and_tries_again(mode, monkeypatch):
    cloud = Cloud(mode, attempts=5)
    client = cloud.client("stepfunctions")
    for _ in range(3):
        describe(client)

    def sleep(seconds):
        cloud.clock.now += seconds

    monkeypatch.setattr(time, "sleep", sleep)  # botocore's own, which takes no other
    describe(client)
    assert cloud.reached == 4
    assert cloud.account.pace().throttled == {"stepfunctions:DescribeExecution": cloud.asked - 4}
    assert cloud.asked > 4
    assert cloud.clock.now >= 50 + 1 / 3


def test_a_call_that_nobody_could_read_is_left_to_the_cloud():
    cloud = Cloud()
    assert list(cloud.app({CALL: None}, lambda *_: None)) == [b"{}"]
    assert list(cloud.app({}, lambda *_: None)) == [b"{}"]
