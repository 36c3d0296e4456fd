"""The packages that Lambda refuses when they are given. They are checked where moto takes them; no worker sees them.

While installed, these are replaced: ``LambdaFunction._set_function_code`` and ``update_configuration``,
``LayerVersion.__init__``, and the three actions of ``LambdaResponse`` that carry a zip.
tests/contract/test_moto_lambda_seam.py fails when moto changes what is used here.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaFunction, LayerVersion
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend

from shared.local.lambda_runtime.zips import (
    LARGEST_REQUEST,
    LARGEST_UNZIPPED,
    LARGEST_ZIPPED,
    Checked,
    RefusedZip,
)
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_lambda.type_defs import FunctionCodeTypeDef, UpdateFunctionConfigurationRequestTypeDef

_ACTIONS = {
    "create_function": "CreateFunction",
    "update_function_code": "UpdateFunctionCode",
    "publish_layer_version": "PublishLayerVersion",
}


class RequestTooLarge(LambdaClientError):
    """A request is larger than Lambda reads."""

    code = 413

    def __init__(self, action: str) -> None:
        super().__init__(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {LARGEST_REQUEST} bytes for the {action} operation",
        )


@contextmanager
def install_limits() -> Iterator[None]:
    """Have moto's Lambda refuse the packages that AWS refuses, while the block lasts."""
    checked = Checked()
    seams = (
        Seam(LambdaFunction, "_set_function_code", functools.partial(_checking_code, checked)),
        Seam(LambdaFunction, "update_configuration", functools.partial(_checking_layers, checked)),
        Seam(LayerVersion, "__init__", functools.partial(_checking_layer, checked)),
        *(Seam(LambdaResponse, name, functools.partial(_bounded, action)) for name, action in _ACTIONS.items()),
    )
    with plugged(seams):
        yield


def _bounded(action: str, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def act(self: LambdaResponse) -> object:
        if len(self.body) > LARGEST_REQUEST:
            raise RequestTooLarge(action)
        return original(self)

    return act


def _checking_code(checked: Checked, original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the change of a function's code: code that is refused leaves the function as it was."""

    @functools.wraps(original)
    def set_code(self: LambdaFunction, spec: FunctionCodeTypeDef) -> None:
        before, code = dict(self.__dict__), dict(self.code)
        original(self, spec)
        try:
            _check(checked, self.code_bytes, spec, layers=_unzipped(checked, self))
        except InvalidParameterValueException:
            self.__dict__.clear()
            self.__dict__.update(before, code=code)
            raise

    return set_code


def _checking_layer(checked: Checked, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: LayerVersion, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)
        _check(checked, self.code_bytes, self.content)

    return make


def _checking_layers(checked: Checked, original: Callable[..., object]) -> Callable[..., object]:
    """Wrap a change of the configuration: it is refused when its layers do not fit beside the code."""

    @functools.wraps(original)
    def update(self: LambdaFunction, updates: UpdateFunctionConfigurationRequestTypeDef) -> object:
        if updates.get("Layers") and self.code_bytes:
            layers = self._get_layers_data(updates["Layers"])
            actual = checked.size(self.code_bytes) + _unzipped(checked, self, layers)
            if actual > LARGEST_UNZIPPED:
                raise InvalidParameterValueException(
                    "Function code combined with layers exceeds the maximum allowed size of "
                    f"{LARGEST_UNZIPPED} bytes. The actual size is {actual} bytes."
                )
        return original(self, updates)

    return update


def _check(checked: Checked, code: bytes, told: Mapping[str, object], *, layers: int = 0) -> None:
    """Refuse a zip in AWS's words. A zip from a bucket may have any size before it is unzipped."""
    if not code:
        return  # an image, or a key of S3 under which moto found nothing
    if told.get("ZipFile") and len(code) > LARGEST_ZIPPED:
        raise InvalidParameterValueException(f"Zipped size must be smaller than {LARGEST_ZIPPED} bytes")
    try:
        checked.size(code, layers=layers)
    except RefusedZip as error:
        raise InvalidParameterValueException(str(error)) from error


def _unzipped(checked: Checked, function: LambdaFunction, layers: Sequence[Mapping[str, str]] | None = None) -> int:
    """Return the size of the *layers* of a function unzipped, in bytes; of those it has, if none are given."""
    backend = get_backend(function.account_id, function.region)
    arns = [layer["Arn"] for layer in (function.layers if layers is None else layers)]
    found = [backend.layers_versions_by_arn(arn) for arn in arns]
    return sum(checked.size(version.code_bytes) for version in found if version and version.code_bytes)
