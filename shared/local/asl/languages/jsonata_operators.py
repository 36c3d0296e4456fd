"""The operators of JSONata between two values, and the order of ``^(...)``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonata_sequences import NUMBER_BYTES
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    Sequence,
    equal,
    is_number,
    normal,
    number_of,
    same,
    text_of,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.budget import Budget

MAX_SEQUENCE = 10_000_000


def operated(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    """Return what *operator* gives for the two values; ``and`` and ``or``, which may not need both, are not here.

    Raises:
        EvaluationError: It does not take them.
        QueryFailure: The result is too large, or was too long in the making.
        Stopped: The execution is to stop.
    """
    return _OPERATORS[operator](operator, left, right, budget)


def order(one: Any, other: Any) -> int:
    """Return whether *one* belongs before (-1) or after (1) the *other*, or neither."""
    if one is UNDEFINED or other is UNDEFINED:
        return (one is UNDEFINED) - (other is UNDEFINED)
    for each in (one, other):
        if not isinstance(each, str) and not typed_number(each):
            raise EvaluationError("T2008", value=each)
    if isinstance(one, str) is not isinstance(other, str):
        raise EvaluationError("T2007", value=one, value2=other)
    return int(one > other) - int(one < other)


def _quotient(one: float, other: float) -> float:
    if other:
        return one / other
    return math.nan if one == 0 else math.copysign(math.inf, one) * math.copysign(1.0, other)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": _quotient,
    "%": lambda one, other: math.nan if not other or math.isinf(one) else math.fmod(one, other),
}  # fmt: skip


def _calculated(operator: str, left: Any, right: Any, _budget: Budget) -> Any:
    for code, one in (("T2001", left), ("T2002", right)):
        if one is not UNDEFINED and not is_number(one):
            raise EvaluationError(code, value=one)
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return normal(number_of(_ARITHMETIC[operator](number_of(left), number_of(right))))


def _equality(operator: str, left: Any, right: Any, budget: Budget) -> bool:
    if left is UNDEFINED or right is UNDEFINED:
        return False
    return equal(left, right, budget) is (operator == "=")


def _comparison(operator: str, left: Any, right: Any, _budget: Budget) -> Any:
    for one in (left, right):
        if one is not UNDEFINED and not isinstance(one, str) and not typed_number(one):
            raise EvaluationError("T2010", value=one)
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    if isinstance(left, str) is not isinstance(right, str):
        raise EvaluationError("T2009", value=left, value2=right)
    if operator[0] == "<":
        return left < right if operator == "<" else left <= right
    return left > right if operator == ">" else left >= right


def _concatenation(_operator: str, left: Any, right: Any, budget: Budget) -> str:
    texts = ["" if each is UNDEFINED else text_of(each, budget) for each in (left, right)]
    budget.hold(len(texts[0]) + len(texts[1]))
    return texts[0] + texts[1]


def _range(_operator: str, left: Any, right: Any, budget: Budget) -> Any:
    for code, one in (("T2003", left), ("T2004", right)):
        if one is not UNDEFINED and not _is_integer(one):
            raise EvaluationError(code, value=one)
    if left is UNDEFINED or right is UNDEFINED or left > right:
        return UNDEFINED
    first, last = int(left), int(right)
    size = last - first + 1
    if size > MAX_SEQUENCE:
        raise EvaluationError("D2014", value=size)
    budget.hold(size * NUMBER_BYTES)
    budget.spend(size // 64)
    return Sequence(range(first, last + 1))


def _inclusion(_operator: str, left: Any, right: Any, budget: Budget) -> bool:
    if left is UNDEFINED or right is UNDEFINED:
        return False
    items = right if isinstance(right, list) else [right]
    budget.spend(len(items))
    return any(same(item, left) for item in items)


def _is_integer(value: object) -> bool:
    return typed_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_OPERATORS: dict[str, Callable[[str, Any, Any, Budget], Any]] = {
    **dict.fromkeys(_ARITHMETIC, _calculated),
    "=": _equality, "!=": _equality, "<": _comparison, "<=": _comparison, ">": _comparison, ">=": _comparison,
    "&": _concatenation, "..": _range, "in": _inclusion,
}  # fmt: skip
