"""The values of JSONata: undefined, sequences, functions, numbers as JavaScript has them, and the errors.

Step Functions evaluates JSONata as version 2.0.6 of its JavaScript reference does, with the same codes and words. JSON
is what it always is: null is None. Undefined is :data:`UNDEFINED`, and is no JSON.
"""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.local.asl.budget import Budget

_EXACT = 2**53
# From here on JavaScript writes an integer with an exponent.
_EXPONENT_FROM = 1e21
# No double has more decimals, or more digits.
_MAX_PRECISION = 400


class _Undefined:
    """The type of :data:`UNDEFINED`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


UNDEFINED = _Undefined()


class Sequence(list[Any]):
    """What a path or a function of several results gives: alone it is the one value, and empty it is undefined."""

    __slots__ = ("cons", "keep_singleton", "sequence", "tuple_stream")

    def __init__(self, items: Iterable[Any] = (), *, sequence: bool = True) -> None:
        super().__init__(items)
        self.sequence = sequence
        self.keep_singleton = False
        # Whether its items are the bindings of a path with ``%``, ``@`` or ``#``.
        self.tuple_stream = False
        # Whether an array constructor made it: then a path does not flatten it.
        self.cons = False


def is_sequence(value: object) -> bool:
    """Tell whether *value* is a sequence, and not an array."""
    return isinstance(value, Sequence) and value.sequence


class Function:
    """A function of any kind."""

    __slots__ = ()
    arity = 0


class EvaluationError(Exception):
    """An error of JSONata.

    Args:
        code: Its code, such as ``T0410``.
        details: What its text is completed with: ``token``, ``value``, ``value2``, ``index``, ``type``, ``message``.
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def named(self, token: object, *, always: bool = False) -> None:
        """Know the function or operator that it happened in, unless it knows one."""
        if always or not self.details.get("token"):
            self.details["token"] = UNDEFINED if token is None else token

    def __str__(self) -> str:
        """Return the code and the text."""
        return f"{self.code}: {self.text()}"

    def text(self) -> str:
        """Return the text."""
        return filled(self.code, self.details)


@cache
def _texts() -> dict[str, str]:
    """Return the texts of the errors by code: the library's, whose translation took functions for objects."""
    from jsonata import jexception

    texts: dict[str, str] = {}
    for code, text in jexception.JException.error_codes.items():
        texts[code] = re.sub(r'"([^"]+)"', r"'\1'", text).replace("Object", "function")
    return texts


def filled(code: str, details: Mapping[str, Any]) -> str:
    """Return the text of the error *code* with its *details* in place."""
    text = _texts().get(code)
    if text is None:
        return str(details.get("message", ""))
    text = re.sub(r"\{\{\{(\w+)\}\}\}", lambda found: str(details.get(found[1], "undefined")), text)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: _shown(details, found[1]), text)


def _shown(details: Mapping[str, Any], name: str) -> str:
    value = details.get(name, UNDEFINED)
    if value is UNDEFINED or isinstance(value, Function):
        return "undefined"
    return _quoted(_showable(value))


def _quoted(value: Any) -> str:
    """Return *value* as JSON, halves of letters escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


def _showable(value: Any) -> Any:
    """Return *value* as JSON.stringify sees it."""
    if isinstance(value, float):
        return None if not math.isfinite(value) else normal(value)
    if isinstance(value, dict):
        return {key: _showable(item) for key, item in value.items() if item is not UNDEFINED}
    if isinstance(value, list):
        return [_showable(item) for item in value]
    return None if value is UNDEFINED or isinstance(value, Function) else value


def is_number(value: object) -> bool:
    """Tell whether *value* is a number.

    Raises:
        EvaluationError: It is infinite.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, int):
        return True
    if math.isinf(value):
        raise EvaluationError("D1001", value=value)
    return not math.isnan(value)


