"""Payload templates, compiled once: what Parameters, Arguments, Output and Assign hold.

A template becomes a function ``(value, strand) -> value``. A part with nothing to compute is a constant, which is
handed out as it is: nobody ever writes into a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shared.local.asl.errors import RuntimeFailure, dumps
from shared.local.asl.languages import intrinsics, jsonata
from shared.local.asl.languages.jsonpath import NoResultError, PathSyntaxError, compile_path
from shared.local.asl.reading import members

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.evaluation import Evaluate, Surroundings
    from shared.local.asl.reading import Spec
    from shared.values import Json

    EvaluateMembers: TypeAlias = Callable[[Json, Surroundings], dict[str, Json]]


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
        if path.keys is not None:  # nothing to search: it costs no more than its length
            return (lambda value, _around: read(value)) if path.keys else (lambda value, _around: value)
        return lambda value, around: read(value, around.budget.spend)
    if source == "$$":
        return lambda _value, around: read(around.context(), around.budget.spend)
    name = source[1:]
    if not name.isidentifier():
        raise PathSyntaxError(f"{name!r} is no variable's name")

    def variable(_value: Json, around: Surroundings) -> Json:
        try:
            held = around.variables.look_up(name)
        except KeyError:
            raise NoResultError(f"No results for variable {source}") from None
        return read(held, around.budget.spend)

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

    def evaluate(value: Json, around: Surroundings) -> Json:
        try:
            return read(value, around)
        except NoResultError:
            where = f"specified for the field '{field}' could not be found in the input '{dumps(value)}'"
            raise RuntimeFailure(f"The JSONPath '{text}' {where}") from None

    return evaluate


def compile_field(spec: Spec, name: str, *, jsonata: bool, within: str = "") -> Evaluate | None:
    """Return an evaluator for the template in the field *name* of *spec*, or None when it is not there.

    Args:
        spec: A state, or a part of one, that was found valid.
        name: The field.
        jsonata: Whether the query language is JSONata.
        within: The field that *spec* itself stands in; locations of failed JSONata expressions begin with it.
    """
    if name not in spec:
        return None
    if jsonata:
        return compile_jsonata(spec[name], f"{within}/{name}" if within else name)
    return compile_template(spec[name])


def compile_assign(spec: Spec, *, jsonata: bool, within: str = "") -> EvaluateMembers | None:
    """Return an evaluator for the variables that *spec* assigns, or None when it assigns none."""
    evaluate = compile_field(spec, "Assign", jsonata=jsonata, within=within)
    return None if evaluate is None else lambda value, around: members(evaluate(value, around))


def compile_template(template: Json) -> Evaluate:
    """Return an evaluator for a JSONPath payload template: fields named ``x.$`` are computed.

    Raises:
        TemplateError: A computed field does not parse.
    """
    return _part(template) or _constant(template)


def _constant(value: Json) -> Evaluate:
    return lambda _value, _around: value


def _part(template: Json) -> Evaluate | None:
    """Return an evaluator for *template*, or None when it computes nothing."""
    if isinstance(template, dict):
        return _members([_field(key, item) for key, item in template.items()])
    if isinstance(template, list):
        return _items(template, [_part(item) for item in template])
    return None


def _field(key: str, item: Json) -> tuple[str, Json, Evaluate | None]:
    """Return what a template's field becomes: its name, and its value or the evaluator that makes it."""
    if not key.endswith(".$"):
        return key, item, _part(item)
    message = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(item, str):
        raise TemplateError(message)
    try:
        return key[:-2], None, compile_value(item, key)
    except TemplateError:
        raise TemplateError(message, f"/{key}") from None


def _members(fields: list[tuple[str, Json, Evaluate | None]]) -> Evaluate | None:
    """Return an evaluator for an object of *fields*, or None when none of them is computed."""
    if not any(part for _, _, part in fields):
        return None
    return lambda value, around: {key: part(value, around) if part else item for key, item, part in fields}


def _items(items: list[Json], parts: list[Evaluate | None]) -> Evaluate | None:
    """Return an evaluator for an array, some *items* of which may have evaluators among *parts*; None if none has."""
    if not any(parts):
        return None
    return lambda value, around: [
        part(value, around) if part else item for part, item in zip(parts, items, strict=True)
    ]


def compile_jsonata(template: Json, field: str) -> Evaluate:
    """Return an evaluator ``($states, strand) -> value`` for a JSONata template; *field* begins its locations.

    Raises:
        TemplateError: An expression does not parse.
    """
    return _jsonata_part(template, field) or _constant(template)


def _jsonata_part(template: Json, field: str) -> Evaluate | None:
    if jsonata.is_expression(template):
        try:
            expression = jsonata.Expression(template, field)
        except jsonata.ExpressionSyntaxError as error:
            raise TemplateError(str(error)) from None
        return lambda states, around: expression.evaluate(around, states)
    if isinstance(template, dict):
        return _members([(key, item, _jsonata_part(item, f"{field}/{key}")) for key, item in template.items()])
    if isinstance(template, list):
        return _items(template, [_jsonata_part(item, f"{field}[{place}]") for place, item in enumerate(template)])
    return None
