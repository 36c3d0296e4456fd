"""One client's connection to the server: from bytes to requests, from outcomes to bytes, and the relay of a pair."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Protocol

from shared.fmi.rendezvous.streams import Stream
from shared.fmi.wire import v1, v2
from shared.fmi.wire.events import NOWHERE, Broken, Endpoint
from shared.fmi.wire.request import V1, V2, Request, RequestReader
from shared.fmi.wire.v2 import MANY_KNOWN, Status

if TYPE_CHECKING:
    from shared.fmi.rendezvous.limits import Limits
    from shared.fmi.rendezvous.metrics import Metrics

_ESTABLISHED = 1  # TCP_ESTABLISHED of Linux's include/net/tcp_states.h
_TCP_INFO = getattr(socket, "TCP_INFO", None)
_RELAYED_AT_ONCE = 1 << 16  # bytes read in one turn of a pair that is relayed: our choice


class Host(Protocol):
    """The server, as a connection sees it."""

    limits: Limits
    metrics: Metrics

    def asked(self, client: Client, request: Request) -> None:
        """Pair *client*, or let it wait, or turn it away."""

    def broke(self, client: Client, reason: str) -> None:
        """*client* broke the protocol."""

    def left(self, client: Client) -> None:
        """*client*'s connection is gone."""

    def relay_ended(self) -> None:
        """A relayed pair is done."""


class Client(Stream):
    """A connection that asks for a peer, or with MANY for several.

    Attributes:
        endpoint: Where the client is, as the server sees it.
        many: Whether it asks for several: it then stays open after an answer.
        requests: How many it has sent.
        refused: Whether one of them was.
    """

    __slots__ = (
        "_partner",
        "_reader",
        "_server",
        "_settle",
        "_version",
        "_waiting",
        "endpoint",
        "many",
        "refused",
        "requests",
    )

    def __init__(self, server: Host, sock: socket.socket, endpoint: Endpoint) -> None:
        super().__init__(sock)
        self.endpoint = endpoint
        self.many = False
        self.requests = 0
        self.refused = False
        self._server = server
        self._reader = RequestReader()
        self._version = 0
        self._waiting = False
        self._settle: asyncio.TimerHandle | None = None
        self._partner: Client | None = None

    @property
    def source(self) -> str:
        """The client's address, without the port."""
        return self.endpoint.host

    @property
    def address(self) -> str:
        """The client's address and port, for logs."""
        return str(self.endpoint)

    @property
    def idle(self) -> bool:
        """Whether no request is under way on this connection for many."""
        return self.many and not self._reader.halfway

    def alive(self) -> bool:
        """Say whether the connection is up. One with a FIN or RST that the loop has not seen yet is not."""
        if self.closing:
            return False
        return _TCP_INFO is None or self.sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0] == _ESTABLISHED

    # What the connection reports.

    def received(self, data: bytes) -> None:
        """Read requests, or carry the bytes to the partner."""
        if self._partner is not None:
            self._server.metrics.counts["relayed_bytes"] += len(data)
            self._partner.write(data)
        else:
            self._take(self._reader.receive(data))

    def lost(self) -> None:
        """Forget the client, and end its relay."""
        self._cancel_settle()
        partner, self._partner = self._partner, None
        if partner is not None:
            partner.partner_left()
        self._server.left(self)

    def pause_writing(self) -> None:
        """Read no more from whoever causes what this client takes too slowly: its partner, or else itself."""
        (self._partner or self).pause()

    def resume_writing(self) -> None:
        """Read again: this client has caught up."""
        (self._partner or self).resume()

    # What the server decides.

    def wait(self, token: str) -> None:
        """Tell the client its own endpoint. Its peer has not come yet."""
        if self._version == V1:
            self.write(v1.encode_endpoint(self.endpoint))
        else:
            self._answer(Status.WAITING, token)
        self._waiting = True

    def introduce(self, peer: Endpoint, token: str) -> None:
        """Tell the client its peer's endpoint. Then close, unless its bytes are relayed or it asks for many."""
        if self._version == V1:
            own = b"" if self._waiting else v1.encode_endpoint(self.endpoint)
            self.write(own + v1.encode_endpoint(peer))
        else:
            self._answer(Status.PAIRED, token, peer)
        if self._partner is None and not self.many:
            self.close()

    def time_out(self, token: str) -> None:
        """Tell a v2 client to come back with its *token*. v1 has no such answer, so the connection is just closed."""
        if self._version != V1:
            self._answer(Status.TIMEOUT, token)
        if not self.many:
            self.close()

    def refuse(self, token: str = "") -> None:
        """Turn the client away, with a v2 status if it speaks v2; of many requests, with the *token* of the one."""
        self._cancel_settle()
        if self.many:
            self.write(v2.encode_response(Status.ERROR | MANY_KNOWN, NOWHERE, token=token))
        elif self._version == V2 or self._reader.is_v2:
            self.write(v2.encode_response(Status.ERROR, NOWHERE))
        self.close()

    # The relay.

    def relay_with(self, partner: Client) -> None:
        """Carry the bytes of this client and *partner* to each other from now on."""
        self._partner, partner._partner = partner, self
        for end in (self, partner):
            end.patient = True
            end.taken_at_once = _RELAYED_AT_ONCE

    def partner_left(self) -> None:
        """Close this end of the relay when its bytes are sent: the other end is gone."""
        self._partner = None
        self.close()
        self._server.relay_ended()

    def _answer(self, status: Status, token: str, peer: Endpoint | None = None) -> None:
        code = status | MANY_KNOWN if self.many else status
        self.write(v2.encode_response(code, self.endpoint, peer, token))

    def _take(self, events: list[Request | Broken]) -> None:
        if self._settle is not None:
            self._cancel_settle()
        for event in events:
            if self.closing:
                return
            if isinstance(event, Broken):
                self._server.broke(self, event.reason)
            else:
                self._version, self.many = event.version, event.many
                self._server.asked(self, event)
                self.requests += 1
        if self._reader.maybe_v1:
            loop = asyncio.get_running_loop()
            self._settle = loop.call_later(self._server.limits.settle, self._settled)

    def _settled(self) -> None:
        self._settle = None
        if not self.closing:
            self._take(self._reader.quiet())

    def _cancel_settle(self) -> None:
        if self._settle is not None:
            self._settle.cancel()
            self._settle = None
