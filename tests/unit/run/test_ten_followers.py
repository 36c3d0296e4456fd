"""Ten people follow one run in a cloud that gives no more than an account: throttled, they wait, and see its end.

Their clients are boto3's, and the calls, the engine and the buckets the embedded cloud's; only time is virtual.
"""

import json
import time
from dataclasses import replace
from random import Random

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from shared.aws.client import Aws
from shared.aws.patience import wait_out_throttles
from shared.aws.target import aws_target
from shared.local.asl.wire import written
from shared.local.calls.call import CALL, Call
from shared.local.pacing.account import Account
from shared.local.pacing.app import Paced
from shared.measure.observed.run_log import RunLog, follow_log
from shared.run.find import Found
from shared.run.logs import read_logs
from shared.run.start import Run
from shared.run.watch import follow
from tests.helpers.step_functions import Api
from tests.helpers.virtual_time import VirtualTime

SECONDS = 30
WAITING = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": SECONDS, "End": True}}})
PEOPLE = 10
FUNCTIONS = 4


class Body:
    def __init__(self, chunks):
        self.chunks = chunks

    def stream(self, **_):
        yield from self.chunks


class PacedCloud:
    """Step Functions and empty logs of an account in *region*, and clients of it."""

    def __init__(self, lane, region, *, patient=True):
        self.api, self.region, self.patient = Api(), region, patient
        self.time = VirtualTime(self.api.scheduler.now())
        self.account = Account(region, clock=self.time)
        self.cloud = Paced(self._answer, self.account)
        self.model = boto3.Session(region_name=region).client("stepfunctions").meta.service_model
        functions = {f"w-{at}": replace(lane.functions["w-work"], key=f"w-{at}") for at in range(FUNCTIONS)}
        workflow = replace(lane.workflows["w"], functions={key: key for key in functions})
        self.lane = replace(
            lane, place=replace(lane.place, region=region), functions=functions, workflows={"w": workflow}
        )
        arn = self.api("StartExecution", stateMachineArn=self.api.machine(WAITING))["executionArn"]
        self.found = Found(Run("x", arn, self.lane, "w"), "RUNNING", self.started(), None, "{}", None)

    def started(self):
        return self.api.backend.now()

    def person(self, number):
        session = boto3.Session("a", "b", region_name=self.region)
        if self.patient:
            wait_out_throttles(session, Random(number).random)
        session.events.register("before-send", self._send)
        return Aws(session, aws_target(self.lane.place))

    def _send(self, request, event_name, **_):
        self.api.scheduler.run(until=self.time.now)
        _, service, operation = event_name.split(".")
        service = {"sfn": "stepfunctions", "cloudwatch-logs": "logs"}[service]
        told = {}
        environ = {CALL: Call(service, operation, json.loads(request.body), self.region)}
        body = self.cloud(environ, lambda status, headers: told.update(status=status, headers=headers))
        return AWSResponse(request.url, int(told["status"].split()[0]), HeadersDict(dict(told["headers"])), Body(body))

    def _answer(self, environ, start):
        call = environ[CALL]
        start("200 OK", [("Content-Type", "application/json")])
        if call.service == "logs":
            return [b'{"events": []}']
        answer = self.api(call.operation, **call.parameters)
        return [written(answer, self.model.operation_model(call.operation)).encode()]


@pytest.fixture
def cloud(lane, monkeypatch):
    """Return a function that makes the cloud of a region, in which botocore's waits are virtual, too."""

    def make(region, **more):
        made = PacedCloud(lane, region, **more)
        monkeypatch.setattr(time, "sleep", made.time.sleep)  # botocore's own, which takes no other
        return made

    return make


def watches(cloud, number):
    """Return what ``lanes run`` does once the run has begun: it gives the last it saw, and when that was."""
    aws, run = cloud.person(number), cloud.found.run

    def watch():
        for seen in follow(aws, run, read_logs(aws, run, cloud.found.started), sleep=cloud.time.sleep):
            last = seen
        return last.status, cloud.time.now

    return watch


def reads(cloud, number):
    """Return what ``lanes logs --follow`` does."""
    aws = cloud.person(number)

    def read():
        log = RunLog(aws, cloud.found, clock=cloud.time)
        return list(follow_log(aws, cloud.found, log, sleep=cloud.time.sleep)), cloud.time.now

    return read


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_ten_who_watch_a_run_are_throttled_and_see_its_end(cloud, region):
    paced = cloud(region)
    began = paced.time.now
    seen = paced.time.run([watches(paced, number) for number in range(PEOPLE)])
    assert [status for status, _ in seen] == ["SUCCEEDED"] * PEOPLE
    throttled = paced.account.pace().throttled
    assert throttled["logs:FilterLogEvents"] > PEOPLE
    assert max(when for _, when in seen) - began < SECONDS + 60  # all within a minute after its end


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_ten_who_read_its_log_are_throttled_and_come_to_its_end(cloud, region):
    paced = cloud(region)
    began = paced.time.now
    seen = paced.time.run([reads(paced, number) for number in range(PEOPLE)])
    assert [lines for lines, _ in seen] == [[]] * PEOPLE
    assert paced.account.pace().throttled["logs:FilterLogEvents"] > PEOPLE
    assert all(when - began >= SECONDS for _, when in seen)
    assert max(when for _, when in seen) - began < SECONDS + 60


def test_one_who_follows_alone_is_not_throttled_in_a_large_region(cloud):
    paced = cloud("us-east-1")
    paced.time.run([watches(paced, 0)])
    assert paced.account.pace().throttled == {}


def test_botocore_s_own_tries_are_too_few_for_ten(cloud):
    paced = cloud("eu-central-1", patient=False)
    with pytest.raises(ClientError, match="Rate exceeded"):
        paced.time.run([reads(paced, number) for number in range(PEOPLE)])
