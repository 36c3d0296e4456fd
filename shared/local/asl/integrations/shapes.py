"""Between a definition's JSON and boto's values: botocore's models say what each member is.

Step Functions reads the arguments of a task into a request of the Java SDK's. Where text is wanted, numbers become
text, and objects and lists their JSON; where a number or a truth value is wanted, text may hold one. An attribute value
of DynamoDB's that is plain text is taken for ``{"S": ...}`` by version 1 of the SDK, whose class has such a
constructor. What cannot be read is told in the words of Step Functions. The content of an S3 object is JSON: text, too,
has its quotes (recorded on AWS).

Members are in Pascal case at every depth, and others are refused when the task starts, not when the machine is made
(seen of ``aws-sdk:batch:submitJob``; Step Functions Developer Guide, "Passing parameters to a service API", read
2026-11-30). ``BOOL`` and ``NULL`` are taken beside the Java SDK's ``Bool`` and ``Nul``: what AWS does was not seen.
"""

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

_TRUTH = {"true": True, "false": False}


def to_parameters(
    value: Json, shape: Shape | None, named: Callable[[str], str], *, plain_attributes: bool
) -> dict[str, object]:
    """Return *value* as boto wants it for *shape*.

    Args:
        value: The arguments of a task.
        shape: What the operation takes.
        named: Returns what Step Functions calls a member, beside its own name in Pascal case.
        plain_attributes: Whether plain text stands for an attribute value of DynamoDB's.

    Raises:
        RuntimeFailure: It is no object; or a member is unknown, missing, or of another kind.
    """
    given = members(value)
    if not isinstance(shape, StructureShape):
        return {**given}
    reader = _Reader(named, plain_attributes=plain_attributes)
    result = reader.structure(given, shape)
    if reader.problems:
        raise RuntimeFailure(unusable(value, reader.problems))
    return result


class _Reader:
    """Reads the arguments of one task."""

    def __init__(self, named: Callable[[str], str], *, plain_attributes: bool) -> None:
        self._named = named
        self._plain_attributes = plain_attributes
        self.problems: list[str] = []

    def structure(self, value: Mapping[str, Json], shape: StructureShape) -> dict[str, object]:
        names = {name[:1].upper() + name[1:]: name for name in shape.members}
        names |= {self._named(name): name for name in shape.members}
        read: dict[str, object] = {}
        for key, item in value.items():
            name = names.get(key)
            if name is None:
                self.problems.append(f'The field "{key}" is not supported by Step Functions')
            else:
                read[name] = self._value(item, shape.members[name], key)
        self.problems += [
            f'The field "{name[:1].upper() + name[1:]}" is required but was missing'
            for name in shape.required_members
            if name not in read
        ]
        return {name: item for name, item in read.items() if item is not None}

    def _value(self, value: Json, shape: Shape, field: str) -> object:
        if value is None or (isinstance(shape, StructureShape) and shape.is_document_type):
            return value
        try:
            if isinstance(shape, StructureShape | ListShape | MapShape):
                return self._parts(value, shape, field)
            return dumps(value) if shape.serialization.get("streaming") else _SCALARS.get(shape.type_name, _text)(value)
        except (TypeError, ValueError, OverflowError):
            self.problems.append(f"The value of the field '{field}' has an invalid format")
            return None

    def _parts(self, value: Json, shape: StructureShape | ListShape | MapShape, field: str) -> object:
        if isinstance(shape, ListShape):
            if not isinstance(value, list):
                raise TypeError(field)
            return [self._item(item, shape.member, field) for item in value]
        if self._plain_attributes and shape.name == "AttributeValue" and isinstance(value, str):
            return {"S": value}
        if not isinstance(value, dict):
            raise TypeError(field)
        if isinstance(shape, MapShape):
            return {key: self._item(item, shape.value, key) for key, item in value.items()}
        return self.structure(value, shape)

    def _item(self, value: Json, shape: Shape, field: str) -> object:
        """Return *value*, of a list or a map, as boto wants it. None is an object without members, and no scalar."""
        if value is None and isinstance(shape, StructureShape):
            return {}
        if value is None:
            raise TypeError(field)
        return self._value(value, shape, field)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value)


def _truth(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if isinstance(value, int):
        return value != 0
    raise TypeError(value)


def _whole(value: Json) -> int:
    return int(value) if isinstance(value, str) else int(_number(value))


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    return float(value) if isinstance(value, str) else value


def _time(value: Json) -> dt.datetime | float:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else _number(value)


_SCALARS: dict[str, Callable[[Json], object]] = {
    "boolean": _truth, "integer": _whole, "long": _whole, "float": _number, "double": _number, "timestamp": _time,
}  # fmt: skip


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
