"""Values that a rule of a Choice takes, and values that it does not take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.scaffold.references import in_jsonata, steps
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.scaffold.shape import Shape
    from shared.values import Json

_OTHER_TEXT = "none-of-these"
_COMPARED = re.compile(
    r"""(?P<path>\$states\.input[\w.`]*)\s*(?P<sign>=|!=|<=|>=|<|>)\s*"""
    r"""(?P<value>-?\d+(?:\.\d+)?|'[^']*'|"[^"]*"|true|false)"""
)
_BESIDE = {
    "LessThan": (-1, 0),
    "LessThanEquals": (0, 1),
    "GreaterThan": (1, 0),
    "GreaterThanEquals": (0, -1),
}
"""How far from a bound a number lies for which the comparison holds, and one for which it does not."""
_SIGNS = {"=": "Equals", "<": "LessThan", "<=": "LessThanEquals", ">": "GreaterThan", ">=": "GreaterThanEquals"}


def fit(rule: Mapping[str, Json], shape: Shape, *, jsonata: bool) -> None:
    """Have *shape*, the input of a Choice, be what *rule* takes."""
    _impose(rule, shape, jsonata=jsonata, takes=True)


def unfit(rule: Mapping[str, Json], shape: Shape, *, jsonata: bool) -> None:
    """Have *shape* be what *rule* does not take."""
    _impose(rule, shape, jsonata=jsonata, takes=False)


def _impose(rule: Mapping[str, Json], shape: Shape, *, jsonata: bool, takes: bool) -> None:
    if jsonata:
        _impose_expression(str(rule.get("Condition")), shape, takes=takes)
        return
    for key, every in (("And", True), ("Or", False)):
        if isinstance(parts := rule.get(key), list):
            for part in parts if every == takes else parts[:1]:
                _impose(as_mapping(part), shape, jsonata=False, takes=takes)
            return
    if "Not" in rule:
        _impose(as_mapping(rule["Not"]), shape, jsonata=False, takes=not takes)
        return
    place = shape.at(steps(str(rule.get("Variable", "$"))))
    for comparison, value in rule.items():
        if comparison not in {"Variable", "Next", "Comment", "Assign", "Output"}:
            _compare(comparison, value, place, takes=takes)


def _impose_expression(text: str, shape: Shape, *, takes: bool) -> None:
    """Do the same for a JSONata condition, as far as it compares the input with a constant."""
    for reference in in_jsonata(text):
        if reference.source == "input":
            shape.at(reference.path)
    for match in _COMPARED.finditer(text):
        (reference,) = in_jsonata(match["path"])
        value: Json = match["value"].strip("'\"")
        if match["value"] in {"true", "false"}:
            value = match["value"] == "true"
        elif match["value"][0] not in "'\"":
            value = float(match["value"]) if "." in match["value"] else int(match["value"])
        unequal = match["sign"] == "!="
        sign = _SIGNS["=" if unequal else match["sign"]]
        _compare(sign, value, shape.at(reference.path), takes=takes != unequal)


def _compare(comparison: str, value: Json, place: Shape, *, takes: bool) -> None:
    """Give *place* an example for which a comparison holds, or does not."""
    if comparison.startswith("Is"):
        _ask(comparison, place, there=value is takes)
        return
    if comparison.endswith("Path") or place.items is not None or place.keys:
        return
    if isinstance(value, bool):
        place.example = value is takes
    elif isinstance(value, int | float):
        place.example = value + _BESIDE.get(comparison.removeprefix("Numeric"), (0, 1))[not takes]
    elif isinstance(value, str):
        place.example = value.replace("*", "x") if takes else _OTHER_TEXT


def _ask(comparison: str, place: Shape, *, there: bool) -> None:
    """Answer a question about a type: only what is easy to make up."""
    if comparison == "IsPresent":
        place.absent = not there and not place.known
    elif there and not place.known:
        examples: dict[str, Json] = {"IsString": "text", "IsNumeric": 1, "IsBoolean": True}
        place.example = examples.get(comparison)
