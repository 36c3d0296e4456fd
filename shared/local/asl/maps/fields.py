"""What a Map state is made of, inline or distributed: its processor, its items, and what each of them becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.local.asl.dataflow import states
from shared.local.asl.errors import QueryFailure, RuntimeFailure, dumps
from shared.local.asl.execution import Runnable
from shared.local.asl.languages.jsonata import Expression, is_expression
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.maps.items import Found
from shared.local.asl.payload import compile_field, compile_jsonata, compile_read
from shared.local.asl.reading import part, text_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.local.asl.evaluation import Evaluate
    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # From a strand and the state's effective input to the items.
    ReadItems = Callable[[Strand, Json], Sequence[Json]]


class Processor(Runnable, Protocol):
    """A machine that is run once for each item."""

    @property
    def states(self) -> Mapping[str, object]:
        """Its states by name."""


class Members(list["Json"]):
    """The members of an object, as the items of a distributed Map: their values.

    Args:
        found: The object.
    """

    def __init__(self, found: Mapping[str, Json]) -> None:
        super().__init__(found.values())
        self.keys = list(found)


def found_in(items: Sequence[Json]) -> Iterator[Found]:
    """Return an iterator of what is in *items*, which are state data."""
    return map(Found, items, items.keys) if isinstance(items, Members) else map(Found, items)


class MapFields:
    """The fields of one Map state, compiled.

    Args:
        name: The state's name.
        spec: Its definition, found valid.
        processor: Its compiled ItemProcessor.
        jsonata: Whether its query language is JSONata.
    """

    def __init__(self, name: str, spec: Spec, processor: Processor, *, jsonata: bool) -> None:
        self.name = name
        self.spec = spec
        self.processor = processor
        self.jsonata = jsonata
        config = part(part(spec, "ItemProcessor" if "ItemProcessor" in spec else "Iterator"), "ProcessorConfig")
        self.distributed = config.get("Mode") == "DISTRIBUTED"
        self.label = spec.get("Label")
        self.express = config.get("ExecutionType") == "EXPRESS"
        self.select = self._selector()
        self.items = self._items()

    def item_input(self, strand: Strand, effective: Json, item: Found, index: int) -> Json:
        """Return the input of the iteration for *item*, which is ``$$.Map.Item`` while the input is made."""
        if self.select is None:
            return item.whole
        outer = strand.swap_item(item.context(index))
        try:
            return self.select(states(strand, effective) if self.jsonata else effective, strand)
        finally:
            strand.swap_item(outer)

    def _selector(self) -> Evaluate | None:
        if "ItemSelector" in self.spec:
            return compile_field(self.spec, "ItemSelector", jsonata=self.jsonata)
        return compile_field(self.spec, "Parameters", jsonata=False)

    def _items(self) -> ReadItems:
        if self.jsonata:
            return self._query_items()
        path = text_or_none(self.spec, "ItemsPath") or "$"
        read = compile_read(path)

        def evaluate(strand: Strand, effective: Json) -> Sequence[Json]:
            try:
                found = read(effective, strand)
            except NoResultError as missing:
                raise RuntimeFailure(f"Invalid path '{path}' : {missing}") from None
            if isinstance(found, dict) and self.distributed:
                return Members(found)
            if not isinstance(found, list):
                shown = path[1:] if path.startswith("$$") else path  # as AWS shows a path into the context object
                raise RuntimeFailure(f'Reference path "{shown}" must point to array.')
            return found

        return evaluate

    def _query_items(self) -> ReadItems:
        given = self.spec.get("Items")
        if given is None:

            def from_input(_strand: Strand, effective: Json) -> Sequence[Json]:
                if isinstance(effective, dict) and self.distributed:
                    return Members(effective)
                if not isinstance(effective, list):
                    raise QueryFailure(f"Map state input must be an array but was: {dumps(effective)}", None)
                return effective

            return from_input
        template = compile_jsonata(given, "Items")
        expression = Expression(given, "Items") if is_expression(given) else None

        def evaluate(strand: Strand, effective: Json) -> Sequence[Json]:
            found = template(states(strand, effective), strand)
            if isinstance(found, dict) and self.distributed:
                return Members(found)
            if isinstance(found, list):
                return found
            if expression is not None:
                raise expression.unexpected("array", found)
            raise QueryFailure(f"Map state items must be an array but were: {dumps(found)}", None)

        return evaluate
