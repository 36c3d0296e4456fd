"""TCPunch version 2: fixed-size records with a status, a reconnect token and flags (repository mstaylor/TCPunch).

Request, 141 bytes: name[100] NUL-padded, token[37] (UUID text or empty, NUL-padded), flags u32.
Response, 50 bytes: status u8, your ip[4], your port u16, peer ip[4], peer port u16, token[37]. The repository's guide
says 51; its code sends 50.

Two flag bits are ours, and other servers ignore them. Bit 0, RELAY: after PAIRED the server itself carries the pair's
bytes. Bit 1, MANY: further requests follow on this connection, each with a token that the client chose. Their answers
come in any order, so each carries the token of its request, and bit 7 of its status says that the server knows MANY.
A connection is of one kind for good, and never both.
"""

from __future__ import annotations

import enum
import struct

from shared.fmi.wire.client import PairingClient
from shared.fmi.wire.events import NOWHERE, Broken, Endpoint, Event, Paired, Refused, TimedOut, Told

REQUEST = struct.Struct("<100s37sI")
_RESPONSE = struct.Struct("!B4sH4sH37s")
RESPONSE_SIZE = _RESPONSE.size

RELAY = 1
"""The request's flag bit that asks the server to carry the pair's bytes."""

MANY = 2
"""The request's flag bit that says: further requests follow on this connection."""

MANY_KNOWN = 0x80
"""The bit of a response's status that says: the server reads further requests on this connection."""


class Status(enum.IntEnum):
    """The first byte of a response."""

    WAITING = 0
    PAIRED = 1
    TIMEOUT = 2
    ERROR = 3


def encode_response(status: int, you: Endpoint, peer: Endpoint | None = None, token: str = "") -> bytes:
    """Return the 50 bytes of a response. *status* may carry MANY_KNOWN; *peer* is all zeros until there is one."""
    other = peer or NOWHERE
    return _RESPONSE.pack(status, you.packed, you.port, other.packed, other.port, token.encode("ascii"))


def encode_request(name: bytes, token: str, flags: int) -> bytes:
    """Return the 141 bytes of a request."""
    return REQUEST.pack(name, token.encode("ascii"), flags)


def decode_response(record: bytes) -> Event:
    """Return what the 50 bytes of a response mean."""
    status, your_ip, your_port, peer_ip, peer_port, padded = _RESPONSE.unpack(record)
    token = padded.split(b"\0", 1)[0].decode("ascii", "replace")
    you, peer = Endpoint.unpack(your_ip, your_port), Endpoint.unpack(peer_ip, peer_port)
    known: dict[int, Event] = {
        Status.WAITING: Told(you, token),
        Status.PAIRED: Paired(you, peer, token),
        Status.TIMEOUT: TimedOut(token),
        Status.ERROR: Refused(token),
    }
    return known.get(status, Broken(f"status {status} is none of v2's; is this a v1 server?"))


class V2Client(PairingClient):
    """A v2 pairing."""

    record_size = RESPONSE_SIZE

    def _encode(self, name: bytes, token: str, *, relay: bool) -> bytes:
        return encode_request(name, token, RELAY if relay else 0)

    def _decode(self, record: bytes) -> Event:
        return decode_response(record)
