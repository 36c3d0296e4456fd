"""Large collections of moto's, of which each entry is written by itself: messages, items, keys of S3, stream records.

An object of moto's that owns such a collection is written without it; in its place stands the number of a shelf. What
has changed on a shelf is found in one of two ways. Of queues and streams, all entries are compared with what was
written last: by which objects they are, and by the few attributes that change in them. Of tables and buckets, which
hold more, only the keys are looked at that a change has asked for: :class:`Notes` is told of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamShard
from moto.dynamodb.models.table import Table as DynamoTable
from moto.kinesis.models import Shard
from moto.s3.models import FakeBucket, _VersionedKeyStore
from moto.sqs.models import Message, Queue

from shared.local.triggers.queues import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from shared.local.keeping.tables import Table

GONE = object()
"""What stands for an entry that is no longer there."""


class Entry(NamedTuple):
    """An entry of a shelf.

    Attributes:
        key: Its key in the journal.
        value: What is written.
    """

    key: str
    value: object


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of shelf.

    Attributes:
        name: Its name in the journal.
        owner: The class of moto's that has such a collection.
        attribute: The attribute that is it.
        entries: Yields all entries.
        fill: Returns the collection with these values, by their keys.
        find: Returns the entries of some keys as :class:`Notes` has them; None if all entries are compared instead.
        look: Returns what differs in a value that has changed, of a kind that is compared.
    """

    name: str
    owner: type
    attribute: str
    entries: Callable[[Any], Iterable[Entry]]
    fill: Callable[[Iterable[tuple[str, Any]]], object]
    find: Callable[[Any, Iterable[Any]], Iterator[Entry]] | None = None
    look: Callable[[Any], object] = lambda _: None


def _messages(queue: Queue) -> Iterator[Entry]:
    for each in queue._messages:  # noqa: SLF001  the public list leaves out what is hidden
        yield Entry(each.id, each)


def _look(message: Message) -> object:
    return message.approximate_receive_count, message.visible_at, message.delayed_until


def _handles(queue: Queue) -> Iterator[Entry]:
    for each in queue.deleted_messages:
        if each:  # a message that was never received has none
            yield Entry(each, None)


def _changes(shard: StreamShard) -> Iterator[Entry]:
    for number, each in enumerate(shard.items, shard.starting_sequence_number):  # the oldest ones go
        yield Entry(str(number), each)


def _records(shard: Shard) -> Iterator[Entry]:
    for number, each in shard.records.items():
        yield Entry(str(number), each)


def _keys(bucket: FakeBucket) -> Iterator[Entry]:
    yield from _found_keys(bucket, dict.keys(bucket.keys))


def _found_keys(bucket: FakeBucket, keys: Iterable[str]) -> Iterator[Entry]:
    for key in list(keys):
        versions = dict.get(bucket.keys, key)
        yield Entry(key, GONE if versions is None else versions)


def _fill_keys(entries: Iterable[tuple[str, Any]]) -> object:
    store = _VersionedKeyStore()
    for key, versions in entries:
        dict.__setitem__(store, key, versions)
    return store


def _items(table: DynamoTable) -> Iterator[Entry]:
    for hash_key, held in table.items.items():
        for range_key in [None] if isinstance(held, Item) else list(held):
            yield from _found_items(table, [(hash_key, range_key)])


def _found_items(table: DynamoTable, keys: Iterable[Any]) -> Iterator[Entry]:
    for hash_key, range_key in keys:
        found: Any = table.items.get(hash_key)
        if table.has_range_key:
            found = found.get(range_key) if found else None
        value = (found.hash_key, found.range_key, dict(found.attrs)) if found is not None else GONE
        yield Entry(repr([_text(each) for each in (hash_key, range_key) if each is not None]), value)


def _text(key: DynamoType) -> str:
    """Return what is the same for keys that are equal: 1 and 1.0 are."""
    value = key.cast_value
    return f"{key.type} {int(value) if isinstance(value, float) and value.is_integer() else value!r}"


