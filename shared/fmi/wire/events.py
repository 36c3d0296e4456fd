"""The events of a pairing, and the table that says which may follow which.

The rules, as the client sees them::

    IDLE  --asked-->  ASKED  --Told-->  WAITING  --Paired-->  DONE
                        |                  |
                        +-----Paired-------+----TimedOut | Refused-->  DONE

Anything else is the server's fault and becomes one last :class:`Broken`.
"""

from __future__ import annotations

import enum
import socket
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IPv4 address and a TCP port, as the rendezvous server saw them."""

    host: str
    port: int

    @property
    def packed(self) -> bytes:
        """The address's 4 bytes in network order."""
        return socket.inet_aton(self.host)

    @classmethod
    def unpack(cls, address: bytes, port: int) -> Endpoint:
        """Return the endpoint of 4 *address* bytes in network order and a *port*."""
        return cls(socket.inet_ntoa(address), port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


NOWHERE = Endpoint.unpack(bytes(4), 0)
"""0.0.0.0:0, what stands for an endpoint where there is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """The server knows us: *you* is our public endpoint. The peer has not come yet."""

    you: Endpoint
    token: str = ""


@dataclass(frozen=True, slots=True)
class Paired:
    """The peer came; *peer* is its public endpoint."""

    you: Endpoint
    peer: Endpoint
    token: str = ""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The server stopped waiting for the peer. Whoever asks again with *token* keeps its place."""

    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will not pair this name: the key is wrong, a limit is reached, or the request is broken.

    ``token`` says which, where a connection asks for many (v2).
    """

    token: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The other side broke the protocol. Nothing after this is read."""

    reason: str


Event: TypeAlias = Told | Paired | TimedOut | Refused | Broken


class State(enum.Enum):
    """Where a client's pairing stands."""

    IDLE = "idle"
    ASKED = "asked"
    WAITING = "waiting"
    DONE = "done"
    BROKEN = "broken"


TRANSITIONS: dict[tuple[State, type[Event]], State] = {
    (State.ASKED, Told): State.WAITING,
    (State.ASKED, Paired): State.DONE,
    (State.ASKED, TimedOut): State.DONE,
    (State.ASKED, Refused): State.DONE,
    (State.WAITING, Paired): State.DONE,
    (State.WAITING, TimedOut): State.DONE,
    (State.WAITING, Refused): State.DONE,
}


class LocalProtocolError(Exception):
    """This side used the machine wrongly: a bug of the caller, never of the peer."""
