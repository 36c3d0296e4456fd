"""Holding a request to botocore's model of its action: what is required, of which type, how long, which values.

AWS checks a request so before it looks at anything else. The SDKs check most of it themselves, so what is refused here
came from elsewhere, or breaks a rule that the SDKs leave to the service, such as a pattern.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from moto.core.utils import get_service_model

from shared.local.asl.refusals import Refused, invalid_request, unreadable
from shared.local.constraints import broken, violated
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import ListShape, Shape, StructureShape

    from shared.values import Json

_LIMITS = {"integer": 1 << 31, "long": 1 << 63, "float": 1 << 127}
# AWS names the values of an enum in an order of its own: this one as it was recorded, the others as in the model.
_ORDERS = {
    "ExecutionStatus": ("SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"),
}
_JAVA = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}
_NAMES = {"string": "a String", "integer": "an Integer", "long": "a Long", "float": "a Float", "boolean": "a Boolean"}


def read_request(operation: str, body: str) -> dict[str, Any]:
    """Return the members of the request *body* for *operation*, such as ``TestState``, without those that are null.

    Raises:
        Refused: SerializationException for what is not JSON of the model's types; ValidationException, which names
            every member that breaks a rule of the model.
    """
    try:
        given = read_strict(body or "{}")
    except ValueError as error:
        raise unreadable("The request is not JSON") from error
    if not isinstance(given, dict):
        raise unreadable("Start of structure or map expected")
    shape = _input_of(operation)
    read: dict[str, Any] = _read(given, shape)
    problems = list(_problems(read, shape, ""))
    if problems:
        raise _violated(problems)
    return read


def missing(*names: str) -> Refused:
    """Return the error, in AWS's words, for members of these *names* that a request lacks."""
    return _violated([_null(name) for name in names])


@cache
def _input_of(operation: str) -> StructureShape:
    shape: StructureShape = get_service_model("stepfunctions").operation_model(operation).input_shape
    return shape


# Types. Shapes are botocore's, which has no types for what differs between their kinds.


def _read(value: Json, shape: Any) -> Any:
    """Return *value*, of the types that *shape* says, without what is null or unknown.

    Raises:
        Refused: SerializationException.
    """
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise unreadable("Unexpected value where a structure was expected")
        members: Mapping[str, Shape] = shape.members
        return {name: _read(value[name], each) for name, each in members.items() if value.get(name) is not None}
    if shape.type_name == "list":
        if not isinstance(value, list):
            raise unreadable("Unexpected value where a list was expected")
        return [None if each is None else _read(each, shape.member) for each in value]
    return _read_scalar(value, shape.type_name)


def _read_scalar(value: Json, kind: str) -> bool | str | float:
    if isinstance(value, (list, dict)):
        what = "list" if isinstance(value, list) else "structure or map"
        raise unreadable(f"Start of {what} found where not expected.")
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str):
        return _encodable(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        limit = _LIMITS.get(kind, 0)
        if -limit <= value < limit and (kind == "float" or value == int(value)):
            return float(value) if kind == "float" else int(value)
    token = f"{value!s}_VALUE".upper() if isinstance(value, bool) else _JAVA.get(type(value), "VALUE_NULL")
    raise unreadable(f"{token} can not be converted to {_NAMES[kind]}")


def _encodable(text: str) -> str:
    """Return *text*, which must not have halves of characters: it could not be written down."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise unreadable("The request has a text that is not UTF-8") from error
    return text


# Rules.


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _in_structure(value, shape, path)
    elif shape.type_name == "list":
        yield from _in_list(value, shape, path)
    else:
        yield from _broken(value, shape, path)


def _in_structure(value: dict[str, Any], shape: StructureShape, path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        where = f"{path}.{name}" if path else name
        if name in value:
            yield from _problems(value[name], member, where)
        elif name in shape.required_members:
            yield _null(where)


def _in_list(value: list[Any], shape: ListShape, path: str) -> Iterator[str]:
    yield from _broken(value, shape, path)
    for place, each in enumerate(value, 1):
        where = f"{path}.{place}.member"
        if each is None:
            yield _null(where)
        else:
            yield from _problems(each, shape.member, where)


def _broken(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield the first rule of *shape* that *value* breaks: AWS names no other."""
    for why in islice(broken(shape, value, _ORDERS.get(shape.name, ())), 1):
        yield _problem(value, shape, path, why)


# Words.


def _violated(problems: list[str]) -> Refused:
    return invalid_request(violated(problems))


def _null(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _problem(value: Any, shape: Shape, path: str, why: str) -> str:
    shown = "Value" if shape.metadata.get("sensitive") else f"Value '{_shown(value, shape)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: Member must {why}"


def _shown(value: Any, shape: Any) -> str:
    """Return *value* as Java prints it."""
    if shape.type_name == "list":
        return f"[{', '.join(_shown(each, shape.member) for each in value)}]"
    if shape.type_name == "structure" and isinstance(value, dict):
        parts = (f"{name}={_shown(each, shape.members[name])}" for name, each in value.items())
        return f"{shape.name}({', '.join(parts)})"
    return str(value)
