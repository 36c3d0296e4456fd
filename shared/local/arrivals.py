"""Connections that come to a port: each gets a thread when it says something, and is cut off when it asks nothing.

A connection that says nothing costs a descriptor, no thread. Whoever has not asked after a while, because nothing or
only the beginning of a request came, is cut off; so is the one that waits the longest when there are too many. More
requests at a time than the server has threads for are refused with 503, which AWS's clients try again.

Nobody looks now and then: the loop sleeps until something comes, or until a client's patience ends.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60.0
"""Seconds that a client has from its connection to the end of its request's headers."""

MOST_SILENT, MOST_REQUESTS = 4096, 4096
_NO_DESCRIPTORS = 0.1  # seconds to wait for one to come free
_log = logging.getLogger(__name__)
_WORDS = b"this cloud serves as many requests as it has threads for; try again\n"
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)
_BEGINNING = 1 << 16  # bytes of a refused request that are read: a close with some unread would take the answer back


class _Unasked(NamedTuple):
    """A client that has not asked: when it is cut off, from where it came, and whether it has said nothing at all."""

    until: float
    address: Any
    silent: bool


class Arrivals:
    """Takes the connections of a listener. Its :meth:`serve` is the only one that accepts.

    Args:
        listener: The socket that listens.
        begin: Is given each connection that said something, and where it came from; it gives it a thread.
        end: Closes a connection that has no thread.
        most_silent: How many may wait that have said nothing.
        most_requests: How many may have a thread.
        patience: See :data:`PATIENCE`.
    """

    def __init__(  # noqa: PLR0913  settings, which only tests change
        self,
        listener: socket.socket,
        begin: Callable[[socket.socket, Any], None],
        end: Callable[[socket.socket], None],
        *,
        most_silent: int = MOST_SILENT,
        most_requests: int = MOST_REQUESTS,
        patience: float = PATIENCE,
    ) -> None:
        self._listener = listener
        self._begin = begin
        self._end = end
        self._most_silent = most_silent
        self._most_requests = most_requests
        self._patience = patience
        self._lock = threading.Lock()
        self._unasked: OrderedDict[socket.socket, _Unasked] = OrderedDict()  # the oldest first
        self._silent = self._requests = 0
        self._told = False
        self._stopped = False
        self._bell, self._rung = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Take connections until :meth:`stop`."""
        self._listener.settimeout(0)  # a client may be gone before it is accepted
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._rung, selectors.EVENT_READ, lambda: None)
        while not self._stopped:
            for key, _ in self._selector.select(self._sleep()):
                key.data()
            self._cut_off()

    def stop(self) -> None:
        """Have :meth:`serve` return."""
        self._stopped = True
        self._bell.send(b"x")

    def close(self) -> None:
        """Close what has no thread, when :meth:`serve` has returned or was never called. A second call does nothing."""
        while self._make_room():
            pass
        for each in (self._selector, self._bell, self._rung):
            each.close()

    def asked(self, connection: socket.socket) -> None:
        """Note that the headers of a request came by *connection*."""
        with self._lock:
            self._unasked.pop(connection, None)

    def over(self, connection: socket.socket) -> None:
        """Note that *connection*, which had a thread, is closed."""
        with self._lock:
            self._unasked.pop(connection, None)
            self._requests -= 1

    def _sleep(self) -> float | None:
        with self._lock:
            first = next(iter(self._unasked.values()), None)
        return None if first is None else max(0.0, first.until - time.monotonic())

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            if not self._make_room():
                _log.warning("no connection can be taken: %s", error.strerror)
                time.sleep(_NO_DESCRIPTORS)
            return
        connection.settimeout(None)
        if self._silent >= self._most_silent:
            self._make_room()
        with self._lock:
            self._unasked[connection] = _Unasked(time.monotonic() + self._patience, address, silent=True)
        self._silent += 1
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._heard(connection))

    def _heard(self, connection: socket.socket) -> None:
        """Give a *connection* that said something, or was closed, a thread."""
        with self._lock:
            one = self._unasked.get(connection)
            if one is None:
                return  # it was cut off in this turn
            self._unasked[connection] = one._replace(silent=False)
            full = self._requests >= self._most_requests
            self._requests += 1
        self._forget_silent(connection)
        if not full:
            try:
                self._begin(connection, one.address)
            except RuntimeError:  # the system has no thread for it
                full = True
        if full:
            self._refuse(connection)
        self._told = full

    def _refuse(self, connection: socket.socket) -> None:
        if not self._told:
            _log.warning(
                "%d requests are served, and there is no thread for more: they are refused", self._requests - 1
            )
        self.over(connection)
        with contextlib.suppress(OSError):
            connection.recv(_BEGINNING, socket.MSG_DONTWAIT)
            connection.send(_REFUSAL % (len(_WORDS), _WORDS), socket.MSG_DONTWAIT)
        self._end(connection)

    def _make_room(self) -> bool:
        """Cut off the one that has said nothing for the longest; return whether there was one."""
        with self._lock:
            found = next((each for each, one in self._unasked.items() if one.silent), None)
            if found is not None:
                del self._unasked[found]
        if found is None:
            return False
        self._forget_silent(found)
        self._end(found)
        return True

    def _cut_off(self) -> None:
        """Cut off those whose patience has ended."""
        now = time.monotonic()
        while True:
            with self._lock:
                connection, one = next(iter(self._unasked.items()), (None, None))
                if connection is None or one is None or one.until > now:
                    return
                del self._unasked[connection]
            if one.silent:
                self._forget_silent(connection)
                self._end(connection)
            else:
                with contextlib.suppress(OSError):  # it went away first
                    connection.shutdown(socket.SHUT_RDWR)  # its thread ends it

    def _forget_silent(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        self._silent -= 1
