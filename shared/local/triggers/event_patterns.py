"""Event patterns: which events a rule, or the filter of an event source mapping, asks for. Pure.

A field matches if any of its alternatives does. A pattern matches if all its fields do. In an event, an array matches
if any element does, and fields of one object in an array must match in the same element. A field that holds an object,
or an empty array, does not exist for ``exists``, as on AWS, which looks at leaves only.

Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns" (in mind, not read again), and
the words of refusals in AWS's own matcher, aws/event-ruler, JsonRuleCompiler (read 2026-11-30).
"""

from __future__ import annotations

import ipaddress
import operator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.values import Json

    Test = Callable[[Json], bool]  # says whether a leaf matches

_OR = "$or"
_LEAST_ALTERNATIVES = 2
_LARGEST = 5.0e9  # EventBridge compares no number beyond it
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT: Final = object()


class PatternError(Exception):
    """AWS refuses the pattern. The text is AWS's reason."""


class Pattern:
    """A pattern that AWS takes.

    Args:
        text: Its JSON.

    Raises:
        PatternError: AWS would not take it.
    """

    def __init__(self, text: str) -> None:
        try:
            read = read_strict(text)
        except ValueError as error:
            raise PatternError(f"Unexpected character: {error}") from error
        if not isinstance(read, dict):
            raise PatternError("Filter is not an object")
        self._matches = _object(read)

    def matches(self, event: Json) -> bool:
        """Say whether *event* is asked for."""
        return self._matches(event)


def _object(fields: Mapping[str, Json]) -> Test:
    if not fields:
        raise PatternError("Empty objects are not allowed")
    tests = [_field(name, wanted) for name, wanted in fields.items()]

    def matches(event: Json) -> bool:
        if isinstance(event, list) and event:
            return any(matches(each) for each in event)
        held = event if isinstance(event, dict) else {}
        return all(test(held) for test in tests)

    return matches


def _field(name: str, wanted: Json) -> Callable[[Mapping[str, Json]], bool]:
    if name == _OR:
        branches = _branches(wanted)
        return lambda held: any(branch(dict(held)) for branch in branches)
    if isinstance(wanted, dict):
        inside = _object(wanted)
        return lambda held: inside(held.get(name))
    if not isinstance(wanted, list):
        raise PatternError(f'"{name}" must be an object or an array')
    if not wanted:
        raise PatternError("Empty arrays are not allowed")
    present = [_alternative(each) for each in wanted if not _asks_for_absence(each)]
    absent = any(_asks_for_absence(each) for each in wanted)

    def matches(held: Mapping[str, Json]) -> bool:
        leaves = list(_leaves(held.get(name, _ABSENT)))
        return any(test(leaf) for test in present for leaf in leaves) or (absent and not leaves)

    return matches


def _branches(wanted: Json) -> list[Test]:
    if not isinstance(wanted, list):
        raise PatternError(f"It must be an Array followed with {_OR}.")
    if len(wanted) < _LEAST_ALTERNATIVES:
        raise PatternError(f"There must have at least 2 Objects in {_OR} relationship.")
    branches = []
    for each in wanted:
        if not isinstance(each, dict):
            raise PatternError(f"Only JSON object is allowed in array of {_OR} relationship.")
        branches.append(_object(each))
    return branches


def _leaves(value: object) -> Iterator[Json]:
    """Yield what can be compared of *value*: nothing of an object, each element of an array."""
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is None or isinstance(value, bool | int | float | str):
        yield value


def _asks_for_absence(alternative: Json) -> bool:
    return isinstance(alternative, dict) and alternative == {"exists": False} and alternative["exists"] is False


def _alternative(wanted: Json) -> Test:
    if isinstance(wanted, list):
        raise PatternError("Match value must be String, number, true, false, or null")
    if not isinstance(wanted, dict):
        return lambda leaf: _same(leaf, wanted)
    if not wanted:
        raise PatternError("Match expression name not found")
    name, of = next(iter(wanted.items()))
    if name not in _EXPRESSIONS:
        raise PatternError(f"Unrecognized match type {name}")
    if len(wanted) > 1:
        raise PatternError("Only one key allowed in match expression")
    return _EXPRESSIONS[name](of)


def _same(leaf: Json, wanted: Json) -> bool:
    return isinstance(leaf, bool) == isinstance(wanted, bool) and leaf == wanted


def _exists(of: Json) -> Test:
    if not isinstance(of, bool):
        raise PatternError("exists match pattern must be either true or false.")
    return lambda _leaf: True  # the absence of a leaf is asked for elsewhere


def _text(name: str, of: Json) -> str:
    if not isinstance(of, str):
        raise PatternError(f"{name} match pattern must be a string")
    return of


def _equals_ignoring_case(of: Json) -> Test:
    wanted = _text("equals-ignore-case", of).lower()
    return lambda leaf: isinstance(leaf, str) and leaf.lower() == wanted


def _edge(name: str) -> Callable[[Json], Test]:
    """Return the reader of ``prefix`` or ``suffix``, which may ignore the case."""
    has = str.startswith if name == "prefix" else str.endswith

    def read(of: Json) -> Test:
        if isinstance(of, dict) and list(of) == ["equals-ignore-case"]:
            wanted = _text(name, of["equals-ignore-case"]).lower()
            return lambda leaf: isinstance(leaf, str) and has(leaf.lower(), wanted)
        wanted = _text(name, of)
        return lambda leaf: isinstance(leaf, str) and has(leaf, wanted)

    return read


