"""moto's HTTP server on a loopback port: one connection and one thread for each request, and no output.

Werkzeug closes the connection after each answer. Its own server prints to stderr, and ends the process when a port is
taken. This one raises.
"""

from __future__ import annotations

import errno
import functools
import io
import socket
import threading
from email.errors import MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, cast

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from shared.errors import LanesError
from shared.local.arrivals import Arrivals
from shared.local.door.arrived import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import BufferedIOBase
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from _typeshed import WriteableBuffer

LOOPBACK = "127.0.0.1"

_EXPECTED = "100-continue"
_STALLED = 300.0  # seconds without a byte of a body, or without the end of a part of an answer
_OF_THE_BODY = (MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect)


class _Handler(MotoRequestHandler):
    """One request. Answers are sent at once: Nagle's algorithm would delay each small one by 40 ms."""

    protocol_version = "HTTP/1.1"
    timeout = _STALLED
    disable_nagle_algorithm = True
    rfile: BufferedIOBase

    def handle_expect_100(self) -> bool:
        """Ask for no body yet: see :class:`_Asked`."""
        return True

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin the answer. A body that nobody has read until now is not asked for any more."""
        if isinstance(self.rfile, _Asked):
            self.rfile.wanted = False
        super().send_response(code, message)

    def parse_request(self) -> bool:
        """Read a request's headers, and refuse it if a line is not a header: what follows that line would be lost.

        That the parts of a form (multipart) are missing is not a fault of the headers: the body was not read yet.
        """
        if not super().parse_request():
            return False
        self.server.arrivals.asked(self.connection)
        if not all(isinstance(defect, _OF_THE_BODY) for defect in self.headers.defects):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        self._came = self.headers.items()
        if self.headers.get("Expect", "").lower() == _EXPECTED:
            del self.headers["Expect"]  # Werkzeug would ask for the body at once
            self.rfile = cast("BufferedIOBase", _Asked(self.rfile, self.wfile))
        return True

    def make_environ(self) -> WSGIEnvironment:
        """Return the WSGI environ. It joins and renames headers, so it also gets them as they came."""
        environ: WSGIEnvironment = super().make_environ()
        environ[HEADERS] = self._came
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a run makes thousands of requests."""

    def log_error(self, *_: object) -> None:
        """Say nothing: clients of registries try TLS first, and get an answer to that."""


class _Asked(io.RawIOBase):
    """A body whose client sends it when it is asked to (``Expect: 100-continue``), which is when somebody reads it.

    So what is refused for other reasons is refused before it is sent.

    Attributes:
        wanted: Whether the client is still to be asked.
    """

    def __init__(self, body: BufferedIOBase, answers: BufferedIOBase) -> None:
        super().__init__()
        self.wanted = True
        self._body = body
        self._answers = answers

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self.wanted:
            self.wanted = False
            self._answers.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self._body.readinto(buffer)

    def close(self) -> None:
        self._body.close()
        super().close()


class _Server(ThreadedWSGIServer):
    """A threaded server that knows its open connections, so that it can end them."""

    request_queue_size = 128

    def __init__(self, app: WSGIApplication, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(host, port, app, handler=_Handler, fd=listener.fileno())
        self.arrivals = Arrivals(self.socket, self.process_request, super().shutdown_request)

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        self.arrivals.over(request)
        super().shutdown_request(request)

    def handle_error(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        """Say nothing: clients often go away, such as killed workers."""

    def end_connections(self) -> None:
        """Close the connection of every client that is still there. Its thread then ends."""
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client closed it first


@functools.cache  # stateless, and slow to make: it compiles a service's routes
def _service_app(service: str) -> WSGIApplication:
    """Return moto's *service*. What it fails at is raised: it is told to the caller in one place, with words."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    made: WSGIApplication = app
    return made


class _Dispatcher(DomainDispatcherApplication):
    """moto's choice of the service that answers a host, made once for each host: moto lists its folder each time."""

    def __init__(self, before: Mapping[str, Callable[[], None]]) -> None:
        super().__init__(self._make)
        self._before = before
        self._chosen: dict[str | None, str | None] = {}

    def get_backend_for_host(self, host: str | None) -> str | None:
        """Return the name of the service that answers for *host*. moto holds a lock while it calls this."""
        if host not in self._chosen:
            self._chosen[host] = super().get_backend_for_host(host)
        return self._chosen[host]

    def _make(self, service: str) -> WSGIApplication:
        if service in self._before:
            self._before[service]()
        return _service_app(service)


class MotoServer:
    """moto's server. It listens as soon as it is made, answers after :meth:`start`, and is closed by :meth:`stop`.

    Args:
        port: The loopback port, 0 for any free one.
        wrap: Returns the application that answers, given moto. Without it, moto answers.
        before: By service, what to do before its first request. A cloud that is never asked for it saves that time.

    Attributes:
        application: What answers, for who is in this process and needs no socket.

    Raises:
        LanesError: The port is taken or may not be opened.
    """

    def __init__(
        self,
        port: int = 0,
        wrap: Callable[[WSGIApplication], WSGIApplication] | None = None,
        before: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        moto = _Dispatcher(before or {})
        listener = _listen(port)
        with listener:  # the server duplicates it
            self.application = wrap(moto) if wrap else moto
            self._server = _Server(self.application, listener)
        self._thread = threading.Thread(target=self._server.arrivals.serve, name="cloud", daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL that clients talk to."""
        return f"http://{LOOPBACK}:{self._server.port}"

    def start(self) -> None:
        """Answer requests, in a thread of the server's own."""
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection. A second call does nothing."""
        if self._thread.is_alive():
            self._server.arrivals.stop()
            self._thread.join()
        self._server.arrivals.close()
        self._server.server_close()
        self._server.end_connections()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(_Server.request_queue_size)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise LanesError(
                f"port {port} is taken by another program", fix="choose another with --port, or 0 for any free one"
            ) from error
        raise LanesError(f"port {port} cannot be opened: {error.strerror}", fix="choose one above 1023") from error
    return listener
