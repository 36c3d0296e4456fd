"""The rules of a Choice state, compiled to tests ``(value, strand) -> bool``."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_read

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[Any, Any], bool]
    Compare = Callable[[Any, Any], bool]

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$")


def parse_time(text: Any) -> float | None:
    """Return the RFC 3339 time *text* in seconds since the epoch, or None if it is none."""
    match = _RFC3339.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        moment = dt.datetime.fromisoformat(whole.upper() + zone.upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.timestamp() + float(fraction or 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of(check: Callable[[Any], bool], compare: Compare) -> Compare:
    return lambda left, right: check(left) and check(right) and compare(left, right)


def _time(compare: Compare) -> Compare:
    def test(left: Any, right: Any) -> bool:
        moments = parse_time(left), parse_time(right)
        return None not in moments and compare(*moments)

    return test


def _matches(text: Any, pattern: Any) -> bool:
    return isinstance(text, str) and isinstance(pattern, str) and wildcard(pattern).fullmatch(text) is not None


def wildcard(pattern: str) -> re.Pattern[str]:
    """Return StringMatches' *pattern* as a regular expression: a star is anything, an escaped one a star."""
    letters, at = [], 0
    while at < len(pattern):
        if pattern[at] == "\\" and at + 1 < len(pattern):
            letters.append(re.escape(pattern[at + 1]))
            at += 2
            continue
        letters.append(".*" if pattern[at] == "*" else re.escape(pattern[at]))
        at += 1
    return re.compile("".join(letters), re.DOTALL)


_ORDER: dict[str, Compare] = {
    "Equals": lambda left, right: left == right,
    "LessThan": lambda left, right: left < right,
    "GreaterThan": lambda left, right: left > right,
    "LessThanEquals": lambda left, right: left <= right,
    "GreaterThanEquals": lambda left, right: left >= right,
}
COMPARISONS: dict[str, Compare] = {
    **{f"String{name}": _of(lambda value: isinstance(value, str), compare) for name, compare in _ORDER.items()},
    **{f"Numeric{name}": _of(_is_number, compare) for name, compare in _ORDER.items()},
    **{f"Timestamp{name}": _time(compare) for name, compare in _ORDER.items()},
    "BooleanEquals": _of(lambda value: isinstance(value, bool), lambda left, right: left is right),
    "StringMatches": _matches,
}
# What "IsString": true asks of a value that is there.
KINDS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: parse_time(value) is not None,
}
OPERATORS = frozenset(
    [*COMPARISONS, *(f"{name}Path" for name in COMPARISONS if name != "StringMatches"), *KINDS, "IsPresent"]
)


def compile_rule(rule: dict[str, Any]) -> Test:
    """Return the test of a JSONPath choice *rule*, already found valid."""
    if "Not" in rule:
        inner = compile_rule(rule["Not"])
        return lambda value, strand: not inner(value, strand)
    for name, combine in (("And", all), ("Or", any)):
        if name in rule:
            tests = [compile_rule(part) for part in rule[name]]
            return _combined(combine, tests)
    operator = next(name for name in rule if name in OPERATORS)
    return _comparison(rule["Variable"], operator, rule[operator])


def _combined(combine: Callable[[Any], bool], tests: list[Test]) -> Test:
    return lambda value, strand: combine(test(value, strand) for test in tests)


def _comparison(variable: str, operator: str, operand: Any) -> Test:
    read = compile_read(variable)
    if operator == "IsPresent":
        return _presence(read, wanted=operand)
    left = _required(read, variable)
    if operator in KINDS:
        check = KINDS[operator]
        return lambda value, strand: check(left(value, strand)) == operand
    if operator.endswith("Path"):
        compare = COMPARISONS[operator.removesuffix("Path")]
        right = _required(compile_read(operand), operand)
        return lambda value, strand: compare(left(value, strand), right(value, strand))
    if operator == "StringMatches":
        pattern = wildcard(operand)
        return lambda value, strand: (
            isinstance(text := left(value, strand), str) and pattern.fullmatch(text) is not None
        )
    compare = COMPARISONS[operator]
    return lambda value, strand: compare(left(value, strand), operand)


def _required(read: Callable[[Any, Any], Any], path: str) -> Callable[[Any, Any], Any]:
    def evaluate(value: Any, strand: Any) -> Any:
        try:
            return read(value, strand)
        except NoResultError:
            raise RuntimeFailure(
                f"Invalid path '{path}': The choice state's condition path references an invalid value."
            ) from None

    return evaluate


def _presence(read: Callable[[Any, Any], Any], *, wanted: bool) -> Test:
    def test(value: Any, strand: Any) -> bool:
        try:
            read(value, strand)
        except NoResultError:
            return not wanted
        return wanted

    return test