def typed_number(value: object) -> bool:
    """Tell whether JavaScript's ``typeof`` *value* is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number_of(value: float) -> float:
    """Return *value* as a JavaScript number has it: an integer beyond 2**53 only as near as a double comes."""
    if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


def normal(value: float) -> float:
    """Return *value* as an integer where JavaScript writes it like one."""
    if not isinstance(value, int) and value.is_integer() and abs(value) < _EXPONENT_FROM:
        return int(value) if abs(value) <= _EXACT else int(Decimal(repr(value)))
    return value


def number_text(value: float) -> str:
    """Return *value* as JavaScript writes a number."""
    value = normal(number_of(value))
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    point = len(digits) + int(exponent)  # the place of the decimal point, counted from the first digit
    figures, minus = "".join(map(str, digits)), "-" if sign else ""
    if -6 < point <= 0:  # noqa: PLR2004  as JavaScript does
        return f"{minus}0.{'0' * -point}{figures}"
    if 0 < point <= 21:  # noqa: PLR2004  as JavaScript does
        return f"{minus}{figures[:point]}.{figures[point:]}"
    power = point - 1
    mantissa = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{minus}{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def rounded(value: float, precision: float = 0) -> float:
    """Return *value* to *precision* decimals, a half to the even neighbour."""
    value, places = number_of(value), int(precision)
    if not math.isfinite(value) or abs(places) > _MAX_PRECISION:
        return value if places <= _MAX_PRECISION else math.nan
    with localcontext() as context:
        context.prec = 3 * _MAX_PRECISION
        exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return normal(float(exact)) or 0


def rounded_digits(value: float) -> float:
    """Return *value* to 15 digits, as ``$string`` writes a number."""
    if isinstance(value, int) and abs(value) < 10**15:
        return value
    value = number_of(value)
    return normal(float(f"{value:.15g}")) if math.isfinite(value) else value


def text_of(value: Any, budget: Budget, *, pretty: bool = False) -> str:
    """Return *value* as ``$string`` writes it.

    Raises:
        EvaluationError: A number in it is not finite.
        QueryFailure: The text is too long, or took too long.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Function):
        return ""
    if typed_number(value) and not math.isfinite(number_of(value)):
        raise EvaluationError("D3001", value=value)
    parts: list[str] = []
    _write(value, parts, budget, "\n" if pretty else "")
    budget.hold(sum(map(len, parts)))
    return "".join(parts)


def _write(value: Any, parts: list[str], budget: Budget, line: str) -> None:
    """Write *value*; *line* begins a new line when the text is to be pretty, and is empty otherwise."""
    budget.spend()
    if value is None or value is UNDEFINED:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, (int, float)):
        if not is_number(value):
            parts.append("null")
        else:
            parts.append(number_text(rounded_digits(value)))
    elif isinstance(value, str):
        parts.append(_quoted(value))
    elif isinstance(value, list):
        _write_all(((None, item) for item in value), "[]", parts, budget, line)
    elif isinstance(value, dict):
        _write_all(((key, item) for key, item in value.items() if item is not UNDEFINED), "{}", parts, budget, line)
    else:
        parts.append('""')


def _write_all(
    members: Iterable[tuple[str | None, Any]], brackets: str, parts: list[str], budget: Budget, line: str
) -> None:
    inner, written = line and line + "  ", 0
    parts.append(brackets[0])
    for key, item in members:
        parts.append(("," if written else "") + inner)
        if key is not None:
            parts.append(_quoted(key) + (": " if line else ":"))
        _write(item, parts, budget, inner)
        written += 1
    parts.append((line if written else "") + brackets[1])


def truth(value: Any) -> bool:
    """Return what ``$boolean`` makes of *value*; undefined is false."""
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else any(map(truth, value))
    if isinstance(value, Function) or value is UNDEFINED:
        return False
    if typed_number(value):
        return is_number(value) and value != 0
    return bool(value)


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """Tell whether two values are deeply equal."""
    budget.spend()
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(one, two, budget) for one, two in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key], budget) for key, item in left.items())
    return same(left, right)


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are the same: JavaScript's ``===``."""
    if isinstance(left, (list, dict, Function)) or isinstance(right, (list, dict, Function)):
        return left is right
    if typed_number(left) and typed_number(right):
        return number_of(left) == number_of(right)
    return type(left) is type(right) and left == right
