"""Receiving an array piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.faults import Mismatch
from shared.fmi.channels.link import SMALL, Link
from shared.fmi.data import Array, Description, byte_view, parse
from shared.fmi.wire.frames import HEADER, FrameKind, operation_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.fmi.wire.frames import Header


class Incoming:
    """One array that arrives over *link*.

    Args:
        link: The connection it comes over.
        mark: The mark it must have.
        strange: Called with the peer, the header and the description of any other frame. It raises, or has heeded it.
        operations: The operations it may belong to.
        expected: The dtype and shape it must have, if this rank knows them.
        out: An array to receive into: C-contiguous, writable, of the same dtype and size. Left out, a new one is made.
    """

    def __init__(  # noqa: PLR0913, PLR0917  made once a message, by Mesh alone
        self,
        link: Link,
        mark: bytes,
        strange: Callable[[int, Header, bytes], None],
        operations: Sequence[int],
        expected: Description | None = None,
        out: Array | None = None,
    ) -> None:
        self._mark, self._strange = mark, strange
        self._link, self._operations, self._expected, self._out = link, operations, expected, out
        self._target: memoryview | None = None
        self._filled = 0
        self.operation = 0
        self.plain = False
        self.array: Array = out if out is not None else np.empty(0)

    def pull(self, flags: int) -> bool:
        """Read on and return whether the array is complete.

        Makes few system calls, so that the caller can look at its deadline in between.

        Raises:
            LinkError: What comes does not fit, or nothing more comes.
        """
        link = self._link
        target = self._target
        while target is None:
            if not link.fill(HEADER.size, flags):
                return False
            header = link.peek_header()
            if header.described and not link.fill(HEADER.size + header.described, flags):
                return False
            text = link.take_head(header)
            if header.kind == FrameKind.DATA and header.mark == self._mark:
                target = self._target = self._open(header, text)
            else:
                self._strange(link.peer, header, text)
        if self._filled < len(target):
            self._filled += link.take_into(target[self._filled :])
        if self._filled < len(target):
            self._filled += link.pull_into(target[self._filled :], flags)
        return self._filled == len(target)

    def _open(self, header: Header, text: bytes) -> memoryview:
        """Check what *header* and the description *text* announce; return where its payload goes."""
        link = self._link
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
