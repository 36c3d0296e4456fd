"""ItemBatcher: items are gathered into batches, which are bounded by number and by bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.dataflow import states
from shared.local.asl.errors import RuntimeFailure, dumps
from shared.local.asl.number_fields import number_field
from shared.local.asl.payload import compile_field
from shared.local.asl.size import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Batcher:
    """A compiled ItemBatcher field."""

    def __init__(self, spec: Spec, *, jsonata: bool) -> None:
        self.jsonata = jsonata
        self.items = number_field(spec, "MaxItemsPerBatch", jsonata=jsonata, integer=True)
        self.bytes = number_field(spec, "MaxInputBytesPerBatch", jsonata=jsonata, integer=True)
        self.input = compile_field(spec, "BatchInput", jsonata=jsonata, within="ItemBatcher")

    def begin(self, strand: Strand, effective: Json) -> Batches:
        """Return the batches of one run over the state's *effective* input, none yet.

        Raises:
            RuntimeFailure: A limit is not positive.
        """
        limits = [self.items(strand, effective), self.bytes(strand, effective)]
        for name, limit in zip(("MaxItemsPerBatch", "MaxInputBytesPerBatch"), limits, strict=True):
            if limit is not None and limit <= 0:
                raise RuntimeFailure(f"field {name} must be positive")
        shared: Json = None
        if self.input is not None:
            shared = self.input(states(strand, effective) if self.jsonata else effective, strand)
        items, most = limits
        return Batches(int(items) if items else None, min(int(most or MAX_BYTES), MAX_BYTES), shared)


def _size(item: Json) -> int:
    return len(dumps(item).encode(errors="replace")) + 1


class Batches:
    """The batches of one run."""

    def __init__(self, most_items: int | None, most_bytes: int, shared: Json) -> None:
        self.most_items = most_items
        self.most_bytes = most_bytes
        self.shared = shared
        self.empty = len(dumps(self._input([])).encode(errors="replace"))
        self.items: list[Json] = []
        self.size = self.empty

    def _input(self, items: list[Json]) -> dict[str, Json]:
        return {"Items": items} if self.shared is None else {"BatchInput": self.shared, "Items": items}

    def add(self, item: Json) -> Iterator[tuple[dict[str, Json], int]]:
        """Take *item*; yield the batch it no longer fits in, and the one it fills, each with its number of items.

        Raises:
            RuntimeFailure: The item alone is larger than a batch may be.
        """
        size = _size(item)
        if self.empty + size > self.most_bytes:
            raise RuntimeFailure(f"An item of {size} bytes does not fit in a batch of {self.most_bytes} bytes.")
        if self.items and self.size + size > self.most_bytes:
            yield from self.rest()
        self.items.append(item)
        self.size += size
        if len(self.items) == self.most_items:
            yield from self.rest()

    def hold(self, items: Sequence[Json]) -> None:
        """Hold *items*, which had gathered before and fill no batch."""
        for item in items:
            self.items.append(item)
            self.size += _size(item)

    def rest(self) -> Iterator[tuple[dict[str, Json], int]]:
        """Yield what has gathered, if anything has, and the number of items in it."""
        if self.items:
            items, self.items, self.size = self.items, [], self.empty
            yield self._input(items), len(items)
