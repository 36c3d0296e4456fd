"""A verified TCP connection to one rank: frames, of which each call here moves a part. Who waits when: ``mesh``.

Sending has one queue, ``_unsent``: what is left of the frame under way, then frames and words that wait behind it.
Receiving has one buffer: ``_start`` to ``_end`` are bytes that were read and not yet taken. ``_owed`` counts the bytes
of the current payload that are still to come, in the buffer or in the socket. A frame is read in three steps: ``fill``
until the header is there, ``take_head``, then the payload. A small one is copied out of the buffer; of a large one the
rest goes from the socket straight into the caller's array, as large arrays are sent from the caller's memory.

A link that nobody waits for is listened to as well. ``listen`` reads ahead, a bounded number of bytes, and ``heads``
shows the frames among them and takes none. ``_seen`` is where its next look begins. Once all is lost, ``words`` takes
and drops everything but words.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shared.fmi.channels.faults import Gone
from shared.fmi.data import Array, Description, byte_view, describe
from shared.fmi.wire.frames import HEADER, MARK, FrameKind, Header, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.fmi.data import Dtype

_BUFFER = 1 << 14
"""Bytes of the buffer that small frames are read into: our choice, room for one frame of SMALL bytes and its head."""

SMALL = 1 << 13
"""Bytes of a payload that the two sockets' kernel buffers surely hold, so both sides may send before either receives.

