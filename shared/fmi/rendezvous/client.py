"""A rank's side of the rendezvous server: where it is, and one connection over which names are asked for."""

from __future__ import annotations

import enum
import errno
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import UsageError, unknown
from shared.fmi.rendezvous.reactor import READ, WRITE
from shared.fmi.wire.events import Broken
from shared.fmi.wire.many import ManyClient
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import V2Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.rendezvous.reactor import Reactor
    from shared.fmi.wire.client import PairingClient
    from shared.fmi.wire.events import Event

DEFAULT_PORT = 10000  # TCPunch's own
NAMES = 256
"""Names that may wait on one connection at once: our server's limit."""

_READ = 1 << 14  # bytes to read at once: our choice, more than all answers that 256 names can have at one time
_SERVER_SECONDS = 10.0  # for the server to take a connection, then to answer it: our choice, some of TCP's own repeats

_MACHINES: dict[str, type[PairingClient]] = {"v1": V1Client, "v2": V2Client}


class Kind(enum.Enum):
    """What a connection to the server is for."""

    ONE = "one name"
    MANY = "many names, if the server knows that (v2)"
    RELAY = "one name, whose pair the server relays (v2)"


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where ranks meet, and how.

    Args:
        host: The rendezvous server, a name or an IPv4 address.
        port: Its port.
        protocol: ``v2``; or ``v1``, for a server in the field that knows no other.
        relay: Whether the server may carry a pair's bytes when the punch fails (our server only, and v2 only).
    """

    host: str
    port: int = DEFAULT_PORT
    protocol: str = "v2"
    relay: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown protocol."""
        if self.protocol not in _MACHINES:
            raise unknown("rendezvous protocol", self.protocol, list(_MACHINES))

    @classmethod
    def parse(cls, endpoint: str, *, protocol: str = "v2", relay: bool = False) -> Meeting:
        """Return the meeting at ``host`` or ``host:port``.

        Raises:
            UsageError: *endpoint* is neither, or there is no such *protocol*.
        """
        host, _, port = endpoint.strip().partition(":")
        if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16)):
            raise UsageError(f"{endpoint!r} is no rendezvous endpoint", fix="give host:port, as in localhost:10000")
        return cls(host, int(port) if port else DEFAULT_PORT, protocol, relay)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Asking:
    """One connection to the server. Names may be asked for from the start: they are sent when the server takes them.

    Args:
        reactor: Watches the connection.
        meeting: Where the server is, and what it speaks.
        sock: A socket that is bound, does not block, and is owned by *reactor*. It is closed by the caller.
        kind: How many names the connection carries, and how.
        told: Called with a name and what the server says of it; with no name if it refuses without saying which.
        lost: Called when the connection ends, if names still had no last answer: with the system's error that keeps
            this machine from the server, or with what the server did.
    """

    def __init__(  # noqa: PLR0913, PLR0917  one connection, and whom it reports to
        self,
        reactor: Reactor,
        meeting: Meeting,
        sock: socket.socket,
        kind: Kind,
        told: Callable[[bytes, Event], None],
        lost: Callable[[OSError | str], None],
    ) -> None:
        self.open = True
        self._reactor, self._meeting, self._sock, self._told, self._lost = reactor, meeting, sock, told, lost
        self._relay = kind is Kind.RELAY
        self._many = ManyClient() if kind is Kind.MANY else None
        self._one = _MACHINES[meeting.protocol]()
        self._connected = False
        self._queue: list[tuple[bytes, str]] = []
        self._names: dict[str, bytes] = {}
        self._unsent = b""
        self._patience = reactor.later(_SERVER_SECONDS, self._silent)

    @property
    def many(self) -> bool | None:
        """Whether the server reads many names on this connection; None while it has not said."""
        return self._many.known if self._many else False

    def connect(self, address: str) -> None:
        """Connect to the server at *address*."""
        error = self._sock.connect_ex((address, self._meeting.port))
        if error in {0, errno.EINPROGRESS}:
            self._reactor.watch(self._sock, WRITE, self._writable)
        else:
            self._end(OSError(error, os.strerror(error)))

    def ask(self, name: bytes, token: str) -> None:
        """Ask for the peer called *name*, now or once the server takes it."""
        self._queue.append((name, token))
        if self._connected:
            self._send()

    def close(self) -> None:
        """Report nothing any more."""
        self.open = False
        self._patience.cancel()
        self._reactor.unwatch(self._sock)

    def _writable(self) -> None:
        if not self._connected:
            error = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self._end(OSError(error, os.strerror(error)))
                return
            self._connected = True
        self._reactor.watch(self._sock, READ, self._readable)
        self._send()

    def _send(self) -> None:
        while self._queue and self._may_ask():
            self._unsent += self._request(*self._queue.pop(0))
        if not self._unsent:
            return
        try:
            sent = self._sock.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._end(error)
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._reactor.watch(self._sock, WRITE, self._writable)

    def _may_ask(self) -> bool:
        return not self._names or bool(self.many)

    def _request(self, name: bytes, token: str) -> bytes:
        self._names[token] = name
        return self._many.ask(name, token) if self._many else self._one.ask(name, token, relay=self._relay)

    def _readable(self) -> None:
        try:
            data = self._sock.recv(_READ if self._many else self._one.wanted)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        self._patience.cancel()
        for name, event in self._answers(data):
            if not self.open:
                return
            if isinstance(event, Broken):
                self._end(event.reason)
            else:
                self._told(name, event)
        if not self.open:
            return
        if not data:
            self.close()
        elif self._queue:
            self._send()

    def _answers(self, data: bytes) -> list[tuple[bytes, Event]]:
        if self._many:
            answers = self._many.receive(data) if data else self._many.end()
            return [(self._names.get(token, b""), event) for token, event in answers]
        (name,) = self._names.values()
        return [(name, event) for event in (self._one.receive(data) if data else self._one.end())]

    def _silent(self) -> None:
        self._end(f"the server at {self._meeting} does not answer")

    def _end(self, why: OSError | str) -> None:
        self.close()
        self._lost(why)


def plain(error: OSError) -> str:
    """Return what *error* is, in the system's words."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return str(error.strerror or error)
    return os.strerror(error.errno)
