"""The rendezvous server: TCPunch v1 and v2 on one port, told apart by the request. No client can stall another.

One thread, one asyncio loop, no blocking call: so there are no locks. Each connection is a :class:`Client`. The
registry decides who meets whom; keys and limits decide who may ask. A client is in one of these states::

    arrived --its request is whole--> asked --no peer yet--> waiting --the peer comes--> introduced --> closed
       |                                |                       |                            |
       | no request in time             | bad key, a limit      | too long, it left          | its bytes are relayed
       +--> refused, closed             +--> refused, closed    +--> timed out, closed       +--> until either leaves

``_unread`` holds the clients of the first state, oldest first, the registry those that wait, oldest first. A timer
sweeps both for those whose time is up, on a clock that tests bring. A client whose connection is lost leaves both at
once, so nobody is ever paired with it: before a waiter is matched, the kernel is asked whether its connection is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from shared.fmi.rendezvous.connection import Client
from shared.fmi.rendezvous.http import HttpProtocol
from shared.fmi.rendezvous.keys import Judgement, TeamKeys
from shared.fmi.rendezvous.limits import Limits, RateLimiter
from shared.fmi.rendezvous.logs import log, logger, name_digest
from shared.fmi.rendezvous.metrics import Metrics
from shared.fmi.rendezvous.registry import Full, Matched, Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.wire.request import Request

_BACKLOG = 4096  # connections that wait to be accepted: Linux's own limit (net.core.somaxconn)
_SWEEP_SECONDS = 0.25  # our choice: far below the shortest limit of time
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # seconds, seconds, tries: 25 s in all
_HTTP_AT_ONCE = 32  # HTTP connections: fewer than the descriptors that the limits leave spare


class RendezvousServer:
    """A rendezvous server in the running asyncio loop.

    Args:
        limits: Its bounds.
        keys: What names are checked with. Without a master key, every name is let in.
        clock: Seconds, never going back.
    """

    def __init__(
        self, limits: Limits | None = None, keys: TeamKeys | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self._http_clients = 0
        self._keys = keys or TeamKeys()
        self._clock = clock
        self._registry: Registry[Client] = Registry(
            self.limits.waiting, self.limits.waiting_per_source, self.limits.wait_timeout
        )
        self._rates = RateLimiter(self.limits.rate, self.limits.burst, self.limits.sources)
        self._clients: set[Client] = set()
        self._unread: OrderedDict[Client, float] = OrderedDict()
        self._relays = 0
        self._listeners: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None
        self._started = clock()
        self._closing = False
        self._empty = asyncio.Event()

    async def start(self, host: str, port: int, http_port: int | None) -> None:
        """Listen. A port of 0 takes any free one. ``http_port=None`` leaves HTTP off.

        Raises:
            OSError: A port is taken, or *host* is no IPv4 address of this machine.
        """
        loop, only = asyncio.get_running_loop(), socket.AF_INET  # TCPunch tells endpoints in 4 bytes
        clients = await loop.create_server(lambda: Client(self), host, port, family=only, backlog=_BACKLOG)
        self._listeners.append(clients)
        for sock in clients.sockets:
            _keep_alive(sock)
        if http_port is not None:
            try:
                http = await loop.create_server(lambda: HttpProtocol(self), host, http_port, family=only)
            except OSError:
                clients.close()
                raise
            self._listeners.append(http)
        self._schedule_sweep()
        log(
            "listening",
            ports=[self.port, self.http_port],
            keyed=bool(self._keys.master),
            allow_open=self._keys.allow_open,
        )

    @property
    def port(self) -> int:
        """The rendezvous port."""
        return int(self._listeners[0].sockets[0].getsockname()[1])

    @property
    def http_port(self) -> int | None:
        """The HTTP port, if HTTP is on."""
        return int(self._listeners[1].sockets[0].getsockname()[1]) if len(self._listeners) > 1 else None

    async def close(self, grace: float = 1.0) -> None:
        """Stop listening, tell the waiting to come back (v2) or close them (v1), and send the last bytes.

        Args:
            grace: Seconds for the last bytes. A client that has not taken them by then is cut off.
        """
        self._closing = True
        if self._sweeper:
            self._sweeper.cancel()
        for listener in self._listeners:
            listener.close()
        for client, token in self._registry.drain():
            client.time_out(token)
        for client in list(self._clients):
            client.finish()
        if not self._clients:
            self._empty.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._empty.wait()
        for client in list(self._clients):
            client.abort()
        log("closed", pairings=self.metrics.counts["pairings"])

    def not_ready(self) -> str:
        """Return why the server could serve no further client; empty if it could."""
        if self._closing:
            return "shutting down"
        if len(self._clients) >= self.limits.connections:
            return "all connections are taken"
        return "no further name may wait" if len(self._registry) >= self.limits.waiting else ""

    def gauges(self) -> dict[str, float]:
        """Return open connections, waiting names and relayed pairs as they are now, and seconds since the start."""
        return {
            "open_connections": len(self._clients),
            "waiting": len(self._registry),
            "relays": self._relays,
            "uptime_seconds": round(self._clock() - self._started, 3),
        }

    def health(self) -> dict[str, object]:
        """Return the state of the server as plain values."""
        problem = self.not_ready()
        return {"status": problem or "ready", **self.gauges(), **self.metrics.as_json()}

    def sweep(self) -> None:
        """Drop clients that sent no request in time, and time out those that have waited too long."""
        now = self._clock()
        while self._unread:
            client, until = next(iter(self._unread.items()))
            if until > now:
                break
            del self._unread[client]
            self.metrics.counts["silent"] += 1
            log("silent", level=logging.DEBUG, peer=client.address)
            client.refuse()
        for client, token in self._registry.expire(now):
            self.metrics.counts["timeouts"] += 1
            log("timeout", peer=client.address, name=name_digest(client.name))
            client.time_out(token)

    # What connections report.

    def http_arrived(self) -> bool:
        """Count one more HTTP connection; return whether it may stay."""
        self._http_clients += 1
        return self._http_clients <= _HTTP_AT_ONCE

    def http_left(self) -> None:
        """Count one HTTP connection less."""
        self._http_clients -= 1

    def arrived(self, client: Client) -> None:
        """Let *client*, just accepted, stay or turn it away."""
        self.metrics.counts["connections"] += 1
        now = self._clock()
        if len(self._clients) >= self.limits.connections:
            self._turn_away(client, "connections")
            return
        if not self._rates.allow(client.source, now):
            self._turn_away(client, "rate")
            return
        self._clients.add(client)
        self._unread[client] = now + self.limits.request_timeout

    def asked(self, client: Client, request: Request) -> None:
        """Pair *client*, or let it wait, or turn it away."""
        self._unread.pop(client, None)
        judgement, team = self._keys.judge(request.name)
        if judgement in {Judgement.UNSIGNED, Judgement.FORGED}:
            self._turn_away(client, judgement.value, team=team)
            return
        if request.relay and self._relays >= self.limits.relays:
            self._turn_away(client, "relays")
            return
        outcome = self._registry.join(request.name, client, self._clock(), token=request.token, relay=request.relay)
        if isinstance(outcome, Full):
            self._note_refusal(client, outcome.reason)
            client.time_out("")  # there may be room soon: after this answer, a client comes back until its deadline
        elif isinstance(outcome, Matched):
            self._introduce(outcome, client, relay=request.relay)
        else:
            client.wait(outcome.token)
            if outcome.replaced is not None:
                self.metrics.counts["resumed"] += 1
                outcome.replaced.abort()

    def broke(self, client: Client, reason: str) -> None:
        """Turn *client* away: it broke the protocol."""
        self.metrics.counts["broken"] += 1
        log("broken", level=logging.DEBUG, peer=client.address, reason=reason)
        client.refuse()

    def left(self, client: Client) -> None:
        """Forget *client*, whose connection is gone: nobody is paired with it."""
        self._unread.pop(client, None)
        if client.name and self._registry.leave(client.name, client, relay=client.relay):
            self.metrics.counts["abandoned"] += 1
            log("abandoned", level=logging.DEBUG, peer=client.address, name=name_digest(client.name))
        if client in self._clients:
            self._clients.remove(client)
            if self._closing and not self._clients:
                self._empty.set()

    def relay_ended(self) -> None:
        """Count one relayed pair less."""
        self._relays -= 1

    def _introduce(self, match: Matched[Client], client: Client, *, relay: bool) -> None:
        self.metrics.counts["pairings"] += 1
        if logger.isEnabledFor(logging.DEBUG):
            peers = [match.other.address, client.address]
            log("paired", level=logging.DEBUG, name=name_digest(client.name), peers=peers)
        if relay:
            self._relays += 1
            client.relay_with(match.other)
        client.introduce(match.other.endpoint, match.token)
        match.other.introduce(client.endpoint, match.other_token)

    def _turn_away(self, client: Client, reason: str, *, team: str = "") -> None:
        self._note_refusal(client, reason, team)
        client.refuse()

    def _note_refusal(self, client: Client, reason: str, team: str = "") -> None:
        self.metrics.refused[reason] += 1
        log("refused", peer=client.address, reason=reason, team=team)

    def _schedule_sweep(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep_again)

    def _sweep_again(self) -> None:
        self.sweep()
        self._schedule_sweep()


async def serve(
    server: RendezvousServer, host: str, port: int, http_port: int | None, ready: Callable[[], None]
) -> None:
    """Run *server* until SIGTERM or SIGINT, then close it cleanly; *ready* is called once it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start(host, port, http_port)
    ready()
    await stop.wait()
    await server.close()


def _keep_alive(sock: socket.socket) -> None:
    """Let the kernel notice, within half a minute, that a waiting client's host has vanished.

    Accepted sockets inherit these options from the listening one.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
