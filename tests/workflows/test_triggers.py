"""Uploads, queues and schedules that start executions, on a whole cloud with real functions."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.config.runtimes import MACHINE
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight
from tests.helpers.zips import zipped

pytestmark = pytest.mark.workflow

PLACE = Place("123456789012", "us-east-1", "dev")
MACHINE_ARN = PLACE.arn("states", "stateMachine:count")
STARTER = """
import json, os, boto3
machines = boto3.client("stepfunctions")

def handler(event, context):
    for message in event["Records"]:
        for record in json.loads(message["body"]).get("Records", []):
            told = record["s3"]["object"]
            try:
                machines.start_execution(
                    stateMachineArn=os.environ["MACHINE"],
                    name=f"up-{told['sequencer']}",
                    input=json.dumps({"key": told["key"]}),
                )
            except machines.exceptions.ExecutionAlreadyExists:
                pass
"""


class Lane:
    """A bucket whose uploads start a machine: notification, queue with dead letters, mapping, starter."""

    def __init__(self, aws):
        self.aws = aws
        self.sqs, self.lambda_, self.iam, self.states = (
            aws.client(name) for name in ("sqs", "lambda", "iam", "stepfunctions")
        )

    def role(self, name, service, *actions):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allowed))
        return PLACE.arn("iam", f"role/{name}")

    def make(self):
        self.aws.s3.create_bucket(Bucket="uploads")
        definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
        self.aws.client("stepfunctions").create_state_machine(
            name="count",
            definition=json.dumps(definition),
            roleArn=self.role("machine", "states.amazonaws.com", "s3:Get*"),
        )
        dead = self.queue("dead")
        queue = self.queue("uploaded", RedrivePolicy=json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 5}))
        self.function("starter", STARTER, Environment={"Variables": {"MACHINE": MACHINE_ARN}})
        self.lambda_.create_event_source_mapping(
            EventSourceArn=queue,
            FunctionName="starter",
            BatchSize=50,
            MaximumBatchingWindowInSeconds=1,
            ScalingConfig={"MaximumConcurrency": 2},
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        rules = [{"Name": "prefix", "Value": "incoming/"}]
        self.aws.s3.put_bucket_notification_configuration(
            Bucket="uploads",
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "Id": "ours",
                        "QueueArn": queue,
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": rules}},
                    }
                ]
            },
        )

    def function(self, name, source, **settings):
        reads = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        self.lambda_.create_function(
            **{
                "FunctionName": name,
                "Role": self.role(name, "lambda.amazonaws.com", "states:StartExecution", "logs:*", *reads),
                "Runtime": MACHINE,
                "Handler": "app.handler",
                "Code": {"ZipFile": zipped(source)},
                "Timeout": 30,
                "MemorySize": 256,
                **settings,
            }
        )

    def received(self, name, number):
        """Wait until a queue has given out so many messages, which are deleted; return them."""
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        deadline = time.monotonic() + 120
        while len(found) < number:
            assert time.monotonic() < deadline
            found += self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        for each in found:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def queue(self, name, **attributes):
        opens = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": PLACE.arn("sqs", name),
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::uploads"}},
        }
        self.sqs.create_queue(
            QueueName=name, Attributes={"Policy": document(opens), "VisibilityTimeout": "60", **attributes}
        )
        return PLACE.arn("sqs", name)

    def upload(self, numbers):
        def put(number):
            self.aws.s3.put_object(Bucket="uploads", Key=f"incoming/{number:04}.txt", Body=b"1")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, numbers))

    def waiting(self, name):
        """Return how many messages a queue holds, once nobody has any of them."""
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while True:
            told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
            if told["ApproximateNumberOfMessagesNotVisible"] == "0":
                return int(told["ApproximateNumberOfMessages"])
            time.sleep(0.02)

    def executions(self):
        """Return the ARNs of all that started."""
        asked = {"stateMachineArn": MACHINE_ARN, "PaginationConfig": {"PageSize": 1000}}
        pages = self.states.get_paginator("list_executions").paginate(**asked)
        return [each["executionArn"] for page in pages for each in page["executions"]]

    def wait_until_started(self, number):
        deadline = time.monotonic() + 600
        while len(self.executions()) < number:
            assert time.monotonic() < deadline, f"{len(self.executions())} executions of {number}"
            time.sleep(0.02)

    def started(self):
        """Return how often each key started an execution."""
        inputs = (self.states.describe_execution(executionArn=arn)["input"] for arn in self.executions())
        return Counter(json.loads(given)["key"] for given in inputs)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def keys(numbers):
    return {f"incoming/{number:04}.txt": 1 for number in numbers}


@contextlib.contextmanager
def kept(folder):
    with EmbeddedCloud(PLACE, folder, persist=True) as cloud:
        yield Lane(go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application))


def test_a_thousand_uploads_are_a_thousand_starts_though_the_cloud_restarts_among_them(tmp_path):
    with kept(tmp_path) as lane:
        lane.make()
        lane.upload(range(500))
        lane.wait_until_started(50)  # the others wait in the queue, or are with a function now
    with kept(tmp_path) as lane:
        lane.upload(range(500, 1_000))
        lane.wait_until_started(1_000)
        assert lane.started() == keys(range(1_000))
        assert lane.waiting("uploaded") == lane.waiting("dead") == 0


FUSSY = """
def handler(event, context):
    bodies = {each["messageId"]: each["body"] for each in event["Records"]}
    if "breaks" in bodies.values():
        raise ValueError("all of them come again")
    return {"batchItemFailures": [{"itemIdentifier": key} for key, body in bodies.items() if body == "bad"]}
