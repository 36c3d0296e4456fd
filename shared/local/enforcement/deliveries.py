"""What one service brings to another: the receiver's policy must allow it, or a role.

SNS, EventBridge and CloudWatch Logs call a function, or write into a queue, a topic or a log group, as themselves. So
the receiver's own policy must let them in. A rule's target may name a role instead. Streams are read with the
function's role. While installed, moto delivers only what is allowed. AWS drops the rest and does not tell the
sender; here it is said once in the log. What buckets tell, and what pollers read of queues, is decided in
:mod:`shared.local.triggers`.

Source: AWS Lambda Developer Guide, "Using Lambda with other services", and "Event source mappings"; Amazon SNS
Developer Guide, "Fanout to Amazon SQS queues"; Amazon EventBridge User Guide, "Using resource-based policies" (read
2026-11-29).
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
from moto.sns.models import Subscription

from shared.local.enforcement.reads import FROM_STREAM, FROM_TABLE
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.enforcement.gate import Gate

    Deliver = Callable[..., None]

_INVOKE, _SEND, _PUBLISH = "lambda:InvokeFunction", "sqs:SendMessage", "sns:Publish"
# What a rule does to a target of each service. moto reaches no others.
_OF_RULES = {
    "events": "events:PutEvents",
    "lambda": _INVOKE,
    "logs": "logs:PutLogEvents",
    "sns": _PUBLISH,
    "sqs": _SEND,
    "states": "states:StartExecution",
}
_READ_FROM = ("source", "kinesis_stream")  # what moto calls the stream's ARN


class Target(TypedDict):
    """A target of a rule, as PutTargets was given it."""

    Arn: str
    RoleArn: NotRequired[str]


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Have moto deliver only what is allowed, while the block lasts."""
    wrappers = (
        (Rule, "send_to_targets", _from_rule_to_targets),
        (from_events, "_invoke_lambda", _from_rule),
        (from_events, "_start_sfn_execution", _from_rule_to_machine),
        (Subscription, "publish", _from_topic),
        (LambdaBackend, "send_log_event", _from_log_group),
        (LambdaBackend, "send_dynamodb_items", functools.partial(_polled, actions=FROM_TABLE)),
        (LambdaBackend, "send_kinesis_message", functools.partial(_polled, actions=FROM_STREAM)),
    )
    with plugged(Seam(owner, name, functools.partial(wrap, gate)) for owner, name, wrap in wrappers):
        yield


def _from_rule_to_targets(gate: Gate, original: Deliver) -> Deliver:
    @functools.wraps(original)
    def send_to_targets(self: Rule, original_event: object, *args: object, **named: object) -> None:
        if self.event_pattern.matches_event(original_event):
            allowed = copy.copy(self)
            allowed.targets = [target for target in self.targets if may_reach(gate, self, target)]
            original(allowed, original_event, *args, **named)

    return send_to_targets


def may_reach(gate: Gate, rule: Rule, target: Target) -> bool:
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
    """Wrap the delivery of a stream's records to a function: the function's role must be able to read them.

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
