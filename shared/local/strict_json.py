"""Reading JSON as AWS's services do: without NaN and Infinity, which Python's reader takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from shared.values import Json


def read_strict(text: str | bytes) -> Json:
    """Return the value of the JSON *text*.

    Raises:
        ValueError: It is no JSON, or is nested too deeply.
    """
    try:
        value: Json = json.loads(text, parse_constant=no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def no_constant(name: str) -> Never:
    """Refuse *name*, which is NaN, Infinity or -Infinity, as ``parse_constant`` of :mod:`json`.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{name} is not JSON")
