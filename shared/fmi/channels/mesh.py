"""The links of one rank, and how it notices who is to blame. The theory of operation of the Direct channel.

**The graph.** A rank pairs with its neighbours, r ± 2^k (mod N): all collectives' messages lie there (``edges``). The
first operation joins the world: it waits for the neighbours, then rank 0's session, 16 random bytes, goes down the
binomial tree. Any other rank is paired when something is first sent to it or received from it. A small send does not
wait for that: it is queued (``peers``), and goes out when its rank has come and this rank's thread is in a call, at the
latest in ``leave``. So no order of small sends can deadlock. One deadline covers pairing and operation.

**Threads.** A communicator belongs to one thread at a time (``shared.fmi.gate`` refuses a second one), and that thread
itself sends, receives and waits. What a peer sends between two operations lies in the kernel's buffers. While a rank
is wanted that is not there, ``rendezvous.pairing`` has a thread of its own. It hands over verified sockets, and has a
descriptor that is polled with the links. It ends when all that were wanted are there.

**Sockets.** One TCP connection for each pair. It is blocking, with timeouts that the kernel keeps (SO_RCVTIMEO,
SO_SNDTIMEO), so a small message costs one system call on each side. No call waits longer than 0.05 s. A rank that has
waited so long in vain then waits in a poll, for all of its links (``_wait``). What comes on a link that it does not
wait for is read ahead, up to 256 KiB (to the end, once the peer has closed), and looked through for words and for data
of another program. In a forked child all copies of the sockets are closed at once (``drop``).

**Marks.** A frame carries the number of the call, and a digest of what all ranks must call alike there, under the
session (``calls``). A frame whose mark is another one than the mark of the call is read by nobody.

**Deadlines.** ``begin`` sets one deadline for a whole operation; every send and receive of it ends by then. The channel
takes its grace (a fifth of the timeout, at most a second) off first: that is the time to find out who is to blame.

**States of a link**, from this rank's side::

    open --send, receive--> open
    open --the peer's BYE--> Left        it closed its communicator; whoever still waits for it has lost it
    open --ABORT, SUSPECT, CLAIM--> Heard
    open --end of file, reset--> Gone    the peer's process died, or its host
    open --the deadline passes--> Silent
    open --another mark--> Differs       which of the two is wrong, the others know
    open --a frame that does not fit--> Mismatch
    open --leave, abort, drop--> closed

Every state but ``open`` and ``closed`` is an exception (``channels.faults``), which goes up through the collective to
``DirectChannel``. That calls ``settle``: by the rules of ``channels.settle``, and over all links (``blame``), the ranks
find out who is to blame, tell it to all, close, and each makes one error of it. After a fault no operation goes on. A
CLAIM about a call that this rank has not come to is no fault yet: it is held until it comes there.

**What may happen in which order.**

- All ranks call the same operations in the same order. Frames of one connection arrive in the order they were sent.
- Both sides of a pair may send a small array (``SMALL``) before either receives: the kernel's buffers hold it. Longer
  ones need ``exchange``, which sends and receives at once. Else both could wait for each other to read.
- ``send`` may return before the peer receives. ``leave`` therefore waits until the peer's kernel has acknowledged all.
- An ABORT is sent on all links before they are closed, and once by each rank that hears it. So it comes to all ranks
  that are connected by living ones, over as many steps as the graph is wide.
- A rank that fails before the world is joined goes on pairing with its neighbours, for a bounded time, to tell them.

**What must never happen.**

- No call without a deadline, and no wait for a rank that has been told to be lost.
- No byte of one operation, or of one session, read as another's. So an operation that raises midway ends the
  communicator: the rest of its message lies in the connection.
- No frame in the middle of another: a word is queued behind what is being sent. If that cannot be finished in time, the
  peer misses the word and sees the connection end instead.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.blame import hear_out, tell
from shared.fmi.channels.calls import Calls
from shared.fmi.channels.faults import Differs, Heard, Left, LinkError, Mismatch, Silent
from shared.fmi.channels.incoming import Incoming
from shared.fmi.channels.link import AHEAD, LONGEST_WAIT, SMALL, Link, frame
from shared.fmi.channels.peers import Peers, push
from shared.fmi.channels.settle import TWO_RUNS, Settlement, Verdict
from shared.fmi.collectives.bcast import bcast
from shared.fmi.collectives.edges import neighbours
from shared.fmi.errors import PairingFailed
from shared.fmi.wire.frames import BYE, SESSION, Cause, FrameKind, Operation, Word, decode, operation_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.fmi.channels.pairs import Pairing
    from shared.fmi.data import Array, Description
    from shared.fmi.wire.frames import Header

_WORD_SECONDS = 0.1  # for BYE to be taken by all: our choice, since a peer that reads takes it at once
_FIRST_LOOK, _LONGEST_LOOK = 0.0005, 0.05  # seconds between two looks whether all has arrived: our choice
_CLOSED = 7  # TCP_CLOSE of Linux's include/net/tcp_states.h: the state of a connection that was reset
_ENDED = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Mesh:
    """A :class:`~shared.fmi.collectives.transport.Transport` over links.

    Args:
        rank: This rank.
        size: How many ranks there are.
        pair: Makes what pairs this rank with others.
    """

    def __init__(self, rank: int, size: int, pair: Callable[[], Pairing]) -> None:
        self.rank, self.size = rank, size
        self._calls = Calls(size)
        self._joined = False
        self._near = frozenset(neighbours(rank, size) if size > 1 else ())
        self._peers = Peers(pair)
        self.links = self._peers.links
        self._held: dict[int, Word] = {}
        self._waits: tuple[int, ...] = ()
        self._operation = Operation.SEND
        self._mark = self._calls.now.mark
        self._deadline = 0.0

    def begin(self, operation: Operation, signature: str | None, seconds: float) -> None:
        """Let what follows belong to *operation*, and be done in *seconds*. The first call joins the world.

        Args:
            operation: What is called.
            signature: What all ranks must call alike; None for send and recv.
            seconds: How long it may take.

        Raises:
            LinkError, PairingFailed: The world cannot be joined, or a rank has said that it calls something else.
        """
        self._deadline = time.monotonic() + seconds
        if not self._joined:
            self._join()
        self._operation = operation
        self._mark = self._calls.send_mark if signature is None else self._calls.begin(signature)
        if self._held:
            self._heed_held()
        if self._peers.is_pairing:
            self._peers.admit()

    def want_all(self) -> None:
        """Pair with all ranks at once, as an operation does that comes to each of them in turn.

        Raises:
            UsageError: The process may not open so many descriptors. Nothing has been sent.
        """
        self._peers.want(rank for rank in range(self.size) if rank != self.rank)

    def send(self, dest: int, array: Array, *, plain: bool = False, operation: Operation | None = None) -> None:
        """See Transport. What is small and goes to a rank that is not there yet waits for it in the background."""
        link = self.links.get(dest)
        if link is None:
            self._peers.want((dest,))
            small = array.nbytes <= SMALL
            if small and self._peers.post(dest, frame(self._mark, operation or self._operation, array, plain=plain)):
                return
            link = self._reach((dest,))[0]
        self._waits = (dest,)
        link.hurry(self._deadline)
        if not link.send(self._mark, operation or self._operation, array, plain=plain):
            while not link.push(0):
                self._wait({link: select.POLLOUT})

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
        to, origin = self._reach((dest, source))
        incoming = Incoming(origin, self._mark, self._strange, (self._operation,), expected, out)
        to.begin_send(self._mark, self._operation, array, plain=False)
        sent = received = False
        self._waits = (source, dest)
        while True:
            sent = sent or to.push(socket.MSG_DONTWAIT)
            received = received or incoming.pull(socket.MSG_DONTWAIT)
            if sent and received:
                return incoming.array
            wanted = {} if received else {origin: select.POLLIN}
            if not sent:
                wanted[to] = wanted.get(to, 0) | select.POLLOUT
            self._waits = tuple(dict.fromkeys([*([] if received else [source]), *([] if sent else [dest])]))
            self._wait_for(wanted)

    def leave(self, seconds: float) -> None:
        """Take leave in good order: once all that was sent has arrived, or after *seconds*.

        The kernel goes on sending after a close. But a Lambda may be frozen as soon as its handler returns.

        Raises:
            PairingFailed: A rank that something was sent to could not be reached.
            Differs: A rank sent something that belongs to another program than this rank's.
        """
        deadline = self._deadline = time.monotonic() + seconds
        failure = self._flush()
        self._peers.stop_pairing()
        self._look_back()
        for link in self.links.values():
            link.queue(BYE)
        self._peers.push_all(_WORD_SECONDS)
        pause = _FIRST_LOOK
        while (left := deadline - time.monotonic()) > 0 and any(_under_way(link.sock) for link in self.links.values()):
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_LOOK)
        self._peers.close()
        if failure is not None:
            raise failure

    def abort(self, rank: int, reason: str, cause: Cause, seconds: float, farewell: float) -> None:
        """Tell all others that *rank* is to blame, and close everything.

        Before the world is joined, the neighbours are still coming. They are told when they come.

        Args:
            rank: The rank to blame.
            reason: Why.
            cause: What kind of fault it is.
            seconds: How long the others may take to take it.
            farewell: How many seconds neighbours may take to come.
        """
        self._tell(Verdict(rank, reason, cause, self.rank), seconds, farewell)

    def settle(
        self, fault: LinkError, silence: str, grace: float, farewell: float
    ) -> tuple[Verdict, PairingFailed | None]:
        """Find out who is to blame for *fault*, tell all others, and close everything.

        Args:
            fault: What went wrong.
            silence: What is said of a rank that nothing was heard from.
            grace: Seconds to find out.
            farewell: As for :meth:`abort`.

        Returns:
            The verdict; and, if the rank is one that this one could not pair with, how far that went.
        """
        failures = {peer: error for peer in self._waits if (error := self._peers.failure(peer)) is not None}
        waits = {
            peer: (Cause.UNPAIRED, f"rank {self.rank} {failures[peer].what}")
            if peer in failures
            else (Cause.LOST, silence)
            for peer in self._waits
        }
        now = time.monotonic()
        case = Settlement(self.rank, self._calls, self._operation, waits, self._near, self.links, now, grace)
        case.begin(fault, now)
        verdict = hear_out(self._peers, case)
        # Where nobody at all has come until now, nobody is waited for any longer; nor are they who blame this rank.
        self._tell(verdict, grace, farewell if self.links and verdict.rank != self.rank else 0.0)
        return verdict, failures.get(verdict.rank) if verdict.cause is Cause.UNPAIRED else None

    def drop(self) -> None:
        """In a forked child: close this process's copies of the connections, and say nothing."""
        self._peers.drop()

    # Joining, and ranks that are not there yet.

    def _join(self) -> None:
        """Connect with the neighbours, and agree on the session, which rank 0 makes up."""
        self._operation, self._mark = Operation.BCAST, self._calls.now.mark
        self._reach(self._near)
        mine = np.frombuffer(os.urandom(SESSION), np.uint8) if self.rank == 0 else None
        session, _ = bcast(self, mine, 0, plain=False)
        self._calls.open(session.tobytes())
        self._joined = True

    def _reach(self, ranks: Iterable[int]) -> list[Link]:
        """Return the links to *ranks*, once all are there."""
        ranks = list(ranks)
        while missing := [rank for rank in ranks if rank not in self.links]:
            self._peers.want(missing)
            self._waits = tuple(missing)
            self._wait({})
        return [self.links[rank] for rank in ranks]

    def _flush(self) -> PairingFailed | None:
        """Wait until all is sent that waits for a rank to come. Return why one did not come in time."""
        try:
            while self._peers.queued or any(link.is_behind for link in self.links.values()):
                self._waits = tuple(self._peers.queued) or tuple(self.links)
                self._wait({link: select.POLLOUT for link in self.links.values() if link.is_behind})
                for link in self.links.values():
                    push(link)
        except PairingFailed as error:
            return error
        except LinkError:
            return next((late for peer in self._peers.queued if (late := self._peers.failure(peer))), None)
        return None

    def _look_back(self) -> None:
        """Raise if something lies unread that this rank should not have got: nobody else would ever tell."""
        for link in self.links.values():
            link.listen(AHEAD)
            with suppress(Heard):  # a rank that is lost by now is no loss to this one
                for header, text in link.heads():
                    self._notice(link, header, text)

    # Receiving and waiting.

    def _pull(
        self, source: int, operations: tuple[Operation, ...], expected: Description | None, out: Array | None
    ) -> tuple[Array, bool, int]:
        link = self.links.get(source) or self._reach((source,))[0]
        self._waits = (source,)
        if self._peers.is_pairing and not link.holds:
            self._wait({link: select.POLLIN})  # and not in the kernel: what is queued goes out when its rank comes
        link.hurry(self._deadline)
        quick = link.quick(self._mark, operations, expected, out)
        if quick is not None:
            return quick
        incoming = Incoming(link, self._mark, self._strange, operations, expected, out)
        while not incoming.pull(socket.MSG_WAITALL):
            self._wait({link: select.POLLIN})
        return incoming.array, incoming.plain, incoming.operation

    def _wait_for(self, wanted: Mapping[Link, int]) -> None:
        """Wait for *wanted* alone as long as one system call may last; then for all there is."""
        poller = select.poll()
        for link, mask in wanted.items():
            poller.register(link, mask)
        if not poller.poll(1000 * max(min(self._deadline - time.monotonic(), LONGEST_WAIT), 0)):
            self._wait(wanted)

    def _wait(self, wanted: Mapping[Link, int]) -> None:
        """Wait until one of *wanted* is ready or a rank has come, and heed what the others say meanwhile.

        Raises:
            Silent: The deadline has come.
            LinkError: A word, or a frame of another program.
            PairingFailed: See Peers.
        """
        present = len(self.links)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise Silent(self._waits[0], "nothing heard from it in time")
            ready = False
            for link, event in self._peers.poll(wanted, left):
                ready |= self._look(link, event, wanted.get(link, 0))
            if ready or len(self.links) > present:
                break
        for link in wanted:
            link.hurry(self._deadline)

    def _look(self, link: Link, event: int, wanted: int) -> bool:
        """Deal with *event* at *link*; return whether it is what is *wanted* there."""
        if wanted & select.POLLIN and event & ~select.POLLOUT:
            return True
        if event & ~select.POLLOUT:
            link.listen(sys.maxsize if event & _ENDED else AHEAD)
            for header, text in link.heads():
                self._notice(link, header, text)
            if wanted and link.ended is not None:
                raise link.ended
        if event & select.POLLOUT and not wanted & select.POLLOUT:
            push(link)
        return bool(event & wanted)

    # Frames that are not what is waited for.

    def _notice(self, link: Link, header: Header, text: bytes) -> None:
        """Look at a frame that is read ahead. Data of this call or an earlier one must have this rank's mark of it."""
        if header.kind == FrameKind.BYE:
            link.ended = Left(link.peer, "it has closed its communicator")
        elif header.kind != FrameKind.DATA:
            self._heed(link.peer, header, text)
        elif header.operation != Operation.SEND:
            mine = self._calls.find(header.call)
            if mine is not None and mine.mark != header.mark:
                raise Differs(link.peer, header.call)
        elif self._joined and header.mark != self._calls.send_mark:
            raise Mismatch(link.peer, TWO_RUNS)

    def _strange(self, peer: int, header: Header, text: bytes) -> None:
        """Deal with a frame that comes in place of the one waited for: raise, unless it is a word that can wait."""
        if header.kind == FrameKind.BYE:
            raise Left(peer, "it has closed its communicator")
        if header.kind != FrameKind.DATA:
            return self._heed(peer, header, text)
        calls, theirs = self._calls, header.operation
        if theirs == Operation.SEND and self._operation is Operation.SEND:
            raise Mismatch(peer, TWO_RUNS)
        if theirs == Operation.SEND:
            raise Mismatch(peer, f"is in {operation_name(theirs)} while rank {self.rank} is in {calls.now.text}")
        mine = calls.find(header.call)
        if mine is not None and mine.mark == header.mark:
            what = f"is in {mine.text}"
            raise Mismatch(peer, f"{what} while rank {self.rank} is in {operation_name(self._operation)}")
        if self._operation is Operation.SEND and calls.is_later(header.call):
            calls.begin(f"recv from rank {peer}")
        raise Differs(peer, calls.number if calls.is_later(header.call) else header.call)

    def _heed(self, peer: int, header: Header, text: bytes) -> None:
        """Raise what *peer* says; but hold a claim about a call that this rank has not come to."""
        try:
            word = decode(header, text)
        except ValueError as error:
            raise Mismatch(peer, f"sent {error}") from None
        if word.kind == FrameKind.CLAIM and self._calls.is_later(word.call):
            self._held[peer] = word
        else:
            raise Heard(peer, word)

    def _heed_held(self) -> None:
        for peer, word in self._held.items():
            if not self._calls.is_later(word.call):
                raise Heard(peer, word)

    def _tell(self, verdict: Verdict, seconds: float, farewell: float) -> None:
        near = frozenset() if self._joined else self._near
        with suppress(PairingFailed):
            self._peers.want(near)
        word = Word(FrameKind.ABORT, verdict.rank, verdict.origin, verdict.reason, verdict.cause)
        tell(self._peers, word, seconds, near, farewell)
        self._peers.close()


def _under_way(sock: socket.socket) -> bool:
    """Say whether something that was sent is not yet acknowledged by the peer's kernel, and still may be."""
    try:
        (unacknowledged,) = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return False
    return bool(unacknowledged) and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _CLOSED
