"""From two public endpoints to one verified connection: listen and connect at once, from the port that the server saw.

Both ends use the same two ports. So there is at most one connection between them, whichever side opened it (or both:
TCP's simultaneous open). Every connection is asked who it is; a stranger's is closed, and the waiting goes on.
See https://bford.info/pub/net/p2pnat/ for why this passes NATs.
"""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from typing import TYPE_CHECKING

from shared.fmi.rendezvous.reactor import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.rendezvous.reactor import Reactor, Timer
    from shared.fmi.wire.events import Broken, Endpoint
    from shared.fmi.wire.handshake import Handshake, Twin, Verified

_ANY = ""  # every interface, in the socket API's spelling: a NAT decides where the peer comes in
_FIRST_CONNECT, _LONGEST_CONNECT = 0.3, 3.0
"""Seconds that an attempt to connect may take, each 1.5 times the one before. Our choice: the first is about a round
trip across a continent, the longest Linux's first SYN and its repeat (1 s) with room."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0  # seconds between two attempts, as a refused one ends at once: our choice
_GROWTH = 1.5
_SILENCE = 20.0
"""Seconds without a word after which a connection is a stranger's: our choice, long enough for a peer whose machine is
so busy that it does not run. A silent stranger delays nobody else."""

_BACKLOG = 512  # connections that wait to be accepted: our choice, more than all peers of a round


def jittered(seconds: float) -> float:
    """Return a half to one and a half of *seconds*, so that ranks that failed together do not try again together."""
    return seconds * (0.5 + random.random())  # noqa: S311  no secret


def own_port() -> socket.socket:
    """Return a socket on a port of its own. Further sockets of ours may then share that port.

    The flags are set after the bind. If they were set before, the kernel could give two processes of one host the same
    port.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind((_ANY, 0))
        _share(sock)
        sock.settimeout(0)
    except OSError:
        sock.close()
        raise
    return sock


def listener(port: int) -> socket.socket:
    """Return a listening socket on *port*, shared with the rendezvous socket."""
    sock = shared_port(port)
    sock.settimeout(0)
    sock.listen(_BACKLOG)
    return sock


class Greeting:
    """The handshake on one connection.

    Args:
        reactor: Owns and watches the connection.
        sock: The connection, which does not block.
        handshake: Fresh. Where it knows the peer, it speaks first.
        done: Called once with this greeting and what the other side is: None if it only closed the connection.
    """

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        handshake: Handshake,
        done: Callable[[Greeting, Verified | Twin | Broken | None], None],
    ) -> None:
        self.sock, self.handshake = sock, handshake
        self._reactor, self._done = reactor, done
        self._timer = reactor.later(_SILENCE, self._silent)
        reactor.watch(sock, READ, self._readable)
        self._say(handshake.hello())

    def close(self) -> None:
        """Close the connection and report nothing."""
        self._timer.cancel()
        self._reactor.close_socket(self.sock)

    def _say(self, words: bytes) -> None:
        """Send a few bytes, which fit into a fresh connection's buffer. The next read finds that it broke."""
        if words:
            with contextlib.suppress(OSError):
                self.sock.send(words)

    def _readable(self) -> None:
        try:
            data = self.sock.recv(self.handshake.wanted)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._finish(self.handshake.end() if self.handshake.spoken else None)
            return
        answer, events = self.handshake.receive(data)
        self._say(answer)
        for event in events:
            self._finish(event)

    def _silent(self) -> None:
        self._finish(self.handshake.end())

    def _finish(self, outcome: Verified | Twin | Broken | None) -> None:
        self._timer.cancel()
        self._reactor.unwatch(self.sock)
        self._done(self, outcome)


class Punch:
    """Connects to one peer, again and again: the first SYNs may die at the peer's NAT.

    Args:
        reactor: Owns and watches the attempts.
        port: The own port, from which the peer expects the connection.
        peer: The peer's public endpoint.
        connected: Called with a connection. It may be asked to go on (:meth:`resume`).
        failed: Called with the reason when an attempt fails for want of a socket.
    """

    def __init__(
        self,
        reactor: Reactor,
        port: int,
        peer: Endpoint,
        connected: Callable[[socket.socket], None],
        failed: Callable[[OSError], None],
    ) -> None:
        self.peer = peer
        self._reactor, self._port, self._connected, self._failed = reactor, port, connected, failed
        self._patience, self._pause = _FIRST_CONNECT, _FIRST_PAUSE
        self._sock: socket.socket | None = None
        self._timer: Timer | None = None

    def start(self, delay: float) -> None:
        """Connect for the first time after *delay* seconds."""
        if delay:
            self._timer = self._reactor.later(delay, self._connect)
        else:
            self._connect()

    def resume(self) -> None:
        """Try again after a pause: this attempt failed, or led to a stranger."""
        self.stop()
        self._timer = self._reactor.later(jittered(self._pause), self._connect)
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)

    def stop(self) -> None:
        """End the attempt under way."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sock is not None:
            self._reactor.close_socket(self._sock)
            self._sock = None

    def _connect(self) -> None:
        try:
            self._sock = sock = self._reactor.own(shared_port(self._port))
        except OSError as error:
            self._failed(error)
            self.resume()
            return
        sock.settimeout(0)
        code = sock.connect_ex((self.peer.host, self.peer.port))
        if code not in {0, errno.EINPROGRESS}:
            self.resume()
        elif _is_connected(sock):  # as on loopback: no need to be told
            self._hand_over(sock)
        else:
            self._timer = self._reactor.later(self._patience, self.resume)
            self._patience = min(self._patience * _GROWTH, _LONGEST_CONNECT)
            self._reactor.watch(sock, WRITE, self._writable)

    def _writable(self) -> None:
        sock = self._sock
        if sock is None or not _is_connected(sock):
            self.resume()
        else:
            self._hand_over(sock)

    def _hand_over(self, sock: socket.socket) -> None:
        self._sock = None
        self.stop()
        self._connected(sock)


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def shared_port(port: int) -> socket.socket:
    """Return a socket on *port*, which another socket of ours holds and shares."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _share(sock)
        sock.bind((_ANY, port))
    except OSError:
        sock.close()
        raise
    return sock


def _share(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
