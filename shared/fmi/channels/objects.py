"""Where the storage channels keep their messages, and what a message looks like there."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.data import Array, byte_view, describe, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = struct.Struct("!H")


class Store(ABC):
    """Where objects lie. Keys are text without a leading slash.

    Attributes:
        first_poll: Seconds to the second look for an object.
        longest_poll: Seconds between two looks at most; each pause is 1.5 times the one before.
    """

    first_poll: float
    longest_poll: float

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Write an object, whole or not at all."""

    @abstractmethod
    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return those objects of *keys* that are there."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there is no error."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """Return the keys that start with *prefix*."""


def encode(array: Array, *, plain: bool) -> bytes:
    """Return *array* as an object: the length of its description, the description, its bytes."""
    description = describe(array.dtype, array.shape, plain)
    return _LENGTH.pack(len(description)) + description + bytes(byte_view(np.ascontiguousarray(array)))


def decode(data: bytes) -> tuple[Array, bool]:
    """Return the array that :func:`encode` was given, and whether it was a plain number."""
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    description = parse(data[_LENGTH.size : start])
    array = np.empty(description.shape, description.dtype)
    byte_view(array)[:] = data[start:]
    return array, description.plain
