"""Whether a mocked result could be an API's answer: its fields are held to botocore's model of the answer.

Words, and what is held to what, are TestState's: recorded answers of AWS, and the Step Functions Developer Guide,
"Testing state machines with TestState API", which names field naming, size, shape and data type (read 2026-11-30). So a
pattern is not looked at, nor how a time is written. A field that the model does not have is let through: the API may
have got it since. AWS looks at its own models, which may be older than botocore's here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from shared.local.asl.answers import NONE, STRICT
from shared.local.asl.integrations.mock_called import called_api
from shared.local.asl.integrations.sdk import ApiCall, SdkCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sized

    from botocore.model import Shape

    from shared.local.asl.integrations.base import Integration
    from shared.values import Json

_WHOLE = frozenset({"integer", "long"})
_NUMBERS = _WHOLE | {"float", "double"}
_TEXTS = frozenset({"string", "character", "blob", "timestamp"})


def schema_problem(integration: Integration, result: Json, mode: str = STRICT) -> str | None:
    """Return what of a mocked *result* the API that *integration* calls cannot answer; None where nothing.

    Args:
        integration: What the task calls.
        result: The whole result.
        mode: STRICT, or PRESENT: then fields that the API always answers may be left out; or NONE.
    """
    if mode == NONE:
        return None
    called = called_api(integration)
    shape = _output_shape(called.service, called.operation) if called else None
    if called is None or not isinstance(shape, StructureShape):
        return None
    if not isinstance(result, dict):
        return "Mock result must be a valid JSON object"
    named = SdkCall.member_name if isinstance(integration, SdkCall) else ApiCall.member_name
    held = {name: item for name, item in result.items() if name not in called.json}
    problem = next(_Checked(named, strict=mode == STRICT).structure(held, shape, called.json), None)
    return f"Mock result schema validation error: {problem}" if problem else None


@cache
def _output_shape(service: str, operation: str) -> Shape | None:
    import botocore.session  # 0.2 s that few tests take
    from botocore.exceptions import UnknownServiceError

    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None
    names = {name.lower(): name for name in model.operation_names}
    name = names.get(operation.lower())
    return model.operation_model(name).output_shape if name else None


class _Checked:
    """Holds values to shapes.

    Args:
        named: Returns what Step Functions calls a member.
        strict: Whether required members must be there.
    """

    def __init__(self, named: Callable[[str], str], *, strict: bool) -> None:
        self._named = named
        self._strict = strict

    def structure(
        self, value: Mapping[str, Json], shape: StructureShape, free: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        """Yield what is wrong with *value*, an object, the members *free* of which are not looked at."""
        members = {self._named(name): member for name, member in shape.members.items()}
        for name in map(self._named, shape.required_members if self._strict else ()):
            if name not in value and name not in free:
                yield f"Required field '{name}' is missing"
        for name, item in value.items():
            if name in members and item is not None:
                yield from self._value(item, members[name], name)

    def _value(self, value: Json, shape: Shape, field: str) -> Iterator[str]:
        if isinstance(shape, StructureShape) and shape.is_document_type:
            return  # any JSON
        if isinstance(shape, ListShape):
            if isinstance(value, list):
                yield from (f"Field '{field}' {how}" for how in _length(value, shape.metadata))
                for item in value:
                    yield from self._value(item, shape.member, field)
            else:
                yield f"Field '{field}' must be an array"
        elif isinstance(shape, StructureShape | MapShape):
            if not isinstance(value, dict):
                yield f"Field '{field}' must be an object"
            elif isinstance(shape, StructureShape):
                yield from self.structure(value, shape)
            else:
                yield from (f"Field '{field}' {how}" for how in _length(value, shape.metadata))
                for item in value.values():
                    yield from self._value(item, shape.value, field)
        else:
            yield from (f"Field '{field}' {how}" for how in _scalar(value, shape.type_name, shape.metadata))


def _scalar(value: Json, kind: str, limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield how *value* is not of this *kind*, or is beyond its *limits*."""
    if kind == "boolean" and not isinstance(value, bool):
        yield "must be a boolean"
    elif kind in _NUMBERS:
        yield from _number(value, limits, whole=kind in _WHOLE)
    elif kind in _TEXTS:
        yield from _text(value, limits)


def _number(value: Json, limits: Mapping[str, Any], *, whole: bool) -> Iterator[str]:
    broken = whole and isinstance(value, float) and not value.is_integer()
    if isinstance(value, bool) or not isinstance(value, int | float) or broken:
        yield "must be a number"
    elif value < limits.get("min", value):
        yield "is less than the minimum value"
    elif value > limits.get("max", value):
        yield "exceeds the maximum value"


def _text(value: Json, limits: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(value, str):
        yield "must be a string"
    elif value not in limits.get("enum", [value]):
        yield "is not an expected value"
    else:
        yield from _length(value, limits)


def _length(value: Sized, limits: Mapping[str, Any]) -> Iterator[str]:
    if len(value) < limits.get("min", 0):
        yield "is smaller than the minimum length"
    elif len(value) > limits.get("max", len(value)):
        yield "exceeds the maximum length"
