"""Checking the rules of a Choice state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.choice import KINDS, OPERATORS, parse_time
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation.expressions import check_jsonata, check_path, check_template

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

_AROUND = {"Next", "Comment", "Assign", "Output"}


def check_rule(rule: Json, problems: Problems, location: str, *, jsonata: bool, top: bool) -> None:
    """Check a choice *rule*; only one at the *top* names the next state."""
    if not problems.is_a(rule, dict, "Object", location):
        return
    if top and "Next" not in rule:
        problems.add("These fields are required: [Next]", location)
    elif top:
        problems.is_a(rule["Next"], str, "String", f"{location}/Next")
    if "Assign" in rule:
        problems.is_a(rule["Assign"], dict, "Object", f"{location}/Assign")
    if not top and "Next" in rule:
        problems.add("The field 'Next' is not supported inside a Boolean expression", location)
    if jsonata:
        _check_condition(rule, problems, location)
        return
    if "Assign" in rule:
        check_template(rule["Assign"], problems, f"{location}/Assign")
    _check_test({key: item for key, item in rule.items() if key not in _AROUND}, problems, location)


def _check_condition(rule: Spec, problems: Problems, location: str) -> None:
    if "Condition" not in rule:
        problems.add("These fields are required: [Condition]", location)
    for key, item in rule.items():
        if key not in _AROUND | {"Condition"}:
            problems.add(f"The field '{key}' is not supported by Step Functions", location)
        elif key in {"Condition", "Assign", "Output"}:
            check_jsonata(item, problems, f"{location}/{key}")
        if key == "Condition" and not isinstance(item, bool) and not is_expression(item):
            problems.add("Expected value of type Boolean or JSONata expression", f"{location}/Condition")


def _check_test(test: Spec, problems: Problems, location: str) -> None:
    combinators = [name for name in ("And", "Or", "Not") if name in test]
    operators = [name for name in test if name in OPERATORS]
    for name in test:
        if name not in OPERATORS and name not in {"And", "Or", "Not", "Variable"}:
            problems.add(f"The field '{name}' is not supported by Step Functions", location)
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
                problems.add("Array is too short, minimum is 1", where)
            for place, part in enumerate(parts):
                check_rule(part, problems, f"{where}[{place}]", jsonata=False, top=False)


def _check_comparison(test: Spec, operator: str, problems: Problems, location: str) -> None:
    if "Variable" not in test:
        problems.add("These fields are required: [Variable]", location)
    else:
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
