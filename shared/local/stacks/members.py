"""A call's parameters held to the constraints of botocore's model, in AWS's words.

Source: answers of AWS to calls that break them ("1 validation error detected: ...").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, StructureShape

from shared.local.calls.models import model_of
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
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise ValidationError(f"{count}: {'; '.join(problems)}")


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
    failed = f"Value '{str(value)[:256]}' at '{path}' failed to satisfy constraint: Member must"
    rules = shape.metadata
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    size = value if number else len(value) if isinstance(value, (str, list)) else None
    what = "value" if number else "length"
    if size is not None and "min" in rules and size < rules["min"]:
        yield f"{failed} have {what} greater than or equal to {rules['min']}"
    if size is not None and "max" in rules and size > rules["max"]:
        yield f"{failed} have {what} less than or equal to {rules['max']}"
    if rules.get("enum") and value not in rules["enum"]:
        yield f"{failed} satisfy enum value set: [{', '.join(sorted(rules['enum']))}]"
    if isinstance(value, str) and "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"{failed} satisfy regular expression pattern: {rules['pattern']}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
