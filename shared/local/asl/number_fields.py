"""Fields whose value is a number: a constant, what a path leads to, or an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shared.local.asl.dataflow import states
from shared.local.asl.errors import RuntimeFailure, dumps
from shared.local.asl.languages.jsonata import Expression, is_expression
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_read
from shared.local.asl.reading import number_or_none, text_or_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json

    ReadNumber: TypeAlias = Callable[[Strand, Json], float | None]


def number_field(spec: Spec, field: str, *, jsonata: bool, integer: bool) -> ReadNumber:
    """Return a reader of the number *field*: a constant, ``fieldPath`` or an expression; None if absent."""
    given, path = spec.get(field), text_or_none(spec, f"{field}Path")
    if jsonata and is_expression(given):
        expression = Expression(given, field)
        return lambda strand, effective: _query_number(expression, strand, effective, integer=integer)
    if path is None:
        constant = number_or_none(spec, field)
        return lambda _strand, _effective: constant
    read = compile_read(path)

    def evaluate(strand: Strand, effective: Json) -> float:
        try:
            found = read(effective, strand)
        except NoResultError as missing:
            raise RuntimeFailure(f"Invalid path '{path}' : {missing}") from None
        number = _number(found, integer=integer)
        if number is None:
            shown = found if isinstance(found, str) else dumps(found)
            wanted = "integer" if integer else "float"
            raise RuntimeFailure(
                f'The {field}Path field refers to value "{shown}" which is not a valid {wanted}: {path}'
            )
        return number

    return evaluate


def _number(value: Json, *, integer: bool) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value) if integer and not isinstance(value, float) else float(value) if not integer else None
    except ValueError:
        return None


def _query_number(expression: Expression, strand: Strand, effective: Json, *, integer: bool) -> float:
    found = expression.number(strand, states(strand, effective))
    if integer and not isinstance(found, int):
        raise expression.unexpected("integer", found)
    return found
