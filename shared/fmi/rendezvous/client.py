"""A rank's side of the rendezvous: pair with many peers at once, under one deadline.

Each pairing goes through the stages ``rendezvous`` (ask the server for the peer), ``punch`` (connect to it) and
``handshake`` (is it the right one?), and last ``relay``, if that is allowed. One that fails starts again from the first
stage, while there is time.
"""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shared.errors import UsageError, unknown
from shared.fmi.errors import PairingFailed
from shared.fmi.rendezvous.keys import RENEW
from shared.fmi.rendezvous.punch import WrongPeer, jittered, listener, own_port, punch, verify
from shared.fmi.rendezvous.resolve import Lookup
from shared.fmi.wire.events import Broken, Paired, Refused, TimedOut, Told
from shared.fmi.wire.handshake import NONCE_SIZE, Handshake
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import V2Client

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from shared.fmi.rendezvous.keys import Namespace
    from shared.fmi.wire.client import PairingClient
    from shared.fmi.wire.events import Endpoint, Event

T = TypeVar("T")

DEFAULT_PORT = 10000  # TCPunch's own
_PUNCH_SHARE, _PUNCH_BEFORE_RELAY = 0.5, 5.0
"""A punch may take this share of the time left, and these seconds at most where a relay can follow. Our choice."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two attempts, each twice the one before: our choice
_AT_ONCE = 32
"""Pairings of one rank under way at once. So what N ranks ask of the server grows with N, not with N²."""

_MACHINES: dict[str, type[PairingClient]] = {"v1": V1Client, "v2": V2Client}

_STAGES = ("rendezvous", "punch", "relay", "handshake")
_FIXES = {
    "rendezvous": "check the server with `lanes rendezvous check`, and that the peer's function was started at all",
    "punch": "the peers' NATs refuse to be punched: allow relaying (relay=True, and relays on the server)",
    "relay": "start the server with relays allowed, or let the ranks run in one network",
    "handshake": "give both ranks the same team, run, communicator name and key",
}


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


def pair_all(
    meeting: Meeting, namespace: Namespace, rank: int, peers: Iterable[int], timeout: float
) -> dict[int, socket.socket]:
    """Connect *rank* with each of *peers*, many at once. Each of them must do the same within *timeout* seconds.

    A pair's turn is the XOR of its ranks, which is the same for both. Every rank works on the least turns it has left.
    So no ring of ranks can form in which each waits for the next.

    Returns:
        A connected, verified, blocking TCP socket for each peer.

    Raises:
        PairingFailed: A peer could not be reached. The other peers' sockets are closed.
    """
    wanted = sorted(set(peers), key=lambda peer: rank ^ peer)
    return run_blocking(_pair_all(meeting, namespace, rank, wanted, timeout)) if wanted else {}


def run_blocking(work: Coroutine[object, None, T]) -> T:
    """Run *work* to its end from plain code, even where a loop already runs in this thread (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work)
    thread = ThreadPoolExecutor(1, thread_name_prefix="fmi-pairing")
    try:
        return thread.submit(_run, work).result()
    finally:
        thread.shutdown(wait=False)  # Ctrl-C reaches the caller at once; the pairing itself ends by its deadline


def _run(work: Coroutine[object, None, T]) -> T:
    """Run *work* in a loop of its own. Which loop the thread calls its current one does not change."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


async def _pair_all(
    meeting: Meeting, namespace: Namespace, rank: int, peers: list[int], seconds: float
) -> dict[int, socket.socket]:
    deadline = asyncio.get_running_loop().time() + seconds
    errand, turns = _Errand(meeting, Lookup(meeting.host), namespace, rank, deadline), asyncio.Semaphore(_AT_ONCE)
    pairings = [_Pairing(errand, peer) for peer in peers]
    try:
        outcomes = await asyncio.gather(*(pairing.run(turns) for pairing in pairings), return_exceptions=True)
    except asyncio.CancelledError:
        for pairing in pairings:
            if pairing.socket:
                pairing.socket.close()
        raise
    # A deadline that strikes while a socket is handed over cancels the task, but the socket is good all the same.
    sockets = {peer: pairing.socket for peer, pairing in zip(peers, pairings, strict=True) if pairing.socket}
    failures = [
        outcome if isinstance(outcome, Exception) else pairing.failure()
        for pairing, outcome in zip(pairings, outcomes, strict=True)
        if pairing.socket is None
    ]
    if failures:
        for sock in sockets.values():
            sock.close()
        raise failures[0]
    for sock in sockets.values():
        sock.settimeout(None)  # it blocks: a link sets the kernel's own timeouts
    return sockets


@dataclass(frozen=True, slots=True)
class _Errand:
    """What all pairings of one call share. ``deadline`` is in the loop's time."""

    meeting: Meeting
    server: Lookup
    namespace: Namespace
    rank: int
    deadline: float


