"""Clients that keep pace: half of what AWS answers an account, however many threads, pages and retries there are."""

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from shared.aws.pace import PACED, Bucket, keep_pace


class Time:
    now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Time()


class Answer:
    """The body of an answer."""

    def __init__(self, text):
        self.text = text

    def stream(self, **_):
        yield self.text


def session_of(clock, sent, status=200, text=b"{}"):
    """Return a session that keeps pace; *sent* gets the time of each request that goes out."""
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    keep_pace(session, clock, clock.sleep)

    def send(request, **_):
        sent.append(clock.now)
        return AWSResponse(request.url, status, HeadersDict({}), Answer(text))

    session.events.register("before-send", send)  # after those of one action
    return session


def test_a_bucket_gives_so_many_at_once_and_so_many_a_second_after_that(clock):
    bucket = Bucket(3, 2, clock, clock.sleep)
    assert all(bucket.take() for _ in range(9))
    assert clock.now == 100.0 + 6 / 2


def test_a_bucket_refuses_what_would_wait_too_long_and_is_as_full_as_before(clock):
    bucket = Bucket(1, 0.5, clock, clock.sleep)
    assert bucket.take(0)
    assert not bucket.take(1.9)
    assert bucket.take(2.1)
    assert clock.now == 102.0


@pytest.mark.parametrize(("service", "action"), PACED)
def test_every_rate_is_of_an_action_that_is_sent(service, action, clock):
    names = boto3.Session(region_name="us-east-1").client(service).meta.service_model.operation_names
    assert action in names


def test_calls_keep_to_half_of_what_aws_answers(clock):
    sent = []
    states = session_of(clock, sent, text=b'{"executions": []}').client("stepfunctions")
    for _ in range(150):
        states.list_executions(stateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:a")
    assert (len(sent), clock.now) == (150, 120.0)  # 100 at once, then two and a half a second


def test_retries_count_and_what_would_wait_too_long_is_told_as_throttled(clock):
    sent = []
    told = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
    session = session_of(clock, sent, 400, told)
    states = session.client("stepfunctions", config=boto3.session.Config(retries={"total_max_attempts": 1}))
    for _ in range(100):
        with pytest.raises(ClientError, match="Rate exceeded"):
            states.describe_map_run(mapRunArn="arn:aws:states:us-east-1:123456789012:mapRun:a/b:c")
    with pytest.raises(ClientError, match=r"not asked: more than 0\.5 a second") as refused:
        states.describe_map_run(mapRunArn="arn:aws:states:us-east-1:123456789012:mapRun:a/b:c")
    assert (len(sent), clock.now) == (100, 100.0)
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
