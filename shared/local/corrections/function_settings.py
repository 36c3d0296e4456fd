"""Settings of functions that moto drops, or takes where Lambda refuses them.

Switched on, a function keeps each setting that it is changed to, and tells when it was changed last. It tells that 0
executions are reserved for it, which moto takes for no reservation. Its layers are there, in its region, and no two
versions of one. tests/contract/test_function_settings.py fails when moto changes what is used.

Source: Lambda API reference, CreateFunction, UpdateFunctionCode and UpdateFunctionConfiguration. The words of refusals
are those that others have recorded (localstack's validation of layers; read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import ImageConfig, LambdaBackend, LambdaFunction
from moto.awslambda.utils import get_backend
from moto.core.utils import iso_8601_datetime_with_nanoseconds

from shared.local.arns import ACCOUNT, REGION
from shared.local.layers import published_as
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.awslambda.models import LayerVersion

_MOST_LAYERS = 5


@contextlib.contextmanager
def function_settings_kept() -> Iterator[None]:
    """Have moto's Lambda keep and refuse settings as Lambda does, while the block lasts."""
    seams = (
        Seam(LambdaFunction, "update_configuration", _keeping_settings),
        Seam(LambdaFunction, "update_function_code", _keeping_code),
        Seam(LambdaFunction, "get_code", _telling_none),
        replacing(LambdaFunction, "_get_layers_data", _layers),
        Seam(LambdaBackend, "layers_versions_by_arn", _of_every_account),
    )
    with plugged(seams):
        yield


def _keeping_settings(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: Mapping[str, Any]) -> object:
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "KMSKeyArn" in config_updates:
            self.kms_key_arn = config_updates["KMSKeyArn"]
        if "ImageConfig" in config_updates:
            self.image_config = ImageConfig(config_updates["ImageConfig"])
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        return original(self, config_updates)

    return update


def _keeping_code(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, updated_spec: Mapping[str, Any]) -> object:
        told = original(self, updated_spec)
        if updated_spec.get("DryRun"):
            return told
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        return self.get_configuration()

    return update


def _telling_none(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @functools.wraps(original)
    def get(self: LambdaFunction) -> dict[str, Any]:
        told = original(self)
        reserved = self.reserved_concurrency
        return told if reserved is None else {**told, "Concurrency": {"ReservedConcurrentExecutions": int(reserved)}}

    return get


def _layers(self: LambdaFunction, layers_versions_arns: Sequence[str]) -> list[dict[str, object]]:
    """Stand in for moto's own: return what moto keeps of each layer, or refuse it."""
    if len(layers_versions_arns) > _MOST_LAYERS:
        raise InvalidParameterValueException(f"Cannot reference more than {_MOST_LAYERS} layers.")
    backend = get_backend(self.account_id, self.region)
    kept: dict[str, dict[str, object]] = {}
    for arn in layers_versions_arns:
        if arn.split(":")[REGION] != self.region:
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
        if layer_version_arn.split(":")[ACCOUNT] == self.account_id:
            return original(self, layer_version_arn)
        return published_as(layer_version_arn)

    return find