class _Pairing:
    """One pair's way from its names to a verified socket."""

    def __init__(self, errand: _Errand, peer: int) -> None:
        self._errand, self._peer = errand, peer
        self._meeting, self._namespace = errand.meeting, errand.namespace
        self._stage, self._reason = "rendezvous", "its turn did not come: the pairings before it took all the time"
        self._token = ""
        self.socket: socket.socket | None = None

    async def run(self, turns: asyncio.Semaphore) -> None:
        """Set ``socket``, or raise PairingFailed at the deadline or when the server refuses."""
        pause = _FIRST_PAUSE
        try:
            async with asyncio.timeout_at(self._errand.deadline), turns:
                while True:
                    try:
                        return await self._attempt()
                    except _Again:
                        pass
                    except OSError as error:
                        self._at(self._stage, f"this rank cannot open a socket: {_plain(error)}")
                    await asyncio.sleep(jittered(pause))
                    pause = min(pause * 2, _LONGEST_PAUSE)
        except TimeoutError:
            raise self.failure() from None

    async def _attempt(self) -> None:
        try:
            await self._attempt_punch()
        except _Again:
            if self._stage == "rendezvous" or not self._meeting.relay:
                raise
            await self._attempt_relay()

    async def _attempt_punch(self) -> None:
        with own_port() as sock, listener(sock.getsockname()[1]) as listening:
            # The rendezvous socket stays open until the punch is done: its NAT mapping is the one the peer was told.
            peer = await self._ask(sock, relay=False)
            self._at("punch", f"no connection to {peer} in either direction")
            remaining = self._errand.deadline - asyncio.get_running_loop().time()
            patience = min(remaining * _PUNCH_SHARE, _PUNCH_BEFORE_RELAY if self._meeting.relay else remaining)
            try:
                async with asyncio.timeout(patience):
                    self.socket = await punch(listening, peer, self._handshake, self._met_stranger)
            except TimeoutError:
                raise _Again from None

    async def _attempt_relay(self) -> None:
        sock = own_port()
        try:
            await self._ask(sock, relay=True)
            await verify(sock, self._handshake())
        except (OSError, WrongPeer) as error:
            sock.close()
            self._at("relay", f"the relayed connection failed: {error}")
            raise _Again from None
        except BaseException:
            sock.close()
            raise
        self.socket = sock

    async def _ask(self, sock: socket.socket, *, relay: bool) -> Endpoint:
        """Return the peer's endpoint, as the server tells it over *sock*."""
        loop = asyncio.get_running_loop()
        where = f"{self._meeting.host}:{self._meeting.port}"
        stage = "relay" if relay else "rendezvous"
        self._at(stage, f"the server at {where} does not answer")
        machine = _MACHINES[self._meeting.protocol]()
        try:
            await loop.sock_connect(sock, (await self._errand.server.address(), self._meeting.port))
            name = self._namespace.pair_name(self._errand.rank, self._peer)
            await loop.sock_sendall(sock, machine.ask(name, self._token, relay=relay))
            while True:
                data = await loop.sock_recv(sock, machine.wanted)
                for event in machine.receive(data) if data else machine.end():
                    if isinstance(event, Paired):
                        return event.peer
                    self._judge(event, stage)
        except OSError as error:
            self._at(stage, f"the server at {where} cannot be reached: {_plain(error)}")
            raise _Again from None

    def _judge(self, event: Event, stage: str) -> None:
        if isinstance(event, Refused):
            refused = "the server refuses: a missing or wrong team key, or no further pair to relay; its log says which"
            raise PairingFailed(self._peer, stage, refused, RENEW)
        if isinstance(event, Broken):
            self._at(stage, event.reason)
            raise _Again
        if isinstance(event, (Told, TimedOut)):
            # With it, a rank that comes back takes over its own place, and is never paired with its lost connection.
            self._token = event.token or self._token
        if isinstance(event, TimedOut):
            if not event.token:  # the server gave it no place to wait, so there is none to come back to
                self._at(stage, "the server has no room for another name to wait; its log says which limit is reached")
            raise _Again
        self._at(stage, f"rank {self._peer} has not come to the rendezvous server")

    def _handshake(self) -> Handshake:
        nonce = os.urandom(NONCE_SIZE)
        return Handshake(self._namespace.text, self._errand.rank, self._peer, nonce, self._namespace.key)

    def _met_stranger(self, reason: str) -> None:
        self._at("handshake", f"what answers at its endpoint is not the peer: {reason}")

    def _at(self, stage: str, reason: str) -> None:
        if _STAGES.index(stage) >= _STAGES.index(self._stage):
            self._stage, self._reason = stage, reason

    def failure(self) -> PairingFailed:
        """Return the error for the furthest stage that any attempt has reached."""
        return PairingFailed(self._peer, self._stage, self._reason, _FIXES[self._stage])


class _Again(Exception):
    """This attempt failed; another may not."""


def _plain(error: OSError) -> str:
    if error.errno is None or isinstance(error, socket.gaierror):
        return str(error.strerror or error)
    return os.strerror(error.errno)
