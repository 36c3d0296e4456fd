"""Answers as JSON on the wire. What it costs follows from what an answer holds.

moto looks in each value for each member that its shape may have, under several names: 10 s for a history of 25,000
events. Our answers have the API's own names, so this goes through what is there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.model import ListShape, MapShape, StructureShape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from botocore.model import OperationModel, Shape

    # Makes of a value what JSON can write.
    Convert: TypeAlias = Callable[[Any], object]

_MICROSECONDS_PER_MS = 1000


_conversions: dict[str, Convert] = {}  # by the name of the operation


def written(answer: Mapping[str, object], operation: OperationModel) -> str:
    """Return the *answer* to *operation* as JSON: without what is None, and what the model does not have."""
    shape = operation.output_shape
    if shape is None:
        return "{}"
    convert = _conversions.get(operation.name)
    if convert is None:
        convert = _conversions[operation.name] = _convert_of(shape, {})
    return json.dumps(convert(answer))


def _convert_of(shape: Shape, made: dict[str, Convert]) -> Convert:
    """Return what converts values of *shape*; those *made* already are found by the names of their shapes."""
    found = made.get(shape.name)
    if found is None:
        found = made[shape.name] = _new_convert(shape, made)
    return found


def _new_convert(shape: Shape, made: dict[str, Convert]) -> Convert:
    if isinstance(shape, StructureShape):
        return _structure(shape, made)
    if isinstance(shape, ListShape):
        member = _convert_of(shape.member, made)
        return lambda values: [member(value) for value in values]
    if isinstance(shape, MapShape):
        item = _convert_of(shape.value, made)
        return lambda values: {key: item(value) for key, value in values.items()}
    return _PLAIN.get(shape.type_name, _same)


def _structure(shape: StructureShape, made: dict[str, Convert]) -> Convert:
    members = shape.members
    known: dict[str, Convert] = {}  # those that occurred: most answers have few of many

    def convert(value: Mapping[str, object]) -> dict[str, object]:
        shown: dict[str, object] = {}
        for name, each in value.items():
            if each is None:
                continue
            to_json = known.get(name)
            if to_json is None:
                if name not in members:
                    continue
                to_json = known[name] = _convert_of(members[name], made)
            shown[name] = to_json(each)
        return shown

    return convert


def _same(value: object) -> object:
    return value


def _time(value: dt.datetime) -> float:
    """Return seconds since the epoch, to the millisecond, as AWS gives them."""
    milliseconds = value.microsecond // _MICROSECONDS_PER_MS
    seconds = int(value.timestamp())
    return seconds + milliseconds / 1000 if milliseconds else seconds


_PLAIN: dict[str, Convert] = {"timestamp": _time, "integer": int, "long": int, "string": str, "float": float}
