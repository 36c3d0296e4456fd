"""A verified TCP connection to one rank: frames, with a deadline on every call. How links work together: ``mesh``.

Sending has one queue, ``_unsent``: what is left of the frame under way, then words that wait behind it. Receiving has
one buffer: ``_start`` to ``_end`` are bytes that were read and not yet taken. ``_owed`` counts the bytes of the current
payload that are still to come, in the buffer or in the socket. A frame is read in three steps: ``fill`` until the
header is there, ``take_head``, then the payload. A small one is copied out of the buffer; of a large one the rest goes
from the socket straight into the caller's array, as large arrays are sent from the caller's memory.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from shared.fmi.channels.faults import Aborted, Gone, Left, LinkError, Mismatch, Silent
from shared.fmi.data import Array, Description, byte_view, describe
from shared.fmi.wire.frames import HEADER, FrameKind, Header, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.fmi.data import Dtype

_BUFFER = 1 << 14
"""Bytes of the buffer that small frames are read into: our choice, room for one frame of SMALL bytes and its head."""

SMALL = 1 << 13
"""Bytes of a payload that the two sockets' kernel buffers surely hold, so both sides may send before either receives.

Our choice, far below Linux's least: a socket starts with 16 KiB to send and 128 KiB to receive (``man 7 tcp``).
"""

_TIMEVAL = struct.Struct("ll")  # the kernel's struct timeval: seconds and microseconds
_LONGEST_WAIT = 0.05
"""Seconds in one system call. Python repeats a call from the start when a signal's handler has run in between. So only
signals that come faster than this could hold a call past its deadline."""

_SOONEST, _USUAL = 0.9, 0.95
"""Shares of the longest wait that is right now. A kernel timeout from _SOONEST to 1 is left as it is, since setting it
costs a system call; otherwise it is set to _USUAL."""

_SHORTEST_WAIT = 0.001  # seconds: the kernel takes a timeout of 0 for "wait for ever"
_LONGEST_REASON = 1000  # bytes of the reason in an ABORT or SUSPECT: our choice
_LAST_WORDS = 0.1  # seconds to look for the peer's last words in what a broken connection still holds: our choice


@lru_cache(maxsize=512)
def _head(operation: int, dtype: Dtype, shape: tuple[int, ...], plain: bool) -> bytes:  # noqa: FBT001  see describe
    description = describe(dtype, shape, plain)
    return pack(FrameKind.DATA, operation, description, 0, Description(dtype, shape, plain).nbytes)


class _Known(NamedTuple):
    """The last small array that came: the bytes of its head, and what they say. ``head`` is empty before the first."""

    head: bytes
    operation: int
    found: Description
    length: int


class Pulled(Protocol):
    """An array that arrives: :class:`~shared.fmi.channels.incoming.Incoming`, as far as a link knows it."""

    array: Array

    def pull(self, flags: int) -> bool:
        """Read on; return whether the array is complete."""


class Link:
    """One connection.

    Args:
        sock: A connected, verified, blocking socket. The link owns it.
        peer: The rank at its other end.
    """

    def __init__(self, sock: socket.socket, peer: int) -> None:
        self.peer = peer
        self.sock = sock
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._unsent: list[memoryview] = []
        self._owed = 0  # bytes of the payload under way that are still to be read
        self._kernel_timeout = 0.0
        self._known = _Known(b"", 0, Description(np.dtype(np.uint8), (0,), plain=False), 0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._set_timeout(_USUAL * _LONGEST_WAIT)

    def fileno(self) -> int:
        """The socket's number, so that a link can be polled."""
        return self.sock.fileno()

    def send(self, operation: int, array: Array, *, plain: bool, deadline: float) -> None:
        """Send a C-contiguous *array* whole.

        Raises:
            Gone, Silent: The peer is lost, or takes nothing until *deadline* (``time.monotonic`` seconds).
        """
        if array.nbytes <= SMALL:
            # One system call and no view: Python, not TCP, is what a small message costs.
            data = _head(operation, array.dtype, array.shape, plain) + array.tobytes()
            try:
                sent = self.sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                raise self._gone(error) from None
            if sent == len(data):
                return
            self._unsent = [memoryview(data)[sent:]]
        else:
            self.begin_send(operation, array, plain=plain)
        while not self.push(0):
            self._wait(deadline)

    def quick(
        self, operations: Sequence[int], expected: Description | None, out: Array | None, deadline: float
    ) -> tuple[Array, bool, int] | None:
        """Receive, in one system call, a small array like the last one.

        Returns:
            The array, whether it was a number, and its operation. None when anything else comes:
            :class:`~shared.fmi.channels.incoming.Incoming` then reads it.
        """
        if self._start == self._end:
            try:
                count = self.sock.recv_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                self._wait(deadline)
                return None
            except OSError as error:
                raise Gone(self.peer, f"its connection broke: {error.strerror}") from None
            if not count:
                raise Gone(self.peer, "its connection closed")
            self._start, self._end = 0, count
        head, operation, found, length = self._known
        start = self._start + len(head)
        stop = start + length
        if stop > self._end or not head or not self._buffer.startswith(head, self._start):
            return None
        if operation not in operations or (expected is not None and expected[:2] != found[:2]):
            return None
        if out is None:
            array: Array = np.frombuffer(self._buffer[start:stop], found.dtype).reshape(found.shape)
        elif out.dtype == found.dtype and out.nbytes == length:
            array = out
            byte_view(out)[:] = self._view[start:stop]
        else:
            return None
        self._skip(stop - self._start)
        return array, found.plain, operation

    def remember(self, header: Header, text: bytes, found: Description) -> None:
        """Let :meth:`quick` read the next array that has this *header* and this description *text*, meaning *found*."""
        head = pack(FrameKind.DATA, header.operation, text, 0, header.length)
        self._known = _Known(head, header.operation, found, header.length)

    def receive(self, incoming: Pulled, deadline: float) -> Array:
        """Receive one array.

        Raises:
            Gone, Silent, Aborted, Mismatch: See their classes.
        """
        while not incoming.pull(socket.MSG_WAITALL):
            self._wait(deadline)
        return incoming.array

    def begin_send(self, operation: int, array: Array, *, plain: bool) -> None:
        """Make *array* the next thing to be pushed."""
        head = _head(operation, array.dtype, array.shape, plain)
        self._unsent = [memoryview(head), byte_view(array)] if array.nbytes else [memoryview(head)]

    def push(self, flags: int) -> bool:
        """Send on and return whether all is sent. One system call, so that the caller can look at its deadline."""
        if not self._unsent:
            return True
        try:
            self._drop_sent(self.sock.sendmsg(self._unsent, (), flags))
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            raise self._gone(error) from None
        return not self._unsent

    def fill(self, needed: int, flags: int) -> bool:
        """Read on, in one system call, unless *needed* bytes are buffered; return whether they are now."""
        if self._start + needed > _BUFFER:
            held = bytes(self._view[self._start : self._end])
            if needed > len(self._buffer):
                self._buffer = bytearray(needed + _BUFFER)
                self._view = memoryview(self._buffer)
            self._view[: len(held)] = held
            self._start, self._end = 0, len(held)
        if self._end - self._start < needed:
            try:
                count = self.sock.recv_into(self._view[self._end :], 0, flags & ~socket.MSG_WAITALL)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                raise Gone(self.peer, f"its connection broke: {error.strerror}") from None
            if not count:
                raise Gone(self.peer, "its connection closed")
            self._end += count
        return self._end - self._start >= needed

    def peek_header(self) -> Header:
        """Return the header at the front of the buffer, which must hold one."""
        return unpack(self._buffer, self._start)

    def take_head(self, header: Header) -> bytes:
        """Take the buffered *header* and its description; return the description. The payload comes next."""
        start = self._start + HEADER.size
        text = bytes(self._view[start : start + header.described])
        self._skip(HEADER.size + header.described)
        self._owed = header.length
        return text

    def take_into(self, target: memoryview) -> int:
        """Move buffered bytes into *target*, as many as fit; return how many."""
        count = min(len(target), self._end - self._start)
        if count:
            target[:count] = self._view[self._start : self._start + count]
            self._skip(count)
            self._owed -= count
        return count

    def pull_into(self, target: memoryview, flags: int) -> int:
        """Read from the socket straight into *target*; return how many bytes came, 0 for none yet."""
        try:
            count = self.sock.recv_into(target, 0, flags)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise Gone(self.peer, f"its connection broke: {error.strerror}") from None
        if not count:
            raise Gone(self.peer, "its connection closed in the middle of a message")
        self._owed -= count
        return count

    def begin_word(self, kind: FrameKind, rank: int, reason: str) -> None:
        """Make a frame without payload the next thing to be pushed, after what is being sent."""
        self._unsent.append(memoryview(pack(kind, 0, reason.encode(errors="replace")[:_LONGEST_REASON], rank, 0)))

    def last_words(self, until: float) -> None:
        """Look whether the peer has told who is lost. Never waits, and ends at *until*. Data before it are dropped.

        Raises:
            Aborted: It has.
            Gone: The connection ended, and it has not.
        """
        while time.monotonic() < until and self._drop_payload(until) and self.fill(HEADER.size, socket.MSG_DONTWAIT):
            header = self.peek_header()
            if not self.fill(HEADER.size + header.described, socket.MSG_DONTWAIT):
                return
            self.judge(header, self.take_head(header))

    def judge(self, header: Header, text: bytes) -> None:
        """Raise if a frame is no data."""
        if header.kind in {FrameKind.ABORT, FrameKind.SUSPECT}:
            reason = text.decode("utf-8", "replace")
            raise Aborted(self.peer, header.rank, reason, certain=header.kind == FrameKind.ABORT)
        if header.kind == FrameKind.BYE:
            raise Left(self.peer, "it has closed its communicator")
        if header.kind != FrameKind.DATA:
            raise Mismatch(self.peer, f"sent a frame of unknown kind {header.kind}")

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self.sock.close()

    def _wait(self, deadline: float) -> None:
        """Called when a system call came back unfinished: fail if it is too late, else wait shorter next time."""
        if time.monotonic() >= deadline:
            raise Silent(self.peer, "nothing heard from it in time")
        self.hurry(deadline)

    def hurry(self, deadline: float) -> None:
        """Let the kernel wait in the next calls no longer than until *deadline*."""
        most = min(deadline - time.monotonic(), _LONGEST_WAIT)
        if not _SOONEST * most <= self._kernel_timeout <= most:
            self._set_timeout(max(_USUAL * most, _SHORTEST_WAIT))

    def _set_timeout(self, seconds: float) -> None:
        self._kernel_timeout = seconds
        packed = _TIMEVAL.pack(int(seconds), int(seconds % 1 * 1e6) or 1)
        with contextlib.suppress(OSError):  # a closed socket says so at its next use
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, packed)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, packed)

    def _gone(self, error: OSError) -> LinkError:
        """Return why a send failed: the peer's last words, if there are any, say more than the *error*."""
        try:
            self.last_words(time.monotonic() + _LAST_WORDS)
        except LinkError as words:
            return words
        return Gone(self.peer, f"its connection broke: {error.strerror}")

    def _drop_payload(self, until: float) -> bool:
        """Drop what has come of the payload under way, no longer than *until*; return whether that was all of it."""
        while self._owed and time.monotonic() < until:
            if self._start == self._end and not self.fill(1, socket.MSG_DONTWAIT):
                break
            count = min(self._owed, self._end - self._start)
            self._skip(count)
            self._owed -= count
        return not self._owed

    def _skip(self, count: int) -> None:
        self._start += count
        if self._start == self._end:
            self._start = self._end = 0

    def _drop_sent(self, count: int) -> None:
        while self._unsent and count >= len(self._unsent[0]):
            count -= len(self._unsent.pop(0))
        if count:
            self._unsent[0] = self._unsent[0][count:]
