"""What a value of a workflow's input must be, in a card, a team's file, a payload or an option."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, TypeAlias

from shared.config.problems import nearest
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.config.lane import Parameter
    from shared.values import Json

    Value: TypeAlias = "bool | int | float | str | dict[str, Json] | list[Json]"

_BOOLEANS = {"true": True, "false": False}
_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "an object of keys to values, or a list",
    "list": "a list",
}


def coerce(spec: Parameter, value: object, where: str | None = None) -> Value | None:
    """Return *value* as *spec* wants it.

    Numbers, booleans and objects may be text, as they are in payloads and options: "10" is 10. None is allowed for a
    parameter whose default is None.

    Raises:
        UsageError: It is of another type, out of bounds (a text by its length), or none of the choices.
    """
    if value is None and spec.default is None:
        return None
    try:
        known = _CONVERT[spec.type](value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{spec.name} is {_shown(value)}, not {_NOUNS[spec.type]}", where=where) from error
    if spec.choices and known not in spec.choices:
        raise UsageError(
            f"{spec.name} is {_shown(value)}, not one of {', '.join(map(_shown, spec.choices))}", where=where
        )
    size: float = len(known) if isinstance(known, str | dict | list) else known
    if (spec.minimum is not None and size < spec.minimum) or (spec.maximum is not None and size > spec.maximum):
        raise UsageError(f"{spec.name} is {_shown(value)}, {_bounds(spec)}", where=where)
    return known


def coerce_all(specs: tuple[Parameter, ...], values: Mapping[str, object], where: str | None = None) -> dict[str, Json]:
    """Return *values*, by parameter name, each as its spec wants it.

    Raises:
        UsageError: Lists every unknown parameter and every wrong value.
    """
    by_name = {spec.name: spec for spec in specs}
    right: dict[str, Json] = {}
    wrong: list[str] = []
    for name, value in values.items():
        if name not in by_name:
            wrong.append(f"unknown parameter {name!r} ({nearest(name, by_name)})")
            continue
        try:
            right[name] = coerce(by_name[name], value)
        except UsageError as error:
            wrong.append(error.what)
    if wrong:
        raise UsageError("; ".join(wrong), where=where)
    return right


def _bounds(spec: Parameter) -> str:
    what = {"string": "characters", "object": "keys", "list": "items"}.get(spec.type)
    counted = f" {what}" if what else ""
    if spec.minimum is None:
        return f"more than {spec.maximum:g}{counted}"
    if spec.maximum is None:
        return f"less than {spec.minimum:g}{counted}"
    return f"not {spec.minimum:g} to {spec.maximum:g}{counted}"


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    most = 60
    return text if len(text) <= most else f"{text[:most]}..."


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value):  # int() would take 1_0 and spaces
        raise ValueError
    number = int(value)  # NaN is a ValueError, infinity an OverflowError
    if isinstance(value, float) and number != value:
        raise ValueError
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return value if isinstance(value, int | float) else number


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.lower())
    if not isinstance(value, bool):
        raise TypeError
    return value


def _object(value: object) -> dict[str, Json] | list[Json]:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, dict | list):  # Step Functions maps over both
        raise TypeError
    return value


def _list(value: object) -> list[Json]:
    known = _object(value)
    if not isinstance(known, list):
        raise TypeError
    return known


_CONVERT: dict[str, Callable[[object], Value]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "object": _object,
    "list": _list,
}
