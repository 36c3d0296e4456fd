"""One request of an HTTP Task and its answer, which ends when its time is over, or when nobody waits for it any more.

A server may send a byte now and then, so a limit on each read would never be reached. A thread beside the exchange
looks at the clock, and at whether the execution is to stop, and then cuts the connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import urllib3

from shared.local.asl.errors import StateFailure
from shared.local.asl.integrations.hosts import host_of
from shared.local.asl.size import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import HTTPHeaderDict

    from shared.local.asl.integrations.http_request import Request

SOCKET = "States.Http.Socket"
SECONDS = 60.0  # an HTTP Task's own timeout
_LOOK = 0.1  # seconds


class HttpAnswer(NamedTuple):
    """An answer: its status and the words for it, its headers, and as much of the body as a task may have, and more."""

    status: int
    reason: str
    headers: HTTPHeaderDict
    body: bytes


def exchange(request: Request, halted: Callable[[], bool], seconds: float = SECONDS) -> HttpAnswer:
    """Send *request*; return the answer.

    Args:
        request: The request.
        halted: Says whether nobody waits for the answer any more.
        seconds: How long all of it may take.

    Raises:
        StateFailure: There is no answer, or not in time.
    """
    cut = _Cut()
    try:
        with cut.when_late(halted, seconds):
            pool = urllib3.connection_from_url(request.url, timeout=seconds, maxsize=1)
            pool.ConnectionCls = cut.noting(pool.ConnectionCls)
            answer = pool.urlopen(
                request.method,
                _target(request.url),
                headers=dict(request.headers),
                body=request.body,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            body = answer.read(MAX_BYTES + 1)
            if not cut.done:  # else what was read is what had come when the connection was cut
                return HttpAnswer(answer.status, answer.reason or "", answer.headers, body)
    except urllib3.exceptions.HTTPError as error:
        late = cut.done or (
            isinstance(error, urllib3.exceptions.TimeoutError)
            and not isinstance(error, urllib3.exceptions.NewConnectionError)
        )
        raise _failure(request, seconds, late=late) from error
    raise _failure(request, seconds, late=True)


def _target(url: str) -> str:
    return urllib3.util.parse_url(url).request_uri


def _failure(request: Request, seconds: float, *, late: bool) -> StateFailure:
    why = f"timed out after {seconds:g} seconds" if late else "the connection failed"
    return StateFailure(SOCKET, f"Unable to execute HTTP request: {host_of(request.url)}: {why}")


class _Cut:
    """Cuts a connection from another thread.

    Attributes:
        done: Whether it was cut.
    """

    def __init__(self) -> None:
        self.done = False
        self._over = threading.Event()
        self._sockets: list[socket.socket] = []

    def noting(self, kind: Any) -> Any:
        """Return the class of connections *kind* whose sockets are noted."""
        noted = self._sockets

        class Noted(kind):
            def connect(self) -> None:
                super().connect()
                noted.append(self.sock)

        return Noted

    @contextlib.contextmanager
    def when_late(self, halted: Callable[[], bool], seconds: float) -> Iterator[None]:
        """Cut the connection when it is *halted* or takes longer than so many *seconds*, while the block lasts."""
        watch = threading.Thread(target=self._watch, args=(halted, seconds), name="asl-http", daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._over.set()
            watch.join()

    def _watch(self, halted: Callable[[], bool], seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not self._over.wait(_LOOK):
            if halted() or time.monotonic() >= ends:
                self.done = True
                for each in self._sockets:
                    with contextlib.suppress(OSError):  # it was closed meanwhile
                        each.shutdown(socket.SHUT_RDWR)
