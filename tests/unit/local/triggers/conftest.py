"""A cloud for the tests of one module, asked without a socket; and what triggers need of it."""

from __future__ import annotations

import json

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight

PLACE = Place("123456789012", "us-east-1", "dev")


class Account:
    """One account, and the few things that tests make in it."""

    place = PLACE

    def __init__(self, aws):
        self.aws = aws
        self.s3, self.sqs, self.lambda_, self.iam, self.scheduler, self.machines = (
            aws.client(name) for name in ("s3", "sqs", "lambda", "iam", "scheduler", "stepfunctions")
        )

    @staticmethod
    def arn(service, rest):
        return PLACE.arn(service, rest)

    def role(self, name, service, *actions, resource="*", condition=None):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        trust |= {"Condition": condition} if condition else {}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
        self.allow(name, *actions, resource=resource)
        return arn

    def allow(self, role, *actions, resource="*"):
        document = _document(
            {"Effect": "Allow", "Action": list(actions) or ["sts:GetCallerIdentity"], "Resource": resource}
        )
        self.iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document)

    def queue(self, name, *, opens_to=None, **attributes):
        """Make a queue that lets S3 in for the bucket *opens_to*; return its ARN."""
        if opens_to:
            attributes["Policy"] = _document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self.arn("sqs", name),
                    "Condition": {
                        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{opens_to}"},
                        "StringEquals": {"aws:SourceAccount": PLACE.account},
                    },
                }
            )
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return self.arn("sqs", name)

    def notify(self, bucket, *configurations, kind="Queue"):
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={f"{kind}Configurations": list(configurations)}
        )

    def messages(self, queue):
        """Receive and delete what is in *queue*."""
        url = self.sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        found = []
        while told := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages"):
            found += told
            for each in told:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found


def _document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield Account(go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application))
