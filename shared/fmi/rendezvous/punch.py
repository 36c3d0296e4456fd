"""From two public endpoints to one verified connection: listen and connect at once, from the port the server saw.

Both ends use the same two ports, so there is at most one connection between them, whichever side opened it (or both:
TCP's simultaneous open). What arrives is asked who it is; a stranger is closed and the waiting goes on.
See https://bford.info/pub/net/p2pnat/ for why this passes NATs.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
from typing import TYPE_CHECKING, Any, Self

from shared.fmi.wire.handshake import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from shared.fmi.wire.events import Endpoint
    from shared.fmi.wire.handshake import Handshake

_ANY = "0.0.0.0"  # noqa: S104  every interface: a NAT decides where the peer comes in
_FIRST_CONNECT, _LONGEST_CONNECT = 0.3, 3.0
_HANDSHAKE_SECONDS = 3.0
_PAUSE = 0.02


class WrongPeer(Exception):  # noqa: N818  not an error of ours: somebody else knocked
    """Whoever is at the other end is not the peer that was meant."""


def own_port() -> socket.socket:
    """Return a socket on a port nobody else has, which further sockets of ours may then share.

    The flags are set after the bind: set before, the kernel may give two processes of one host the same port.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind((_ANY, 0))
        _share(sock)
        sock.setblocking(False)  # noqa: FBT003  the socket API's own signature
    except OSError:
        sock.close()
        raise
    return sock


def listener(port: int) -> socket.socket:
    """Return a listening socket on *port*, shared with the rendezvous socket."""
    sock = _shared_port(port)
    sock.listen(8)
    return sock


async def punch(
    listening: socket.socket, peer: Endpoint, handshake: Callable[[], Handshake], on_stranger: Callable[[str], None]
) -> socket.socket:
    """Return the connection to *peer* once it has proved itself; runs until cancelled otherwise.

    Args:
        listening: The listener on the port the peer was told.
        peer: The peer's public endpoint.
        handshake: Makes a fresh handshake for each connection tried.
        on_stranger: Told why, when a connection was not the peer's.
    """
    port = listening.getsockname()[1]
    async with _Race() as race:
        race.enter(_accept(listening, handshake, on_stranger, race))
        race.enter(_connect(port, peer, handshake, on_stranger))
        return await race.winner()


async def verify(sock: socket.socket, handshake: Handshake) -> None:
    """Make sure of who is at the other end of *sock*.

    Raises:
        WrongPeer: It is somebody else, or fell silent.
        OSError: The connection broke.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_HANDSHAKE_SECONDS):
            await loop.sock_sendall(sock, handshake.hello())
            while True:
                data = await loop.sock_recv(sock, handshake.wanted)
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed during the handshake")
                answer, events = handshake.receive(data)
                if answer:
                    await loop.sock_sendall(sock, answer)
                for event in events:
                    if isinstance(event, Verified):
                        return
                    raise WrongPeer(event.reason)
    except TimeoutError:
        raise WrongPeer("it said nothing after connecting") from None


class _Race:
    """Tasks of which the first to return a socket wins; the others are cancelled, and their sockets closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[socket.socket]] = set()
        self._won: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        kept = self._won.result() if self._won.done() and not self._won.cancelled() else None
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, socket.socket) and outcome is not kept:
                outcome.close()

    def enter(self, runner: Coroutine[Any, Any, socket.socket]) -> None:
        """Let *runner* race; one that fails simply does not win."""
        task = asyncio.get_running_loop().create_task(runner)
        self._tasks.add(task)
        task.add_done_callback(self._arrived)

    async def winner(self) -> socket.socket:
        """Return the first socket."""
        return await self._won

    def _arrived(self, task: asyncio.Task[socket.socket]) -> None:
        if task.cancelled() or task.exception() is not None:
            return
        if not self._won.done():
            self._won.set_result(task.result())


async def _accept(
    listening: socket.socket, handshake: Callable[[], Handshake], on_stranger: Callable[[str], None], race: _Race
) -> socket.socket:
    """Take connections for ever; each races in a task of its own, so that a silent stranger holds up nobody."""
    loop = asyncio.get_running_loop()
    while True:
        sock, _ = await loop.sock_accept(listening)
        race.enter(_verified(sock, handshake(), on_stranger))


async def _connect(
    port: int, peer: Endpoint, handshake: Callable[[], Handshake], on_stranger: Callable[[str], None]
) -> socket.socket:
    """Connect again and again until one connection proves itself: the first SYNs may die at the peer's NAT."""
    patience = _FIRST_CONNECT
    while True:
        with contextlib.suppress(OSError, WrongPeer, TimeoutError):
            sock = _shared_port(port)
            try:
                async with asyncio.timeout(patience):
                    await asyncio.get_running_loop().sock_connect(sock, (peer.host, peer.port))
            except BaseException:
                sock.close()
                raise
            return await _verified(sock, handshake(), on_stranger)
        patience = min(patience * 1.5, _LONGEST_CONNECT)
        await asyncio.sleep(_PAUSE * (0.5 + random.random()))  # noqa: S311  jitter, not a secret


async def _verified(sock: socket.socket, handshake: Handshake, on_stranger: Callable[[str], None]) -> socket.socket:
    try:
        await verify(sock, handshake)
    except WrongPeer as stranger:
        on_stranger(str(stranger))
        sock.close()
        raise
    except BaseException:
        sock.close()
        raise
    return sock


def _shared_port(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _share(sock)
        sock.bind((_ANY, port))
        sock.setblocking(False)  # noqa: FBT003  the socket API's own signature
    except OSError:
        sock.close()
        raise
    return sock


def _share(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
