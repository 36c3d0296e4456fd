"""What botocore's model of an API asks of a value beyond its type, in AWS's words."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from botocore.model import Shape


def broken(shape: Shape, value: Any, values: Sequence[str] = ()) -> Iterator[str]:
    """Yield which rules of *shape* the text, number or list *value* breaks, as they follow "Member must".

    Args:
        shape: The value's shape.
        value: The value, of the shape's type.
        values: Those of an enum, in AWS's order, which may be another than the model's.
    """
    rules = shape.metadata
    size, what = _size(value)
    if size is not None and "min" in rules and size < rules["min"]:
        yield f"have {what} greater than or equal to {rules['min']}"
    if size is not None and "max" in rules and size > rules["max"]:
        yield f"have {what} less than or equal to {rules['max']}"
    if isinstance(value, str) and rules.get("pattern") and not _compiled(rules["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {rules['pattern']}"
    if rules.get("enum") and value not in rules["enum"]:
        yield f"satisfy enum value set: [{', '.join(values or rules['enum'])}]"


def violated(problems: Sequence[str]) -> str:
    """Return how AWS says that a request has these *problems*."""
    count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    return f"{count} detected: {'; '.join(problems)}"


def _size(value: Any) -> tuple[float | None, str]:
    if isinstance(value, str):
        return len(value.encode("utf-16-le", errors="surrogatepass")) // 2, "length"  # Java counts so
    if isinstance(value, list):
        return len(value), "length"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value, "value"
    return None, ""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]"))
