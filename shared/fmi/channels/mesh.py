"""The links of one rank to all others, and how it takes leave of them. The theory of operation of the Direct channel.

**Threads.** There are none. A communicator belongs to one thread at a time (``shared.fmi.gate`` refuses a second one),
and that thread itself sends, receives and waits. So there are no locks, no queues, and no work between two operations:
what a peer sends meanwhile lies in the kernel's buffers. (Pairing, before the first message, runs an asyncio loop of
its own in ``rendezvous.client``. It is over when the mesh gets its sockets.)

**Sockets.** One TCP connection for each pair of ranks. It was paired by the rendezvous, proved by a handshake, and
carries frames (``wire.frames``) in both directions. It is blocking, with timeouts that the kernel keeps (SO_RCVTIMEO,
SO_SNDTIMEO), so a small message costs one system call on each side. No send and no receive waits longer than 0.05 s;
then the deadline is looked at. Where a rank must watch several things at once (send a long array and receive one, or
listen to all links), it reads and writes with MSG_DONTWAIT and waits in a poll. A poll may last until the deadline:
Python shortens it by the time that has passed when a signal interrupts it.

**Deadlines.** ``begin`` sets one deadline for a whole operation; every send and receive of it ends by then. The channel
takes its grace (a fifth of the timeout, at most a second) off first: that is the time to find out who is to blame.

**States of a link**, from this rank's side::

    open --send, receive--> open
    open --the peer's BYE--> Left        it closed its communicator; whoever still waits for it has lost it
    open --the peer's ABORT or SUSPECT--> Aborted   it names the rank that is lost, for certain or as a guess
    open --end of file, reset--> Gone    the peer's process died, or its host
    open --the deadline passes--> Silent
    open --a frame that does not fit--> Mismatch    another operation, dtype, shape or size
    open --leave, abort--> closed

Every state but ``open`` and ``closed`` is an exception (``channels.faults``). It goes up through the collective to
``DirectChannel``, which makes one error with a rank's name of it and closes the mesh. After a fault no operation
goes on, and there is no way back to ``open``. Until the mesh is closed, a link only finishes the frame under way and
carries last words (SUSPECT, ABORT). So does a link that is Silent: its rank may live and know better.

**What may happen in which order.**

- All ranks call the same operations in the same order. Frames of one connection arrive in the order they were sent. So
  the operation's number in a frame is enough to notice that two ranks are at different places of the program.
- Both sides of a pair may send a small array (``SMALL``) before either receives: the kernel's buffers hold it. Longer
  ones need ``exchange``, which sends and receives at once. Else both could wait for each other to read.
- ``send`` may return before the peer receives. ``leave`` therefore waits until the peer's kernel has acknowledged all.
- A rank that fails says ABORT to all others before it closes. A rank that only heard nothing says SUSPECT first and
  listens for the grace: its suspect may itself be waiting, and then names another (``accuse``). So all ranks name the
  one that was lost first, and not a neighbour that only waited too.

**What must never happen.**

- No call without a deadline, and no wait for a rank that has been told to be lost.
- No byte of one operation read as another's. So an operation that raises midway ends the communicator: the rest of its
  message lies in the connection.
- No frame in the middle of another: a word (BYE, ABORT, SUSPECT) is queued behind what is being sent. If that cannot be
  finished in time, the peer misses the word and sees the connection end instead.
- Last words are never read twice. ``_tell`` returns those it met, since they have left the buffer.
"""

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

_WORD_SECONDS = 0.1  # for BYE or SUSPECT to be taken by all: our choice, since a peer that reads takes it at once
_FIRST_LOOK, _LONGEST_LOOK = 0.0005, 0.05  # seconds between two looks whether all has arrived: our choice
_CLOSED = 7  # TCP_CLOSE of Linux's include/net/tcp_states.h: the state of a connection that was reset


class Mesh:
    """A :class:`~shared.fmi.collectives.transport.Transport` over links."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.links: dict[int, Link] = {}
        self._operation = Operation.SEND
        self._deadline = 0.0

    def begin(self, operation: Operation, seconds: float) -> None:
        """Let what follows belong to *operation*, and be done in *seconds*."""
        self._operation = operation
        self._deadline = time.monotonic() + seconds

    def add(self, peer: int, sock: socket.socket) -> None:
        """Take over *sock*, the verified connection to *peer*."""
        self.links[peer] = Link(sock, peer)

    def send(self, dest: int, array: Array, *, plain: bool = False, operation: Operation | None = None) -> None:
        """See Transport."""
        link = self.links[dest]
        link.hurry(self._deadline)
        link.send(operation or self._operation, array, plain=plain, deadline=self._deadline)

    def receive(self, source: int, *, expected: Description | None = None, out: Array | None = None) -> Array:
        """See Transport."""
        return self._pull(source, (self._operation,), expected, out)[0]

    def receive_next(self, source: int, out: Array | None) -> tuple[Array, bool]:
        """Return the next array of this operation, and whether it was a plain number."""
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
        """Take leave in good order: once all that was sent has arrived, or after *seconds*.

        The kernel goes on sending after a close. But a Lambda may be frozen as soon as its handler returns.
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
        """Accuse *suspect*, who stayed silent, and listen for *grace* seconds whether somebody knows better.

        Returns:
            Who is lost after all, and why. A rank whose connection broke is lost without doubt. If the suspect itself
            accuses another rank, that one is the likelier, and so on.
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
    """Say whether something that was sent is not yet acknowledged by the peer's kernel, and still may be."""
    try:
        (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return False
    return bool(unacknowledged) and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _CLOSED


def _tell(links: Iterable[Link], kind: FrameKind, rank: int, reason: str, seconds: float) -> list[LinkError]:
    """Finish what is being sent on *links*, then send each a frame without payload.

    All of it takes at most *seconds*. A peer that does not take the frame by then misses it.

    Returns:
        What was wrong with the links that could not be told. A peer's last words, which can be read only once, may be
        among it.
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