def _wildcard(of: Json) -> Test:
    """Read a pattern in which ``*`` stands for any text. It matches in one pass, whatever is in it."""
    first, *rest = _pieces(_text("wildcard", of))

    def matches(leaf: Json) -> bool:
        if not isinstance(leaf, str) or not leaf.startswith(first):
            return False
        if not rest:
            return leaf == first
        place = len(first)
        for piece in rest[:-1]:
            found = leaf.find(piece, place)
            if found < 0:
                return False
            place = found + len(piece)
        return len(leaf) - place >= len(rest[-1]) and leaf.endswith(rest[-1])

    return matches


def _pieces(text: str) -> list[str]:
    """Return what stands between the wildcards of *text*; a backslash makes ``*`` and itself plain."""
    pieces = [""]
    place = 0
    while place < len(text):
        letter = text[place]
        if letter == "\\":
            place += 1
            if text[place : place + 1] not in {"*", "\\"}:
                raise PatternError(f"Invalid escape character at pos {place}")
            pieces[-1] += text[place]
        elif letter == "*":
            if text[place + 1 : place + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {place}")
            pieces.append("")
        else:
            pieces[-1] += letter
        place += 1
    return pieces


def _cidr(of: Json) -> Test:
    text = _text("prefix", of)  # AWS's own word in this place
    if text.count("/") != 1:
        raise PatternError("Malformed CIDR, one '/' required")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PatternError(f"Malformed CIDR: {error}") from error

    def matches(leaf: Json) -> bool:
        try:
            return isinstance(leaf, str) and ipaddress.ip_address(leaf) in network
        except ValueError:
            return False

    return matches


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numeric(of: Json) -> Test:
    if not isinstance(of, list):
        raise PatternError("Value of numeric must be an array.")
    comparisons = list(_compared(of))

    def matches(leaf: Json) -> bool:
        return (
            isinstance(leaf, int | float)
            and _is_number(leaf)
            and abs(leaf) <= _LARGEST
            and all(compare(leaf, bound) for compare, bound in comparisons)
        )

    return matches


def _compared(terms: list[Json]) -> Iterator[tuple[Callable[[float, float], bool], float]]:
    """Yield the one or two comparisons of a ``numeric`` expression."""
    if not terms or not isinstance(terms[0], str):
        raise PatternError(f"Invalid member in numeric match: {terms[0] if terms else ']'}")
    first = terms[0]
    if first not in _COMPARISONS:
        raise PatternError(f"Unrecognized numeric range operator: {first}")
    names = {"=": "equals"}
    bounds = []
    for place in range(0, len(terms), 2):
        name = terms[place]
        if place and (first not in {">", ">="} or place > 2):  # noqa: PLR2004  two comparisons are four terms
            raise PatternError("Too many elements in numeric expression")
        if place and name not in {"<", "<="}:
            raise PatternError(f"Bad numeric range operator: {name}")
        bound = terms[place + 1] if place + 1 < len(terms) else None
        if not isinstance(bound, int | float) or isinstance(bound, bool):
            raise PatternError(f"Value of {names.get(str(name), name)} must be numeric")
        if abs(bound) > _LARGEST:
            raise PatternError("Value must be between -5.0E9 and 5.0E9, inclusive")
        bounds.append(bound)
        yield _COMPARISONS[str(name)], float(bound)
    if any(bottom >= top for bottom, top in pairwise(bounds)):
        raise PatternError("Bottom must be less than top")


def _anything_but(of: Json) -> Test:
    if isinstance(of, dict):
        tests = list(_excluded(of))
        return lambda leaf: not any(test(leaf) for test in tests)
    excluded = of if isinstance(of, list) else [of]
    if not isinstance(of, list) and not (isinstance(of, str) or _is_number(of)):
        raise PatternError("Value of anything-but must be an array or single string/number value.")
    texts = [each for each in excluded if isinstance(each, str)]
    numbers = [each for each in excluded if _is_number(each)]
    if len(texts) + len(numbers) < len(excluded):
        raise PatternError("Inside anything but list, start|null|boolean is not supported.")
    if bool(texts) == bool(numbers):
        raise PatternError(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return lambda leaf: not any(_same(leaf, each) for each in excluded)


def _excluded(of: Mapping[str, Json]) -> Iterator[Test]:
    """Yield what the operator inside of ``anything-but`` says of each of its values."""
    if not of:
        raise PatternError("Anything-But expression name not found")
    name, values = next(iter(of.items()))
    if name not in _INSIDE_ANYTHING_BUT:
        raise PatternError(f"Unsupported anything-but pattern: {name}")
    if len(of) > 1:
        raise PatternError("Only one key allowed in match expression")
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, str):
            raise PatternError(f"Inside anything-but/{name} list, number|start|null|boolean is not supported.")
        if not value and name in {"prefix", "suffix"}:
            raise PatternError("Null prefix/suffix not allowed")
        yield _EXPRESSIONS[name](value)


_INSIDE_ANYTHING_BUT = frozenset({"equals-ignore-case", "prefix", "suffix", "wildcard"})
_EXPRESSIONS: Mapping[str, Callable[[Json], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignoring_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _edge("prefix"),
    "suffix": _edge("suffix"),
    "wildcard": _wildcard,
}
