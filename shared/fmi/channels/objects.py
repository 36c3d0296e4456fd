"""The storage channels' messages: where they are kept, and what one looks like there."""

from __future__ import annotations

import re
import struct
import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from shared.fmi.data import Array, byte_view, describe, parse
from shared.fmi.errors import FmiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
T = TypeVar("T")

_LENGTHS = struct.Struct("!HH")


class Store(ABC):
    """A place for objects. Keys are text without a leading slash.

    Attributes:
        first_poll: Seconds from the first look for an object to the second.
        longest_poll: Seconds between two looks at most. Each pause is 1.5 times the one before.
    """

    first_poll: float
    longest_poll: float

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Write an object. It is seen whole or not at all."""

    @abstractmethod
    def claim(self, key: str, data: bytes) -> bool:
        """Write an object where there is none, in one request; return whether *data* lies there now."""

    @abstractmethod
    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return the objects of *keys* that are there."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects. One that is not there is no error."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """Return the keys that start with *prefix*."""


class Shelf:
    """The part of *store* under *prefix*. Every method raises an FmiError when the store fails.

    Once the store has failed, it gets no more requests: each method raises the same error again.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self._shared: list[tuple[int, str]] = []
        self.failure: FmiError | None = None

    def put(self, key: str, data: bytes) -> None:
        """See Store."""
        self._ask(self._store.put, self._prefix + key, data)

    def claim(self, rank: int) -> FmiError | None:
        """Claim *rank*'s part of this shelf. Return an error if another session has it."""
        if self._ask(self._store.claim, self._prefix + _claim_of(rank), uuid.uuid4().bytes):
            return None
        what = f"rank {rank} of an earlier session with this run and name never closed in good order"
        fix = "give another RUN_ID or name; or delete what lies there, when none of its ranks is alive"
        return FmiError(what, where=self._prefix, fix=fix)

    def give_back(self, rank: int) -> None:
        """Let another session claim *rank*'s part."""
        self.delete([_claim_of(rank)])

    def share(self, turn: int, key: str, data: bytes) -> None:
        """Put an object that several ranks read, and remember that it belongs to *turn*."""
        self._shared.append((turn, key))
        self.put(key, data)

    def forget_before(self, turn: int) -> None:
        """Delete what was shared before *turn*."""
        old = [key for at, key in self._shared if at < turn]
        self._shared = [entry for entry in self._shared if entry[0] >= turn]
        self.delete(old)

    def forget_all(self, rank: int) -> None:
        """Delete what *rank* wrote and nobody has taken. Marks and notices stay."""
        mine = re.compile(rf"(\d+|send)/{rank}-")
        self.delete(name for name in self.names() if mine.match(name))

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See Store."""
        found = self._ask(self._store.get, [self._prefix + key for key in keys])
        return {key.removeprefix(self._prefix): data for key, data in found.items()}

    def delete(self, keys: Iterable[str]) -> None:
        """See Store."""
        if doomed := [self._prefix + key for key in keys]:
            self._ask(self._store.delete, doomed)

    def names(self, prefix: str = "") -> list[str]:
        """See Store."""
        return [key.removeprefix(self._prefix) for key in self._ask(self._store.names, self._prefix + prefix)]

    def _ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.failure is not None:
            raise self.failure
        try:
            return call(*args, **kwargs)
        except Exception as error:  # the clients' errors have no common root
            fix = "check that the store runs, and that this function reaches it and may read, write and list there"
            self.failure = FmiError(f"the store failed: {type(error).__name__}: {error}", where=self._prefix, fix=fix)
            raise self.failure from error


def _claim_of(rank: int) -> str:
    return f"here/{rank}"


def encode(array: Array, *, plain: bool, call: str = "") -> bytes:
    """Return *array* as an object: two lengths, its description and the *call* it belongs to, and its bytes."""
    description, words = describe(array.dtype, array.shape, plain), call.encode(errors="replace")
    head = _LENGTHS.pack(len(description), len(words)) + description + words
    return head + bytes(byte_view(np.ascontiguousarray(array)))


def call_of(data: bytes) -> str:
    """Return the call that an object belongs to."""
    described, words = _LENGTHS.unpack_from(data)
    start = _LENGTHS.size + described
    return data[start : start + words].decode()


def decode(data: bytes) -> tuple[Array, bool]:
    """Return the array that :func:`encode` was given, and whether it was a plain number."""
    described, words = _LENGTHS.unpack_from(data)
    start = _LENGTHS.size + described + words
    description = parse(data[_LENGTHS.size : _LENGTHS.size + described])
    array = np.empty(description.shape, description.dtype)
    byte_view(array)[:] = data[start:]
    return array, description.plain
