"""What one service brings to another: the receiver's policy must allow it, or a role.

S3, SNS, EventBridge and CloudWatch Logs call a function, or write into a queue, a topic or a log group, as themselves.
So the receiver's own policy must let them in. A rule's target may name a role instead. Queues and streams are read with
the function's role. While installed, moto delivers only what is allowed. AWS drops the rest and does not tell the
sender; here it is said once in the log. A bucket that is set up to notify a receiver that does not let S3 in is refused
at once.

Source: AWS Lambda Developer Guide, "Using Lambda with other services", and "Event source mappings"; Amazon S3 User
Guide, "Granting permissions to publish event notification messages to a destination"; Amazon SNS Developer Guide,
"Fanout to Amazon SQS queues"; Amazon EventBridge User Guide, "Using resource-based policies" (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
from typing import TYPE_CHECKING, NotRequired, TypedDict

from moto.awslambda.models import LambdaBackend
from moto.events import notifications as from_events
from moto.events.models import Rule, events_backends
from moto.s3 import notifications as from_s3
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, NotificationConfiguration
from moto.sns.models import Subscription

from shared.local.enforcement.callers import service
from shared.local.enforcement.gate import source
from shared.local.enforcement.reads import FROM_QUEUE, FROM_STREAM, FROM_TABLE
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.enforcement.gate import Gate

    Deliver = Callable[..., None]

_INVOKE, _SEND, _PUBLISH = "lambda:InvokeFunction", "sqs:SendMessage", "sns:Publish"
_S3 = "s3.amazonaws.com"
# What a rule does to a target of each service. moto reaches no others.
_OF_RULES = {
    "events": "events:PutEvents",
    "lambda": _INVOKE,
    "logs": "logs:PutLogEvents",
    "sns": _PUBLISH,
    "sqs": _SEND,
    "states": "states:StartExecution",
}
_READ_FROM = ("queue_arn", "source", "kinesis_stream")  # what moto calls the queue's or stream's ARN


class _Bucket(TypedDict):
    arn: str


class _Entity(TypedDict):
    bucket: _Bucket


class _Record(TypedDict):
    s3: _Entity


class S3Event(TypedDict):
    """What S3 tells a receiver, as far as it is read here: ``Records``, or in its test event the ``Bucket``."""

    Records: NotRequired[list[_Record]]
    Bucket: NotRequired[str]


class Target(TypedDict):
    """A target of a rule, as PutTargets was given it."""

    Arn: str
    RoleArn: NotRequired[str]


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Have moto deliver only what is allowed, while the block lasts."""
    wrappers = (
        (from_s3, "_invoke_awslambda", _from_bucket),
        (from_s3, "_send_sqs_message", _from_bucket_to_queue),
        (from_s3, "_send_sns_message", _from_bucket_to_topic),
        (FakeBucket, "set_notification_configuration", _notifying),
        (Rule, "send_to_targets", _from_rule_to_targets),
        (from_events, "_invoke_lambda", _from_rule),
        (from_events, "_start_sfn_execution", _from_rule_to_machine),
        (Subscription, "publish", _from_topic),
        (LambdaBackend, "send_log_event", _from_log_group),
        (LambdaBackend, "send_sqs_batch", functools.partial(_polled, actions=FROM_QUEUE)),
        (LambdaBackend, "send_dynamodb_items", functools.partial(_polled, actions=FROM_TABLE)),
        (LambdaBackend, "send_kinesis_message", functools.partial(_polled, actions=FROM_STREAM)),
    )
    with plugged(Seam(owner, name, functools.partial(wrap, gate)) for owner, name, wrap in wrappers):
        yield


