"""Reads that AWS throttles: tried again for about a minute, by botocore's own loop. Calls that change are not."""

import time

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.aws.patience import wait_out_throttles

ARN = "arn:aws:states:us-east-1:123456789012:execution:m:x"
THROTTLED = 400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
DENIED = 400, b'{"__type": "AccessDeniedException", "message": "no"}'
TOO_MANY = 429, b'{"Type": "User", "message": "Rate exceeded"}'
WELL = 200, b'{"events": [], "executions": []}'


class Body:
    def __init__(self, text):
        self.text = text

    def stream(self, **_):
        yield self.text


class Aws:
    """Answers *answers* one after the other, the last one from then on."""

    def __init__(self, monkeypatch, *answers, draw=lambda: 1.0):
        self.answers, self.asked, self.waits = list(answers), 0, []
        monkeypatch.setattr(time, "sleep", self.waits.append)  # botocore's own, which takes no other
        self.session = boto3.Session("a", "b", region_name="us-east-1")
        wait_out_throttles(self.session, draw)

    def client(self, service):
        client = self.session.client(service, config=Config(retries={"mode": "standard"}))
        client.meta.events.register("before-send", self._send)
        return client

    def _send(self, request, **_):
        self.asked += 1
        status, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        headers = {"x-amzn-errortype": "TooManyRequestsException"} if status == 429 else {}
        return AWSResponse(request.url, status, HeadersDict(headers), Body(text))


def test_a_read_is_tried_again_until_it_is_answered_and_the_waits_grow(monkeypatch):
    aws = Aws(monkeypatch, *[THROTTLED] * 9, WELL)
    assert aws.client("stepfunctions").get_execution_history(executionArn=ARN)["events"] == []
    assert (aws.asked, aws.waits) == (10, [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0])


@pytest.mark.parametrize(
    ("service", "call", "asked"),
    [
        ("logs", "filter_log_events", {"logGroupName": "g"}),
        ("stepfunctions", "list_executions", {"stateMachineArn": ARN}),
        ("lambda", "get_function", {"FunctionName": "f"}),
        ("cloudtrail", "lookup_events", {}),
    ],
)
def test_each_wait_is_drawn_by_chance_and_after_a_minute_it_is_told(monkeypatch, service, call, asked):
    aws = Aws(monkeypatch, TOO_MANY if service == "lambda" else THROTTLED, draw=lambda: 0.5)
    with pytest.raises(ClientError, match="Rate exceeded"):
        getattr(aws.client(service), call)(**asked)
    assert aws.asked == 14
    assert sum(aws.waits) == 0.5 * (1 + 2 + 4 + 10 * 8)


def test_no_call_waits_for_more_than_a_minute_however_chance_falls(monkeypatch):
    aws = Aws(monkeypatch, THROTTLED, draw=lambda: 0.999)
    client = aws.client("stepfunctions")
    for _ in range(2):  # each call has a minute of its own
        aws.waits.clear()
        with pytest.raises(ClientError, match="Rate exceeded"):
            client.describe_execution(executionArn=ARN)
        assert sum(aws.waits) == pytest.approx(60)


def test_ctrl_c_ends_a_wait(monkeypatch):
    aws = Aws(monkeypatch, THROTTLED)

    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        aws.client("stepfunctions").describe_execution(executionArn=ARN)
    assert aws.asked == 1


def test_a_refusal_that_does_not_pass_is_told_at_once(monkeypatch):
    aws = Aws(monkeypatch, DENIED)
    with pytest.raises(ClientError, match="no"):
        aws.client("stepfunctions").describe_execution(executionArn=ARN)
    assert (aws.asked, aws.waits) == (1, [])


def test_a_call_that_changes_something_is_left_to_botocore(monkeypatch):
    aws = Aws(monkeypatch, THROTTLED)
    with pytest.raises(ClientError, match="Rate exceeded"):
        aws.client("stepfunctions").start_execution(stateMachineArn=ARN)
    assert aws.asked == 3
