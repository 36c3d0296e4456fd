"""moto's tables cut into units, which are written each by itself when they have changed.

A unit is an attribute of a backend, or one entry of an attribute that is a dictionary. The same holds for an attribute
that is an object with attributes of its own, such as the place where moto's Lambda has its functions.

What two units share must still be one thing when they are read. If a unit is of an object, others name it instead of
writing it. Anything else that can change and that two units hold makes one unit of them. A dictionary that
is cut into entries and that another unit holds too is not cut any more. So nothing needs to be known of moto's classes.
What holds across backends holds only for objects that are units: no class of moto's in use shares another one.

Only units of which something is no longer what it was are pickled again (:mod:`.snapshots`).
"""

from __future__ import annotations

import hashlib
import weakref
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.awslambda.models import LambdaFunction
from moto.cloudwatch.models import CloudWatchBackend
from moto.core.base_backend import BaseBackend
from moto.logs.models import LogsBackend
from moto.sns.models import Topic
from moto.sqs.models import Queue

from shared.local.asl.backend import AslBackend
from shared.local.keeping.pickles import Address, ShelfName, Writer, can_be_named, is_plain
from shared.local.keeping.shelves import OWNERS, Kind, Shelf
from shared.local.keeping.snapshots import Snapshot
from shared.local.keeping.tables import Table, all_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TRIES = 100  # for a unit that changes while it is written
NOT_KEPT = ("moto.ecr.", "moto.ecs.")
_FORGOTTEN: Mapping[type, Mapping[str, Callable[[], object] | None]] = {
    AslBackend: {"runs": None, "pages": None, "changing": None, "starting": None},
    LogsBackend: {"queries": None},
    CloudWatchBackend: {"metric_data": None, "paged_metric_data": None},
    LambdaFunction: {"_DockerModel__docker_client": type(None)},
    Topic: {"sent_notifications": list},
    Queue: {"_pending_messages": set},
}
"""Attributes that are not kept, by class: nothing of AWS's API tells of them, or others keep what is in them.

An object that is made anew has what the function returns; a backend makes its own."""


class Shape(NamedTuple):
    """A dictionary that is cut into entries, without them."""

    attributes: tuple[str, ...]
    kind: type
    rest: dict[str, Any]


class Named(NamedTuple):
    """What a unit holds at an address: an object of a class, as its attributes."""

    kind: type
    state: dict[str, Any]


@dataclass(slots=True)
class _Part:
    """A part of a backend, and how it is written."""

    address: Address
    value: object
    is_weak: bool = False  # whether it goes when nobody else has it
    number: int = 0  # the order in which parts were first seen, in which they are read again


@dataclass(slots=True)
class Unit:
    """A unit, as it was written last."""

    number: int
    addresses: frozenset[Address]
    digest: bytes = b""
    blobs: frozenset[str] = frozenset()
    shelves: frozenset[int] = frozenset()


@dataclass(slots=True)
class Draft:
    """A unit that has changed, or that is gone (no state).

    Attributes:
        unit: As it will be.
        state: Its pickle.
        blobs: The blobs that it names.
    """

    unit: Unit
    state: bytes | None
    blobs: dict[str, bytes] = field(default_factory=dict)


class _Pickled:
    """What a unit was pickled from.

    Attributes:
        values: By address, what was pickled: of an object, only its attributes, since moto may want it to be gone.
        snapshot: What it held.
        asked: The ids of what was met, which another cut would name, or would name no more.
    """

    def __init__(self) -> None:
        self.values: dict[Address, object] = {}
        self.snapshot = Snapshot()
        self.asked: set[int] = set()

    def is_of(self, parts: list[_Part]) -> bool:
        """Say whether it is of *parts*."""
        return len(parts) == len(self.values) and all(
            self.values.get(part.address) is _lasting(part.value) for part in parts
        )


