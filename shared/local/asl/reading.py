"""Taking fields out of a definition as the types that the validation has found them to have.

A definition that was not validated, with a field of another type, gets a TypeError that names the field. What a
template gives is known only when it has run (``members``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shared.local.asl.errors import RUNTIME, RuntimeFailure, dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

    Spec: TypeAlias = "Mapping[str, Json]"


def text(spec: Spec, name: str) -> str:
    """Return the text *name*, which must be there."""
    found = spec[name]
    if not isinstance(found, str):
        raise TypeError(f"{name} must be a string")
    return found


def text_or_none(spec: Spec, name: str) -> str | None:
    """Return the text *name*, or None when it is not there."""
    return None if spec.get(name) is None else text(spec, name)


def texts(spec: Spec, name: str) -> tuple[str, ...]:
    """Return the array of texts *name*."""
    found = spec[name]
    if not isinstance(found, list):
        raise TypeError(f"{name} must be an array")
    return tuple(str(each) for each in found)


def number(spec: Spec, name: str, usual: float) -> float:
    """Return the number *name*, or the *usual* one when it is not there."""
    found = spec.get(name)
    if found is None:
        return usual
    if not isinstance(found, (int, float)):
        raise TypeError(f"{name} must be a number")
    return found


def number_or_none(spec: Spec, name: str) -> float | None:
    """Return the number *name*, or None when it is not there."""
    return None if spec.get(name) is None else number(spec, name, 0)


def part(spec: Spec, name: str) -> Spec:
    """Return the object *name*, or an empty one when it is not there."""
    found = spec.get(name, {})
    if not isinstance(found, dict):
        raise TypeError(f"{name} must be an object")
    return found


def parts(spec: Spec, name: str) -> list[Spec]:
    """Return the array of objects *name*, or an empty one when it is not there."""
    found = spec.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise TypeError(f"{name} must be an array of objects")
    return found


def members(value: Json, error: str = RUNTIME) -> dict[str, Json]:
    """Return the members of *value*, which a template gave while it ran; none when it is null.

    Raises:
        RuntimeFailure: It is no object. The failure has the name *error*. No recorded answer of AWS tells its words.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RuntimeFailure(f"The value must be an object but was: {dumps(value)}", error)
    return value
