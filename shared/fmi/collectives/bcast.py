"""Broadcast. Short arrays go down a binomial tree. Long ones are scattered down the tree and then go round a ring.

Only the root knows the size. So it announces a long array down the same tree, by a message of another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.collectives.transport import FEW, is_long
from shared.fmi.data import byte_view, describe, parse
from shared.fmi.wire.frames import Operation

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport
    from shared.fmi.data import Array


def bcast(ranks: Transport, array: Array | None, root: int, *, plain: bool) -> tuple[Array, bool]:
    """Return the root's array, and whether it was a plain number, on every rank.

    Args:
        ranks: The transport.
        array: At the root its array, of any shape and dtype; None on other ranks.
        root: The rank that has it.
        plain: On the root, whether it was a plain number.
    """
    if array is not None:
        if not is_long(array.nbytes, ranks.size) or ranks.size < FEW:
            _down(ranks, root, array, Operation.BCAST, plain=plain)
            return array, plain
        announcement = np.frombuffer(describe(array.dtype, array.shape, plain), np.uint8)
        _down(ranks, root, announcement, Operation.BCAST_LONG, plain=False)
        _spread(ranks, root, np.frombuffer(byte_view(array), np.uint8))
        return array, plain
    parent = _parent(ranks, root)
    found, found_plain, operation = ranks.receive_any(parent, (Operation.BCAST, Operation.BCAST_LONG))
    _down(ranks, root, found, operation, plain=found_plain)
    if operation is Operation.BCAST:
        return found, found_plain
    description = parse(found.tobytes())
    result = np.empty(description.shape, description.dtype)
    _spread(ranks, root, result.reshape(-1).view(np.uint8))
    return result, description.plain


def _parent(ranks: Transport, root: int) -> int:
    relative = (ranks.rank - root) % ranks.size
    return (relative - (relative & -relative) + root) % ranks.size


def children(relative: int, size: int) -> list[tuple[int, int]]:
    """Return (child, ranks in its subtree) of *relative* in the binomial tree over *size* ranks, the largest first."""
    span = relative & -relative if relative else 1 << (size - 1).bit_length()
    found = []
    while span > 1:
        span //= 2
        child = relative + span
        if child < size:
            found.append((child, min(span, size - child)))
    return found


def _down(ranks: Transport, root: int, array: Array, operation: Operation, *, plain: bool) -> None:
    for child, _ in children((ranks.rank - root) % ranks.size, ranks.size):
        ranks.send((child + root) % ranks.size, array, plain=plain, operation=operation)


def _spread(ranks: Transport, root: int, flat: Array) -> None:
    """Fill *flat*, the array's bytes, on every rank. Each gets its piece down the tree; then all pieces go round."""
    size = ranks.size
    relative = (ranks.rank - root) % size
    edges = [len(flat) * piece // size for piece in range(size + 1)]
    if relative:
        span = min(relative & -relative, size - relative)
        ranks.receive(_parent(ranks, root), out=flat[edges[relative] : edges[relative + span]])
    for child, span in children(relative, size):
        ranks.send((child + root) % size, flat[edges[child] : edges[child + span]])
    ahead, behind = (ranks.rank + 1) % size, (ranks.rank - 1) % size
    for step in range(size - 1):
        mine, theirs = (relative - step) % size, (relative - step - 1) % size
        ranks.exchange(ahead, flat[edges[mine] : edges[mine + 1]], behind, out=flat[edges[theirs] : edges[theirs + 1]])
