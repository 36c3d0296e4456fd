"""JSONata as Step Functions evaluates it: ``{% ... %}`` strings, ``$states``, variables, and AWS's own functions.

The library is imported when the first expression is compiled: a JSONPath workflow never pays for it.
"""

from __future__ import annotations

import json
import math
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from shared.local.asl.errors import QueryFailure, dumps
from shared.local.asl.names import new_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from shared.local.asl.evaluation import Surroundings
    from shared.values import Json

MAX_RANGE = 1000
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
# The random source of the evaluation under way. $random and $uuid are made once, for all evaluations.
_source: ContextVar[Random] = ContextVar("random")


class ExpressionSyntaxError(ValueError):
    """A JSONata expression that does not parse."""


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
    """

    __slots__ = ("compiled", "field", "source")

    def __init__(self, text: str, field: str) -> None:
        self.source = text[2:-2].strip()
        self.field = field
        jsonata, _ = _library()
        try:
            compiled = jsonata.Jsonata(self.source)
        except Exception as error:
            raise ExpressionSyntaxError(f"{self.source}: {_reason(error)}") from error
        if compiled.errors:
            raise ExpressionSyntaxError(f"{self.source}: {compiled.errors[0]}")
        compiled.set_output_convert_nulls(False)
        compiled.set_validate_input(False)
        self.compiled = compiled

    def evaluate(self, around: Surroundings, states: Json) -> Json:
        """Return the value for *states* (``$states``) and the variables *around* it.

        Raises:
            QueryFailure: The expression failed, gave nothing, or gave a function.
        """
        _, null = _library()
        bindings = {name: _nulls(value, null) for name, value in around.variables.visible().items()}
        bindings["states"] = _nulls(states, null)
        bindings.update(_functions())
        _source.set(around.random)
        try:
            found = self.compiled.evaluate(None, bindings)
        except RecursionError:
            raise self._thrown("D1011: Stack overflow error: Check for non-terminating recursive function") from None
        except Exception as error:
            raise self._thrown(_reason(error)) from error
        if found is None:
            raise QueryFailure(
                f"The JSONata expression '{self.source}' {self._place()} returned nothing (undefined).", self.field
            )
        return self._plain(found)

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
        return QueryFailure(
            f"The JSONata expression '{self.source}' {self._place()} threw an error during evaluation. {reason}",
            self.field,
        )

    def _plain(self, value: object) -> Json:
        """Return *value* as plain JSON, without JSONata's own null and sequences."""
        _, null = _library()
        if value is null:
            return None
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        if value is None or isinstance(value, (str, int)):
            return value
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self._thrown(f"D1001: Number out of range: {value}")
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        raise QueryFailure(
            f"The JSONata expression '{self.source}' {self._place()} returned an unsupported result type.", self.field
        )


def _nulls(value: object, null: object) -> object:
    """Return *value* with JSON's null as JSONata's; a value without a null is returned as it is, not copied."""
    if value is None:
        return null
    if isinstance(value, dict):
        changed = {key: new for key, item in value.items() if (new := _nulls(item, null)) is not item}
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_nulls(item, null) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _reason(error: Exception) -> str:
    """Return the library's error as AWS shows it: its code, then its words."""
    code = getattr(error, "error", None)
    text = str(error)
    return f"{code}: {text}" if code and not text.startswith(str(code)) else text


@cache
def _library() -> tuple[Any, Any]:
    from jsonata import jsonata, utils  # 40 ms that only JSONata workflows pay

    return jsonata, utils.Utils.NULL_VALUE


@cache
def _functions() -> Mapping[str, object]:
    """Return AWS's own functions as the library wants them, by name."""
    jsonata, null = _library()

    def register(function: Callable[..., object]) -> object:
        def call(*arguments: object) -> object:
            if any(argument is None for argument in arguments):
                return None
            return function(*(None if argument is null else argument for argument in arguments))

        return jsonata.Jsonata.JLambda(call)

    return {
        "partition": register(_partition),
        "range": register(_range),
        "hash": register(_hash),
        "random": register(_random),
        "uuid": register(lambda: new_uuid(_source.get())),
        "parse": register(_parse(null)),
    }


def _partition(given: object, size: float) -> list[list[object]]:
    items = given if isinstance(given, list) else [given]
    length = int(size)
    if length <= 0:
        raise ValueError("The chunk size must be a positive integer")
    return [list(items[at : at + length]) for at in range(0, len(items), length)]


def _range(first: float, last: float, step: float) -> list[float]:
    if step == 0:
        raise ValueError("The step must not be 0")
    count = math.floor((last - first) / step) + 1
    if count > MAX_RANGE:
        raise ValueError(f"The array must not hold more than {MAX_RANGE} items")
    return [first + step * place for place in range(max(count, 0))]


def _hash(data: object, algorithm: str) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"The algorithm must be one of {', '.join(_HASHES)}")
    text = data if isinstance(data, str) else dumps(data)
    import hashlib  # 5 ms that few workflows need

    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _random(*seed: float) -> float:
    source = _source.get()
    return (type(source)(seed[0]) if seed else source).random()


def _parse(null: object) -> Callable[[str], object]:
    def parse(text: str) -> object:
        value: Json = json.loads(text)
        return null if value is None else value

    return parse