class _Look:
    """What is known of a backend since it was looked at last.

    Attributes:
        cut: How it was cut.
        units: From what each of its units was pickled.
        seen: By id, what may change and is in a unit, and in which.
        is_whole: Whether it is known of each unit.
    """

    def __init__(self) -> None:
        self.cut = Snapshot()
        self.units: dict[int, _Pickled] = {}
        self.seen: dict[int, tuple[object, int]] = {}
        self.is_whole = False

    def changed(self) -> list[int]:
        """Return the units that may have changed."""
        return [number for number, pickled in self.units.items() if not pickled.snapshot.is_same()]

    def stale(self, grouped: Mapping[int, list[_Part]]) -> list[int]:
        """Return the units that were not pickled from what is in *grouped* now."""
        return [number for number, each in self.units.items() if not each.is_of(grouped.get(number, []))]

    def drop(self, number: int) -> None:
        """Forget from what a unit was pickled."""
        pickled = self.units.pop(number, None)
        self.is_whole = False
        for key in pickled.asked if pickled else ():
            if key in self.seen and self.seen[key][1] == number:
                del self.seen[key]

    def drop_met(self, things: set[int]) -> None:
        """Forget the units in which one of *things*, by id, was met."""
        for number in [number for number, each in self.units.items() if not things.isdisjoint(each.asked)]:
            self.drop(number)


class _AgainError(Exception):
    """Something was found that cuts the backend differently."""


