"""Filling the empty tables of a new cloud with what a journal holds."""

from __future__ import annotations

import hashlib
import weakref
from collections import Counter, OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any

from moto.s3.models import S3Backend, s3_backends

from shared.errors import LanesError
from shared.local.keeping.pickles import Address, Reader
from shared.local.keeping.shelves import BY_NAME, Entry, Shelf
from shared.local.keeping.tables import Table, all_tables, find
from shared.local.keeping.units import Named, Shape, Unit, Units

if TYPE_CHECKING:
    from shared.local.asl.engine import Engine
    from shared.local.storage import Database


def load(database: Database, engine: Engine, units: Units) -> Counter[str]:
    """Fill moto's tables, which are empty, and tell *units* what was read; return how often each blob is named."""
    loading = _Loading(database, engine, units)
    loading.read_all()
    loading.fill_all()
    _name_buckets()
    return loading.used


class _Loading:
    """What is made so far. It is the sources of the readers (:class:`pickles.Sources`)."""

    def __init__(self, database: Database, engine: Engine, units: Units) -> None:
        self.engine = engine
        self.used: Counter[str] = Counter()
        self._database = database
        self._units = units
        self._made: dict[Address, object] = {}
        self._missing: set[Address] = set()
        self._blobs: set[str] = set()
        self._shelves: set[int] = set()
        self._collections: dict[int, object] = {}
        self._shapes: dict[Table, list[Shape]] = {}
        self._parts: dict[Table, list[tuple[int, Address, object]]] = defaultdict(list)

    def unit(self, address: Address, kind: Any) -> object:
        """Return the object of a unit, of which the attributes may be missing yet."""
        if address not in self._made:
            self._made[address] = object.__new__(kind)
            self._missing.add(address)
        return self._made[address]

    def blob(self, name: str) -> bytes:
        """Return a blob."""
        self._blobs.add(name)
        found: bytes = self._database.read("SELECT data FROM blobs WHERE name = ?", (name,))[0][0]
        return found

    def shelf(self, kind: str, number: int) -> object:
        """Return all that is on a shelf."""
        self._shelves.add(number)
        if number not in self._collections:
            self._collections[number] = self._read_shelf(Shelf(BY_NAME[kind], number))
        return self._collections[number]

    def _read_shelf(self, shelf: Shelf) -> object:
        outer = self._blobs
        entries = []
        rows = self._database.read("SELECT key, state FROM shelves WHERE shelf = ? ORDER BY rowid", (shelf.number,))
        for key, state in rows:
            self._blobs = set()
            entries.append(Entry(key, Reader(state, self).load()))
            if self._blobs:
                shelf.blobs[key] = frozenset(self._blobs)
                self.used.update(self._blobs)
        self._blobs = outer
        shelf.held = shelf.kind.fill(entries)
        shelf.seen = shelf.see(entries)
        self._units.read_shelf(shelf)
        return shelf.held

    def read_all(self) -> None:
        """Read every unit."""
        for number, state in self._database.read("SELECT id, state FROM units ORDER BY id"):
            self._blobs, self._shelves = set(), set()
            held: dict[Address, tuple[int, Any]] = Reader(state, self).load()
            self.used.update(self._blobs)
            digest = hashlib.blake2b(state, digest_size=16).digest()
            unit = Unit(number, frozenset(held), digest, frozenset(self._blobs), frozenset(self._shelves))
            self._units.read(unit, {address: place for address, (place, _) in held.items()})
            for address, (place, value) in held.items():
                self._take(address, place, value)

    def _take(self, address: Address, place: int, value: Any) -> None:
        if not address.attributes:
            self._shapes[address.table] = value
        elif isinstance(value, Named):
            made = self.unit(address, value.kind)
            vars(made).update(value.state)
            self._missing.discard(address)
            self._parts[address.table].append((place, address, made))
        else:
            self._parts[address.table].append((place, address, value))

    def fill_all(self) -> None:
        """Put into moto's backends what was read.

        Raises:
            LanesError: Something is missing.
        """
        for table, shapes in self._shapes.items():
            for shape in shapes:
                self._shape(Address(table, shape.attributes), shape)
            for _, address, value in sorted(self._parts[table], key=lambda part: part[0]):
                self._put(address, value)
        if self._missing:
            raise LanesError(f"{len(self._missing)} objects are missing, such as {min(self._missing)[1:]}")

    def _shape(self, address: Address, shape: Shape) -> None:
        """Make an empty dictionary, or an object without its attributes; what moto made itself goes on serving."""
        owner, name = self._owner(address), address.attributes[-1]
        own = vars(owner).get(name)
        if issubclass(shape.kind, weakref.WeakValueDictionary):
            vars(owner)[name] = weakref.WeakValueDictionary()
        elif issubclass(shape.kind, dict):
            if not isinstance(own, dict):
                own = vars(owner)[name] = shape.kind.__new__(shape.kind)
            _way(own).clear(own)
            if shape.rest:
                vars(own).update(shape.rest)
        else:
            made = self.unit(address, shape.kind)
            self._missing.discard(address)
            vars(made).update(vars(own) if own is not None else {})
            vars(owner)[name] = made

    def _owner(self, address: Address) -> object:
        owner: object = find(address.table)
        for name in address.attributes[:-1]:
            owner = vars(owner)[name]
        return owner

    def _put(self, address: Address, value: object) -> None:
        owner, name = self._owner(address), address.attributes[-1]
        if not address.entry:
            vars(owner)[name] = value
            return
        held, (key,) = vars(owner)[name], address.entry
        if isinstance(held, dict):
            _way(held).__setitem__(held, key, value)
        else:
            held[key] = value


def _name_buckets() -> None:
    """Tell moto whose each bucket is. It notes that beside its backends, and makes one anew that has no note."""
    for _, backend in all_tables():
        if isinstance(backend, S3Backend):
            for name in backend.buckets:
                s3_backends.bucket_accounts[name] = backend.partition, backend.account_id


def _way(held: dict[Any, Any]) -> type[dict[Any, Any]]:
    """Return whose methods change *held*: a class of moto's may do more than that with an entry."""
    return OrderedDict if isinstance(held, OrderedDict) else dict
