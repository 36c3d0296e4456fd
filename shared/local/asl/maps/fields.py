"""What a Map state is made of, inline or distributed: its processor, its items, and what each of them becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shared.local.asl.dataflow import states
from shared.local.asl.errors import QueryFailure, RuntimeFailure, dumps
from shared.local.asl.execution import Runs
from shared.local.asl.languages.jsonata import Expression, is_expression
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_jsonata, compile_read, compile_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.strand import Strand


class Processor(Runs, Protocol):
    """A machine that is run once for each item."""

    @property
    def states(self) -> Mapping[str, Any]:
        """Its states by name."""


class MapFields:
    """The fields of one Map state, compiled.

    Args:
        name: The state's name.
        spec: Its definition, found valid.
        processor: Its compiled ItemProcessor.
        jsonata: Whether its query language is JSONata.
    """

    def __init__(self, name: str, spec: dict[str, Any], processor: Processor, *, jsonata: bool) -> None:
        self.name = name
        self.spec = spec
        self.processor = processor
        self.jsonata = jsonata
        config = spec["ItemProcessor" if "ItemProcessor" in spec else "Iterator"].get("ProcessorConfig", {})
        self.distributed = config.get("Mode") == "DISTRIBUTED"
        self.label: str | None = spec.get("Label")
        self.express = config.get("ExecutionType") == "EXPRESS"
        self.select = self._selector()
        self.items = self._items()

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
            if isinstance(found, dict) and self.distributed:
                return [{"Key": key, "Value": item} for key, item in found.items()]
            if expression is not None:
                expression.expect(found, "array")
            items: list[Any] = found
            return items

        return evaluate
