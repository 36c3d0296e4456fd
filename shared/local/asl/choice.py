"""The rules of a Choice state, compiled to tests ``(value, strand) -> bool``."""

from __future__ import annotations

import datetime as dt
import operator
import re
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_read
from shared.local.asl.reading import part, parts, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.local.asl.evaluation import Evaluate, Surroundings, Test
    from shared.local.asl.reading import Spec
    from shared.values import Json

    Compare = Callable[[Json, Json], bool]

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$")


def parse_time(value: Json) -> float | None:
    """Return the RFC 3339 time *value* in seconds since the epoch, or None if it is none."""
    match = _RFC3339.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        moment = dt.datetime.fromisoformat(whole.upper() + zone.upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.timestamp() + float(fraction or 0)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of(check: Callable[[Json], bool], compare: Compare) -> Compare:
    return lambda left, right: check(left) and check(right) and compare(left, right)


def _time(compare: Compare) -> Compare:
    def test(left: Json, right: Json) -> bool:
        moments = parse_time(left), parse_time(right)
        return None not in moments and compare(*moments)

    return test


def _matches(value: Json, pattern: Json) -> bool:
    return isinstance(value, str) and isinstance(pattern, str) and wildcard(pattern).fullmatch(value) is not None


def wildcard(pattern: str) -> re.Pattern[str]:
    """Return the *pattern* of StringMatches as a regular expression: a star is any text, an escaped one a star."""
    letters, at = [], 0
    while at < len(pattern):
        if pattern[at] == "\\" and at + 1 < len(pattern):
            letters.append(re.escape(pattern[at + 1]))
            at += 2
            continue
        letters.append(".*" if pattern[at] == "*" else re.escape(pattern[at]))
        at += 1
    return re.compile("".join(letters), re.DOTALL)


# Each gets only values of the kind that its operator is for: `_of` and `_time` see to it.
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: dict[str, Compare] = {
    **{f"String{name}": _of(lambda value: isinstance(value, str), compare) for name, compare in _ORDER.items()},
    **{f"Numeric{name}": _of(_is_number, compare) for name, compare in _ORDER.items()},
    **{f"Timestamp{name}": _time(compare) for name, compare in _ORDER.items()},
    "BooleanEquals": _of(lambda value: isinstance(value, bool), lambda left, right: left is right),
    "StringMatches": _matches,
}
# What "IsString": true asks of a value that is there.
KINDS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: parse_time(value) is not None,
}
OPERATORS = frozenset(
    [*COMPARISONS, *(f"{name}Path" for name in COMPARISONS if name != "StringMatches"), *KINDS, "IsPresent"]
)


def compile_rule(rule: Spec) -> Test:
    """Return the test of a JSONPath choice *rule*, already found valid."""
    if "Not" in rule:
        inner = compile_rule(part(rule, "Not"))
        return lambda value, around: not inner(value, around)
    for name, combine in (("And", all), ("Or", any)):
        if name in rule:
            return _combined(combine, [compile_rule(each) for each in parts(rule, name)])
    kind = next(name for name in rule if name in OPERATORS)
    return _comparison(text(rule, "Variable"), kind, rule[kind])


def _combined(combine: Callable[[Iterable[bool]], bool], tests: list[Test]) -> Test:
    return lambda value, around: combine(test(value, around) for test in tests)


def _comparison(variable: str, kind: str, operand: Json) -> Test:
    read = compile_read(variable)
    if kind == "IsPresent":
        return _presence(read, wanted=bool(operand))
    left = _required(read, variable)
    if kind in KINDS:
        check = KINDS[kind]
        return lambda value, around: check(left(value, around)) == operand
    if kind.endswith("Path"):
        compare = COMPARISONS[kind.removesuffix("Path")]
        right = _required(compile_read(str(operand)), str(operand))
        return lambda value, around: compare(left(value, around), right(value, around))
    if kind == "StringMatches":
        pattern = wildcard(str(operand))
        return lambda value, around: (
            isinstance(found := left(value, around), str) and pattern.fullmatch(found) is not None
        )
    compare = COMPARISONS[kind]
    return lambda value, around: compare(left(value, around), operand)


def _required(read: Evaluate, path: str) -> Evaluate:
    def evaluate(value: Json, around: Surroundings) -> Json:
        try:
            return read(value, around)
        except NoResultError:
            raise RuntimeFailure(
                f"Invalid path '{path}': The choice state's condition path references an invalid value."
            ) from None

    return evaluate


def _presence(read: Evaluate, *, wanted: bool) -> Test:
    def test(value: Json, around: Surroundings) -> bool:
        try:
            read(value, around)
        except NoResultError:
            return not wanted
        return wanted

    return test
