"""What a run makes anew each time, moments and ids, in an output: it is compared by its form alone.

``${any.moment}`` and ``${any.id}`` stand for them in a recording. What a call answered or the input held is no such
thing: a replay has it again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json

_FORMS = {
    "id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)",
}
OF_ONE_RUN = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()))
_PLACEHOLDER = re.compile(r"(\$\{any\.(?:id|moment)\})")


class Alike(str):
    """A text with placeholders, equal to every text that has moments and ids in their places."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return False
        parts = (_FORMS.get(part[6:-1]) or re.escape(part) for part in _PLACEHOLDER.split(self))
        return re.fullmatch("".join(parts), other) is not None

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))


def with_placeholders(value: Json, known: str) -> Json:
    """Return *value* with placeholders for the moments and ids in it that the text *known* does not hold."""

    def replaced(match: re.Match[str]) -> str:
        return match[0] if match[0] in known else f"${{any.{match.lastgroup}}}"

    if isinstance(value, str):
        return OF_ONE_RUN.sub(replaced, value)
    if isinstance(value, dict):
        return {key: with_placeholders(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [with_placeholders(item, known) for item in value]
    return value


def as_expected(value: Json) -> Json:
    """Return *value* so that it equals what has moments and ids in place of its placeholders."""
    if isinstance(value, str):
        return Alike(value) if _PLACEHOLDER.search(value) else value
    if isinstance(value, dict):
        return {key: as_expected(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_expected(item) for item in value]
    return value
