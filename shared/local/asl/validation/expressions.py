"""Checking paths, payload templates and JSONata expressions, by compiling them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.languages import jsonata
from shared.local.asl.languages.jsonpath import compile_path, compile_reference
from shared.local.asl.payload import TemplateError, compile_read, compile_template

if TYPE_CHECKING:
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json


def check_path(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path into the input, the context object or a variable."""
    if not problems.is_a(value, str, "String", location):
        return
    try:
        compile_read(value)
    except ValueError:
        problems.add("Value is not a valid JSONPath.", location)


def check_reference(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path that names one place of the input."""
    if not problems.is_a(value, str, "String", location):
        return
    try:
        compile_path(value)
        compile_reference(value)
    except ValueError:
        problems.add("Value is not a Reference Path: Only single-node JSONPaths are allowed.", location)


def check_template(value: Json, problems: Problems, location: str) -> None:
    """Check the computed fields of a JSONPath payload template."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(".$"):
                try:
                    compile_template({key: item})
                except TemplateError as error:
                    problems.add(str(error), f"{location}/{key}")
            else:
                check_template(item, problems, f"{location}/{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check_template(item, problems, f"{location}[{place}]")


def check_jsonata(value: Json, problems: Problems, location: str) -> None:
    """Check every JSONata expression in *value*."""
    if jsonata.is_expression(value):
        try:
            jsonata.Expression(value, "")
        except jsonata.ExpressionSyntaxError as error:
            problems.add(f"The value is not a valid JSONata expression. {error}", location)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_jsonata(item, problems, f"{location}/{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check_jsonata(item, problems, f"{location}[{place}]")
