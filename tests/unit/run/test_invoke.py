"""One function by itself, by a Lambda that answers in AWS's shapes."""

import base64
import io
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.errors import LanesError, UsageError
from shared.run.invoke import invoke

REQUEST = "0f8fad5b-d9cb-469f-a165-70867728950e"
START = f"START RequestId: {REQUEST} Version: $LATEST"
USED = "Duration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
REPORT = f"REPORT RequestId: {REQUEST}\t{USED}"


class FakeLambda:
    def __init__(self, answer=None, *, log="", error=None, refused=None):
        self.asked = []
        self._told = {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "LogResult": base64.b64encode(log.encode()).decode(),
            "Payload": io.BytesIO(json.dumps(answer).encode()),
            "ResponseMetadata": {"RequestId": REQUEST, "HTTPStatusCode": 200},
            **({"FunctionError": error} if error else {}),
        }
        self._refused = refused

    def invoke(self, **asked):
        self.asked.append(asked)
        if self._refused:
            raise ClientError({"Error": {"Code": self._refused, "Message": "no"}}, "Invoke")
        return self._told


@pytest.fixture
def called(aws, lane, started):
    """Return a function that invokes the lane's function with a Lambda."""

    def call(answering, event=None):
        cloud = SimpleNamespace(waiting_lambda=answering, logs=aws.logs)
        return invoke(cloud, lane.functions["w-work"], event, sleep=lambda _: None, clock=lambda: started)

    return call


def test_it_waits_for_the_answer_and_takes_the_end_of_the_log(called):
    answering = FakeLambda({"n": 2}, log=f"{START}\nhello\nEND RequestId: {REQUEST}\n{REPORT}\n")
    invoked = called(answering, {"n": 1})
    assert (invoked.result, invoked.failure, invoked.request_id) == ({"n": 2}, None, REQUEST)
    assert invoked.lines[:2] == (START, "hello")
    (asked,) = answering.asked
    assert asked == {
        "FunctionName": "team-w-work-0",
        "InvocationType": "RequestResponse",
        "LogType": "Tail",
        "Payload": b'{"n": 1}',
    }


def test_a_longer_log_is_read_where_it_lies(called, aws, lane, started):
    at = int(started.timestamp() * 1000)
    lines = [START, *(f"line {number}" for number in range(3)), f"END RequestId: {REQUEST}", REPORT]
    group = lane.functions["w-work"].log_group
    aws.logs.groups[group] = [("s", at + number, line) for number, line in enumerate(lines[:-1])]
    aws.logs.late = [(group, ("s", at + 9, REPORT))]
    assert called(FakeLambda(None, log=f"line 2\n{REPORT}\n")).lines == tuple(lines)


def test_a_longer_log_that_never_comes_is_its_end(called):
    assert called(FakeLambda(None, log=f"line 2\n{REPORT}\n")).lines == ("line 2", REPORT)


def test_a_function_that_failed_says_where(called):
    trace = ['  File "/var/task/work.py", line 3, in handler\n    return event["x"]\n']
    answer = {"errorMessage": "'x'", "errorType": "KeyError", "requestId": REQUEST, "stackTrace": trace}
    failure = called(FakeLambda(answer, error="Unhandled", log=START)).failure
    assert failure.lines == [
        "Traceback (most recent call last):",
        '  File "work.py", line 3, in handler',
        '    return event["x"]',
        "KeyError: 'x'",
    ]


def test_one_that_ran_out_of_time_says_so(called):
    answer = {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {REQUEST} Error: Task timed out after 3.00 seconds",
    }
    assert called(FakeLambda(answer, error="Unhandled", log=START)).failure.error == "Sandbox.Timedout"


def test_an_event_that_lambda_does_not_take_is_not_sent(called):
    answering = FakeLambda()
    with pytest.raises(UsageError, match="the event has 6,291,458 bytes, and Lambda takes 6,291,456"):
        called(answering, "x" * (6 * 1024**2))
    assert answering.asked == []


def test_what_is_not_deployed_or_not_run_says_so(called):
    with pytest.raises(LanesError, match="function w-work is not deployed"):
        called(FakeLambda(refused="ResourceNotFoundException"))
    with pytest.raises(LanesError, match=r"Lambda did not run it: .*TooManyRequestsException"):
        called(FakeLambda(refused="TooManyRequestsException"))
