"""Frames, in which connected ranks talk: a 20-byte header, a description, a payload.

Header: mark (call u16, digest 6 bytes), kind u8, operation u8, length of the description u16, length of the payload
u64, in network order. The *mark* says which call of the program the frame belongs to. Its digest is made of what all
ranks must call alike there, and of the session (``channels.calls``).

``DATA`` carries an array. ``BYE`` is an orderly end. The other kinds are words about who is to blame:

- ``ABORT``: a rank is lost or out of step, for certain.
- ``SUSPECT``: its speaker waits for a rank that stayed silent, perhaps because that rank waits for another.
- ``CLAIM``: this is what its speaker calls, at the call of the mark.
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple

HEADER = struct.Struct("!8sBBHQ")
_REST = struct.Struct("!BBHQ")
_ABOUT = struct.Struct("!II16s")

MARK = 8  # bytes of a mark: 2 of the call's number, 6 of the digest
SESSION = 16  # bytes
_LONGEST_TEXT = 1000  # bytes of what a word says: our choice, enough for an exception's message


class FrameKind(enum.IntEnum):
    """What a frame is."""

    DATA = 1
    ABORT = 2
    BYE = 3
    SUSPECT = 4
    CLAIM = 5


class Operation(enum.IntEnum):
    """The operation that a frame belongs to."""

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


class Cause(enum.IntEnum):
    """Why an ABORT names its rank; in the place of the operation."""

    LOST = 0
    MISMATCH = 1
    UNPAIRED = 2


class Header(NamedTuple):
    """A frame's header."""

    mark: bytes
    kind: int
    operation: int
    described: int
    length: int

    @property
    def call(self) -> int:
        """The number of the call, modulo 65,536."""
        return int.from_bytes(self.mark[:2], "big")


class Word(NamedTuple):
    """What a rank says about who is to blame.

    ``rank`` is whom it names: in an ABORT the guilty one, in a SUSPECT whom the speaker waits for, in a CLAIM the
    speaker. ``origin`` is the rank that said it first. ``cause`` is an ABORT's; in a SUSPECT, the operation.
    """

    kind: FrameKind
    rank: int
    origin: int
    text: str
    cause: int = Cause.LOST
    mark: bytes = bytes(MARK)
    session: bytes = bytes(SESSION)

    @property
    def call(self) -> int:
        """The number of the call it is about, modulo 65,536."""
        return int.from_bytes(self.mark[:2], "big")


def pack(kind: FrameKind, operation: int, description: bytes, length: int) -> bytes:
    """Return a frame's header after the mark, and its description. *length* bytes of payload must follow."""
    return _REST.pack(kind, operation, len(description), length) + description


def unpack(buffer: bytearray, start: int) -> Header:
    """Return the header at *start* of *buffer*."""
    return Header._make(HEADER.unpack_from(buffer, start))


BYE = bytes(MARK) + pack(FrameKind.BYE, 0, b"", 0)


def encode(word: Word) -> bytes:
    """Return the frame that says *word*. A text that is too long is cut."""
    text = word.text.encode(errors="replace")[:_LONGEST_TEXT]
    return word.mark + pack(word.kind, word.cause, _ABOUT.pack(word.rank, word.origin, word.session) + text, 0)


def decode(header: Header, body: bytes) -> Word:
    """Return the word of a frame that is neither DATA nor BYE.

    Raises:
        ValueError: It is no word.
    """
    if len(body) < _ABOUT.size:
        raise ValueError(f"a word of {len(body)} bytes")
    rank, origin, session = _ABOUT.unpack_from(body)
    text = body[_ABOUT.size :].decode("utf-8", "replace")
    return Word(FrameKind(header.kind), rank, origin, text, header.operation, header.mark, session)


def operation_name(operation: int) -> str:
    """Return what messages call an operation."""
    known = {member.value: member.name.lower().removesuffix("_long") for member in Operation}
    return known.get(operation, f"operation {operation}")
