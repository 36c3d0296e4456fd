"""A call's parameters held to the constraints of botocore's model, in AWS's words.

Source: answers of AWS to calls that break them ("1 validation error detected: ...").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, StructureShape

from shared.local.calls.models import model_of
from shared.local.constraints import broken, violated
from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape


def check_members(operation: str, params: Mapping[str, Any]) -> None:
    """Hold *params* to what the model of *operation* says of them.

    Raises:
        ValidationError: They break a constraint; all that they break are named.
    """
    shape = model_of("cloudformation").operation_model(operation).input_shape
    if shape is None:
        return
    problems = list(_problems(shape, params, ""))
    if problems:
        raise ValidationError(violated(problems))


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"Value at '{_at(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, each in value.items():
            if name in shape.members and each is not None:
                yield from _problems(shape.members[name], each, _at(path, name))
        return
    if isinstance(shape, ListShape) and isinstance(value, list):
        for index, each in enumerate(value, 1):
            yield from _problems(shape.member, each, f"{path}.{index}.member")
    yield from _broken(shape, value, path)


def _at(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _broken(shape: Shape, value: Any, path: str) -> Iterator[str]:
    for why in broken(shape, value, sorted(shape.metadata.get("enum") or ())):
        yield f"Value '{str(value)[:256]}' at '{path}' failed to satisfy constraint: Member must {why}"