"""


@pytest.fixture
def lane(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        yield Lane(go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application))


def test_what_a_function_refuses_comes_again_and_ends_in_the_dead_letter_queue(lane):
    dead = lane.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    queue = lane.queue("q", VisibilityTimeout="1", RedrivePolicy=redrive)
    lane.function("fussy", FUSSY, Timeout=1)
    lane.lambda_.create_event_source_mapping(
        EventSourceArn=queue, FunctionName="fussy", FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    url = lane.sqs.get_queue_url(QueueName="q")["QueueUrl"]
    lane.sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(("good", "bad", "good"))]
    )
    assert [each["Body"] for each in lane.received("dead", 1)] == ["bad"]
    lane.sqs.send_message(QueueUrl=url, MessageBody="breaks")
    assert [each["Body"] for each in lane.received("dead", 1)] == ["breaks"]
    assert lane.waiting("q") == 0


def test_a_role_that_may_not_read_any_more_gets_nothing_and_nothing_is_lost(lane):
    queue = lane.queue("q")
    lane.function("fussy", FUSSY)
    made = lane.lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName="fussy")
    lane.iam.delete_role_policy(RoleName="fussy", PolicyName="p")
    url = lane.sqs.get_queue_url(QueueName="q")["QueueUrl"]
    lane.sqs.send_message(QueueUrl=url, MessageBody="good")
    assert lane.waiting("q") == 1
    assert lane.lambda_.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled"
    allowed = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}
    lane.iam.put_role_policy(RoleName="fussy", PolicyName="p", PolicyDocument=document(allowed))
    lane.sqs.send_message(QueueUrl=url, MessageBody="good")
    deadline = time.monotonic() + 120
    while lane.waiting("q"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


HEARD = """
import json, boto3

def handler(event, context):
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/heard"
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(event))
"""


def test_a_bucket_calls_a_function_that_lets_it_in(lane):
    lane.queue("heard")
    lane.function("hears", HEARD)
    allowed = {"Effect": "Allow", "Action": ["sqs:SendMessage", "logs:*"], "Resource": "*"}
    lane.iam.put_role_policy(RoleName="hears", PolicyName="p", PolicyDocument=document(allowed))
    lane.lambda_.add_permission(
        FunctionName="hears",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::uploads",
    )
    lane.aws.s3.create_bucket(Bucket="uploads")
    arn = PLACE.arn("lambda", "function:hears")
    lane.aws.s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"Id": "x", "LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    lane.upload([7])
    (told,) = lane.received("heard", 1)
    assert json.loads(told["Body"])["Records"][0]["s3"]["object"]["key"] == "incoming/0007.txt"
