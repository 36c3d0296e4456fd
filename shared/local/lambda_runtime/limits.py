"""What Lambda refuses of a package as it is given: checked where moto takes it, so that no worker ever sees it.

Replaced while installed: ``LambdaFunction._set_function_code`` and ``update_configuration``, ``LayerVersion.__init__``
and, of ``LambdaResponse``, the three actions that carry a zip. tests/contract/test_moto_lambda_seam.py fails when moto
changes what is used here.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_ACTIONS = {
    "create_function": "CreateFunction",
    "update_function_code": "UpdateFunctionCode",
    "publish_layer_version": "PublishLayerVersion",
}


class RequestTooLarge(LambdaClientError):
    """A request larger than Lambda reads."""

    code = 413

    def __init__(self, action: str) -> None:
        super().__init__(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {LARGEST_REQUEST} bytes for the {action} operation",
        )


@contextmanager
def install_limits() -> Iterator[None]:
    """Have moto's Lambda refuse what AWS refuses of packages while the block lasts."""
    checked = Checked()
    seams: list[tuple[type, str, Callable[..., Any]]] = [
        (LambdaFunction, "_set_function_code", _checking_code(checked, LambdaFunction._set_function_code)),  # noqa: SLF001  moto's one place
        (LambdaFunction, "update_configuration", _checking_layers(checked, LambdaFunction.update_configuration)),
        (LayerVersion, "__init__", _checking_layer(checked, LayerVersion.__init__)),
        *((LambdaResponse, name, _bounded(getattr(LambdaResponse, name), action)) for name, action in _ACTIONS.items()),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in seams]
    for owner, name, seam in seams:
        setattr(owner, name, seam)
    try:
        yield
    finally:
        for owner, name, original in before:
            setattr(owner, name, original)


def _bounded(original: Callable[..., Any], action: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def act(self: LambdaResponse) -> Any:
        if len(self.body) > LARGEST_REQUEST:
            raise RequestTooLarge(action)
        return original(self)

    return act


def _checking_code(checked: Checked, original: Callable[..., None]) -> Callable[..., None]:
    """Wrap the taking of a function's code: one that is refused leaves the function as it was."""

    @functools.wraps(original)
    def set_code(self: LambdaFunction, spec: dict[str, Any]) -> None:
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
    def make(self: LayerVersion, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original(self, spec, *args, **kwargs)
        _check(checked, self.code_bytes, self.content)

    return make


def _checking_layers(checked: Checked, original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a change of the configuration: layers that do not fit beside the code change nothing."""

    @functools.wraps(original)
    def update(self: LambdaFunction, updates: dict[str, Any]) -> Any:
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


def _check(checked: Checked, code: bytes, told: Mapping[str, Any], *, layers: int = 0) -> None:
    """Refuse a zip in AWS's words; one from a bucket may be of any size while it is zipped."""
    if not code:
        return  # an image, or a key that moto found nothing under
    if told.get("ZipFile") and len(code) > LARGEST_ZIPPED:
        raise InvalidParameterValueException(f"Zipped size must be smaller than {LARGEST_ZIPPED} bytes")
    try:
        checked.size(code, layers=layers)
    except RefusedZip as error:
        raise InvalidParameterValueException(str(error)) from error


def _unzipped(checked: Checked, function: LambdaFunction, layers: Sequence[Mapping[str, Any]] | None = None) -> int:
    """Return what the *layers* of a function take unzipped; those it has unless others are given."""
    backend = get_backend(function.account_id, function.region)
    arns = [layer["Arn"] for layer in (function.layers if layers is None else layers)]
    found = [backend.layers_versions_by_arn(arn) for arn in arns]
    return sum(checked.size(version.code_bytes) for version in found if version and version.code_bytes)
