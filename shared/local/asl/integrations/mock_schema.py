"""Whether a mocked result could be an API's answer: its fields are held to botocore's model of the answer.

Words, and what is held to what, are TestState's: recorded answers of AWS, and its API reference, "MockInput" (read
2026-11-30). A field that the model does not have is let through: the API may have got it since.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from shared.local.asl.answers import NONE, STRICT
from shared.local.asl.integrations.base import REQUEST, TOKEN
from shared.local.asl.integrations.lambda_ import Invoke
from shared.local.asl.integrations.nested import StartExecution
from shared.local.asl.integrations.sdk import ApiCall, SdkCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.model import Shape

    from shared.local.asl.integrations.base import Integration
    from shared.values import Json

_NUMBERS = frozenset({"integer", "long", "float", "double"})
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
    called = _called(integration)
    shape = _output_shape(*called) if called else None
    if not isinstance(shape, StructureShape):
        return None
    if not isinstance(result, dict):
        return "Mock result must be a valid JSON object"
    named = SdkCall.member_name if isinstance(integration, SdkCall) else ApiCall.member_name
    problem = next(_Checked(named, strict=mode == STRICT).structure(result, shape), None)
    return f"Mock result schema validation error: {problem}" if problem else None


def _called(integration: Integration) -> tuple[str, str] | None:
    """Return boto's service and the operation whose answer the result is; None where it is no operation's."""
    if integration.pattern == TOKEN:
        return None
    if isinstance(integration, Invoke):
        return "lambda", "Invoke"
    if isinstance(integration, StartExecution):
        return "stepfunctions", "StartExecution" if integration.pattern == REQUEST else "DescribeExecution"
    return (integration.service, integration.operation) if isinstance(integration, ApiCall) else None


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

    def structure(self, value: Mapping[str, Json], shape: StructureShape) -> Iterator[str]:
        """Yield what is wrong with *value*, an object."""
        members = {self._named(name): member for name, member in shape.members.items()}
        for name in map(self._named, shape.required_members if self._strict else ()):
            if name not in value:
                yield f"Required field '{name}' is missing"
        for name, item in value.items():
            if name in members and item is not None:
                yield from self._value(item, members[name], name)

    def _value(self, value: Json, shape: Shape, field: str) -> Iterator[str]:
        if isinstance(shape, StructureShape) and shape.is_document_type:
            return  # any JSON
        if isinstance(shape, ListShape):
            if isinstance(value, list):
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
                for item in value.values():
                    yield from self._value(item, shape.value, field)
        else:
            yield from (f"Field '{field}' {how}" for how in _scalar(value, shape.type_name, shape.metadata))


def _scalar(value: Json, kind: str, limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield how *value* is not of this *kind*, or is beyond its *limits*."""
    if kind == "boolean" and not isinstance(value, bool):
        yield "must be a boolean"
    elif kind in _NUMBERS:
        yield from _number(value, limits)
    elif kind in _TEXTS:
        yield from _text(value, limits)


def _number(value: Json, limits: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
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
    elif len(value) < limits.get("min", 0):
        yield "is smaller than the minimum length"
    elif len(value) > limits.get("max", len(value)):
        yield "exceeds the maximum length"