class Units:
    """The units of all backends, as they are written. One thread at a time."""

    def __init__(self) -> None:
        self.units: dict[int, Unit] = {}
        self.shelves: dict[int, Shelf] = {}
        self._of: dict[Table, set[int]] = defaultdict(set)
        self._at: dict[Address, int] = {}
        self._order: dict[Address, int] = {}
        self._roots: dict[int, tuple[object, Address]] = {}
        self._rooted: dict[Table, list[int]] = {}
        self._uncut: set[tuple[Table, tuple[str, ...]]] = set()
        self._numbers = self._places = self._shelf_numbers = 0
        self._shelf_of: dict[tuple[int, str], Shelf] = {}
        self._read: dict[int, Shelf] = {}
        self._known: dict[int, Table] = {}
        self._looks: dict[Table, _Look] = {}
        self._look, self._pickled, self._payload = _Look(), _Pickled(), object()
        self._joined: dict[int, int] = {}
        self._cut: dict[int, tuple[object, tuple[Table, tuple[str, ...]]]] = {}
        self._copies: dict[int, object] = {}
        self._now: Table | None = None

    def tables(self, backends: Mapping[int, object]) -> dict[Table, BaseBackend]:
        """Return those of *backends* that are kept, by what names them."""
        if not backends.keys() <= self._known.keys():
            self._known = {id(backend): table for table, backend in all_tables()}
        return {
            table: backend
            for key, backend in backends.items()
            if isinstance(backend, BaseBackend)
            and (table := self._known.get(key)) is not None
            and not table.module.startswith(NOT_KEPT)
        }

    def changed(self, backends: Mapping[Table, BaseBackend]) -> list[Draft]:
        """Return what has changed in *backends*; nobody may change them meanwhile."""
        return [draft for table, backend in backends.items() for draft in self._of_backend(table, backend)]

    def forget(self) -> None:
        """Look at all anew: what was returned as changed is not written."""
        self._looks.clear()

    def accept(self, drafts: list[Draft]) -> None:
        """Note that *drafts* are written."""
        for draft in drafts:
            unit = draft.unit
            before = self.units.pop(unit.number, None)
            for address in before.addresses if before else ():
                if self._at.get(address) == unit.number:
                    del self._at[address]
            for address in unit.addresses:
                self._of[address.table].discard(unit.number)
            if draft.state is None:
                for numbers in self._of.values():
                    numbers.discard(unit.number)
                continue
            self.units[unit.number] = unit
            for address in unit.addresses:
                self._at[address] = unit.number
                self._of[address.table].add(unit.number)

    def read(self, unit: Unit, places: Mapping[Address, int]) -> None:
        """Note that *unit* was read, with the *places* of its parts in the order."""
        self._numbers = max(self._numbers, unit.number)
        self._places = max([self._places, *places.values()])
        self._order.update(places)
        self.accept([Draft(unit, b"")])

    def read_shelf(self, shelf: Shelf) -> None:
        """Note a shelf that was read. Its owner is known when it is met next."""
        self.shelves[shelf.number] = self._read[id(shelf.held)] = shelf
        self._shelf_numbers = max(self._shelf_numbers, shelf.number)

    def drop_shelf(self, number: int) -> Shelf | None:
        """Forget a shelf that is gone."""
        shelf = self.shelves.pop(number, None)
        if shelf is not None:
            self._shelf_of.pop((id(shelf.owner), shelf.kind.name), None)
            self._read.pop(id(shelf.held), None)
        return shelf

    # What a writer asks: see pickles.Around.

    def named(self, thing: object) -> Address | None:
        """Return where *thing* is, if it is what a unit is of."""
        address = self._root_of(thing)
        if address is not None:
            self._pickled.asked.add(id(thing))
        return address

    def is_in(self, thing: object, unit: int) -> None:
        """Note that *thing*, which may change, is in a *unit*."""
        key = id(thing)
        cut = self._cut.get(key)
        if cut is not None and cut[0] is thing:
            self._uncut.add(cut[1])
            raise _AgainError
        if thing is self._payload:
            return
        held = self._look.seen.setdefault(key, (thing, unit))[1]
        if held == unit:
            if key not in self._pickled.asked:
                self._pickled.asked.add(key)
                if key not in self._copies and not self.left_out(type(thing)):
                    self._pickled.snapshot.add(thing)
        else:
            one, other = sorted((self._leader(held), self._leader(unit)))
            if one != other:
                self._joined[other] = one

    def table(self, backend: object) -> Table:
        """Return what names *backend*."""
        return self._known[id(backend)]

    def left_out(self, kind: type) -> bool:
        """Say whether some attributes of that *kind* are written otherwise."""
        return kind in OWNERS or kind in _FORGOTTEN

    def state(self, thing: object) -> dict[str, Any]:
        """Return the attributes of *thing*, as they are to be written."""
        state: dict[str, Any] = vars(thing)
        kind = type(thing)
        forgotten, shelves = _FORGOTTEN.get(kind), OWNERS.get(kind)
        if not forgotten and not shelves:
            return state
        self._pickled.snapshot.add_attributes(thing)
        state = dict(state)
        for name, make in (forgotten or {}).items():
            if make is not None:
                state[name] = make()
        for each in shelves or ():
            state[each.attribute] = ShelfName(each.name, self._shelf(thing, each).number)
        self._copies[id(state)] = state
        return state

    def _shelf(self, owner: object, kind: Kind) -> Shelf:
        shelf = self._shelf_of.get((id(owner), kind.name))
        if shelf is not None and shelf.owner is owner:
            return shelf
        collection = vars(owner).get(kind.attribute)
        shelf = self._read.pop(id(collection), None)
        if shelf is None or shelf.held is not collection:
            self._shelf_numbers += 1
            shelf = self.shelves[self._shelf_numbers] = Shelf(kind, self._shelf_numbers)
        shelf.owner, shelf.table = owner, self._now
        self._shelf_of[id(owner), kind.name] = shelf
        return shelf

    # One backend.

    def _of_backend(self, table: Table, backend: BaseBackend) -> list[Draft]:
        tries, self._now = 0, table
        while True:
            try:
                return self._drafts(table, backend)
            except _AgainError:
                self._looks.pop(table, None)
            except RuntimeError:  # one who only reads may have made an entry
                self._looks.pop(table, None)
                tries += 1
                if tries == _TRIES:
                    raise
            finally:
                self._cut, self._copies = {}, {}
                self._look, self._pickled, self._payload = _Look(), _Pickled(), object()

    def _drafts(self, table: Table, backend: BaseBackend) -> list[Draft]:
        look = self._look = self._looks.setdefault(table, _Look())
        changed = look.changed()
        if look.is_whole and not changed and look.cut.is_same():
            return []
        top = self._at.get(Address(table, ()), 0)  # it tells how the backend is cut
        for number in [*changed, top]:
            look.drop(number)
        parts, shapes, numbers = self._cut_anew(table, backend)
        while stale := look.stale(_grouped(parts, numbers)):
            for number in stale:
                look.drop(number)
            del parts  # with it goes what only this look has kept in a weak dictionary
            parts, shapes, numbers = self._cut_anew(table, backend)
        look.is_whole, self._joined = True, {}
        drafts = self._written(parts, shapes, table, numbers)
        while self._joined:
            numbers = {address: self._leader(number) for address, number in numbers.items()}
            look.units, look.seen, look.is_whole, self._joined = {}, {}, True, {}
            drafts = self._written(parts, shapes, table, numbers)
        gone = self._of[table] - set(numbers.values()) - {self._at[Address(table, ())]}
        return [*drafts, *(Draft(self.units[number], None) for number in gone)]

    def _cut_anew(self, table: Table, backend: BaseBackend) -> tuple[list[_Part], list[Shape], dict[Address, int]]:
        """Return the parts of *backend*, and the numbers of their units.

        What has come to be a part, or is one no more, is named otherwise: where it was met is pickled again.
        """
        self._look.cut = Snapshot()
        before = {key: self._roots.pop(key)[1] for key in self._rooted.pop(table, ())}
        self._rooted[table] = []
        parts, shapes = self._parts(table, backend)
        for part in parts:
            self._root(part.value, part.address)
        now = {key: self._roots[key][1] for key in self._rooted[table]}
        if before != now:
            moved = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
            for look in self._looks.values():
                look.drop_met(moved)
        top = self._at.get(Address(table, ())) or self._top(Address(table, ()))
        return parts, shapes, {part.address: self._number(part, top) for part in parts}

    def _written(
        self, parts: list[_Part], shapes: list[Shape], table: Table, numbers: Mapping[Address, int]
    ) -> list[Draft]:
        """Return the units of *parts* whose pickles have changed."""
        top = Address(table, ())
        grouped = _grouped(parts, numbers)
        grouped[self._at[top]].insert(0, _Part(top, shapes))
        drafts = [self._draft(number, held) for number, held in grouped.items() if number not in self._look.units]
        return [draft for draft in drafts if draft is not None]

    def _draft(self, number: int, parts: list[_Part]) -> Draft | None:
        goes = self._goes(number, [part for part in parts if part.is_weak], parts)
        pickled = self._pickled = self._look.units[number] = _Pickled()
        payload = self._payload = {part.address: (part.number, self._payload_of(part)) for part in parts}
        writer = Writer(self, number)
        state = writer.written(payload)
        for part in parts:
            pickled.values[part.address] = _lasting(part.value)
            pickled.asked.add(id(part.value))
        if goes:
            self._look.drop(number)
        digest = hashlib.blake2b(state, digest_size=16).digest()
        before = self.units.get(number)
        if before is not None and before.digest == digest:
            return None
        unit = Unit(number, frozenset(payload), digest, frozenset(writer.blobs), frozenset(writer.shelves))
        return Draft(unit, state, writer.blobs)

    def _goes(self, number: int, weak: list[_Part], parts: list[_Part]) -> bool:
        """Say whether something of *weak* parts is held by no others of a unit's *parts*: nobody may keep it then."""
        weak = [part for part in weak if self._root_of(part.value) != part.address]
        if not weak:
            return False
        was_whole = self._look.is_whole
        self._pickled = self._look.units[number] = _Pickled()
        Writer(self, number).written([self._payload_of(part) for part in parts if not part.is_weak])
        held = self._pickled.asked
        self._look.drop(number)
        self._look.is_whole = was_whole
        return not held.issuperset(id(part.value) for part in weak)

    def _payload_of(self, part: _Part) -> object:
        value = part.value
        if self._root_of(value) == part.address:
            return Named(type(value), self.state(value))
        return value

    def _root_of(self, thing: object) -> Address | None:
        found = self._roots.get(id(thing))
        return found[1] if found is not None and found[0] is thing else None

    def _parts(self, table: Table, backend: BaseBackend) -> tuple[list[_Part], list[Shape]]:
        parts: list[_Part] = []
        shapes: list[Shape] = []
        left_out = _left_out_of(backend)
        self._look.cut.add_attributes(backend)
        for name, value in list(vars(backend).items()):
            if name in left_out:
                continue
            self._add(parts, shapes, Address(table, (name,)), value)
        for part in parts:
            part.number = self._order.get(part.address) or self._place(part.address)
        return parts, shapes

    def _add(
        self, parts: list[_Part], shapes: list[Shape], address: Address, value: Any, *, deeper: bool = True
    ) -> None:
        kind = type(value)
        if isinstance(value, (dict, weakref.WeakValueDictionary)) and self._cuts(address, value):
            self._cut[id(value)] = value, (address.table, address.attributes)
            shapes.append(Shape(address.attributes, kind, _rest_of(value)))
            self._look.cut.add(_entries_of(value))
            entries = dict.items(value) if isinstance(value, dict) else value.items()  # a class of moto's may copy
            is_weak = not isinstance(value, dict)
            parts += [_Part(address._replace(entry=(key,)), each, is_weak) for key, each in list(entries)]
        elif deeper and can_be_named(kind) and kind not in OWNERS:
            shapes.append(Shape(address.attributes, kind, {}))
            self._root(value, address)
            self._look.cut.add_attributes(value)
            for name, each in list(vars(value).items()):
                inner = address._replace(attributes=(*address.attributes, name))
                self._add(parts, shapes, inner, each, deeper=False)
        else:
            parts.append(_Part(address, value))

    def _cuts(self, address: Address, value: object) -> bool:
        return (address.table, address.attributes) not in self._uncut and not isinstance(value, BaseBackend)

    def _root(self, value: object, address: Address) -> None:
        if can_be_named(type(value)) and id(value) not in self._roots:
            self._roots[id(value)] = value, address
            self._rooted[address.table].append(id(value))

    def _leader(self, number: int) -> int:
        while number in self._joined:
            number = self._joined[number]
        return number

    def _number(self, part: _Part, top: int) -> int:
        """Return the number of the unit of *part*: small attributes lie in the first unit of their backend."""
        if not part.address.entry and is_plain(part.value):
            return top
        return self._at.get(part.address) or self._new_number()

    def _new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _top(self, address: Address) -> int:
        number = self._at[address] = self._new_number()
        self._of[address.table].add(number)
        return number

    def _place(self, address: Address) -> int:
        self._places += 1
        self._order[address] = self._places
        return self._places


def _grouped(parts: list[_Part], numbers: Mapping[Address, int]) -> dict[int, list[_Part]]:
    grouped = defaultdict(list)
    for part in parts:
        grouped[numbers[part.address]].append(part)
    return grouped


def _lasting(value: object) -> object:
    """Return what stands for *value* without keeping it alive, if that can be."""
    return vars(value) if can_be_named(type(value)) else value


def _left_out_of(backend: BaseBackend) -> set[str]:
    return {name for kind, names in _FORGOTTEN.items() if isinstance(backend, kind) for name in names}


def _entries_of(value: Any) -> Any:
    """Return what has the entries of a dictionary, without keeping those alive that it does not."""
    if isinstance(value, weakref.WeakValueDictionary):
        return vars(value)["data"]
    return value


def _rest_of(value: Any) -> dict[str, Any]:
    """Return the attributes of a dictionary of a class of its own."""
    if type(value) is dict or isinstance(value, weakref.WeakValueDictionary):
        return {}
    return dict(getattr(value, "__dict__", {}))
