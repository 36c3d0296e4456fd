"""The condition of a Choice's rule as text that people read: ``$.x == 3 and not ($.y is present)``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

_COMPARISON = re.compile(
    "(?:String|Numeric|Boolean|Timestamp)(Equals|LessThanEquals|GreaterThanEquals|LessThan|GreaterThan|Matches)(Path)?"
)
_SIGNS = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
    "Matches": "matches",
}
_KINDS = {
    "IsPresent": "present",
    "IsNull": "null",
    "IsNumeric": "a number",
    "IsString": "a text",
    "IsBoolean": "true or false",
    "IsTimestamp": "a timestamp",
}


def condition_of(rule: Mapping[str, Json]) -> str:
    """Return the condition of a Choice's *rule*, in JSONPath or JSONata.

    An operator that is not known here stands as it is named, with its value.
    """
    told = rule.get("Condition")
    if isinstance(told, str):
        return told.strip().removeprefix("{%").removesuffix("%}").strip()
    if told is not None:
        return json.dumps(told)
    return _rule(rule)


def _rule(rule: Mapping[str, Json]) -> str:
    for name, word in (("And", " and "), ("Or", " or ")):
        parts = rule.get(name)
        if isinstance(parts, list):
            return word.join(_bracketed(part) for part in parts if isinstance(part, dict))
    negated = rule.get("Not")
    if isinstance(negated, dict):
        return f"not ({_rule(negated)})"
    variable = str(rule.get("Variable", ""))
    told = ((name, value) for name, value in rule.items() if name not in {"Variable", "Next", "Comment", "Assign"})
    return " and ".join(f"{variable} {_comparison(name, value)}" for name, value in told if name != "Output")


def _bracketed(rule: Mapping[str, Json]) -> str:
    return f"({_rule(rule)})" if {"And", "Or"} & rule.keys() else _rule(rule)


def _comparison(name: str, value: Json) -> str:
    if name in _KINDS:
        return f"is {'' if value is True else 'not '}{_KINDS[name]}"
    found = _COMPARISON.fullmatch(name)
    shown = str(value) if found and found[2] else json.dumps(value, ensure_ascii=False)
    return f"{_SIGNS[found[1]] if found else name} {shown}"
