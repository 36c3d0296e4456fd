"""JSONata as Step Functions evaluates it: ``{% ... %}`` strings, ``$states``, and variables.

The modules beside this one: ``jsonata_parser`` (text to tree), ``jsonata_references`` (what a tree reads),
``jsonata_evaluator`` (tree to value) with ``jsonata_paths`` and ``jsonata_operators``, ``jsonata_functions`` and
``jsonata_aws`` (the functions), ``jsonata_regex``, ``jsonata_pictures``, ``jsonata_signature``, and what all share:
``jsonata_values``, ``jsonata_sequences``, ``jsonata_frames``. The evaluator is imported when the first expression is
compiled: a JSONPath workflow never pays for it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from shared.local.asl.budget import TOO_DEEP
from shared.local.asl.errors import QueryFailure, dumps
from shared.local.asl.languages.jsonata_parser import ExpressionSyntaxError, parse
from shared.local.asl.languages.jsonata_references import top_level_references
from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, normal, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.budget import Budget
    from shared.local.asl.evaluation import Surroundings
    from shared.values import Json

__all__ = ["Expression", "ExpressionSyntaxError", "is_expression", "kind", "top_level_references"]


def is_expression(value: object) -> TypeGuard[str]:
    """Tell whether *value* is a ``{% ... %}`` string."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def kind(value: object) -> str:
    """Return the name AWS gives the type of *value*."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names.get(type(value), "function")


class Expression:
    """One compiled expression.

    Args:
        text: The source with its ``{% %}``.
        field: Where it stands, such as ``Output/result``; AWS calls it the location.

    Raises:
        ExpressionSyntaxError: It does not parse.
    """

    __slots__ = ("field", "source", "tree")

    def __init__(self, text: str, field: str) -> None:
        self.source = text[2:-2].strip()
        self.field = field
        self.tree = parse(self.source)

    def evaluate(self, around: Surroundings, states: Json) -> Json:
        """Return the value for *states* (``$states``) and the variables *around* it.

        Raises:
            QueryFailure: The expression failed, cost too much, gave nothing, or gave a function.
        """
        run, functions = _evaluator()
        budget = around.budget
        budget.renew()
        bindings = {**around.variables.visible(), "states": states}
        try:
            found = run(around, self.tree, functions, bindings)
            plain = None if found is UNDEFINED else _plain(found, budget)
        except EvaluationError as error:
            raise self._thrown(f". {error}") from None
        except QueryFailure as costly:
            raise self._thrown(f": {costly.cause}") from None
        except RecursionError:  # a value that holds itself so often, not a function
            raise self._thrown(f": {TOO_DEEP}") from None
        except _UnsupportedError:
            raise QueryFailure(
                f"The JSONata expression '{self.source}' {self._place()} returned an unsupported result type.",
                self.field,
            ) from None
        if found is UNDEFINED:
            raise QueryFailure(
                f"The JSONata expression '{self.source}' {self._place()} returned nothing (undefined).", self.field
            )
        return plain

    def number(self, around: Surroundings, states: Json) -> float:
        """Evaluate, and return a number.

        Raises:
            QueryFailure: The expression failed, or gave something else.
        """
        found = self.evaluate(around, states)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise self.unexpected("number", found)
        return found

    def unexpected(self, wanted: str, value: Json) -> QueryFailure:
        """Return the failure for *value*, a result of this expression where one of the type *wanted* is needed."""
        return QueryFailure(
            f"The JSONata expression '{self.source}' {self._place()} returned an unexpected result type. "
            f"Expected '{wanted}', but was '{kind(value)}' for value: {dumps(value)}",
            self.field,
        )

    def _place(self) -> str:
        return f"specified for the field '{self.field}'"

    def _thrown(self, reason: str) -> QueryFailure:
        """Return the failure for an error; AWS puts a full stop before one with a code, a colon before one without."""
        return QueryFailure(
            f"The JSONata expression '{self.source}' {self._place()} threw an error during evaluation{reason}",
            self.field,
        )


class _UnsupportedError(Exception):
    """A value that is no JSON: a function."""


def _plain(value: Any, budget: Budget) -> Json:
    """Return *value* as JSON; AWS gives a number that is not finite as a text."""
    budget.spend()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return (normal(value) or 0) if math.isfinite(value) else number_text(value)
    if isinstance(value, dict):
        return {key: _plain(item, budget) for key, item in value.items() if item is not UNDEFINED}
    if isinstance(value, list):
        return [None if item is UNDEFINED else _plain(item, budget) for item in value]
    raise _UnsupportedError


@cache
def _evaluator() -> tuple[Callable[..., Any], Mapping[str, Any]]:
    from shared.local.asl.languages.jsonata_evaluator import Evaluator
    from shared.local.asl.languages.jsonata_functions import functions

    def run(around: Surroundings, tree: Any, known: Mapping[str, Any], bindings: Mapping[str, Any]) -> Any:
        return Evaluator(around.budget, around.random, around.now()).run(tree, known, bindings, UNDEFINED)

    return run, functions()
