"""What a mocked Map state makes of its input: its items, what each becomes, and the limits that it runs under."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from shared.local.asl.errors import ITEM_READER, StateFailure
from shared.local.asl.maps.fields import found_in
from shared.local.asl.maps.items import Found
from shared.local.asl.reading import part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.local.asl.engine import Engine
    from shared.local.asl.maps.readers import Reader
    from shared.local.asl.states.map import Map
    from shared.local.asl.strand import Strand
    from shared.values import Json

_PER_CENT = 100
_PACKED = re.compile(r"\.(gz|gzip|zst|zstd)$", re.IGNORECASE)  # a request holds text, so nothing is packed in it


class Tolerance(NamedTuple):
    """How many failed iterations a Map tolerates.

    Attributes:
        most: So many, None for no such limit.
        per_cent: So many per cent of them, None for no such limit.
        items: The number of iterations, None where nothing tells it.
    """

    most: float | None
    per_cent: float | None
    items: int | None

    def exceeded(self, failed: int) -> bool:
        """Tell whether so many *failed* iterations are too many. Recorded answers tell: none are, without a limit."""
        if self.most is not None and failed > self.most:
            return True
        if self.per_cent is None or self.items is None:
            return False
        return failed * _PER_CENT > self.per_cent * self.items


def look_at_map(state: Map, strand: Strand, value: Json, data: str | None, seen: dict[str, Json]) -> Tolerance:
    """Note in *seen* what *state* makes of its input *value*, and return what failures it tolerates.

    Args:
        state: The Map.
        strand: What tests it.
        value: The raw input.
        data: What its ItemReader reads, as it lies in S3; None for none.
        seen: Takes values by TestState's names, as far as all goes well.

    Raises:
        StateFailure: Something cannot be evaluated, or the items are none.
    """
    effective = state.flow.read(strand, value)
    items = _items(state, strand, effective, data)
    if items is not None:
        if data is None:
            seen["afterItemsPath"] = [item.whole for item in items]
        elif "ItemsPointer" in part(part(state.spec, "ItemReader"), "ReaderConfig"):
            seen["afterItemsPointer"] = [item.whole for item in items]
        _look_at_iterations(state, strand, effective, items, seen)
    seen["maxConcurrency"] = int(state.concurrency(strand, effective) or 0)
    count, percentage = tolerated(state, strand, effective)
    if count is not None:
        seen["toleratedFailureCount"] = int(count)
    if percentage is not None:
        seen["toleratedFailurePercentage"] = float(percentage)
    return Tolerance(count, percentage, None if items is None else len(items))


def tolerated(state: Map, strand: Strand, effective: Json) -> tuple[float | None, float | None]:
    """Return how many failed items *state* tolerates and how many per cent, None for no such limit.

    Raises:
        StateFailure: One of both cannot be evaluated.
    """
    run = state.distributed
    if run is None:
        return None, None
    return run.tolerated_count(strand, effective), run.tolerated_percentage(strand, effective)


def _look_at_iterations(
    state: Map, strand: Strand, effective: Json, items: Sequence[Found], seen: dict[str, Json]
) -> None:
    """Note what each iteration is given, and what each batch."""
    fields, batcher = state.fields, state.distributed.batcher if state.distributed else None
    if fields.select is None and batcher is None:
        return
    given = [fields.item_input(strand, effective, item, index) for index, item in enumerate(items)]
    if fields.select is not None:
        seen["afterItemSelector"] = given
    if batcher is not None:
        batches = batcher.begin(strand, effective)
        made = [batch for item in given for batch, _ in batches.add(item)]
        seen["afterItemBatcher"] = [*made, *(batch for batch, _ in batches.rest())]


def _items(state: Map, strand: Strand, effective: Json, data: str | None) -> Sequence[Found] | None:
    """Return the items; None where a reader's are not known, since the request tells neither them nor its data."""
    reader = state.distributed.reader if state.distributed else None
    if reader is None:
        return list(found_in(state.fields.items(strand, effective)))
    if data is not None:
        return _read(reader, strand, effective, data)
    # The data may be the input, as if it had been read already: so says the Developer Guide.
    if isinstance(effective, list) or "ItemsPath" in state.spec:
        return list(found_in(state.fields.items(strand, effective)))
    return None


def _read(reader: Reader, strand: Strand, effective: Json, data: str) -> Sequence[Found]:
    """Return the items that *reader* finds in *data*."""
    source = reader.source(strand, effective)
    if reader.kind == "PARQUET" or reader.manifest is not None or reader.flattens:
        cause = "The embedded cloud does not read mapItemReaderData of several files or as PARQUET, though AWS may"
        raise StateFailure(ITEM_READER, f"{cause}: leave it out.")
    if reader.listing:
        return _listed(data)
    unpacked = {**source.parameters, "Key": _PACKED.sub("", str(source.parameters.get("Key", "")))}
    return list(reader.open(cast("Engine", _Given(data)), source._replace(parameters=unpacked)))


def _listed(data: str) -> list[Found]:
    """Return what a listing as JSON lists: an array, or S3's answer with its Contents."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StateFailure(ITEM_READER, "The listing is not JSON.") from error
    entries = found.get("Contents") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise StateFailure(ITEM_READER, "The listing is no array of objects.")
    return [Found(entry) for entry in entries]


class _Given:
    """Stands for an engine whose S3 has one object."""

    def __init__(self, data: str) -> None:
        self.services = self
        self._data = data.encode()

    def client(self, *_: str) -> _Given:
        """Return what reads the object."""
        return self

    def get_object(self, **_: str) -> dict[str, Any]:
        """Return the object."""
        return {"Body": io.BytesIO(self._data)}
