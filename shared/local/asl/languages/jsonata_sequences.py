"""What JSONata does with many values at once, each item on the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonata_values import UNDEFINED, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.local.asl.budget import Budget

NUMBER_BYTES = 8


class _Gathered(Sequence):
    """An array under way, which nobody else holds."""

    __slots__ = ()


def hold(items: list[Any], budget: Budget) -> None:
    """Have *items* in hand at once."""
    budget.spend(len(items) // 8)
    budget.hold(len(items) * NUMBER_BYTES)


def lookup(value: Any, key: str, budget: Budget) -> Any:
    """Return the member *key* of *value*, or of each item of an array."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if not isinstance(value, list):
        return UNDEFINED
    results = Sequence()
    for item in value:
        budget.spend()
        found = lookup(item, key, budget)
        if isinstance(found, list):
            results.extend(found)
        elif found is not UNDEFINED:
            results.append(found)
    return results


def flatten(value: Iterable[Any], results: list[Any], budget: Budget) -> None:
    """Add the items of *value* to *results*, and those of the arrays within."""
    for item in value:
        budget.spend()
        if isinstance(item, list):
            flatten(item, results, budget)
        else:
            results.append(item)


def append(one: Any, other: Any, budget: Budget, *, own: bool = False) -> Any:
    """Return the items of both in one array; *own* where *one* may be an array that an append has made."""
    if one is UNDEFINED:
        return other
    if other is UNDEFINED:
        return one
    more = other if isinstance(other, list) else [other]
    if own and isinstance(one, _Gathered):
        one.extend(more)
        return one
    kind = _Gathered if own else Sequence
    result = kind([*(one if isinstance(one, list) else [one]), *more])
    result.sequence = not isinstance(one, list)
    hold(result, budget)
    return result


def merge_sort(items: list[Any], after: Callable[[Any, Any], bool], budget: Budget) -> list[Any]:
    """Return *items* in order; *after* tells whether the first of two belongs behind the second."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle], after, budget), merge_sort(items[middle:], after, budget)
    merged: list[Any] = []
    one = other = 0
    while one < len(left) and other < len(right):
        budget.spend()
        if after(left[one], right[other]):
            merged.append(right[other])
            other += 1
        else:
            merged.append(left[one])
            one += 1
    return merged + left[one:] + right[other:]
