"""What is kept beside each of moto's tables: a lock, its items in order, and its indexes, made when first asked for.

moto's own dictionary of a table's items stays what is true. Items in it are never changed, but replaced, so whoever has
one may read it without the lock.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from moto.dynamodb.models.dynamo_type import DynamoType

from shared.local.dynamodb.order import Items, order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from moto.dynamodb.models.dynamo_type import Item
    from moto.dynamodb.models.table import Table


class ItemKey(NamedTuple):
    """The key of an item in its table: the range is None in a table without one."""

    hash: DynamoType
    range: DynamoType | None


if TYPE_CHECKING:
    Listener = Callable[[Table, ItemKey, Item | None], None]


class _Change(NamedTuple):
    """What one item was before a transaction changed it."""

    table: Table
    key: ItemKey
    before: Item | None


class _Beside:
    """What is kept beside a table."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.items: dict[str | None, Items] = {}  # None: the table's own order


_beside: weakref.WeakKeyDictionary[Table, _Beside] = weakref.WeakKeyDictionary()
_making = threading.Lock()
_listeners: list[Listener] = []
_undo: ContextVar[list[_Change] | None] = ContextVar("undo", default=None)


@contextlib.contextmanager
def watch(listener: Listener) -> Iterator[None]:
    """Tell *listener* of each item that is changed while the block lasts: its table, its key, and it or None.

    It is told in the thread that changes the item, while the table is locked, whatever changes it. A transaction that
    is rolled back tells of each of its changes, and then of what it restores. The item may be kept: it does not change.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextlib.contextmanager
def locked(tables: Iterable[Table]) -> Iterator[None]:
    """Let nobody else change or list *tables* while the block lasts."""
    with contextlib.ExitStack() as held:
        for table in sorted({id(each): each for each in tables}.values(), key=lambda each: each.table_arn):
            held.enter_context(_of(table).lock)
        yield


def in_order(table: Table, index: str | None = None) -> Items:
    """Return the items of a locked *table*, or of its *index*, in order."""
    beside = _of(table)
    found = beside.items.get(index)
    if found is None:
        schema = table.schema if index is None else table.get_index(index).schema
        found = beside.items[index] = Items(order_of(table, schema), every(table))
    return found


def forget_indexes(table: Table) -> None:
    """Make the indexes of *table* anew when they are asked for: they are others now."""
    with locked([table]):
        _of(table).items.clear()


def every(table: Table) -> Iterator[Item]:
    """Yield the items of *table*."""
    for held in table.items.values():
        if table.range_key_attr:
            yield from held.values()
        else:
            yield held


def key_of(table: Table, attributes: Mapping[str, object]) -> ItemKey | None:
    """Return the key that *attributes* (in the form of the protocol) are of, or None if they lack a part of it."""
    hash_value, range_value = attributes.get(table.hash_key_attr), attributes.get(table.range_key_attr or "")
    if not isinstance(hash_value, dict) or (table.range_key_attr and not isinstance(range_value, dict)):
        return None
    return ItemKey(DynamoType(hash_value), DynamoType(range_value) if isinstance(range_value, dict) else None)


def find(table: Table, key: ItemKey) -> Item | None:
    """Return the item of a *key*, if there is one."""
    held = table.items.get(key.hash)
    if key.range is None or held is None:
        item: Item | None = held
        return item
    return held.get(key.range)


def put(table: Table, key: ItemKey, item: Item | None) -> None:
    """Put *item* at a *key* of a locked *table*, or nothing, and tell nobody."""
    if key.range is None:
        if item is None:
            table.items.pop(key.hash, None)
        else:
            table.items[key.hash] = item
        return
    if item is not None:
        table.items[key.hash][key.range] = item
    elif key.hash in table.items:
        table.items[key.hash].pop(key.range, None)
        drop_empty(table, key)


def drop_empty(table: Table, key: ItemKey) -> None:
    """Let go what moto keeps for a hash key without items."""
    if key.range is not None and not table.items.get(key.hash, True):
        del table.items[key.hash]


def changed(table: Table, key: ItemKey, before: Item | None, after: Item | None) -> None:
    """Note that an item of a locked *table* was changed, and tell all who listen."""
    for items in _of(table).items.values():
        items.change(before, after)
    undo = _undo.get()
    if undo is not None:
        undo.append(_Change(table, key, before))
    for listener in _listeners:
        listener(table, key, after)


@contextlib.contextmanager
def all_or_nothing(tables: Iterable[Table]) -> Iterator[None]:
    """Lock *tables*, and undo what the block changes if it raises."""
    known = list(tables)
    with locked(known):
        records = [(shard, len(shard.items)) for table in known if (shard := table.stream_shard) is not None]
        outer, changes = _undo.get(), list[_Change]()
        token = _undo.set(changes)
        try:
            yield
        except BaseException:
            _undo.set(None)
            for change in reversed(changes):
                now = find(change.table, change.key)
                put(change.table, change.key, change.before)
                changed(change.table, change.key, now, change.before)
            for shard, count in records:
                del shard.items[count:]
            raise
        else:
            if outer is not None:
                outer += changes
        finally:
            _undo.reset(token)


def in_transaction() -> bool:
    """Tell whether this thread's changes can be undone."""
    return _undo.get() is not None


def _of(table: Table) -> _Beside:
    found = _beside.get(table)
    if found is None:
        with _making:
            found = _beside.setdefault(table, _Beside())
    return found
