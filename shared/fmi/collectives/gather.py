"""Gather, scatter and allgather of equal blocks.

Gather and scatter go over a binomial tree, allgather by Bruck's algorithm (short) or a ring (long).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.collectives.bcast import children
from shared.fmi.collectives.transport import is_long, like
from shared.fmi.data import Description

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport
    from shared.fmi.data import Array


def gather(ranks: Transport, block: Array, root: int) -> Array | None:
    """Return every rank's *block*, shape (n, *block.shape) by rank, at *root*; None on other ranks."""
    size = ranks.size
    relative = (ranks.rank - root) % size
    below = children(relative, size)
    held = 1 + sum(span for _, span in below)
    blocks = np.empty((held, *block.shape), block.dtype)
    blocks[0] = block
    for child, span in reversed(below):
        start = child - relative
        expected = Description(block.dtype, (span, *block.shape), plain=False)
        ranks.receive((child + root) % size, out=blocks[start : start + span], expected=expected)
    if relative:
        ranks.send((relative - (relative & -relative) + root) % size, blocks)
        return None
    return _rolled(blocks, root)


def scatter(ranks: Transport, blocks: Array | None, root: int) -> Array:
    """Return this rank's row of *blocks*, shape (n, ...), which *root* has; the others bring None."""
    size = ranks.size
    relative = (ranks.rank - root) % size
    if blocks is not None:
        held = _rolled(blocks, -root)
    else:
        held = ranks.receive((relative - (relative & -relative) + root) % size)
    for child, span in children(relative, size):
        start = child - relative
        ranks.send((child + root) % size, held[start : start + span])
    return np.array(held[0, ...])


def allgather(ranks: Transport, block: Array) -> Array:
    """Return every rank's *block*, shape (n, *block.shape) by rank, on every rank."""
    size = ranks.size
    if is_long(block.nbytes * size, size):
        return _ring(ranks, block)
    blocks = np.empty((size, *block.shape), block.dtype)
    blocks[0] = block
    held = 1
    while held < size:
        count = min(held, size - held)
        expected = Description(block.dtype, (count, *block.shape), plain=False)
        ahead, behind = (ranks.rank + held) % size, (ranks.rank - held) % size
        ranks.exchange(behind, blocks[:count], ahead, out=blocks[held : held + count], expected=expected)
        held += count
    return _rolled(blocks, ranks.rank)


def _rolled(blocks: Array, by: int) -> Array:
    rolled: Array = np.roll(blocks, by, axis=0) if by else blocks
    return rolled


def _ring(ranks: Transport, block: Array) -> Array:
    size, rank = ranks.size, ranks.rank
    blocks = np.empty((size, *block.shape), block.dtype)
    blocks[rank] = block
    ahead, behind = (rank + 1) % size, (rank - 1) % size
    for step in range(size - 1):
        mine, theirs = (rank - step) % size, (rank - step - 1) % size
        ranks.exchange(ahead, blocks[mine, ...], behind, out=blocks[theirs, ...], expected=like(block))
    return blocks
