"""Arrays on their way in, and sending and receiving at the same time."""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.faults import Mismatch, Silent
from shared.fmi.channels.link import SMALL, Link
from shared.fmi.data import Array, Description, byte_view, parse
from shared.fmi.wire.frames import HEADER, FrameKind, Header, operation_name, pack

if TYPE_CHECKING:
    from collections.abc import Sequence


class Incoming:
    """One array on its way in over *link*.

    Args:
        link: Where it comes from.
        operations: The operations it may belong to.
        expected: What it must be, if this rank knows.
        out: Where to put it: C-contiguous, writable, of the array's dtype and size. A new array if left out.
    """

    def __init__(
        self, link: Link, operations: Sequence[int], expected: Description | None = None, out: Array | None = None
    ) -> None:
        self._link, self._operations, self._expected, self._out = link, operations, expected, out
        self._target: memoryview | None = None
        self._filled = 0
        self.operation = 0
        self.plain = False
        self.array: Array = out if out is not None else np.empty(0)

    def pull(self, flags: int) -> bool:
        """Read on, in few calls, so that the deadline is looked at in between; return whether the array is complete."""
        link = self._link
        if self._target is None:
            if not link.fill(HEADER.size, flags):
                return False
            header = link.peek_header()
            if header.described and not link.fill(HEADER.size + header.described, flags):
                return False
            self._open(header, link.take_head(header))
        target = self._target
        assert target is not None  # noqa: S101  _open has set it
        if self._filled < len(target):
            self._filled += link.take_into(target[self._filled :])
        if self._filled < len(target):
            self._filled += link.pull_into(target[self._filled :], flags)
        return self._filled == len(target)

    def _open(self, header: Header, text: bytes) -> None:
        link = self._link
        link.judge(header, text)
        if header.operation not in self._operations:
            raise Mismatch(link.peer, f"is in {operation_name(header.operation)}")
        try:
            found = parse(text)
        except ValueError as error:
            raise Mismatch(link.peer, f"sent {error}") from None
        if found.nbytes != header.length:
            raise Mismatch(link.peer, f"sent {header.length} bytes for a {found}")
        expected = self._expected
        if expected is not None and (found.dtype != expected.dtype or found.shape != expected.shape):
            raise Mismatch(link.peer, f"sent a {found}, not a {expected}")
        if self._out is None:
            self.array = np.empty(found.shape, found.dtype)
        elif found.dtype != self._out.dtype or found.nbytes != self._out.nbytes:
            raise Mismatch(link.peer, f"sent a {found}, not a {self._out.dtype} array{list(self._out.shape)}")
        self.operation, self.plain = header.operation, found.plain
        if 0 < found.nbytes <= SMALL:
            link.known = (
                pack(FrameKind.DATA, header.operation, text, 0, header.length),
                header.operation,
                found,
                found.nbytes,
            )
        self._target = byte_view(self.array)


def exchange(out: Link, incoming: Incoming, source: Link, deadline: float) -> None:
    """Send what *out* has begun and receive *incoming* from *source* at the same time, whichever is ready.

    Raises:
        Gone, Silent, Aborted, Mismatch: See their classes.
    """
    sent = received = False
    while True:
        if not sent:
            sent = out.push(socket.MSG_DONTWAIT)
        if not received:
            received = incoming.pull(socket.MSG_DONTWAIT)
        if sent and received:
            return
        wanted: dict[int, int] = {} if received else {source.fileno(): select.POLLIN}
        if not sent:
            wanted[out.fileno()] = wanted.get(out.fileno(), 0) | select.POLLOUT
        poller = select.poll()
        for number, mask in wanted.items():
            poller.register(number, mask)
        left = deadline - time.monotonic()
        if left <= 0 or not poller.poll(1000 * left):
            late = source if not received else out
            raise Silent(late.peer, "nothing heard from it in time")
