"""Payload templates, compiled once: what Parameters, Arguments, Output and Assign hold.

A template becomes a function ``(value, strand) -> value``; a part with nothing to compute is a constant that is
handed out as it is, for no one writes into a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import RuntimeFailure, dumps
from shared.local.asl.languages import intrinsics, jsonata
from shared.local.asl.languages.jsonpath import NoResultError, compile_path

if TYPE_CHECKING:
    from collections.abc import Callable

    Evaluate = Callable[[Any, Any], Any]


class TemplateError(ValueError):
    """A template with an expression that does not parse.

    Args:
        message: What is wrong.
        pointer: Where, as JSON path segments below the template.
    """

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


def split_path(text: str) -> tuple[str, str]:
    """Return what *text* reads from (``$$``, ``$name`` or ``$``) and the path below it."""
    if text.startswith("$$"):
        return "$$", "$" + text[2:]
    if text.startswith("$") and len(text) > 1 and text[1] not in ".[":
        end = next((at for at, letter in enumerate(text) if at and letter in ".["), len(text))
        return text[:end], "$" + text[end:]
    return "$", text


def compile_read(text: str) -> Evaluate:
    """Return a reader for a path into the input, the context object or a variable.

    The reader raises NoResultError when a definite path leads nowhere.

    Raises:
        PathSyntaxError: *text* does not parse.
    """
    source, below = split_path(text)
    path = compile_path(below)
    read = path.read
    if source == "$":
        if not path.keys and path.keys is not None:
            return lambda value, _strand: value
        return lambda value, _strand: read(value)
    if source == "$$":
        return lambda _value, strand: read(strand.context())
    name = source[1:]

    def variable(_value: Any, strand: Any) -> Any:
        try:
            held = strand.variables.look_up(name)
        except KeyError:
            raise NoResultError(f"No results for variable {source}") from None
        return read(held)

    return variable


def compile_value(text: str, field: str) -> Evaluate:
    """Return an evaluator for the path or intrinsic call *text* of the template's *field*.

    Raises:
        TemplateError: *text* does not parse.
    """
    try:
        if intrinsics.is_call(text):
            return intrinsics.compile_call(text, lambda path: _field_read(path, field))
        return _field_read(text, field)
    except ValueError as error:
        raise TemplateError(str(error)) from None


def _field_read(text: str, field: str) -> Evaluate:
    read = compile_read(text)

    def evaluate(value: Any, strand: Any) -> Any:
        try:
            return read(value, strand)
        except NoResultError:
            where = f"specified for the field '{field}' could not be found in the input '{dumps(value)}'"
            raise RuntimeFailure(f"The JSONPath '{text}' {where}") from None

    return evaluate


def compile_template(template: Any) -> Evaluate:
    """Return an evaluator for a JSONPath payload template: fields named ``x.$`` are computed.

    Raises:
        TemplateError: A computed field does not parse.
    """
    evaluate = _part(template)
    return evaluate if callable(evaluate) else lambda _value, _strand: template


def _part(template: Any) -> Any:
    """Return an evaluator for *template*, or None when it computes nothing."""
    if isinstance(template, dict):
        return _object(template)
    if isinstance(template, list):
        parts = [_part(item) for item in template]
        if not any(parts):
            return None
        return lambda value, strand: [
            part(value, strand) if part else item for part, item in zip(parts, template, strict=True)
        ]
    return None


def _object(template: dict[str, Any]) -> Any:
    fields: list[tuple[str, Any, Any]] = []
    for key, item in template.items():
        if not key.endswith(".$"):
            fields.append((key, item, _part(item)))
            continue
        if not isinstance(item, str):
            raise TemplateError(
                f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
            )
        try:
            fields.append((key[:-2], None, compile_value(item, key)))
        except TemplateError:
            raise TemplateError(
                f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call",
                f"/{key}",
            ) from None
    if not any(part for _, _, part in fields):
        return None
    return lambda value, strand: {key: part(value, strand) if part else item for key, item, part in fields}


def compile_jsonata(template: Any, field: str) -> Evaluate:
    """Return an evaluator ``($states, strand) -> value`` for a JSONata template; *field* begins its locations.

    Raises:
        TemplateError: An expression does not parse.
    """
    evaluate = _jsonata_part(template, field)
    return evaluate if callable(evaluate) else lambda _states, _strand: template


def _jsonata_part(template: Any, field: str) -> Any:
    if jsonata.is_expression(template):
        try:
            expression = jsonata.Expression(template, field)
        except jsonata.ExpressionSyntaxError as error:
            raise TemplateError(str(error)) from None
        return lambda states, strand: expression.evaluate(strand, states)
    if isinstance(template, dict):
        fields = [(key, item, _jsonata_part(item, f"{field}/{key}")) for key, item in template.items()]
        if not any(part for _, _, part in fields):
            return None
        return lambda states, strand: {key: part(states, strand) if part else item for key, item, part in fields}
    if isinstance(template, list):
        parts = [_jsonata_part(item, f"{field}[{place}]") for place, item in enumerate(template)]
        if not any(parts):
            return None
        return lambda states, strand: [
            part(states, strand) if part else item for part, item in zip(parts, template, strict=True)
        ]
    return None