Our choice, far below Linux's least: a socket starts with 16 KiB to send and 128 KiB to receive (``man 7 tcp``).
"""

AHEAD = 1 << 18
"""Bytes that are read ahead from a link nobody waits for, to find words behind data. Our choice."""

_DROPPED = 1 << 20  # bytes that are dropped in one go while words are looked for: our choice, well below 1 ms
_MOST_PIECES = 64  # pieces in one system call: our choice, far below Linux's 1,024
_NOW = socket.MSG_DONTWAIT
_TIMEVAL = struct.Struct("ll")  # the kernel's struct timeval: seconds and microseconds
LONGEST_WAIT = 0.05
"""Seconds in one system call. Python repeats a call from the start when a signal's handler has run in between. So only
signals that come faster than this could hold a call past its deadline."""

_SOONEST, _USUAL = 0.9, 0.95
"""Shares of the longest wait that is right now. A kernel timeout from _SOONEST to 1 is left as it is, since setting it
costs a system call; otherwise it is set to _USUAL."""

_SHORTEST_WAIT = 0.001  # seconds: the kernel takes a timeout of 0 for "wait for ever"


@lru_cache(maxsize=512)
def _head(operation: int, dtype: Dtype, shape: tuple[int, ...], plain: bool) -> bytes:  # noqa: FBT001  see describe
    description = describe(dtype, shape, plain)
    return pack(FrameKind.DATA, operation, description, Description(dtype, shape, plain).nbytes)


def frame(mark: bytes, operation: int, array: Array, *, plain: bool) -> bytes:
    """Return a small *array* as one frame."""
    return mark + _head(operation, array.dtype, array.shape, plain) + array.tobytes()


class _Known(NamedTuple):
    """The last small array that came: its head after the mark, and what that says. Empty before the first."""

    head: bytes
    operation: int
    found: Description
    length: int


class Link:
    """One connection.

    Args:
        sock: A connected, verified, blocking socket. The link owns it.
        peer: The rank at its other end.
    """

    def __init__(self, sock: socket.socket, peer: int) -> None:
        self.peer = peer
        self.sock = sock
        self.ended: Gone | None = None  # why nothing more can be read, once it was read to the end
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = self._seen = 0
        self._unsent: list[memoryview] = []
        self._owed = 0  # bytes of the payload under way that are still to be read
        self._kernel_timeout = 0.0
        self._known = _Known(b"", 0, Description(np.dtype(np.uint8), (0,), plain=False), 0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._set_timeout(_USUAL * LONGEST_WAIT)

    def fileno(self) -> int:
        """The socket's number, so that a link can be polled."""
        return self.sock.fileno()

    @property
    def is_behind(self) -> bool:
        """Whether something is left to be pushed."""
        return bool(self._unsent)

    @property
    def holds(self) -> bool:
        """Whether bytes were read that nobody has taken."""
        return self._end > self._start

    @property
    def is_full(self) -> bool:
        """Whether as much was read ahead as may be."""
        return self._end - self._start >= AHEAD

    def send(self, mark: bytes, operation: int, array: Array, *, plain: bool) -> bool:
        """Send a C-contiguous *array*; return whether all is sent. Else :meth:`push` goes on.

        Raises:
            Gone: The peer is lost.
        """
        if array.nbytes > SMALL:
            self.begin_send(mark, operation, array, plain=plain)
            return self.push(0)
        # One system call and no view: Python, not TCP, is what a small message costs.
        data = mark + _head(operation, array.dtype, array.shape, plain) + array.tobytes()
        if self._unsent:
            self.queue(data)
            return self.push(0)
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            raise self._broken(error) from None
        if sent == len(data):
            return True
        self._unsent = [memoryview(data)[sent:]]
        return False

    def quick(
        self, mark: bytes, operations: Sequence[int], expected: Description | None, out: Array | None
    ) -> tuple[Array, bool, int] | None:
        """Receive, in one system call, a small array like the last one.

        Returns:
            The array, whether it was a number, and its operation. None when anything else comes, or nothing:
            :class:`~shared.fmi.channels.incoming.Incoming` then reads it.
        """
        if self._start == self._end:
            try:
                count = self.sock.recv_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                return None
            except OSError as error:
                raise self._broken(error) from None
            if not count:
                raise Gone(self.peer, "its connection closed")
            self._start, self._end = 0, count
        head, operation, found, length = self._known
        start = self._start + MARK + len(head)
        stop = start + length
        buffer = self._buffer
        if stop > self._end or not head or not buffer.startswith(head, self._start + MARK):
            return None
        if not buffer.startswith(mark, self._start):
            return None
        if operation not in operations or (expected is not None and expected[:2] != found[:2]):
            return None
        if out is None:
            array: Array = np.frombuffer(buffer[start:stop], found.dtype).reshape(found.shape)
        elif out.dtype == found.dtype and out.nbytes == length:
            array = out
            byte_view(out)[:] = self._view[start:stop]
        else:
            return None
        self._skip(stop - self._start)
        return array, found.plain, operation

    def remember(self, header: Header, text: bytes, found: Description) -> None:
        """Let :meth:`quick` read the next array that has this *header* and this description *text*, meaning *found*."""
        head = pack(FrameKind.DATA, header.operation, text, header.length)
        self._known = _Known(head, header.operation, found, header.length)

    def begin_send(self, mark: bytes, operation: int, array: Array, *, plain: bool) -> None:
        """Make *array* the next thing to be pushed."""
        self.queue(mark + _head(operation, array.dtype, array.shape, plain))
        if array.nbytes:
            self._unsent.append(byte_view(array))

    def queue(self, data: bytes) -> None:
        """Make *data*, whole frames, the next thing to be pushed, after what is being sent."""
        self._unsent.append(memoryview(data))

    def push(self, flags: int) -> bool:
        """Send on and return whether all is sent. One system call, so that the caller can look at its deadline.

        Raises:
            Gone: The peer is lost.
        """
        if not self._unsent:
            return True
        try:
            self._drop_sent(self.sock.sendmsg(self._unsent[:_MOST_PIECES], (), flags))
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            raise self._broken(error) from None
        return not self._unsent

    def forget(self) -> None:
        """Drop what is left to be pushed: the peer is lost."""
        self._unsent.clear()

    def fill(self, needed: int, flags: int) -> bool:
        """Read on, in one system call, unless *needed* bytes are buffered; return whether they are now.

        Raises:
            Gone: The connection ended.
        """
        if self._end - self._start < needed:
            self._make_room(needed)
            try:
                count = self.sock.recv_into(self._view[self._end :], 0, flags & ~socket.MSG_WAITALL)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                raise self._broken(error) from None
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
        """Read from the socket straight into *target*; return how many bytes came, 0 for none yet.

        Raises:
            Gone: The connection ended.
        """
        try:
            count = self.sock.recv_into(target, 0, flags)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise self._broken(error) from None
        if not count:
            raise Gone(self.peer, "its connection closed in the middle of a message")
        self._owed -= count
        return count

    def listen(self, most: int) -> None:
        """Read ahead what has come, without waiting, until *most* bytes are held. Sets ``ended`` at the end."""
        try:
            while self.ended is None and (held := self._end - self._start) < most and self.fill(held + 1, _NOW):
                pass
        except Gone as end:
            self.ended = end

    def heads(self) -> Iterator[tuple[Header, bytes]]:
        """Yield the headers and descriptions that are buffered and were not shown before. Takes nothing."""
        while True:
            at = self._seen if self._seen > self._start else self._start + self._owed
            if at + HEADER.size > self._end:
                return
            header = unpack(self._buffer, at)
            text = at + HEADER.size
            if text + header.described > self._end:
                return
            self._seen = text + header.described + header.length
            yield header, bytes(self._view[text : text + header.described])

    def words(self) -> Iterator[tuple[Header, bytes]]:
        """Take all that has come, without waiting, and yield the heads among it. Sets ``ended`` at the end.

        A peer that never stops sending is not heard to the end in one call.
        """
        left = _DROPPED
        try:
            while left > 0 and self.ended is None:
                while self._owed and left > 0:
                    if self._start == self._end and not self.fill(1, _NOW):
                        return
                    count = min(self._owed, self._end - self._start)
                    self._skip(count)
                    self._owed -= count
                    left -= count
                if self._owed or not self.fill(HEADER.size, _NOW):
                    return
                header = self.peek_header()
                if not self.fill(HEADER.size + header.described, _NOW):
                    return
                left -= HEADER.size + header.described
                yield header, self.take_head(header)
        except Gone as end:
            self.ended = end

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self.sock.close()

    def hurry(self, deadline: float) -> None:
        """Let the kernel wait in the next calls no longer than until *deadline*."""
        most = min(deadline - time.monotonic(), LONGEST_WAIT)
        if not _SOONEST * most <= self._kernel_timeout <= most:
            self._set_timeout(max(_USUAL * most, _SHORTEST_WAIT))

    def _set_timeout(self, seconds: float) -> None:
        self._kernel_timeout = seconds
        packed = _TIMEVAL.pack(int(seconds), int(seconds % 1 * 1e6) or 1)
        with contextlib.suppress(OSError):  # a closed socket says so at its next use
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, packed)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, packed)

    def _broken(self, error: OSError) -> Gone:
        return Gone(self.peer, f"its connection broke: {error.strerror}")

    def _make_room(self, needed: int) -> None:
        """Let *needed* bytes fit behind ``_start``."""
        if self._start + needed <= len(self._buffer):
            return
        start, held = self._start, bytes(self._view[self._start : self._end])
        if needed > len(self._buffer):
            self._buffer = bytearray(2 * needed)
            self._view = memoryview(self._buffer)
        self._view[: len(held)] = held
        self._start, self._end, self._seen = 0, len(held), max(self._seen - start, 0)

    def _skip(self, count: int) -> None:
        self._start += count
        if self._start == self._end:
            self._start = self._end = self._seen = 0
            if len(self._buffer) > _BUFFER:
                self._buffer = bytearray(_BUFFER)
                self._view = memoryview(self._buffer)

    def _drop_sent(self, count: int) -> None:
        while self._unsent and count >= len(self._unsent[0]):
            count -= len(self._unsent.pop(0))
        if count:
            self._unsent[0] = self._unsent[0][count:]
