"""Checking the rules of a Choice state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.choice import KINDS, OPERATORS, parse_time
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation.expressions import (
    check_assigned,
    check_jsonata,
    check_language,
    check_path,
    check_template,
)

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

_AROUND = {"Next", "Comment", "Assign", "Output"}
_TEST = OPERATORS | {"And", "Or", "Not", "Variable"}


def check_rule(rule: Json, problems: Problems, location: str, *, jsonata: bool, top: bool) -> None:
    """Check a choice *rule*; only one at the *top* names the next state."""
    if not problems.is_a(rule, dict, "Object", location):
        return
    if top and problems.require(rule, ("Next",), location):
        problems.is_a(rule["Next"], str, "String", f"{location}/Next")
    for name in ("Next", "Output") if not top else ():
        if name in rule:
            problems.add(f"Field '{name}' is not supported", location, field=name)
    check_assigned(rule, problems, location, jsonata=jsonata)
    if "Comment" in rule:
        problems.is_a(rule["Comment"], str, "String", f"{location}/Comment")
    check_language(rule, (_TEST, {"Condition", "Output"}), problems, location, jsonata=jsonata)
    if jsonata:
        _check_condition(rule, problems, location)
        return
    if "Assign" in rule:
        check_template(rule["Assign"], problems, f"{location}/Assign")
    _check_test({key: item for key, item in rule.items() if key not in _AROUND}, problems, location)


def _check_condition(rule: Spec, problems: Problems, location: str) -> None:
    problems.require(rule, ("Condition",), location)
    problems.only(rule, _AROUND | _TEST | {"Condition"}, location)
    for key, item in rule.items():
        if key in {"Condition", "Assign", "Output"}:
            check_jsonata(item, problems, f"{location}/{key}")
        if key == "Condition" and not isinstance(item, bool) and not is_expression(item):
            problems.add("Expected value of type Boolean or JSONata expression", f"{location}/Condition")


def _check_test(test: Spec, problems: Problems, location: str) -> None:
    combinators = [name for name in ("And", "Or", "Not") if name in test]
    operators = [name for name in test if name in OPERATORS]
    problems.only(test, _TEST | {"Condition"}, location)
    if len(combinators) + len(operators) != 1:
        problems.add("Exactly one comparison operator or one of And, Or, Not is required", location)
        return
    if operators:
        _check_comparison(test, operators[0], problems, location)
    elif combinators == ["Not"]:
        check_rule(test["Not"], problems, f"{location}/Not", jsonata=False, top=False)
    else:
        parts, where = test[combinators[0]], f"{location}/{combinators[0]}"
        if problems.is_a(parts, list, "Array", where):
            if not parts:
                problems.add("Value cannot be empty", where)
            for place, part in enumerate(parts):
                check_rule(part, problems, f"{where}[{place}]", jsonata=False, top=False)


def _check_comparison(test: Spec, operator: str, problems: Problems, location: str) -> None:
    if problems.require(test, ("Variable",), location):
        check_path(test["Variable"], problems, f"{location}/Variable")
    operand, where = test[operator], f"{location}/{operator}"
    if operator.endswith("Path"):
        check_path(operand, problems, where)
    elif operator in KINDS or operator in {"IsPresent", "BooleanEquals"}:
        problems.is_a(operand, bool, "Boolean", where)
    elif operator.startswith("Numeric"):
        problems.is_a(operand, (int, float), "Number", where)
    elif (
        problems.is_a(operand, str, "String", where)
        and operator.startswith("Timestamp")
        and parse_time(operand) is None
    ):
        problems.add("Value is not a valid ISO-8601 extended offset date-time format string", where)
