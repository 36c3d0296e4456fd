"""From two public endpoints to one verified connection: listen and connect at once, from the port that the server saw.

Both ends use the same two ports. So there is at most one connection between them, whichever side opened it (or both:
TCP's simultaneous open). Every connection is asked who it is; a stranger's is closed, and the waiting goes on.
See https://bford.info/pub/net/p2pnat/ for why this passes NATs.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
from typing import TYPE_CHECKING, Self

from shared.fmi.wire.handshake import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from shared.fmi.wire.events import Endpoint
    from shared.fmi.wire.handshake import Handshake

_ANY = ""  # every interface, in the socket API's spelling: a NAT decides where the peer comes in
_FIRST_CONNECT, _LONGEST_CONNECT = 0.3, 3.0
"""Seconds that an attempt to connect may take, each 1.5 times the one before. Our choice: the first is about a round
trip across a continent, the longest Linux's first SYN and its repeat (1 s) with room."""

_CONNECT_GROWTH = 1.5
_HANDSHAKE_SECONDS = 3.0  # our choice: a few hundred bytes, on a machine that may be busy
_PAUSE = 0.02  # seconds between two attempts, as a refused one ends at once: our choice
_BACKLOG = 8  # connections that wait to be accepted: one is the peer's, few are strangers'


class WrongPeer(Exception):
    """Whatever is at the other end is not the peer that was meant."""


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


async def punch(
    listening: socket.socket, peer: Endpoint, handshake: Callable[[], Handshake], on_stranger: Callable[[str], None]
) -> socket.socket:
    """Return the connection to *peer* once it has proved itself. Until then it goes on, or until it is cancelled.

    Args:
        listening: The listener on the port that the peer was told.
        peer: The peer's public endpoint.
        handshake: Makes a fresh handshake for each connection that is tried.
        on_stranger: Called with the reason when a connection was not the peer's.
    """
    async with _Race(handshake, on_stranger) as race:
        race.listen(listening)
        race.enter(_connect(listening.getsockname()[1], peer, race))
        return await race.winner()


async def verify(sock: socket.socket, handshake: Handshake, seconds: float = _HANDSHAKE_SECONDS) -> None:
    """Make sure that the peer is at the other end of *sock*, which does not block, within *seconds*.

    Raises:
        WrongPeer: It is somebody else, or fell silent.
        OSError: The connection broke.
    """
    sock.send(handshake.hello())  # a few bytes; they fit into the buffer of a fresh connection
    try:
        async with asyncio.timeout(seconds):
            while not _proved(sock, handshake):
                await _readable(sock)
    except TimeoutError:
        # On a busy machine, time may be up before this process runs again. Then the proof has come, and lies here.
        if not _proved(sock, handshake):
            raise WrongPeer("it said nothing after connecting") from None
    with contextlib.suppress(BlockingIOError):
        if not sock.recv(1, socket.MSG_PEEK):  # the peer did not wait so long: it has closed this connection
            raise _closed()


def _proved(sock: socket.socket, handshake: Handshake) -> bool:
    """Take and answer what has come; return whether the peer has proved itself."""
    while True:
        try:
            data = sock.recv(handshake.wanted)
        except BlockingIOError:
            return False
        if not data:
            raise _closed()
        answer, events = handshake.receive(data)
        if answer:
            sock.send(answer)
        for event in events:
            if isinstance(event, Verified):
                return True
            raise WrongPeer(event.reason)


def _closed() -> OSError:
    return ConnectionResetError(errno.ECONNRESET, "closed during the handshake")


async def _readable(sock: socket.socket) -> None:
    """Wait for bytes, and leave them where they are: a read that is cancelled may have taken some already."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)


class _Race:
    """Sockets of which the first to prove itself wins. The others are closed in the end."""

    def __init__(self, handshake: Callable[[], Handshake], on_stranger: Callable[[str], None]) -> None:
        self._handshake, self._on_stranger = handshake, on_stranger
        self._loop = asyncio.get_running_loop()
        self._won: asyncio.Future[socket.socket] = self._loop.create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: set[socket.socket] = set()
        self._listening: socket.socket | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
        for task in self._tasks:
            task.cancel()
        kept = None if kind else self._won.result()
        try:
            # A socket may be closed only when its task has ended: its number is given to a new socket at once.
            await asyncio.gather(*self._tasks, return_exceptions=True)
        except BaseException:
            kept = None
            raise
        finally:
            for sock in self._sockets:
                if sock is not kept:
                    sock.close()

    def listen(self, listening: socket.socket) -> None:
        """Let every connection to *listening* race, each in a task of its own, so a silent stranger delays no one."""
        self._listening = listening
        self._loop.add_reader(listening, self._accept, listening)

    def enter(self, runner: Coroutine[object, None, None]) -> None:
        """Let *runner* look for a winner. One that fails does not win; that is all."""
        self._tasks.add(self._loop.create_task(runner))

    def adopt(self, sock: socket.socket) -> None:
        """Close *sock* in the end, unless it wins."""
        sock.settimeout(0)
        self._sockets.add(sock)

    def drop(self, sock: socket.socket) -> None:
        """Close *sock* now."""
        self._sockets.discard(sock)
        sock.close()

    async def winner(self) -> socket.socket:
        """Return the first socket that proved itself."""
        return await self._won

    async def prove(self, sock: socket.socket) -> None:
        """Let *sock* win if the peer is at its other end; else close it."""
        try:
            await verify(sock, self._handshake())
        except WrongPeer as stranger:
            self._on_stranger(str(stranger))
            self.drop(sock)
        except OSError:
            self.drop(sock)
        else:
            if not self._won.done():
                self._won.set_result(sock)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock, _ = listening.accept()
            self.adopt(sock)
            self.enter(self.prove(sock))


async def _connect(port: int, peer: Endpoint, race: _Race) -> None:
    """Connect again and again until one connection proves itself: the first SYNs may die at the peer's NAT."""
    patience = _FIRST_CONNECT
    while True:
        sock = shared_port(port)
        race.adopt(sock)
        try:
            async with asyncio.timeout(patience):
                await asyncio.get_running_loop().sock_connect(sock, (peer.host, peer.port))
        except (OSError, TimeoutError):
            race.drop(sock)
        else:
            await race.prove(sock)
        patience = min(patience * _CONNECT_GROWTH, _LONGEST_CONNECT)
        await asyncio.sleep(jittered(_PAUSE))


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
