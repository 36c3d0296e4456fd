"""Sockets that are watched and timers that are due, for one thread: what the pairing of a rank runs on.

asyncio would do as well, but its import alone takes a tenth of a second of a function's cold start.
"""

from __future__ import annotations

import heapq
import os
import selectors
import threading
import time
from collections import deque
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Timer:
    """A call that is due at a time, unless it is cancelled."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not call. Cancelling again, or too late, does nothing."""
        self.call = None


class Reactor:
    """Calls back when a socket is ready or a timer is due. Only :meth:`post` may be called from another thread.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._wakeup, READ)
        self._posted: deque[Callable[[], None]] = deque()
        self._posting = threading.Lock()  # no post may write to the number of a descriptor that has been closed
        self._closed = False
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._owned: set[socket.socket] = set()
        self._ready: dict[object, Callable[[], None]] = {}

    def own(self, sock: socket.socket) -> socket.socket:
        """Close *sock* with the reactor, unless it is released before."""
        self._owned.add(sock)
        return sock

    def watch(self, sock: socket.socket, event: int, ready: Callable[[], None]) -> None:
        """Call *ready* whenever *event* (READ or WRITE) holds of *sock*, which is owned. Replaces an earlier watch."""
        if sock in self._ready:
            self._selector.modify(sock, event)
        else:
            self._selector.register(sock, event)
        self._ready[sock] = ready

    def unwatch(self, sock: socket.socket) -> None:
        """Watch *sock* no more."""
        if self._ready.pop(sock, None):
            self._selector.unregister(sock)

    def release(self, sock: socket.socket) -> None:
        """Forget *sock*, and leave it open."""
        self.unwatch(sock)
        self._owned.discard(sock)

    def close_socket(self, sock: socket.socket) -> None:
        """Forget *sock* and close it. Closing it again does nothing."""
        if sock in self._owned:
            self.release(sock)
            sock.close()

    def now(self) -> float:
        """Return the clock's seconds."""
        return self._clock()

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call *call* in *seconds*."""
        timer = Timer(call)
        heapq.heappush(self._timers, (self._clock() + seconds, next(self._order), timer))
        return timer

    def post(self, call: Callable[[], None]) -> None:
        """Call *call* in the reactor's thread, soon. Once the reactor is closed, this does nothing."""
        with self._posting:
            if not self._closed:
                self._posted.append(call)
                os.eventfd_write(self._wakeup, 1)

    def step(self, patience: float | None = None) -> None:
        """Wait until something is ready or due, *patience* seconds at most, and call back for all that is."""
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        if self._timers:
            due = max(self._timers[0][0] - self._clock(), 0)
            patience = due if patience is None else min(due, patience)
        for key, _ in self._selector.select(patience):
            if key.fd == self._wakeup:
                self._run_posted()
            elif (ready := self._ready.get(key.fileobj)) is not None:  # else an earlier callback has closed it
                ready()
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.call is not None:
                timer.call()

    def close(self) -> None:
        """Close everything owned. Closing again does nothing."""
        with self._posting:
            self.drop()

    def drop(self) -> None:
        """Close this process's copies of all that is owned, and change nothing that a parent process shares.

        A child that was forked calls this. So it asks for no lock, which a thread of the parent might hold for ever.
        """
        if self._closed:
            return
        self._closed = True
        for sock in list(self._owned):
            sock.close()
        self._owned.clear()
        self._selector.close()
        os.close(self._wakeup)

    def _run_posted(self) -> None:
        os.eventfd_read(self._wakeup)
        while self._posted:
            self._posted.popleft()()
