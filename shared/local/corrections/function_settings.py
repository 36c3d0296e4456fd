"""Settings of functions that moto drops, or takes where Lambda refuses them.

Switched on, a function keeps the architecture and the ephemeral storage that it is changed to. Its layers are there, in
its region, and no two versions of one. The configuration of its asynchronous invocations replaces the one before it,
and names destinations that are there. tests/contract/test_function_settings.py fails when moto changes what is used.

Source: Lambda API reference, CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration and
PutFunctionEventInvokeConfig. The words of refusals are those that others have recorded (serverless/serverless 7507,
localstack's validation of layers and destinations; all read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException, UnknownFunctionException
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction
from moto.awslambda.utils import get_backend

from shared.local.layers import published_as
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.awslambda.models import LayerVersion

_MOST_LAYERS = 5
_SERVICE, _REGION, _ACCOUNT = 2, 3, 4  # positions in an ARN, from 0


@contextlib.contextmanager
def function_settings_kept() -> Iterator[None]:
    """Have moto's Lambda keep and refuse settings as Lambda does, while the block lasts."""
    seams = (
        Seam(LambdaFunction, "update_configuration", _keeping_storage),
        Seam(LambdaFunction, "update_function_code", _keeping_architecture),
        replacing(LambdaFunction, "_get_layers_data", _layers),
        Seam(LambdaBackend, "layers_versions_by_arn", _of_every_account),
        replacing(LambdaBackend, "put_function_event_invoke_config", _put),
        replacing(LambdaBackend, "update_function_event_invoke_config", _change),
    )
    with plugged(seams):
        yield


def _keeping_storage(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: Mapping[str, Any]) -> object:
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        return original(self, config_updates)

    return update


def _keeping_architecture(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, updated_spec: Mapping[str, Any]) -> object:
        told = original(self, updated_spec)
        if not updated_spec.get("Architectures") or updated_spec.get("DryRun"):
            return told
        self.architectures = updated_spec["Architectures"]
        return self.get_configuration()

    return update


def _layers(self: LambdaFunction, layers_versions_arns: Sequence[str]) -> list[dict[str, object]]:
    """Stand in for moto's own: return what moto keeps of each layer, or refuse it."""
    if len(layers_versions_arns) > _MOST_LAYERS:
        raise InvalidParameterValueException(f"Cannot reference more than {_MOST_LAYERS} layers.")
    backend = get_backend(self.account_id, self.region)
    kept: dict[str, dict[str, object]] = {}
    for arn in layers_versions_arns:
        if arn.split(":")[_REGION] != self.region:
            raise InvalidParameterValueException(
                f"Layers are not in the same region as the function. Layers are expected to be in region {self.region}."
            )
        version = backend.layers_versions_by_arn(arn)
        if version is None:
            raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
        layer = arn.rpartition(":")[0]
        if layer in kept:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{kept[layer]['Arn']} and {arn} are versions of the same layer."
            )
        kept[layer] = {"Arn": arn, "CodeSize": version.code_size}
    return list(kept.values())


def _of_every_account(original: Callable[..., LayerVersion | None]) -> Callable[..., LayerVersion | None]:
    """Wrap the search of a layer's version, in which moto takes an account's layer for that of any other."""

    @functools.wraps(original)
    def find(self: LambdaBackend, layer_version_arn: str) -> LayerVersion | None:
        if layer_version_arn.split(":")[_ACCOUNT] == self.account_id:
            return original(self, layer_version_arn)
        return published_as(layer_version_arn)

    return find


def _put(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Stand in for moto's own, which adds a configuration and goes on telling the first."""
    function = self.get_function(function_name)
    made = EventInvokeConfig(function.function_arn, function.last_modified, config)
    for arn in destinations(config):
        _check_destination(function, arn)
    function.event_invoke_config = [made]
    answer: dict[str, Any] = made.response()
    return answer


def _change(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Stand in for moto's own, which forgets what it is not told."""
    before = self.get_function(function_name).event_invoke_config
    changed: dict[str, Any] = self.put_function_event_invoke_config(
        function_name, {**(before[0].config if before else {}), **config}
    )
    return changed


def destinations(config: Mapping[str, Any]) -> list[str]:
    """Return the ARNs to which the *config* of asynchronous invocations sends records."""
    told = config.get("DestinationConfig") or {}
    return [each["Destination"] for each in told.values() if each.get("Destination")]


def _check_destination(function: LambdaFunction, arn: str) -> None:
    parts = arn.split(":")
    if parts[_SERVICE] == "lambda" and arn in {function.function_arn, f"{function.function_arn}:$LATEST"}:
        raise InvalidParameterValueException("You can't specify the function as a destination for itself.")
    there = _THERE.get(parts[_SERVICE])
    if there is None or not there(parts[_ACCOUNT], parts[_REGION], arn):
        raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")


def _queue(account: str, region: str, arn: str) -> bool:
    from moto.sqs.models import sqs_backends  # each service loads when it is first asked about

    return any(queue.queue_arn == arn for queue in list(sqs_backends[account][region].queues.values()))


def _topic(account: str, region: str, arn: str) -> bool:
    from moto.sns.models import sns_backends

    return arn in sns_backends[account][region].topics


def _function(account: str, region: str, arn: str) -> bool:
    try:
        get_backend(account, region).get_function(arn)
    except UnknownFunctionException:
        return False
    return True


_THERE = {"sqs": _queue, "sns": _topic, "lambda": _function}
