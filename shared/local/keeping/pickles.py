"""Parts of moto's tables as pickles: what pickle cannot write is named, told how to make again, or left out.

A pickle is of one unit (:mod:`shared.local.keeping.units`) or of one entry of a shelf (:mod:`.shelves`). What it names
instead of writing it: moto's backends and our engine, which the next cloud has itself; the object that another unit is
of; a shelf; and long texts and bytes, which are blobs under their SHA-256.
"""

from __future__ import annotations

import enum
import hashlib
import io
import pickle
import re
import threading
import weakref
from collections import defaultdict
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from shared.errors import LanesError
from shared.local.asl.engine import Engine
from shared.local.keeping.tables import Table, find

if TYPE_CHECKING:
    from collections.abc import Callable


_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_LONG = 1 << 15  # bytes or characters, from which on a value is a blob
_UNCHANGED: tuple[type, ...] = (
    *(bool, int, float, complex, type(None), tuple, frozenset, date, timedelta, tzinfo, Decimal, enum.Enum, type),
    *(FunctionType, BuiltinFunctionType, MethodType, ModuleType, GeneratorType, re.Pattern, type(Ellipsis)),
    *(threading.Condition, threading.Event, *_LOCKS),
)


class Address(NamedTuple):
    """Where a part of moto's tables is.

    Attributes:
        table: The backend.
        attributes: The names that lead to it from there: of an attribute, or of an attribute of such an object.
        entry: The key of the entry there that is meant; empty if all of it is.
    """

    table: Table
    attributes: tuple[str, ...]
    entry: tuple[object, ...] = ()


class ShelfName(NamedTuple):
    """A shelf, by its kind and number."""

    kind: str
    number: int


class Around(Protocol):
    """What a writer asks about what lies around its unit."""

    def named(self, thing: object) -> Address | None:
        """Return where *thing* is, if it is what a unit is of."""

    def is_in(self, thing: object, unit: int) -> None:
        """Note that *thing*, which may change, is in a *unit*."""

    def table(self, backend: object) -> Table:
        """Return what names *backend*."""

    def state(self, thing: object) -> dict[str, Any]:
        """Return the attributes of *thing*, as they are to be written."""

    def left_out(self, kind: type) -> bool:
        """Say whether some attributes of that *kind* are written otherwise."""


class _Plain:
    """A class of Python's plainest instances."""


# How instances of a class are written. They are numbers, since every single value of a pickle asks for one.
_AS_IT_IS = 0  # nobody can see whether two are one
_UNLESS_LONG = 1
_SHELF = 2
_BACKEND = 3
_GROUP = 4
_ENGINE = 5
_OBJECT = 6

_kinds: dict[type, int] = {str: _UNLESS_LONG, bytes: _UNLESS_LONG, ShelfName: _SHELF}
_named: dict[type, bool] = {}


def _kind(kind: type) -> int:
    found = _kinds.get(kind)
    if found is None:
        if issubclass(kind, BaseBackend):
            found = _BACKEND
        elif issubclass(kind, (BackendDict, AccountSpecificBackend)):
            found = _GROUP
        elif issubclass(kind, Engine):
            found = _ENGINE
        elif issubclass(kind, _UNCHANGED) or _is_frozen(kind):
            found = _AS_IT_IS
        else:
            found = _OBJECT
        _kinds[kind] = found
    return found


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def is_plain(thing: object) -> bool:
    """Say whether *thing* cannot change, so that nobody can see whether two are one."""
    return _kind(type(thing)) in {_AS_IT_IS, _UNLESS_LONG}


def can_be_named(kind: Any) -> bool:
    """Say whether instances of *kind* are their attributes and nothing else, so that they can be made before those."""
    found = _named.get(kind)
    if found is None:
        found = _named[kind] = (
            _kind(kind) == _OBJECT
            and kind.__reduce_ex__ is object.__reduce_ex__
            and kind.__reduce__ is object.__reduce__
            and getattr(kind, "__getstate__", None) is getattr(object, "__getstate__", None)
            and not hasattr(kind, "__setstate__")
            and not issubclass(kind, (dict, list, set, bytearray, weakref.WeakValueDictionary))
            and kind.__basicsize__ <= _Plain.__basicsize__  # else there is more to it, in C
            and not any(vars(each).get("__slots__") for each in kind.__mro__)
        )
    return found


