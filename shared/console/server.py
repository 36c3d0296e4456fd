"""Serves the console on loopback, with a thread for each connection.

Anybody on this machine can connect. So what says nothing is cut off after a while, and where there are too many
connections, the oldest one makes room that has not asked for anything yet, or else has its answer. A connection serves
one request (Werkzeug closes it after its answer), so that no client can hide a second one in the body of the first.

Browsers take ``LABEL.localhost`` for ``::1`` first, then for 127.0.0.1. So whoever listened on the same port of ``::1``
would be sent the token, and later the cookie. The server holds that port too, and answers nothing there: a browser is
refused at once, and goes on to 127.0.0.1.
"""

from __future__ import annotations

import errno
import io
import socket
import socketserver
import time
from dataclasses import dataclass
from email.errors import MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from shared.console.guard import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer
    from flask import Flask

LOOPBACK = "127.0.0.1"
_OTHER_LOOPBACK = "::1"
_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_TRIES = 20  # ports, where any does
_MOST = 64  # connections; a browser opens six
_SILENT = 10.0  # seconds until a connection that sends or takes nothing is closed
_ASKS = 10.0  # seconds from connecting until all headers are there
_ENDS = 60.0  # seconds from the last part of an answer until the connection is closed
_ONCE = ("Host", "Content-Length", "Transfer-Encoding")
_OF_THE_BODY = (MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect)  # of a form, which was not read yet


class _Handler(WSGIRequestHandler):
    """One request. It writes no line for it: a page asks again and again, and an address may hold a token."""

    protocol_version = "HTTP/1.1"
    timeout = _SILENT
    disable_nagle_algorithm = True
    server: Server

    def version_string(self) -> str:
        """Return what stands in the header Server: not which versions of what to attack."""
        return "lanes"

    def parse_request(self) -> bool:
        """Read a request's line and headers; refuse what two programs could read in two ways."""
        if not super().parse_request():
            return False
        self.server.has_asked(self.connection)
        twice = any(len(self.headers.get_all(name, [])) > 1 for name in _ONCE)
        lengths = "Content-Length" in self.headers and "Transfer-Encoding" in self.headers
        broken = not all(isinstance(defect, _OF_THE_BODY) for defect in self.headers.defects)
        if twice or lengths or broken or not self.path.startswith("/"):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def setup(self) -> None:
        """Begin with a connection; its server is told of each part of an answer that is taken."""
        super().setup()
        self.wfile = _Answer(self.connection, self.server.is_answered)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request in plain words. Python's own page would repeat what was sent."""
        del message, explain
        body = f"{int(code)} {HTTPStatus(code).phrase}\n".encode()
        self.send_response(code)
        for name, value in {**HEADERS, "Content-Type": "text/plain", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  as it is called there
        """Write nothing."""


class _Answer(io.BufferedIOBase):
    """What is sent to *connection*; *sent* is told of each part."""

    def __init__(self, connection: socket.socket, sent: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._connection = connection
        self._sent = sent

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Send all of *data*."""
        with memoryview(data) as view:
            self._connection.sendall(view)
            self._sent(self._connection)
            return view.nbytes


@dataclass(frozen=True, slots=True)
class _Connection:
    """How far a connection is. ``until`` is when it is cut off: never while a part of its answer is being made."""

    until: float
    asks: bool = True


class Server(ThreadedWSGIServer):
    """Listens on loopback. It is closed by :meth:`server_close`, which waits for no answer that is being made.

    Args:
        port: The port, 0 for any.
        clock: Gives seconds from any start.

    Raises:
        OSError: The port is taken, on 127.0.0.1 or on ``::1``.
    """

    request_queue_size = 128

    def __init__(self, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._connections: dict[socket.socket, _Connection] = {}
        self._held: socket.socket | None = None  # Werkzeug closes the server once, in the middle of making it
        listener, held = _take(port, self.request_queue_size)
        with listener:  # Werkzeug's own ends the process if a port is taken
            super().__init__(LOOPBACK, listener.getsockname()[1], None, _Handler, fd=listener.fileno())
        self._held = held

    def server_close(self) -> None:
        """Close the port."""
        super().server_close()
        if self._held:
            self._held.close()

    def serve(self, app: Flask) -> None:
        """Serve *app* until an exception ends it, such as that of a signal."""
        self.app = app
        socketserver.BaseServer.serve_forever(self)  # Werkzeug's swallows Ctrl-C

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Begin a thread for a connection, if there is room for one more."""
        if self._has_room():
            self._note(request, _Connection(self._clock() + _ASKS))
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: socket.socket) -> None:
        """Close a connection that is over."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Cut off who takes too long; called twice a second."""
        now = self._clock()
        with self._lock:
            for request in [each for each, told in self._connections.items() if told.until <= now]:
                self._cut(request)

    def has_asked(self, request: socket.socket) -> None:
        """Note that a request's headers are there: its answer may take as long as it does."""
        self._note(request, _Connection(float("inf"), asks=False))

    def is_answered(self, request: socket.socket) -> None:
        """Note that a part of an answer was taken. A part that takes long to make needs no connection that waits."""
        self._note(request, _Connection(self._clock() + _ENDS, asks=False))

    def handle_error(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Write no traceback: a browser went away, or was cut off."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  as it is called there
        """Write no traceback. The application tells by itself what fails in it."""

    def _note(self, request: socket.socket, told: _Connection) -> None:
        with self._lock:
            self._connections[request] = told

    def _has_room(self) -> bool:
        """Say whether there is room for one more connection, and make some if need be."""
        with self._lock:
            if len(self._connections) < _MOST:
                return True
            waiting = [each for each, told in self._connections.items() if told.until < float("inf")]
            if waiting:
                self._cut(min(waiting, key=lambda each: not self._connections[each].asks))  # the first of its kind
            return bool(waiting)

    def _cut(self, request: socket.socket) -> None:
        """End a connection whose thread waits for it; the thread closes it. The caller holds the lock."""
        self._connections.pop(request, None)
        try:
            request.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself


def _take(port: int, queue: int) -> tuple[socket.socket, socket.socket | None]:
    """Return what listens on *port*, and what holds the same port of ``::1``; None where there is no IPv6."""
    tries = 1 if port else _TRIES
    while True:
        listener = _listen(port, queue)
        try:
            return listener, _hold(listener.getsockname()[1])
        except OSError:
            listener.close()
            tries -= 1
            if not tries:
                raise


def _hold(port: int) -> socket.socket | None:
    """Keep *port* of ``::1`` from others. Nothing listens there, so that who connects is refused."""
    held = None
    try:
        held = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        held.bind((_OTHER_LOOPBACK, port))  # without SO_REUSEADDR: nobody else can bind it then
    except OSError as error:
        if held:
            held.close()
        if error.errno in _NO_IPV6:
            return None
        raise
    return held


def _listen(port: int, queue: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(queue)
    except OSError:
        listener.close()
        raise
    return listener
