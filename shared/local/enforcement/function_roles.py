"""What Lambda tries with a function's role before it takes a setting: a network, destinations, a dead-letter queue.

Lambda refuses a function whose role may make no network interface, and a destination that the role may not send to.
While installed, so does moto.

Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC" (the three actions),
and "Capturing records of Lambda asynchronous invocations"; hashicorp/terraform-provider-aws,
aws_lambda_function_event_invoke_config, which waits for the second refusal to pass (all read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction

from shared.local.arns import SERVICE
from shared.local.corrections.asynchronous_settings import dead_letters, destinations
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.enforcement.gate import Gate

_INTERFACES = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")
_SENDING = {
    "events": ("PutEvents", "EventBridge"),
    "lambda": ("InvokeFunction", "Lambda"),
    "sns": ("Publish", "SNS"),
    "sqs": ("SendMessage", "SQS"),
}


@contextlib.contextmanager
def install(gate: Gate) -> Iterator[None]:
    """Have moto's Lambda try roles as Lambda does, while the block lasts."""
    wrappers = (
        (LambdaFunction, "__init__", _making),
        (LambdaFunction, "update_configuration", _configuring),
        (LambdaBackend, "put_function_event_invoke_config", _sending),
    )
    with plugged(Seam(owner, name, functools.partial(wrap, gate)) for owner, name, wrap in wrappers):
        yield


def _making(gate: Gate, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: LambdaFunction, account_id: str, spec: Mapping[str, Any], *args: object, **named: object) -> None:
        _check_network(gate, spec["Role"], spec)
        _check_dead_letters(gate, spec["Role"], spec)
        original(self, account_id, spec, *args, **named)

    return make


def _configuring(gate: Gate, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: Mapping[str, Any]) -> object:
        _check_network(gate, config_updates.get("Role", self.role), config_updates)
        _check_dead_letters(gate, config_updates.get("Role", self.role), config_updates)
        return original(self, config_updates)

    return update


def _check_network(gate: Gate, role: str, told: Mapping[str, Any]) -> None:
    for action in _INTERFACES if (told.get("VpcConfig") or {}).get("SubnetIds") else ():
        if not gate.allows(role, f"ec2:{action}", "*"):
            raise InvalidParameterValueException(
                f"The provided execution role does not have permissions to call {action} on EC2"
            )


def _check_dead_letters(gate: Gate, role: str, told: Mapping[str, Any]) -> None:
    arn = dead_letters(told)
    action, name = _SENDING.get(arn.split(":")[SERVICE], ("", "")) if arn.count(":") > SERVICE else ("", "")
    if action and not gate.allows(role, f"{arn.split(':')[SERVICE]}:{action}", arn):
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {action} on {name}"
        )


def _sending(gate: Gate, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def put(self: LambdaBackend, function_name: str, config: Mapping[str, Any]) -> object:
        role = self.get_function(function_name).role
        for arn in destinations(config):
            service = arn.split(":")[SERVICE]
            action, name = _SENDING.get(service, ("", ""))
            if action and not gate.allows(role, f"{service}:{action}", arn):
                raise InvalidParameterValueException(
                    f"The function's execution role does not have permissions to call {action} on {name}"
                )
        return original(self, function_name, config)

    return put