class Writer(pickle.Pickler):
    """Writes one unit or one entry.

    Args:
        around: Tells of what lies around it.
        unit: The number of the unit; 0 for an entry of a shelf.

    Attributes:
        blobs: The blobs that it names, by SHA-256.
        shelves: The numbers of the shelves that it names.
    """

    def __init__(self, around: Around, unit: int = 0) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self._around = around
        self._named, self._is_in = around.named, around.is_in
        self._unit = unit
        self.blobs: dict[str, bytes] = {}
        self.shelves: set[int] = set()

    def written(self, thing: object) -> bytes:
        """Return *thing* as a pickle."""
        self.dump(thing)
        return self._file.getvalue()

    def persistent_id(self, thing: Any) -> tuple[object, ...] | None:
        """Name what is not written here."""
        kind = _kinds.get(type(thing))
        if kind is None:
            kind = _kind(type(thing))
        if kind == _AS_IT_IS:
            return None
        if kind == _UNLESS_LONG:
            return None if len(thing) < _LONG else self._blob(thing)
        if kind == _OBJECT:
            address = self._named(thing)
            if address is not None:
                return "unit", address, type(thing)
            if self._unit:
                self._is_in(thing, self._unit)
            return None
        return self._name(kind, thing)

    def _name(self, kind: int, thing: Any) -> tuple[object, ...]:
        if kind == _BACKEND:
            return "backend", *self._around.table(thing)
        if kind == _GROUP:
            raise pickle.PicklingError(f"a table holds all backends of {thing.service_name}")
        if kind == _ENGINE:
            return ("engine",)
        self.shelves.add(thing.number)
        return "shelf", thing.kind, thing.number

    def _blob(self, thing: str | bytes) -> tuple[object, ...]:
        data = thing.encode("utf-8", "surrogatepass") if isinstance(thing, str) else thing
        name = _digest(thing, data)
        self.blobs[name] = data
        return "blob", name, isinstance(thing, str)

    def reducer_override(self, thing: Any) -> Any:
        """Tell how to make *thing* again; NotImplemented for all that pickle can write."""
        kind = type(thing)
        if self._around.left_out(kind):
            return object.__new__, (kind,), self._around.state(thing)
        return _made_again(thing)


_digests: dict[int, tuple[str | bytes, str]] = {}
_MOST_DIGESTS = 4096


def _digest(thing: str | bytes, data: bytes) -> str:
    """Return the SHA-256 of *thing*, which is *data*, computed once: a function's code is large and stays."""
    found = _digests.get(id(thing))
    if found is not None and found[0] is thing:
        return found[1]
    if len(_digests) >= _MOST_DIGESTS:
        _digests.clear()
    name = hashlib.sha256(data).hexdigest()
    _digests[id(thing)] = thing, name
    return name


def _made_again(thing: Any) -> Any:
    kind = type(thing)
    if kind in _LOCKS:
        return _LOCKS[kind], ()
    if isinstance(thing, threading.Condition):
        return threading.Condition, ()
    if isinstance(thing, weakref.WeakValueDictionary):
        return weakref.WeakValueDictionary, (dict(thing),)
    if isinstance(thing, defaultdict):
        return _with_defaults(thing)
    if isinstance(thing, GeneratorType) or (isinstance(thing, FunctionType) and _local(thing)):
        return _gone, ()
    return NotImplemented


def _with_defaults(thing: Any) -> Any:
    """Tell how to make a dictionary with defaults again, without its class's own arguments."""
    if _local(thing.default_factory):
        return dict, (dict(thing),)
    return (
        _new_defaultdict,
        (type(thing), thing.default_factory),
        getattr(thing, "__dict__", None) or None,
        None,
        iter(thing.items()),
    )


def _new_defaultdict(kind: Any, factory: Callable[[], object] | None) -> Any:
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


class Sources(Protocol):
    """Where a reader finds what a pickle only names."""

    @property
    def engine(self) -> Engine:
        """The engine that executions belong to from now on."""

    def unit(self, address: Address, kind: type) -> object:
        """Return the object of a unit, of which the attributes may be missing yet."""

    def shelf(self, kind: str, number: int) -> object:
        """Return all that is on a shelf."""

    def blob(self, name: str) -> bytes:
        """Return a blob."""


class Reader(pickle.Unpickler):
    """Reads one unit or one entry. It runs what the pickle says, so that must be our own.

    Args:
        state: What :class:`Writer` wrote.
        sources: Has what it names.
    """

    def __init__(self, state: bytes, sources: Sources) -> None:
        super().__init__(io.BytesIO(state))
        self._sources = sources

    def persistent_load(self, name: Any) -> object:
        """Return what is named."""
        kind, *rest = name
        if kind == "unit":
            return self._sources.unit(*rest)
        if kind == "blob":
            data = self._sources.blob(rest[0])
            return data.decode("utf-8", "surrogatepass") if rest[1] else data
        if kind == "shelf":
            return self._sources.shelf(*rest)
        return self._sources.engine if kind == "engine" else find(Table(*rest))


def _local(function: object) -> bool:
    return "<locals>" in getattr(function, "__qualname__", "")


def _gone() -> Callable[..., object]:
    """Return what stands for a function that was made while an earlier cloud ran."""
    return _raise_gone


def _raise_gone(*_: object, **__: object) -> object:
    raise LanesError("this ended with an earlier cloud and cannot go on", fix="start it anew")
