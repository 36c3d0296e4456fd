"""The rendezvous server: TCPunch v1 and v2 on one port, told apart by the request. No client can stall another.

One thread, one asyncio loop, no blocking call: so there are no locks. Each connection is a :class:`Client`; all are
served in turns by :class:`Streams`. The registry decides who meets whom; keys and limits decide who may ask. A client
is in one of these states::

    arrived --its request is whole--> asked --no peer yet--> waiting --the peer comes--> introduced --> closed
       |                                |                       |                            |
       | no request in time             | bad key, a limit      | too long, it left          | its bytes are relayed
       +--> refused, closed             +--> refused, closed    +--> timed out, closed       +--> until either leaves

A client that asks for many goes through them with each of its names, and its connection stays: until no name of its
waits and no further request comes in time.

``_due`` holds the clients from whom a request is due, oldest first, the registry those that wait, oldest first. A timer
sweeps both for those whose time is up, on a clock that tests bring. A client whose connection is lost leaves both at
once, with all its names, so nobody is ever paired with it: before a waiter is matched, the kernel is asked whether its
connection is up.
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
from shared.fmi.rendezvous.http import BACKLOG as HTTP_BACKLOG
from shared.fmi.rendezvous.http import HttpProtocol
from shared.fmi.rendezvous.keys import Judgement, TeamKeys
from shared.fmi.rendezvous.limits import Limits, RateLimiter
from shared.fmi.rendezvous.logs import log, logger, name_digest
from shared.fmi.rendezvous.metrics import Metrics
from shared.fmi.rendezvous.registry import Full, Matched, Registry, Twice
from shared.fmi.rendezvous.streams import Streams
from shared.fmi.wire.events import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.wire.request import Request

_BACKLOG = 4096  # connections that wait to be accepted: Linux's own limit (net.core.somaxconn)
_SWEEP_SECONDS = 0.25  # our choice: far below the shortest limit of time
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # seconds, seconds, tries: 25 s in all


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
        self._http_idle: OrderedDict[HttpProtocol, None] = OrderedDict()
        self._keys = keys or TeamKeys()
        self._clock = clock
        self._registry: Registry[Client] = Registry(
            self.limits.waiting,
            self.limits.waiting_per_source,
            self.limits.wait_timeout,
            self.limits.waiting_per_connection,
        )
        self._rates = RateLimiter(self.limits.rate, self.limits.burst, self.limits.sources)
        self._clients: set[Client] = set()
        self._due: OrderedDict[Client, float] = OrderedDict()
        self._many = 0
        self._relays = 0
        self._streams: Streams | None = None
        self._http: asyncio.Server | None = None
        self.port = 0
        self._sweeper: asyncio.TimerHandle | None = None
        self._started = clock()
        self._closing = False
        self._empty = asyncio.Event()

    async def start(self, host: str, port: int, http_port: int | None) -> None:
        """Listen. A port of 0 takes any free one. ``http_port=None`` leaves HTTP off.

        Raises:
            OSError: A port is taken, or *host* is no IPv4 address of this machine.
        """
        only = socket.AF_INET  # TCPunch tells endpoints in 4 bytes
        listening = socket.create_server((host, port), family=only, backlog=_BACKLOG)
        _set_up(listening)
        if http_port is not None:
            loop = asyncio.get_running_loop()
            try:
                self._http = await loop.create_server(
                    lambda: HttpProtocol(self, self._http_idle), host, http_port, family=only, backlog=HTTP_BACKLOG
                )
            except OSError:
                listening.close()
                raise
        self.port = int(listening.getsockname()[1])
        self._streams = Streams(listening, self._arrived)
        self._schedule_sweep()
        log(
            "listening",
            ports=[self.port, self.http_port],
            keyed=bool(self._keys.master),
            allow_open=self._keys.allow_open,
        )

    @property
    def http_port(self) -> int | None:
        """The HTTP port, if HTTP is on."""
        return int(self._http.sockets[0].getsockname()[1]) if self._http else None

    async def close(self, grace: float = 1.0) -> None:
        """Stop listening, tell the waiting to come back (v2) or close them (v1), and send the last bytes.

        Args:
            grace: Seconds for the last bytes. A client that has not taken them by then is cut off.
        """
        self._closing = True
        if self._sweeper:
            self._sweeper.cancel()
        if self._http:
            self._http.close()
        streams, self._streams = self._streams, None
        if streams:
            streams.stop_accepting()
        for waiter in self._registry.drain():
            waiter.client.time_out(waiter.token)
        for client in list(self._clients):
            client.close()
        if not self._clients:
            self._empty.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._empty.wait()
        for client in list(self._clients):
            client.abort()
        if streams:
            streams.close()
        log("closed", pairings=self.metrics.counts["pairings"])

    def not_ready(self) -> str:
        """Return why the server could serve no further client; empty if it could."""
        if self._closing:
            return "shutting down"
        if len(self._clients) >= self.limits.connections:
            return "all connections are taken"
        return "no further name may wait" if len(self._registry) >= self.limits.waiting else ""

    def gauges(self) -> dict[str, float]:
        """Return open connections, those of them for many names, waiting names and relayed pairs, and the uptime."""
        return {
            "open_connections": len(self._clients),
            "open_many_connections": self._many,
            "waiting": len(self._registry),
            "relays": self._relays,
            "uptime_seconds": round(self._clock() - self._started, 3),
        }

    def health(self) -> dict[str, object]:
        """Return the state of the server as plain values."""
        problem = self.not_ready()
        return {"status": problem or "ready", **self.gauges(), **self.metrics.as_json()}

    def sweep(self) -> None:
        """Drop clients that sent no request in time, and time out names that have waited too long."""
        now = self._clock()
        while self._due:
            client, until = next(iter(self._due.items()))
            if until > now:
                break
            del self._due[client]
            if client.idle:
                client.close()
                continue
            self.metrics.counts["silent"] += 1
            log("silent", level=logging.DEBUG, peer=client.address)
            client.refuse()
        for waiter in self._registry.expire(now):
            self.metrics.counts["timeouts"] += 1
            log("timeout", peer=waiter.client.address, name=name_digest(waiter.name))
            waiter.client.time_out(waiter.token)
            self._expect(waiter.client, now)

    # What connections report.

    def asked(self, client: Client, request: Request) -> None:
        """Pair *client*, or let it wait, or turn it away."""
        now = self._clock()
        self._due.pop(client, None)
        if client.many and not self._may_ask(client, request, now):
            return
        if not self._registry.holds(request.name, relay=request.relay):  # what waits has been judged
            judgement, team = self._keys.judge(request.name)
            if judgement is Judgement.UNSIGNED or judgement is Judgement.FORGED:
                self._note_refusal(client, judgement.value, team)
                client.refuse(request.token)
                return
        if request.relay and self._relays >= self.limits.relays:
            self._note_refusal(client, "relays")
            client.refuse()
            return
        outcome = self._registry.join(request.name, client, now, token=request.token, relay=request.relay)
        if isinstance(outcome, Matched):
            self._introduce(outcome, client, request)
            self._expect(outcome.other, now)
        elif isinstance(outcome, Full):
            self._no_room(client, request, outcome.reason)
        elif isinstance(outcome, Twice):
            self.broke(client, "one name twice on one connection", request.token)
        else:
            client.wait(outcome.token)
            if outcome.replaced is not None:
                self._displace(outcome.replaced, now)
        self._expect(client, now)

    def broke(self, client: Client, reason: str, token: str = "") -> None:
        """Turn *client* away: it broke the protocol, with the request of *token* if that could be read."""
        self.metrics.counts["broken"] += 1
        log("broken", level=logging.DEBUG, peer=client.address, reason=reason)
        client.refuse(token)

    def left(self, client: Client) -> None:
        """Forget *client*, whose connection is gone: nobody is paired with it."""
        self._due.pop(client, None)
        for name in self._registry.leave(client):
            self.metrics.counts["abandoned"] += 1
            log("abandoned", level=logging.DEBUG, peer=client.address, name=name_digest(name))
        self._many -= client.many
        self._clients.remove(client)
        if self._closing and not self._clients:
            self._empty.set()

    def relay_ended(self) -> None:
        """Count one relayed pair less."""
        self._relays -= 1

    def _arrived(self, sock: socket.socket, address: tuple[str, int]) -> Client | None:
        """Let a connection, just accepted, stay or turn it away."""
        self.metrics.counts["connections"] += 1
        now = self._clock()
        client = Client(self, sock, Endpoint(*address))
        if len(self._clients) >= self.limits.connections:
            self._note_refusal(client, "connections")
            return None
        if not self._rates.allow(client.source, now):
            self._note_refusal(client, "rate")
            return None
        self._clients.add(client)
        self._due[client] = now + self.limits.request_timeout
        return client

    def _may_ask(self, client: Client, request: Request, now: float) -> bool:
        """Count one of many requests, the first of which counted as a connection; return whether it is looked at."""
        if not client.requests:
            self._many += 1
            self.metrics.counts["many_connections"] += 1
        elif not self._rates.allow(client.source, now):
            self._no_room(client, request, "rate")
            self._expect(client, now)
            return False
        return True

    def _no_room(self, client: Client, request: Request, reason: str) -> None:
        """Send *client* away until later: after this answer, a client asks again until its deadline."""
        self._note_refusal(client, reason)
        client.time_out(request.token if client.many else "")

    def _displace(self, replaced: Client, now: float) -> None:
        """Drop *replaced*, whose place another connection took; one for many may have other names, and stays."""
        self.metrics.counts["resumed"] += 1
        if replaced.many:
            self._expect(replaced, now)
        else:
            replaced.abort()

    def _expect(self, client: Client, now: float) -> None:
        """Give *client* time for a further request, if it asks for many and no name of its waits."""
        if client.many and not client.closing and not self._registry.names(client):
            self._due[client] = now + self.limits.request_timeout

    def _introduce(self, match: Matched[Client], client: Client, request: Request) -> None:
        self.metrics.counts["pairings"] += 1
        self.metrics.counts["many_pairings"] += client.many or match.other.many
        if logger.isEnabledFor(logging.DEBUG):
            peers = [match.other.address, client.address]
            log("paired", level=logging.DEBUG, name=name_digest(request.name), peers=peers)
        if request.relay:
            self._relays += 1
            client.relay_with(match.other)
        client.introduce(match.other.endpoint, match.token)
        match.other.introduce(client.endpoint, match.other_token)

    def _note_refusal(self, client: Client, reason: str, team: str = "") -> None:
        self.metrics.refused[reason] += 1
        if not client.refused:  # one line a connection, however many requests flood it
            client.refused = True
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


def _set_up(listening: socket.socket) -> None:
    """Set what accepted sockets inherit: to send at once, and to notice within half a minute that a host is gone."""
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
