"""Fields whose value is a number: a constant, the end of a path, or an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.dataflow import states
from shared.local.asl.errors import QueryFailure, RuntimeFailure, dumps
from shared.local.asl.languages.jsonata import Expression, is_expression, kind
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.strand import Strand


def number_field(
    spec: dict[str, Any], field: str, *, jsonata: bool, integer: bool
) -> Callable[[Strand, Any], int | float | None]:
    """Return a reader of the number *field*: a constant, ``fieldPath`` or an expression; None if absent."""
    given, path = spec.get(field), spec.get(f"{field}Path")
    if jsonata and is_expression(given):
        expression = Expression(str(given), field)
        return lambda strand, effective: _query_number(expression, strand, effective, integer=integer)
    if path is None:
        return lambda _strand, _effective: given
    read = compile_read(path)

    def evaluate(strand: Strand, effective: Any) -> int | float:
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


def _number(value: Any, *, integer: bool) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value) if integer and not isinstance(value, float) else float(value) if not integer else None
    except ValueError:
        return None


def _query_number(expression: Expression, strand: Strand, effective: Any, *, integer: bool) -> int | float:
    found = expression.evaluate(strand, states(strand, effective))
    expression.expect(found, "number")
    number: int | float = found
    if integer and not isinstance(number, int):
        raise QueryFailure(
            f"The JSONata expression '{expression.source}' specified for the field '{expression.field}' returned an "
            f"unexpected result type. Expected 'integer', but was '{kind(number)}' for value: {dumps(number)}",
            expression.field,
        )
    return number
