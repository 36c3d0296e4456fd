"""JSONata's functions of numbers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages import jsonata_pictures
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    normal,
    number_of,
    number_text,
    rounded,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.languages.jsonata_evaluator import Evaluator

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_OTHER_BASES = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _sum(_self: Evaluator, items: Any) -> Any:
    return items if items is UNDEFINED else normal(number_of(_total(items)))


def _total(items: list[float]) -> float:
    total: float = 0
    for item in items:
        total = number_of(total + number_of(item))
    return total


def _count(_self: Evaluator, items: Any) -> int:
    return 0 if items is UNDEFINED else len(items)


def _max(_self: Evaluator, items: Any) -> Any:
    return max(items) if items else UNDEFINED


def _min(_self: Evaluator, items: Any) -> Any:
    return min(items) if items else UNDEFINED


def _average(_self: Evaluator, items: Any) -> Any:
    return normal(number_of(_total(items)) / len(items)) if items else UNDEFINED


def _number(_self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED or typed_number(given):
        return given
    if isinstance(given, bool):
        return int(given)
    if isinstance(given, str) and _DECIMAL.fullmatch(given) and math.isfinite(float(given)):
        return normal(float(given))
    if isinstance(given, str) and _OTHER_BASES.fullmatch(given):
        return normal(number_of(int(given, 0)))
    raise EvaluationError("D3030", value=given)


def _abs(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED else abs(given)


def _floor(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED or not math.isfinite(given) else math.floor(given)


def _ceil(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED or not math.isfinite(given) else math.ceil(given)


def _round(_self: Evaluator, given: Any, precision: Any) -> Any:
    return given if given is UNDEFINED else rounded(given, precision or 0)


def _sqrt(_self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED:
        return given
    if given < 0:
        raise EvaluationError("D3060", value=given)
    return normal(math.sqrt(given))


def _power(_self: Evaluator, given: Any, exponent: Any) -> Any:
    if given is UNDEFINED:
        return given
    try:
        result = math.pow(number_of(given), number_of(exponent))
    except (OverflowError, ValueError, TypeError):
        result = math.nan
    if not math.isfinite(result):
        raise EvaluationError("D3061", value=given, exp=exponent)
    return normal(result)


def _format_base(_self: Evaluator, given: Any, radix: Any) -> Any:
    if given is UNDEFINED:
        return given
    if not math.isfinite(number_of(given)):
        return number_text(given)
    base = 10 if radix is UNDEFINED else int(rounded(radix))
    if not 2 <= base <= len(_DIGITS):  # noqa: PLR2004  no base is smaller
        raise EvaluationError("D3100", value=base)
    left, digits = abs(int(rounded(given))), ""
    while left:
        left, digit = divmod(left, base)
        digits = _DIGITS[digit] + digits
    return ("-" if given < 0 and digits else "") + (digits or "0")


def _format_number(_self: Evaluator, given: Any, picture: Any, options: Any) -> Any:
    return jsonata_pictures.format_number(given, picture, options)


def _format_integer(_self: Evaluator, given: Any, picture: Any) -> Any:
    return jsonata_pictures.format_integer(given, picture)


def _parse_integer(_self: Evaluator, text: Any, picture: Any) -> Any:
    return jsonata_pictures.parse_integer(text, picture)


# Each with its signature, and with how many arguments one that takes a function hands to it.
FUNCTIONS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "sum": (_sum, "<a<n>:n>", 1),
    "count": (_count, "<a:n>", 1),
    "max": (_max, "<a<n>:n>", 1),
    "min": (_min, "<a<n>:n>", 1),
    "average": (_average, "<a<n>:n>", 1),
    "formatNumber": (_format_number, "<n-so?:s>", 3),
    "formatBase": (_format_base, "<n-n?:s>", 2),
    "formatInteger": (_format_integer, "<n-s:s>", 2),
    "parseInteger": (_parse_integer, "<s-s:n>", 2),
    "number": (_number, "<(nsb)-:n>", 1),
    "floor": (_floor, "<n-:n>", 1),
    "ceil": (_ceil, "<n-:n>", 1),
    "round": (_round, "<n-n?:n>", 2),
    "abs": (_abs, "<n-:n>", 1),
    "sqrt": (_sqrt, "<n-:n>", 1),
    "power": (_power, "<n-n:n>", 2),
}
