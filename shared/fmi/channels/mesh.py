"""The links of one rank, as the collectives see them, and how it takes leave of the others."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
import time
from typing import TYPE_CHECKING

from shared.fmi.channels.faults import Aborted, Left, LinkError
from shared.fmi.channels.incoming import Incoming, exchange
from shared.fmi.channels.link import SMALL, Link
from shared.fmi.wire.frames import FrameKind, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.fmi.data import Array, Description

_WORD_SECONDS = 0.1
_FIRST_LOOK, _LONGEST_LOOK = 0.0005, 0.05  # seconds between two looks whether all has arrived
_CLOSED = 7  # TCP_CLOSE, the state of a connection that was reset


class Mesh:
    """A :class:`~shared.fmi.collectives.transport.Transport` over links."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.links: dict[int, Link] = {}
        self._operation = Operation.SEND
        self._deadline = 0.0

    def begin(self, operation: Operation, seconds: float) -> None:
        """What follows belongs to *operation* and must be done in *seconds*."""
        self._operation = operation
        self._deadline = time.monotonic() + seconds

    def send(self, dest: int, array: Array, *, plain: bool = False, operation: Operation | None = None) -> None:
        """See Transport."""
        link = self.links[dest]
        link.hurry(self._deadline)
        link.send(operation or self._operation, array, plain=plain, deadline=self._deadline)

    def receive(self, source: int, *, expected: Description | None = None, out: Array | None = None) -> Array:
        """See Transport."""
        return self._pull(source, (self._operation,), expected, out)[0]

    def receive_next(self, source: int, out: Array | None) -> tuple[Array, bool]:
        """Receive an array and whether it was a plain number."""
        array, plain, _ = self._pull(source, (self._operation,), None, out)
        return array, plain

    def receive_any(self, source: int, operations: tuple[Operation, ...]) -> tuple[Array, bool, Operation]:
        """See Transport."""
        array, plain, operation = self._pull(source, operations, None, None)
        return array, plain, Operation(operation)

    def exchange(
        self, dest: int, array: Array, source: int, *, out: Array | None = None, expected: Description | None = None
    ) -> Array:
        """See Transport."""
        if array.nbytes <= SMALL:
            self.send(dest, array)
            return self.receive(source, expected=expected, out=out)
        to, origin = self.links[dest], self.links[source]
        incoming = Incoming(origin, (self._operation,), expected, out)
        to.begin_send(self._operation, array, plain=False)
        exchange(to, incoming, origin, self._deadline)
        return incoming.array

    def leave(self, seconds: float) -> None:
        """Take leave in good order, once all that was sent has arrived, or after *seconds*.

        The kernel would go on sending after a close, but a Lambda may be frozen as soon as its handler returns.
        """
        deadline = time.monotonic() + seconds
        _tell(self.links.values(), FrameKind.BYE, self.rank, "", _WORD_SECONDS)
        pause = _FIRST_LOOK
        while (left := deadline - time.monotonic()) > 0 and any(_under_way(link.sock) for link in self.links.values()):
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_LOOK)
        self._close()

    def abort(self, suspect: int, reason: str, grace: float) -> None:
        """Tell all others that *suspect* is lost, and close everything."""
        _tell([link for link in self.links.values() if link.peer != suspect], FrameKind.ABORT, suspect, reason, grace)
        self._close()

    def accuse(self, suspect: int, reason: str, grace: float) -> tuple[int, str]:
        """Accuse *suspect*, who stayed silent, and hear for *grace* seconds whether somebody knows better.

        Returns:
            Who is lost after all and why: a rank whose connection broke is, without doubt; if the suspect itself
            accuses another, that other is the likelier one, and so on.
        """
        for fault in _tell(self.links.values(), FrameKind.SUSPECT, suspect, reason, _WORD_SECONDS):
            if isinstance(fault, Aborted) and fault.certain and fault.suspect != self.rank:
                return fault.suspect, str(fault)
        deadline = time.monotonic() + grace
        listening = {link.fileno(): link for link in self.links.values()}
        accused: dict[int, tuple[int, str]] = {}
        while listening and (left := deadline - time.monotonic()) > 0:
            for link in _ready(listening, select.POLLIN, left):
                try:
                    link.last_words(deadline)
                except Aborted as told:
                    if told.certain and told.suspect != self.rank:
                        return told.suspect, str(told)
                    accused[link.peer] = (told.suspect, str(told))
                except LinkError as fault:
                    del listening[link.fileno()]
                    if link.peer == suspect or not isinstance(fault, Left):
                        return link.peer, str(fault)
        while suspect in accused and accused[suspect][0] != self.rank:
            suspect, reason = accused.pop(suspect)
        return suspect, reason

    def _close(self) -> None:
        for link in self.links.values():
            link.close()
        self.links.clear()

    def _pull(
        self, source: int, operations: tuple[Operation, ...], expected: Description | None, out: Array | None
    ) -> tuple[Array, bool, int]:
        link = self.links[source]
        link.hurry(self._deadline)
        quick = link.quick(operations, expected, out, self._deadline)
        if quick is not None:
            return quick
        incoming = Incoming(link, operations, expected, out)
        link.receive(incoming, self._deadline)
        return incoming.array, incoming.plain, incoming.operation


def _under_way(sock: socket.socket) -> bool:
    """Return whether the peer's kernel has not yet acknowledged all that was sent, and still might."""
    try:
        (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return False
    return bool(unacknowledged) and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _CLOSED


def _tell(links: Iterable[Link], kind: FrameKind, rank: int, reason: str, seconds: float) -> list[LinkError]:
    """Finish what is being sent on *links*, then say a word; who does not take it within *seconds* in all misses it.

    Returns:
        What was wrong with those that could not be told: their last words, which can be read but once, are among it.
    """
    faults = []
    deadline = time.monotonic() + seconds
    waiting = {link.fileno(): link for link in links}
    ready = list(waiting.values())
    for link in ready:
        link.begin_word(kind, rank, reason)
    while ready:
        for link in ready:
            try:
                done = link.push(socket.MSG_DONTWAIT)
            except LinkError as fault:
                faults.append(fault)
                done = True
            if done:
                del waiting[link.fileno()]
        ready = _ready(waiting, select.POLLOUT, deadline - time.monotonic())
    return faults


def _ready(links: dict[int, Link], event: int, seconds: float) -> list[Link]:
    poller = select.poll()
    for number in links:
        poller.register(number, event)
    return [links[number] for number, _ in poller.poll(1000 * max(seconds, 0))] if links else []
