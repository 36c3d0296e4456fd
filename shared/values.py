"""JSON as types: what documents, payloads and AWS's answers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that JSON can write, for reading: whoever takes it apart asks first what it is."""


def as_text(value: Json) -> str:
    """Return *value*, which must be a text.

    Raises:
        TypeError: It is not a text.
    """
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a text")


def as_list(value: Json) -> Sequence[Json]:
    """Return *value*, which must be a list.

    Raises:
        TypeError: It is not a list.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a list")


def as_mapping(value: Json) -> Mapping[str, Json]:
    """Return *value*, which must be an object.

    Raises:
        TypeError: It is not an object.
    """
    if isinstance(value, Mapping):
        return value
    raise TypeError(f"{value!r} is not an object")
