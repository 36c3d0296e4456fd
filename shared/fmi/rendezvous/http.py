"""The server's HTTP side: ``/livez /readyz /health /metrics``, GET only, one request a connection."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Callable

    from shared.fmi.rendezvous.limits import Limits
    from shared.fmi.rendezvous.metrics import Metrics

IDLE_AT_ONCE, BACKLOG = 32, 64
"""HTTP connections that have not asked yet, and new ones in one turn of the loop: the limits leave them descriptors."""

_LONGEST_REQUEST = 8192  # bytes of a request's head: our choice, as common servers have it

_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
_JSON = "application/json"


class Host(Protocol):
    """The server, as the pages see it."""

    limits: Limits
    metrics: Metrics

    def not_ready(self) -> str:
        """Return why the server could serve no further client; empty if it could."""

    def gauges(self) -> dict[str, float]:
        """Return the numbers that rise and fall, as they are now."""

    def health(self) -> dict[str, object]:
        """Return the state of the server as plain values."""


class HttpProtocol(asyncio.Protocol):
    """Answers one request and closes. A client that sends too much is cut off, and one that sends nothing in time.

    Args:
        server: What the pages tell of.
        idle: The connections that have not asked yet, oldest first. When there are too many, the oldest gives way: so
            whoever asks at once is answered, however many sit there.
    """

    def __init__(self, server: Host, idle: OrderedDict[HttpProtocol, None]) -> None:
        self._server, self._idle = server, idle
        self._buffer = bytearray()
        self._received = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, and give the client as long as a rendezvous client has."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP server's transport reads and writes")
        self._transport = transport
        self._idle[self] = None
        if len(self._idle) > IDLE_AT_ONCE:
            oldest, _ = self._idle.popitem(last=False)
            oldest.abort()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._server.limits.request_timeout, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the deadline."""
        del exc
        self._idle.pop(self, None)
        self._deadline.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer once the request's head is complete. Empty lines before it are skipped, as RFC 9112, 2.2 has it."""
        if self._transport is None or self._transport.is_closing():
            return
        self._received += len(data)
        self._buffer += data
        if self._buffer[:1] in b"\r\n":
            self._buffer = self._buffer.lstrip(b"\r\n")
        if b"\r\n\r\n" in self._buffer or b"\n\n" in self._buffer:
            self._idle.pop(self, None)
            self._transport.write(answer(self._server, bytes(self._buffer)))
            self._transport.close()
        elif self._received > _LONGEST_REQUEST:
            self._transport.abort()

    def abort(self) -> None:
        """Cut the client off."""
        if self._transport is not None:
            self._transport.abort()


def answer(server: Host, request: bytes) -> bytes:
    """Return the whole response to the HTTP *request*'s head."""
    words = request.split(b"\n", 1)[0].split()
    method, target = [*words, b"", b""][:2]
    path = target.split(b"?", 1)[0].decode("ascii", "replace")
    pages: dict[str, Callable[[], tuple[int, str, str]]] = {
        "/livez": lambda: (200, "text/plain", "alive\n"),
        "/readyz": lambda: _ready(server),
        "/health": lambda: (200, _JSON, json.dumps(server.health()) + "\n"),
        "/metrics": lambda: (200, "text/plain; version=0.0.4", server.metrics.as_prometheus(server.gauges())),
    }
    if method not in {b"GET", b"HEAD"}:
        status, kind, body = 405, "text/plain", "GET only\n"
    elif path not in pages:
        status, kind, body = 404, "text/plain", "known: " + " ".join(pages) + "\n"
    else:
        status, kind, body = pages[path]()
    payload = body.encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else payload)


def _ready(server: Host) -> tuple[int, str, str]:
    problem = server.not_ready()
    return (503, "text/plain", f"not ready: {problem}\n") if problem else (200, "text/plain", "ready\n")
