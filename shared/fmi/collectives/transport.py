"""The channel as a collective sees it: messages between ranks, within one operation and its deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.fmi.data import Description

if TYPE_CHECKING:
    from shared.fmi.data import Array
    from shared.fmi.wire.frames import Operation

_LONG, _LONG_PIECE = 1 << 17, 1 << 14
"""Bytes, of an array and of a rank's piece of it, from which an algorithm that saves bandwidth beats one that saves
rounds: it takes as many rounds as there are ranks (measured on loopback, 4 to 32 ranks)."""

FEW = 3
"""With fewer ranks than this, a tree moves no more bytes than an algorithm that saves bandwidth."""


class Transport(Protocol):
    """One operation of one rank. Every call raises a ``LinkError`` when the other rank is lost or out of step."""

    @property
    def rank(self) -> int:
        """This rank."""
        ...

    @property
    def size(self) -> int:
        """How many ranks there are."""
        ...

    def send(self, dest: int, array: Array, *, plain: bool = False, operation: Operation | None = None) -> None:
        """Send a C-contiguous *array* to *dest*; *operation* only where an algorithm has two kinds of message."""
        ...

    def receive(self, source: int, *, expected: Description | None = None, out: Array | None = None) -> Array:
        """Receive an array from *source*, into *out* if given."""
        ...

    def receive_any(self, source: int, operations: tuple[Operation, ...]) -> tuple[Array, bool, Operation]:
        """Receive a message of one of *operations*. Returns the array, whether it was a number, and its operation."""
        ...

    def exchange(
        self, dest: int, array: Array, source: int, *, out: Array | None = None, expected: Description | None = None
    ) -> Array:
        """Send *array* to *dest* and receive from *source* at the same time."""
        ...


def like(array: Array) -> Description:
    """Return what an array of the same dtype and shape must say of itself."""
    return Description(array.dtype, array.shape, plain=False)


def is_long(nbytes: int, size: int) -> bool:
    """Say whether an array of *nbytes*, cut into a piece for each of *size* ranks, is worth cutting."""
    return nbytes >= max(_LONG, _LONG_PIECE * size)
