"""Refusing a request that lacks a member which its action requires, as botocore's model of the action says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from moto.core.utils import get_service_model
from moto.stepfunctions.exceptions import ValidationException

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_required(operation: str, params: Mapping[str, object]) -> None:
    """Raise a ValidationException unless *params* have every member that *operation*, such as ``TestState``, requires.

    The SDKs refuse such a request themselves, so only one that was made without them gets here.
    """
    names = [name for name in _required(operation) if params.get(name) is None]
    if names:
        raise missing(*names)


def missing(*names: str) -> ValidationException:
    """Return the error, in AWS's words, for members of these *names* that a request lacks."""
    problems = [f"Value null at '{name}' failed to satisfy constraint: Member must not be null" for name in names]
    found = "1 validation error" if len(names) == 1 else f"{len(names)} validation errors"
    return ValidationException(f"{found} detected: {'; '.join(problems)}")


@cache
def _required(operation: str) -> tuple[str, ...]:
    shape = get_service_model("stepfunctions").operation_model(operation).input_shape
    return tuple(shape.required_members)