def _from_bucket(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def invoke(account_id: str, event_body: S3Event, fn_arn: str, region_name: str) -> None:
        if gate.delivers(_S3, _INVOKE, fn_arn, _told_of(event_body)):
            original(account_id, event_body, fn_arn, region_name)

    return invoke


def _from_bucket_to_queue(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send(account_id: str, event_body: S3Event, queue_name: str, region_name: str) -> None:
        queue = f"arn:aws:sqs:{region_name}:{account_id}:{queue_name}"
        if gate.delivers(_S3, _SEND, queue, _told_of(event_body)):
            original(account_id, event_body, queue_name, region_name)

    return send


def _from_bucket_to_topic(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send(account_id: str, event_body: S3Event, topic_arn: str, region_name: str) -> None:
        if gate.delivers(_S3, _PUBLISH, topic_arn, _told_of(event_body)):
            original(account_id, event_body, topic_arn, region_name)

    return send


def _told_of(event: S3Event) -> str:
    """Return the ARN of the bucket that *event* is about. S3's test event has only the bucket's name."""
    return event["Records"][0]["s3"]["bucket"]["arn"] if "Records" in event else f"arn:aws:s3:::{event['Bucket']}"


def _notifying(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def set_notification_configuration(self: FakeBucket, *args: object, **named: object) -> None:
        before = self.notification_configuration
        original(self, *args, **named)
        keys = source(self.arn, self.account_id)
        told = _notified(self.notification_configuration)
        reasons = [why for arn, action in told if (why := gate.why_not(service(_S3), action, arn, keys))]
        if reasons:
            self.notification_configuration = before
            words = "Unable to validate the following destination configurations"
            raise S3ClientError("InvalidArgument", f"{words}: {'; '.join(reasons)}")

    return set_notification_configuration


def _notified(configuration: NotificationConfiguration) -> Iterator[tuple[str, str]]:
    """Yield the ARN of each receiver that a bucket notifies, and the action that this needs."""
    for kind, action in (("cloud_function", _INVOKE), ("queue", _SEND), ("topic", _PUBLISH)):
        yield from ((each.arn, action) for each in getattr(configuration, kind, ()))


def _from_rule_to_targets(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send_to_targets(self: Rule, original_event: object, *args: object, **named: object) -> None:
        if self.event_pattern.matches_event(original_event):
            allowed = copy.copy(self)
            allowed.targets = [target for target in self.targets if _may_reach(gate, self, target)]
            original(allowed, original_event, *args, **named)

    return send_to_targets


def _may_reach(gate: Gate, rule: Rule, target: Target) -> bool:
    """Whether *rule* may reach *target*: with the role that the target names, or by the target's own policy."""
    arn, role = target["Arn"], target.get("RoleArn")
    _, _, name, _, _, rest = arn.split(":", 5)
    action = _OF_RULES.get(name)
    if action is None or (name == "events" and not rest.startswith("event-bus/")):
        return True  # one of EventBridge's own archives, or a service that moto does not reach
    if name == "logs":
        arn = f"{arn.removesuffix(':*')}:log-stream:{rule.name}"
    if role:
        return gate.may(role, "events", action, arn)
    return gate.delivers("events.amazonaws.com", action, arn, rule.arn)


def _from_rule(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def invoke(account_id: str, fn_arn: str, event: object) -> None:
        rules = list(_rules(account_id, fn_arn))
        if any(gate.delivers("events.amazonaws.com", _INVOKE, fn_arn, rule.arn) for rule, _ in rules):
            original(account_id, fn_arn=fn_arn, event=event)

    return invoke


def _from_rule_to_machine(gate: Gate, original: Deliver) -> Deliver:
    """Wrap the start of a state machine by a rule, which uses the role that the rule's target names."""

    @functools.wraps(original)
    def start(account_id: str, region: str, sfn_arn: str, event: object) -> None:
        roles = [target.get("RoleArn") for _, target in _rules(account_id, sfn_arn)]
        if any(role and gate.may(role, "events", "states:StartExecution", sfn_arn) for role in roles):
            original(account_id, region=region, sfn_arn=sfn_arn, event=event)

    return start


def _rules(account: str, target_arn: str) -> Iterator[tuple[Rule, Target]]:
    """Yield each rule with the target *target_arn*, and the target. moto does not say for which rule it acts."""
    for backend in list(events_backends[account].values()):
        for bus in list(backend.event_buses.values()):
            for rule in list(bus.rules.values()):
                yield from ((rule, target) for target in rule.targets if target.get("Arn") == target_arn)


def _from_topic(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def publish(self: Subscription, *args: object, **named: object) -> None:
        action = {"lambda": _INVOKE, "sqs": _SEND}.get(self.protocol)
        if action is None or gate.delivers("sns.amazonaws.com", action, self.endpoint, self.topic.arn):
            original(self, *args, **named)

    return publish


def _from_log_group(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send(
        self: LambdaBackend, function_arn: str, filter_name: str, log_group_name: str, *args: object, **named: object
    ) -> None:
        group = f"arn:aws:logs:{self.region_name}:{self.account_id}:log-group:{log_group_name}:*"
        if gate.delivers("logs.amazonaws.com", _INVOKE, function_arn, group):
            original(self, function_arn, filter_name, log_group_name, *args, **named)

    return send


def _polled(gate: Gate, original: Callable[..., object], *, actions: tuple[str, ...]) -> Callable[..., object]:
    """Wrap the delivery of a queue's or stream's records to a function: the function's role must be able to read them.

    It returns what *original* returns, whether all went well; False if the role may not read.
    """
    signature = inspect.signature(original)

    @functools.wraps(original)
    def send(self: LambdaBackend, *args: object, **named: object) -> object:
        given = signature.bind(self, *args, **named).arguments
        function = self.get_function(given.get("function_arn") or given["function_name"])
        read_from = next(given[name] for name in _READ_FROM if name in given)
        may = all(gate.may(function.role, function.function_name, action, read_from) for action in actions)
        return original(self, *args, **named) if may else False

    return send
