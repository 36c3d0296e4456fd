"""One client's connection to the server: from bytes to a request, from an outcome to bytes, and the relay of a pair."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Protocol

from shared.fmi.wire import v1, v2
from shared.fmi.wire.events import NOWHERE, Broken, Endpoint
from shared.fmi.wire.request import V1, V2, Request, RequestReader
from shared.fmi.wire.v2 import Status

if TYPE_CHECKING:
    from shared.fmi.rendezvous.limits import Limits
    from shared.fmi.rendezvous.metrics import Metrics

_ESTABLISHED = 1  # TCP_ESTABLISHED of Linux's include/net/tcp_states.h


class Host(Protocol):
    """The server, as a connection sees it."""

    limits: Limits
    metrics: Metrics

    def arrived(self, client: Client) -> None:
        """Let *client*, just accepted, stay or turn it away."""

    def asked(self, client: Client, request: Request) -> None:
        """Pair *client*, or let it wait, or turn it away."""

    def broke(self, client: Client, reason: str) -> None:
        """*client* broke the protocol."""

    def left(self, client: Client) -> None:
        """*client*'s connection is gone."""

    def relay_ended(self) -> None:
        """A relayed pair is done."""


class Client(asyncio.Protocol):
    """A connection that asks for a peer."""

    def __init__(self, server: Host) -> None:
        self.endpoint = NOWHERE
        self.name = b""
        self.relay = False
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

    def alive(self) -> bool:
        """Say whether the connection is up. One with a FIN or RST that the loop has not seen yet is not."""
        if self._transport.is_closing():
            return False
        sock = self._transport.get_extra_info("socket")
        info = getattr(socket, "TCP_INFO", None)
        return info is None or sock.getsockopt(socket.IPPROTO_TCP, info, 1)[0] == _ESTABLISHED

    # What asyncio reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn where the client is, and ask the server whether it may stay."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP server's transport reads and writes")
        self._transport = transport
        host, port = transport.get_extra_info("peername") or (NOWHERE.host, NOWHERE.port)
        self.endpoint = Endpoint(host, port)
        self._server.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Read the request, or carry the bytes to the partner."""
        if self._partner is not None:
            self._server.metrics.counts["relayed_bytes"] += len(data)
            self._partner.carry(data)
        elif not self._transport.is_closing():
            self._take(self._reader.receive(data))

    def eof_received(self) -> bool:
        """Treat the client as gone: it closed its side, which looks the same as a process that died."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, and end its relay."""
        del exc
        self._cancel_settle()
        partner, self._partner = self._partner, None
        if partner is not None:
            partner.partner_left()
        self._server.left(self)

    def pause_writing(self) -> None:
        """Stop reading from the partner, which sends faster than this client reads."""
        if self._partner is not None:
            self._partner.pause()

    def resume_writing(self) -> None:
        """Read from the partner again: this client has caught up."""
        if self._partner is not None:
            self._partner.resume()

    # What the server decides.

    def wait(self, token: str) -> None:
        """Tell the client its own endpoint. Its peer has not come yet."""
        if self._version == V1:
            self._transport.write(v1.encode_endpoint(self.endpoint))
        else:
            self._transport.write(v2.encode_response(Status.WAITING, self.endpoint, token=token))
        self._waiting = True

    def introduce(self, peer: Endpoint, token: str) -> None:
        """Tell the client its peer's endpoint. Then close, unless its bytes are relayed."""
        if self._version == V1:
            own = b"" if self._waiting else v1.encode_endpoint(self.endpoint)
            self._transport.write(own + v1.encode_endpoint(peer))
        else:
            self._transport.write(v2.encode_response(Status.PAIRED, self.endpoint, peer, token))
        if self._partner is None:
            self._transport.close()

    def time_out(self, token: str) -> None:
        """Tell a v2 client to come back with its *token*. v1 has no such answer, so the connection is just closed."""
        if self._version != V1:
            self._transport.write(v2.encode_response(Status.TIMEOUT, self.endpoint, token=token))
        self._transport.close()

    def refuse(self) -> None:
        """Turn the client away, with a v2 status if it speaks v2."""
        self._cancel_settle()
        if self._version == V2 or self._reader.is_v2:
            self._transport.write(v2.encode_response(Status.ERROR, NOWHERE))
        self._transport.close()

    def finish(self) -> None:
        """Close when the last bytes are sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # The relay.

    def relay_with(self, partner: Client) -> None:
        """Carry the bytes of this client and *partner* to each other from now on."""
        self._partner, partner._partner = partner, self

    def carry(self, data: bytes) -> None:
        """Pass the partner's *data* on."""
        self._transport.write(data)

    def pause(self) -> None:
        """Read no more from this client for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read from this client again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def partner_left(self) -> None:
        """Close this end of the relay when its bytes are sent: the other end is gone."""
        self._partner = None
        self._transport.close()
        self._server.relay_ended()

    def _take(self, events: list[Request | Broken]) -> None:
        self._cancel_settle()
        for event in events:
            if isinstance(event, Broken):
                self._server.broke(self, event.reason)
            else:
                self._version, self.name, self.relay = event.version, event.name, event.relay
                self._server.asked(self, event)
        if self._reader.maybe_v1:
            loop = asyncio.get_running_loop()
            self._settle = loop.call_later(self._server.limits.settle, self._settled)

    def _settled(self) -> None:
        self._settle = None
        if not self._transport.is_closing():
            self._take(self._reader.quiet())

    def _cancel_settle(self) -> None:
        if self._settle is not None:
            self._settle.cancel()
            self._settle = None
