"""Receiving an array piece by piece, and sending and receiving at the same time."""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.faults import Mismatch, Silent
from shared.fmi.channels.link import SMALL, Link
from shared.fmi.data import Array, Description, byte_view, parse
from shared.fmi.wire.frames import HEADER, operation_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.fmi.wire.frames import Header


class Incoming:
    """One array that arrives over *link*.

    Args:
        link: The connection it comes over.
        operations: The operations it may belong to.
        expected: The dtype and shape it must have, if this rank knows them.
        out: An array to receive into: C-contiguous, writable, of the same dtype and size. Left out, a new one is made.
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
        """Read on and return whether the array is complete.

        Makes few system calls, so that the caller can look at its deadline in between.
        """
        link = self._link
        target = self._target
        if target is None:
            if not link.fill(HEADER.size, flags):
                return False
            header = link.peek_header()
            if header.described and not link.fill(HEADER.size + header.described, flags):
                return False
            target = self._target = self._open(header, link.take_head(header))
        if self._filled < len(target):
            self._filled += link.take_into(target[self._filled :])
        if self._filled < len(target):
            self._filled += link.pull_into(target[self._filled :], flags)
        return self._filled == len(target)

    def _open(self, header: Header, text: bytes) -> memoryview:
        """Check what *header* and the description *text* announce; return where its payload goes."""
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
            link.remember(header, text, found)
        return byte_view(self.array)


def exchange(out: Link, incoming: Incoming, source: Link, deadline: float) -> None:
    """Send what *out* has begun and receive *incoming* from *source* at the same time, as either is ready.

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
