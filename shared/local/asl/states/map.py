"""Map: its processor once for each item, inline or as a distributed run of child executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.dataflow import states
from shared.local.asl.errors import QueryFailure, RuntimeFailure, dumps
from shared.local.asl.jsonata import Expression, is_expression, kind
from shared.local.asl.jsonpath import NoResultError
from shared.local.asl.map_distributed import Distributed
from shared.local.asl.map_inline import run_inline
from shared.local.asl.payload import compile_jsonata, compile_read, compile_template
from shared.local.asl.retry import Recovery
from shared.local.asl.states.base import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from shared.local.asl.machine import Machine
    from shared.local.asl.strand import Effect, Strand


class Map(State):
    """Maps."""

    simple = False
    # Parameters is the old name of ItemSelector: it is applied to each item, not to the input.
    parameters = ""

    def __init__(self, name: str, spec: dict[str, Any], *, jsonata: bool) -> None:
        from shared.local.asl.machine import Machine  # noqa: PLC0415  a machine has states, a processor is a machine

        super().__init__(name, spec, jsonata=jsonata)
        processor: dict[str, Any] = spec["ItemProcessor"] if "ItemProcessor" in spec else spec["Iterator"]
        self.processor: Machine = Machine(processor, jsonata=jsonata)
        self.config: dict[str, Any] = processor.get("ProcessorConfig", {})
        self.concurrency = number_field(spec, "MaxConcurrency", jsonata=jsonata, integer=True)
        self.select = self._selector()
        self.items = self._items()
        self.distributed = Distributed(self) if self.config.get("Mode") == "DISTRIBUTED" else None
        self.recovery = Recovery(self)

    def run(self, strand: Strand, value: Any) -> Generator[Effect | None, Any, tuple[Any, str | None]]:
        """Map over the items."""
        return (yield from self.recovery.run(strand, value, self._attempt, "MapStateFailed"))

    def _attempt(self, strand: Strand, value: Any) -> Generator[Effect | None, Any, tuple[Any, str | None]]:
        effective = self.flow.read(strand, value)
        concurrency = self.concurrency(strand, effective) or 0
        if concurrency < 0:
            raise RuntimeFailure("MaxConcurrency cannot be negative.")
        if self.distributed is not None:
            results = yield from self.distributed.run(strand, effective, concurrency)
        else:
            results = yield from run_inline(self, strand, effective, concurrency)
        return self.leave(strand, value, results)

    def item_input(self, strand: Strand, effective: Any, item: dict[str, Any]) -> Any:
        """Return the input of the iteration for *item*, what ``$$.Map.Item`` is."""
        if self.select is None:
            return item["Value"]
        outer, strand.item = strand.item, item
        try:
            return self.select(states(strand, effective) if self.jsonata else effective, strand)
        finally:
            strand.item = outer

    def _selector(self) -> Callable[[Any, Any], Any] | None:
        spec = self.spec
        if "ItemSelector" not in spec:
            return compile_template(spec["Parameters"]) if "Parameters" in spec else None
        if self.jsonata:
            return compile_jsonata(spec["ItemSelector"], "ItemSelector")
        return compile_template(spec["ItemSelector"])

    def _items(self) -> Callable[[Strand, Any], list[Any]]:
        if self.jsonata:
            return self._query_items()
        path = self.spec.get("ItemsPath", "$")
        read = compile_read(path)

        def evaluate(strand: Strand, effective: Any) -> list[Any]:
            try:
                found = read(effective, strand)
            except NoResultError as missing:
                raise RuntimeFailure(f"Invalid path '{path}' : {missing}") from None
            if not isinstance(found, list):
                raise RuntimeFailure(f'Reference path "{path}" must point to array.')
            return found

        return evaluate

    def _query_items(self) -> Callable[[Strand, Any], list[Any]]:
        given = self.spec.get("Items")
        if given is None:

            def from_input(_strand: Strand, effective: Any) -> list[Any]:
                if not isinstance(effective, list):
                    raise QueryFailure(f"Map state input must be an array but was: {dumps(effective)}", None)
                return effective

            return from_input
        template = compile_jsonata(given, "Items")
        expression = Expression(str(given), "Items") if is_expression(given) else None

        def evaluate(strand: Strand, effective: Any) -> list[Any]:
            found = template(states(strand, effective), strand)
            if isinstance(found, dict) and self.distributed is not None:
                return [{"Key": key, "Value": item} for key, item in found.items()]
            if expression is not None:
                expression.expect(found, "array")
            items: list[Any] = found
            return items

        return evaluate


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
