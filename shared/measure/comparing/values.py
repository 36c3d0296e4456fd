"""Two JSON values side by side, leaf by leaf."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.values import Json

ABSENT: Final = "(absent)"
HIDDEN: Final = "(hidden)"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place in two values.

    Attributes:
        path: Its keys and indices, with dots between them; empty for the value itself.
        before: What stands there in the first, as JSON; :data:`ABSENT` where nothing does.
        after: What stands there in the second.
        same: Whether that is the same. What is not to be shown does not tell.
        difference: How much more the second is, where both are numbers; else None.
    """

    path: str
    before: str
    after: str
    same: bool
    difference: float | None = None


def side_by_side(before: Json, after: Json, show: Callable[[Json], Json] = lambda value: value) -> tuple[Leaf, ...]:
    """Return the leaves of two values, in the order of the first one.

    Args:
        before: The first.
        after: The second.
        show: Returns a value without what is not to be shown. Its leaves are shown, those of the values are compared.
    """
    first, second = by_path(leaves(before)), by_path(leaves(after))
    told = by_path(leaves(show(before))), by_path(leaves(show(after)))
    return tuple(
        Leaf(
            path,
            _text(first, told[0], path),
            _text(second, told[1], path),
            path in first and path in second and _json(first[path]) == _json(second[path]),
            _difference(told[0].get(path), told[1].get(path)),
        )
        for path in {**first, **second}
    )


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield what is in *value* that holds nothing else, with its path: keys and indices, with dots between them."""
    parts: Iterator[tuple[object, Json]]
    if isinstance(value, Mapping):
        parts = iter(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        parts = iter(enumerate(value))
    else:
        yield path, value
        return
    if not value:
        yield path, value
    for key, part in parts:
        yield from leaves(part, f"{path}.{key}" if path else str(key))


def by_path(found: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """Return leaves by their paths.

    A key may hold dots, so two leaves may have one path: none hides the other, and the later one's says that it is so.
    """
    kept: dict[str, Value] = {}
    for path, value in found:
        own = path
        while own in kept:
            own += " (again)"
        kept[own] = value
    return kept


def _difference(before: Json, after: Json) -> float | None:
    if isinstance(before, bool) or isinstance(after, bool):
        return None
    if isinstance(before, int | float) and isinstance(after, int | float):
        return after - before
    return None


def _text(value: Mapping[str, Json], told: Mapping[str, Json], path: str) -> str:
    if path not in value:
        return ABSENT
    return _json(told[path]) if path in told else HIDDEN


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
