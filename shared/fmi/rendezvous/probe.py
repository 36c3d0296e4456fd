"""Whether a rank of FMI's C++ library has come in place of one of ours: asked once, when it is missing anyhow.

C++ ranks meet under names of their own, and send data at once, with no handshake. So a pair of one of theirs and one of
ours never meets, and neither hears why. The probe asks for the C++ library's name. If a rank waits there, it connects,
and closes at once: the C++ side hears that its peer has closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.fmi.rendezvous.client import Asking, Kind
from shared.fmi.rendezvous.punch import Punch, listener, own_port
from shared.fmi.rendezvous.reactor import READ
from shared.fmi.wire.events import Paired, Told

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.reactor import Reactor
    from shared.fmi.wire.events import Endpoint, Event

PROBE_SECONDS = 0.5  # for all of it: our choice, some round trips across a continent
_FOLLOWS = 0.1  # seconds in which a v1 server has told of a peer that waits, after its first answer: our choice


class Probe:
    """One question.

    Args:
        reactor: Owns and watches its sockets.
        meeting: Where the ranks meet.
        name: The C++ library's name for the pair.
        done: Called once with whether a C++ rank was there.
    """

    def __init__(self, reactor: Reactor, meeting: Meeting, name: bytes, done: Callable[[bool], None]) -> None:
        self._reactor, self._meeting, self._name, self._done = reactor, meeting, name, done
        self._sockets: list[socket.socket] = []
        self._asking: list[Asking] = []
        self._punch: Punch | None = None
        self._address = ""
        self._timer = reactor.later(PROBE_SECONDS, self._end)

    def connect(self, address: str | OSError) -> None:
        """Ask the server at *address*."""
        if self._timer.call is None:
            return
        if isinstance(address, OSError):
            self._end()
            return
        self._address = address
        try:
            sock = self._own(own_port())
            self._port = sock.getsockname()[1]
            listening = self._own(listener(self._port))
        except OSError:
            self._end()
            return
        self._reactor.watch(listening, READ, lambda: self._there(None))
        self._ask(sock, self._told)

    def _ask(self, sock: socket.socket, told: Callable[[bytes, Event], None]) -> None:
        self._asking.append(Asking(self._reactor, self._meeting, sock, Kind.ONE, told, lambda _: self._end()))
        self._asking[-1].ask(self._name, "")
        self._asking[-1].connect(self._address)

    def _told(self, _: bytes, event: Event) -> None:
        if isinstance(event, Paired):
            self._meet(event.peer)
        elif not isinstance(event, Told):
            self._end()
        elif self._meeting.protocol == "v1":
            self._reactor.later(_FOLLOWS, self._take_back)
        else:
            self._end()

    def _meet(self, peer: Endpoint) -> None:
        self._punch = Punch(self._reactor, self._port, peer, self._there, lambda _: self._end())
        self._punch.start(0)

    def _there(self, sock: socket.socket | None) -> None:
        if sock is not None:
            self._sockets.append(sock)
        self._end(found=True)

    def _take_back(self) -> None:
        """Join the name with a second socket: the C++ server keeps the entry of a connection that is gone."""
        if self._punch is not None or self._timer.call is None:
            return
        try:
            second = self._own(own_port())
        except OSError:
            self._end()
            return
        self._ask(second, lambda _, event: self._end() if isinstance(event, Paired) else None)

    def _own(self, sock: socket.socket) -> socket.socket:
        self._sockets.append(sock)
        return self._reactor.own(sock)

    def _end(self, *, found: bool = False) -> None:
        if self._timer.call is None:
            return
        self._timer.cancel()
        for asking in self._asking:
            asking.close()
        if self._punch is not None:
            self._punch.stop()
        for sock in self._sockets:
            self._reactor.close_socket(sock)
        self._sockets.clear()
        self._done(found)