def _fill_items(entries: Iterable[tuple[str, Any]]) -> object:
    items: Any = defaultdict(dict)
    for _, (hash_key, range_key, attributes) in entries:
        item = Item.__new__(Item)
        item.hash_key, item.range_key = hash_key, range_key
        item.attrs = LimitedSizeDict()
        dict.update(item.attrs, attributes)  # its own way adds up all sizes for each attribute
        if range_key is None:
            items[hash_key] = item
        else:
            items[hash_key][range_key] = item
    return items


KINDS = (
    Kind("messages", Queue, "_messages", _messages, lambda entries: [value for _, value in entries], look=_look),
    Kind("handles", Queue, "deleted_messages", _handles, lambda entries: Recent(dict(entries))),
    Kind("changes", StreamShard, "items", _changes, lambda entries: [value for _, value in entries]),
    Kind("records", Shard, "records", _records, lambda entries: OrderedDict((int(key), each) for key, each in entries)),
    Kind("keys", FakeBucket, "keys", _keys, _fill_keys, _found_keys),
    Kind("items", DynamoTable, "items", _items, _fill_items, _found_items),
)
OWNERS: dict[type, tuple[Kind, ...]] = {
    owner: tuple(kind for kind in KINDS if kind.owner is owner) for owner in {kind.owner for kind in KINDS}
}
BY_NAME = {kind.name: kind for kind in KINDS}


class Notes:
    """The keys that changes have asked for, by the collection. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[int, dict[Hashable, None]] = {}

    def add(self, owner: object, key: Hashable) -> None:
        """Note that the entry of *key* in what *owner* has may have changed."""
        with self._lock:
            self._keys.setdefault(id(owner), {})[key] = None

    def take(self) -> dict[int, dict[Hashable, None]]:
        """Return all that was noted, and forget it."""
        with self._lock:
            taken, self._keys = self._keys, {}
        return taken

    def put_back(self, taken: dict[int, dict[Hashable, None]]) -> None:
        """Give back what was taken."""
        with self._lock:
            for owner, keys in taken.items():
                self._keys[owner] = {**keys, **self._keys.get(owner, {})}


@dataclass(slots=True)
class Shelf:
    """One shelf, as it was written last.

    Attributes:
        kind: Its kind.
        number: Its number in the journal.
        owner: What has the collection; None until it is found, of a shelf that was read.
        table: The backend that it is in; None until then.
        held: The collection when it was written. Of a kind that is noted, another one has nothing in common with it.
        seen: By key, the value and what was seen of it, of a kind that is compared.
        blobs: By key, the blobs that an entry names, if it names any.
    """

    kind: Kind
    number: int
    owner: Any = None
    table: Table | None = None
    held: object = None
    seen: dict[str, tuple[object, object]] = field(default_factory=dict)
    blobs: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def collection(self) -> object:
        """The collection as it is now."""
        return vars(self.owner).get(self.kind.attribute)

    @property
    def noted_by(self) -> int:
        """By what :class:`Notes` knows it."""
        return id(self.collection if self.kind.name == "keys" else self.owner)

    def differences(self, noted: Iterable[Any]) -> tuple[bool, list[Entry]]:
        """Return whether all that was written is void, and the entries that are to be written, GONE as their value."""
        if self.kind.find is not None:
            if self.held is not self.collection:
                return True, list(self.kind.entries(self.owner))
            return False, list(self.kind.find(self.owner, noted))
        now = {each.key: each for each in self.kind.entries(self.owner)}
        gone = [Entry(key, GONE) for key in self.seen if key not in now]
        return False, gone + [each for each in now.values() if self._differs(each)]

    def _differs(self, entry: Entry) -> bool:
        before = self.seen.get(entry.key)
        return before is None or before[0] is not entry.value or before[1] != self.kind.look(entry.value)

    def see(self, entries: Iterable[Entry]) -> dict[str, tuple[object, object]]:
        """Return what is seen of *entries*, of a kind that is compared, while nobody changes them."""
        if self.kind.find is not None:
            return {}
        return {key: (value, GONE if value is GONE else self.kind.look(value)) for key, value in entries}

    def wrote(self, collection: object, seen: dict[str, tuple[object, object]]) -> None:
        """Note that what was *seen* is written, when *collection* had it."""
        self.held = collection
        for key, (value, look) in seen.items():
            if value is GONE:
                self.seen.pop(key, None)
            else:
                self.seen[key] = value, look
