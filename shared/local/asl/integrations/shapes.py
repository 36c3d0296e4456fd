"""Between a definition's JSON and boto's values: botocore's models say what each member is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from botocore.model import ListShape, MapShape, StructureShape

from shared.local.asl.errors import RuntimeFailure, dumps
from shared.local.asl.integrations.base import unusable
from shared.local.asl.reading import members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import Shape

    from shared.values import Json


def to_parameters(value: Json, shape: Shape | None) -> dict[str, object]:
    """Return *value* as boto wants it for *shape*: members in the model's letter case, JSON text where it wants text.

    Raises:
        RuntimeFailure: It is no object; or a member is unknown or missing, in AWS's words.
    """
    given = members(value)
    if not isinstance(shape, StructureShape):
        return {**given}
    problems: list[str] = []
    result = _structure(given, shape, problems)
    if problems:
        raise RuntimeFailure(unusable(value, problems))
    return result


def _convert(value: Json, shape: Shape | None, problems: list[str]) -> object:
    if shape is None or value is None:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _structure(value, shape, problems)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_convert(item, shape.member, problems) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _convert(item, shape.value, problems) for key, item in value.items()}
    kind = shape.type_name
    if kind in {"string", "blob", "character"} and not isinstance(value, str):
        return dumps(value)
    return dt.datetime.fromisoformat(value) if kind == "timestamp" and isinstance(value, str) else value


def _structure(value: dict[str, Json], shape: StructureShape, problems: list[str]) -> dict[str, object]:
    names = {name.lower(): name for name in shape.members}
    converted: dict[str, object] = {}
    for key, item in value.items():
        name = names.get(key.lower())
        if name is None:
            problems.append(f'The field "{key}" is not supported by Step Functions')
            continue
        converted[name] = _convert(item, shape.members[name], problems)
    problems.extend(
        f'The field "{name[:1].upper() + name[1:]}" is required but was missing'
        for name in shape.required_members
        if name not in converted
    )
    return {name: item for name, item in converted.items() if item is not None}


def _instant(moment: dt.datetime) -> str:
    """Return *moment* as Java prints an Instant: milliseconds only where there are some."""
    milliseconds = moment.microsecond // 1000
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{milliseconds:03}Z" if milliseconds else "Z")


def to_value(answer: object, shape: Shape | None, named: Callable[[str], str]) -> Json:
    """Return boto's *answer* as JSON: members as *named* calls them, times and blobs as text."""
    if isinstance(answer, dict):
        return to_members(answer, shape, named)
    if isinstance(answer, (list, tuple)):
        inner = shape.member if isinstance(shape, ListShape) else None
        return [to_value(item, inner, named) for item in answer]
    if isinstance(answer, dt.datetime):
        return _instant(answer.astimezone(dt.UTC))
    plain = answer.read() if hasattr(answer, "read") else answer
    if isinstance(plain, bytes):
        return plain.decode("utf-8", "replace")
    if plain is None or isinstance(plain, (str, int, float)):
        return plain
    raise TypeError(f"{type(plain).__name__} in an answer of AWS's")


def to_members(answer: Mapping[str, object], shape: Shape | None, named: Callable[[str], str]) -> dict[str, Json]:
    """Return the members of boto's *answer* as JSON."""
    if isinstance(shape, StructureShape):
        inside = shape.members
        return {named(name): to_value(item, inside.get(name), named) for name, item in answer.items()}
    inner = shape.value if isinstance(shape, MapShape) else None
    return {name: to_value(item, inner, named) for name, item in answer.items()}
