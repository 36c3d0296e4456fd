"""The order of a table's or an index's items: by hash key, then range key, then the table's own key.

A list of keys in order is kept beside the items, so a page is found in the time that a search by halves takes.
"""

from __future__ import annotations

import base64
import bisect
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from moto.dynamodb.models.dynamo_type import DynamoType, Item
    from moto.dynamodb.models.table import Table

    Key = tuple[object, ...]


class WrongTypeError(Exception):
    """A value has not the type that the key is declared with."""


class Order(NamedTuple):
    """By which attributes items are in order.

    Attributes:
        hashes: Those of the hash key; there may be several in an index.
        ranges: Those of the range key.
        ties: Those of the table's own key, which tell apart items that are alike in an index.
        types: The declared type of each attribute, by its name.
    """

    hashes: tuple[str, ...]
    ranges: tuple[str, ...]
    ties: tuple[str, ...]
    types: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """All attributes, in order."""
        return (*self.hashes, *self.ranges, *self.ties)

    def key(self, attributes: Mapping[str, DynamoType]) -> Key | None:
        """Return the key of an item, or None if it is not in this order: it lacks an attribute of an index."""
        try:
            return tuple(self.value(name, attributes[name]) for name in self.names)
        except (KeyError, WrongTypeError):
            return None

    def value(self, name: str, attribute: DynamoType) -> object:
        """Return what stands for a value of the attribute *name* in the order.

        Raises:
            WrongTypeError: It has another type.
        """
        declared = self.types.get(name, attribute.type)
        if attribute.type != declared:
            raise WrongTypeError(name)
        if declared == "N":
            return Decimal(attribute.value)
        if declared == "B":
            return base64.b64decode(attribute.value) if isinstance(attribute.value, str) else bytes(attribute.value)
        return attribute.value


def order_of(table: Table, schema: Iterable[Mapping[str, str]]) -> Order:
    """Return the order of a key *schema* of *table*: the table's own, or that of an index."""
    keys = list(schema)
    hashes = tuple(key["AttributeName"] for key in keys if key["KeyType"] == "HASH")
    ranges = tuple(key["AttributeName"] for key in keys if key["KeyType"] == "RANGE")
    ties = tuple(name for name in table.table_key_attrs if name not in (*hashes, *ranges))
    types = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
    types[table.hash_key_attr] = table.hash_key_type
    if table.range_key_attr and table.range_key_type:
        types[table.range_key_attr] = table.range_key_type
    return Order(hashes, ranges, ties, types)


class Items:
    """The items of a table or an index in order. Its lock is the table's."""

    def __init__(self, order: Order, items: Iterable[Item]) -> None:
        self.order = order
        pairs = [(key, item) for item in items if (key := order.key(item.attrs)) is not None]
        pairs.sort(key=lambda pair: pair[0])
        self._keys: list[Key] = [key for key, _ in pairs]
        self._items: list[Item] = [item for _, item in pairs]

    def change(self, before: Item | None, after: Item | None) -> None:
        """Take *before* out and *after* in."""
        old = self.order.key(before.attrs) if before is not None else None
        new = self.order.key(after.attrs) if after is not None else None
        if old is not None and old != new:
            at = bisect.bisect_left(self._keys, old)
            if at < len(self._keys) and self._keys[at] == old:
                del self._keys[at], self._items[at]
        if new is not None and after is not None:
            at = bisect.bisect_left(self._keys, new)
            if at < len(self._keys) and self._keys[at] == new:
                self._items[at] = after
            else:
                self._keys.insert(at, new)
                self._items.insert(at, after)

    def between(
        self, bounds: Bounds, beyond: Key | None, *, descending: bool = False, most: int | None = None
    ) -> list[Item]:
        """Return the items within *bounds* that come after *beyond*, in order, and no more than *most*."""
        first = bisect.bisect_left(self._keys, bounds.low)
        last = bisect.bisect_left(self._keys, bounds.high)
        if beyond is not None and descending:
            last = min(last, bisect.bisect_left(self._keys, beyond))
        elif beyond is not None:
            first = max(first, bisect.bisect_right(self._keys, beyond))
        if descending:
            first = first if most is None else max(first, last - most)
            return self._items[first:last][::-1]
        last = last if most is None else min(last, first + most)
        return self._items[first:last]


class _End:
    """Comes after all values; with a *prefix*, after all that begin with it, and before those behind them."""

    def __init__(self, prefix: str | bytes | None = None) -> None:
        self._prefix = prefix

    def __gt__(self, other: object) -> bool:
        prefix = self._prefix
        if isinstance(prefix, str) and isinstance(other, str):
            return other < prefix or other.startswith(prefix)
        if isinstance(prefix, bytes) and isinstance(other, bytes):
            return other < prefix or other.startswith(prefix)
        return True

    def __lt__(self, other: object) -> bool:
        return not self > other


class Bounds(NamedTuple):
    """From which key on, and up to which one that is not among them."""

    low: Key
    high: Key


EVERYTHING = Bounds((), (_End(),))
"""All items."""


def bounds(before: Sequence[object], comparison: str | None, values: Sequence[object]) -> Bounds:
    """Return the bounds of items that begin with the values *before* and whose next one compares so with *values*."""
    prefix = tuple(before)
    whole = Bounds(prefix, (*prefix, _End()))
    if comparison is None:
        return whole
    value = values[0]
    at = (*prefix, value)
    behind = (*at, _End())
    name = _NAMES.get(comparison.upper(), comparison.upper())
    if name == "BEGINS_WITH" and isinstance(value, (str, bytes)):
        return Bounds(at, (*prefix, _End(value)))
    found = {
        "=": Bounds(at, behind),
        "<": Bounds(prefix, at),
        "<=": Bounds(prefix, behind),
        ">": Bounds(behind, whole.high),
        ">=": Bounds(at, whole.high),
        "BETWEEN": Bounds(at, (*prefix, values[-1], _End())),
    }.get(name)
    if found is None:
        raise ValueError(comparison)
    return found


_NAMES = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
