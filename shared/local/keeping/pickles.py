"""A cloud's tables as a pickle: what pickle cannot write is named, written beside it, or told how to make again."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict
from types import FunctionType, GeneratorType
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.s3.models import FakeKey

from shared.errors import LanesError
from shared.local.asl.engine import Engine
from shared.local.keeping.tables import Table, all_tables, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_IN_MEMORY = 1 << 20  # bytes of an object's content


class _Content(NamedTuple):
    """The content of an object of S3, by the number of its file."""

    number: int


class Writer(pickle.Pickler):
    """Writes tables.

    Args:
        file: Where.
        objects: The folder for the content of S3's objects.
    """

    def __init__(self, file: IO[bytes], objects: Path) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._objects = objects
        self._known = {id(backend): table for table, backend in all_tables()}
        self._count = 0

    def persistent_id(self, thing: object) -> tuple[object, ...] | None:
        """Name what the next cloud has itself."""
        if isinstance(thing, BaseBackend):
            return "backend", *self._known[id(thing)]
        if isinstance(thing, (BackendDict, AccountSpecificBackend)):
            raise pickle.PicklingError(f"a table holds all backends of {thing.service_name}")
        if isinstance(thing, Engine):
            return ("engine",)
        return ("content", thing.number) if isinstance(thing, _Content) else None

    def reducer_override(self, thing: Any) -> Any:
        """Tell how to make *thing* again; NotImplemented for all that pickle can write."""
        if isinstance(thing, FakeKey):
            state = self._without_content(thing)
            return object.__new__, (type(thing),), state, None, None, _set_key
        return _made_again(thing)

    def _without_content(self, key: FakeKey) -> dict[str, Any]:
        """Return the state of an object of S3, whose content goes to a file of its own."""
        state = dict(vars(key))
        del state["lock"]
        self._count += 1
        with key.lock, (self._objects / str(self._count)).open("wb") as file:
            buffer = key._value_buffer  # noqa: SLF001  the property reads all of it into memory
            with contextlib.suppress(ValueError):  # it was closed: the object was deleted
                buffer.seek(0)
                shutil.copyfileobj(buffer, file)
        state["_value_buffer"] = _Content(self._count)
        return state


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


class Reader(pickle.Unpickler):
    """Reads tables. It runs what the file says, so the file must be our own.

    Args:
        file: What :class:`Writer` wrote.
        objects: The folder that it wrote beside it.
        engine: The engine that executions belong to from now on.
    """

    def __init__(self, file: IO[bytes], objects: Path, engine: Engine) -> None:
        super().__init__(file)
        self._objects = objects
        self._engine = engine

    def persistent_load(self, name: Any) -> object:
        """Return what this cloud has itself."""
        kind, *rest = name
        if kind == "engine":
            return self._engine
        return find(Table(*rest)) if kind == "backend" else _read_content(self._objects / str(rest[0]))


def _read_content(path: Path) -> IO[bytes]:
    buffer = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  it is open as long as the object is
    with path.open("rb") as file:
        shutil.copyfileobj(file, buffer)
    return buffer


def _set_key(key: FakeKey, state: dict[str, Any]) -> None:
    vars(key).update(state, lock=threading.Lock())


def _local(function: object) -> bool:
    return "<locals>" in getattr(function, "__qualname__", "")


def _gone() -> Callable[..., object]:
    """Return what stands for a function that was made while an earlier cloud ran."""
    return _raise_gone


def _raise_gone(*_: object, **__: object) -> object:
    raise LanesError("this ended with an earlier cloud and cannot go on", fix="start it anew")
