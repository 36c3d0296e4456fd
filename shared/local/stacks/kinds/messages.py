"""AWS::SQS and AWS::SNS: queues, topics, their policies, and subscriptions.

Source: AWS CloudFormation Template Reference, the types of AWS::SQS and AWS::SNS (read 2026-11-30).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.local.stacks.kinds.kind import Kind, Properties, Work, only, retag, tags_of
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, made_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

_QUEUE_NAME, _TOPIC_NAME = 80, 256
_TEXT, _NUMBER, _FLAG = (
    "sqs.CreateQueue.QueueName",
    "sqs.ReceiveMessage.MaxNumberOfMessages",
    "sns.Subscribe.ReturnSubscriptionArn",
)
_TEXTS = Property("lambda.CreateFunction.Layers")
_TAGS = Property("dynamodb.CreateTable.Tags")


def _attributes(wanted: Mapping[str, Json], names: tuple[str, ...]) -> dict[str, str]:
    """Return those of *wanted* that are called one of *names*, as the texts that attributes are."""
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in only(wanted, *names).items()
    }


_QUEUE = {
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
"""A queue's attributes that may change, and what each is when a template no longer says it."""


class Queue(Kind):
    """A queue. Its name and whether it is a FIFO queue stay."""

    type = "AWS::SQS::Queue"
    properties = {
        **{name: Property() for name in _QUEUE},
        "FifoQueue": Property(_FLAG, replaces=True),
        "QueueName": Property(_TEXT, replaces=True),
        "Tags": _TAGS,
    }
    attributes = ("Arn", "QueueName", "QueueUrl")
    named_by = "QueueName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        fifo = wanted.get("FifoQueue") is True
        name = wanted.get("QueueName") or work.generated(_QUEUE_NAME - 5) + (".fifo" if fifo else "")
        attributes = _attributes(wanted, tuple(_QUEUE)) | ({"FifoQueue": "true"} if fifo else {})
        told = work.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=tags_of(wanted))
        return str(told["QueueUrl"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change its attributes and tags."""
        sqs = work.client("sqs")
        before, after = _attributes(have, tuple(_QUEUE)), _attributes(wanted, tuple(_QUEUE))
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        changed |= {name: _QUEUE[name] for name in before if name not in after}
        if changed:
            sqs.set_queue_attributes(QueueUrl=physical, Attributes=changed)
        retag(
            have,
            wanted,
            lambda gone: sqs.untag_queue(QueueUrl=physical, TagKeys=gone),
            lambda: sqs.tag_queue(QueueUrl=physical, Tags=tags_of(wanted)),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("sqs").delete_queue(QueueUrl=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN, name and URL."""
        name = physical.rpartition("/")[2]
        return {"Arn": work.arn("sqs", name), "QueueName": name, "QueueUrl": physical}


class QueuePolicy(Kind):
    """A policy of one or more queues."""

    type = "AWS::SQS::QueuePolicy"
    properties = {"PolicyDocument": Property(), "Queues": _TEXTS}
    required = ("PolicyDocument", "Queues")
    attributes = ("Id",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it."""
        self.update(work, "", {}, wanted)
        return work.generated(128)

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put it where it is wanted, and take it where it no longer is."""
        for queue in _listed(wanted, "Queues"):
            self._set(work, queue, _document(wanted))
        for queue in _listed(have, "Queues"):
            if queue not in _listed(wanted, "Queues"):
                with gone_already():
                    self._set(work, queue, "")

    @staticmethod
    def _set(work: Work, queue: str, document: str) -> None:
        work.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document})

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Take it."""
        self.update(work, physical, have, {})

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id."""
        return {"Id": physical}


def _listed(properties: Properties, name: str) -> list[str]:
    listed = properties.get(name)
    return [str(each) for each in listed] if isinstance(listed, list) else []


def _document(properties: Properties) -> str:
    document = properties["PolicyDocument"]
    return document if isinstance(document, str) else json.dumps(document)


class Topic(Kind):
    """A topic, with the subscriptions that stand in it."""

    type = "AWS::SNS::Topic"
    properties = {
        "ContentBasedDeduplication": Property(_FLAG),
        "DisplayName": Property(_TEXT),
        "FifoTopic": Property(_FLAG, replaces=True),
        "KmsMasterKeyId": Property(_TEXT),
        "Subscription": made_of([{"Protocol!": "string", "Endpoint!": "string"}], replaces=True),
        "Tags": _TAGS,
        "TopicName": Property(_TEXT, replaces=True),
    }
    attributes = ("TopicArn", "TopicName")
    named_by = "TopicName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it, and subscribe to it."""
        fifo = wanted.get("FifoTopic") is True
        name = wanted.get("TopicName") or work.generated(_TOPIC_NAME - 5) + (".fifo" if fifo else "")
        attributes = _attributes(wanted, _TOPIC) | ({"FifoTopic": "true"} if fifo else {})
        tags = [{"Key": key, "Value": value} for key, value in tags_of(wanted).items()]
        sns = work.client("sns")
        arn = str(sns.create_topic(Name=name, Attributes=attributes, Tags=tags)["TopicArn"])
        subscriptions: Any = wanted.get("Subscription") or []
        for each in subscriptions:
            sns.subscribe(TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        return arn

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change its attributes and tags."""
        sns = work.client("sns")
        before, after = _attributes(have, _TOPIC), _attributes(wanted, _TOPIC)
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                sns.set_topic_attributes(TopicArn=physical, AttributeName=name, AttributeValue=after.get(name, ""))
        retag(
            have,
            wanted,
            lambda gone: sns.untag_resource(ResourceArn=physical, TagKeys=gone),
            lambda: sns.tag_resource(ResourceArn=physical, Tags=wanted["Tags"]),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it with all its subscriptions."""
        with gone_already():
            work.client("sns").delete_topic(TopicArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN and its name."""
        return {"TopicArn": physical, "TopicName": physical.rpartition(":")[2]}


_TOPIC = ("ContentBasedDeduplication", "DisplayName", "KmsMasterKeyId")


class TopicPolicy(Kind):
    """A policy of one or more topics."""

    type = "AWS::SNS::TopicPolicy"
    properties = {"PolicyDocument": Property(), "Topics": Property("lambda.CreateFunction.Layers", replaces=True)}
    required = ("PolicyDocument", "Topics")
    attributes = ("Id",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it."""
        self.update(work, "", {}, wanted)
        return work.generated(128)

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put another in its place."""
        for topic in _listed(wanted, "Topics"):
            self._set(work, topic, _document(wanted))

    @staticmethod
    def _set(work: Work, topic: str, document: str) -> None:
        work.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Put back the policy that a topic has by itself: its account may do everything."""
        for topic in _listed(have, "Topics"):
            own = {
                "Version": "2008-10-17",
                "Id": "__default_policy_ID",
                "Statement": [
                    {
                        "Sid": "__default_statement_ID",
                        "Effect": "Allow",
                        "Principal": {"AWS": "*"},
                        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
                        "Resource": topic,
                        "Condition": {"StringEquals": {"AWS:SourceOwner": work.account}},
                    }
                ],
            }
            with gone_already():
                self._set(work, topic, json.dumps(own))

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id."""
        return {"Id": physical}


class Subscription(Kind):
    """A subscription to a topic."""

    type = "AWS::SNS::Subscription"
    properties = {
        "Endpoint": Property(_TEXT, replaces=True),
        "FilterPolicy": Property(),
        "FilterPolicyScope": Property(_TEXT),
        "Protocol": Property(_TEXT, replaces=True),
        "RawMessageDelivery": Property(_FLAG),
        "RedrivePolicy": Property(),
        "TopicArn": Property(_TEXT, replaces=True),
    }
    required = ("Protocol", "TopicArn")
    attributes = ("Arn",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Subscribe."""
        told = work.client("sns").subscribe(
            **only(wanted, "TopicArn", "Protocol", "Endpoint"),
            Attributes=_attributes(wanted, _SUBSCRIPTION),
            ReturnSubscriptionArn=True,
        )
        return str(told["SubscriptionArn"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change its attributes."""
        before, after = _attributes(have, _SUBSCRIPTION), _attributes(wanted, _SUBSCRIPTION)
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                unset = "false" if name == "RawMessageDelivery" else "{}"
                work.client("sns").set_subscription_attributes(
                    SubscriptionArn=physical, AttributeName=name, AttributeValue=after.get(name, unset)
                )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """End it."""
        with gone_already():
            work.client("sns").unsubscribe(SubscriptionArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": physical}


_SUBSCRIPTION = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")

KINDS: tuple[Kind, ...] = (Queue(), QueuePolicy(), Topic(), TopicPolicy(), Subscription())
