"""A cloud's tables as a pickle: what pickle cannot write is named, written beside it, or told how to make again."""

from __future__ import annotations

import pickle
import threading
import weakref
from collections import defaultdict
from types import FunctionType, GeneratorType
from typing import IO, TYPE_CHECKING, Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from shared.errors import LanesError
from shared.local.asl.engine import Engine
from shared.local.keeping.tables import Table, all_tables, find

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}


class Writer(pickle.Pickler):
    """Writes tables.

    Args:
        file: Where.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._known = {id(backend): table for table, backend in all_tables()}

    def persistent_id(self, thing: object) -> tuple[object, ...] | None:
        """Name what the next cloud has itself."""
        if isinstance(thing, BaseBackend):
            return "backend", *self._known[id(thing)]
        if isinstance(thing, (BackendDict, AccountSpecificBackend)):
            raise pickle.PicklingError(f"a table holds all backends of {thing.service_name}")
        return ("engine",) if isinstance(thing, Engine) else None

    def reducer_override(self, thing: Any) -> Any:
        """Tell how to make *thing* again; NotImplemented for all that pickle can write."""
        return _made_again(thing)


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
        engine: The engine that executions belong to from now on.
    """

    def __init__(self, file: IO[bytes], engine: Engine) -> None:
        super().__init__(file)
        self._engine = engine

    def persistent_load(self, name: Any) -> object:
        """Return what this cloud has itself."""
        kind, *rest = name
        if kind == "engine":
            return self._engine
        return find(Table(*rest))


def _local(function: object) -> bool:
    return "<locals>" in getattr(function, "__qualname__", "")


def _gone() -> Callable[..., object]:
    """Return what stands for a function that was made while an earlier cloud ran."""
    return _raise_gone


def _raise_gone(*_: object, **__: object) -> object:
    raise LanesError("this ended with an earlier cloud and cannot go on", fix="start it anew")
