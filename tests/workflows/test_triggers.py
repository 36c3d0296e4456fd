"""Uploads, queues and schedules that start executions, on a whole cloud with real functions."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.config.runtimes import MACHINE
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight

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
        self.sqs, self.lambda_, self.iam = (aws.client(name) for name in ("sqs", "lambda", "iam"))

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
        self.lambda_.create_function(
            FunctionName="starter",
            Role=self.role(
                "starter",
                "lambda.amazonaws.com",
                "states:StartExecution",
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "logs:*",
            ),
            Runtime=MACHINE,
            Handler="starter.handler",
            Code={"ZipFile": zipped("starter.py", STARTER)},
            Timeout=30,
            MemorySize=256,
            Environment={"Variables": {"MACHINE": MACHINE_ARN}},
        )
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

    def started(self):
        """Return how often each key started an execution."""
        machines = self.aws.client("stepfunctions")
        pages = machines.get_paginator("list_executions").paginate(
            stateMachineArn=MACHINE_ARN, PaginationConfig={"PageSize": 1000}
        )
        names = [each["executionArn"] for page in pages for each in page["executions"]]
        with ThreadPoolExecutor(8) as pool:
            told = pool.map(lambda arn: machines.describe_execution(executionArn=arn)["input"], names)
            return Counter(json.loads(text)["key"] for text in told)

    def wait_until_started(self, number):
        machines = self.aws.client("stepfunctions")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            pages = machines.get_paginator("list_executions").paginate(
                stateMachineArn=MACHINE_ARN, PaginationConfig={"PageSize": 1000}
            )
            if sum(len(page["executions"]) for page in pages) >= number:
                return
            threading.Event().wait(0.05)
        raise AssertionError(f"fewer than {number} executions")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zipped(name, source):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()


def keys(numbers):
    return {f"incoming/{number:04}.txt": 1 for number in numbers}


def test_a_thousand_uploads_are_a_thousand_starts(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        lane = Lane(go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application))
        lane.make()
        began = time.monotonic()
        lane.upload(range(1_000))
        print("uploaded", time.monotonic() - began)
        lane.wait_until_started(1_000)
        print("started", time.monotonic() - began)
        assert lane.started() == keys(range(1_000))
