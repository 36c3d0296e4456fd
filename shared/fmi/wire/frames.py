"""Frames, in which connected ranks talk: a 16-byte header, a description of the array, its bytes.

Header: kind u8, operation u8, length of the description u16, rank u32, length of the payload u64, in network order.
``DATA`` carries an array. ``ABORT`` says that *rank* is lost; the description says why. ``SUSPECT`` is an ABORT that is
only a guess: the rank stayed silent, perhaps because it waits for another. ``BYE`` is an orderly end.
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHIQ")


class FrameKind(enum.IntEnum):
    """What a frame is."""

    DATA = 1
    ABORT = 2
    BYE = 3
    SUSPECT = 4


class Operation(enum.IntEnum):
    """The operation that a frame belongs to. By it, two ranks at different places notice that, and mix no bytes."""

    SEND = 1
    BCAST = 2
    BARRIER = 3
    GATHER = 4
    SCATTER = 5
    REDUCE = 6
    ALLREDUCE = 7
    SCAN = 8
    ALLGATHER = 9
    ALLTOALL = 10
    BCAST_LONG = 11


class Header(NamedTuple):
    """A frame's header."""

    kind: int
    operation: int
    described: int
    rank: int
    length: int


def pack(kind: FrameKind, operation: int, description: bytes, rank: int, length: int) -> bytes:
    """Return a frame's header and description. *length* bytes of payload must follow."""
    return HEADER.pack(kind, operation, len(description), rank, length) + description


def unpack(buffer: bytearray, start: int) -> Header:
    """Return the header at *start* of *buffer*."""
    return Header._make(HEADER.unpack_from(buffer, start))


def operation_name(operation: int) -> str:
    """Return what messages call an operation."""
    known = {member.value: member.name.lower().removesuffix("_long") for member in Operation}
    return known.get(operation, f"operation {operation}")
