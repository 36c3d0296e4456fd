"""Alltoall of equal rows: over the neighbours' edges (Bruck's index algorithm), or straight from rank to rank.

J. Bruck et al., "Efficient Algorithms for All-to-All Communications in Multiport Message-Passing Systems", 1997. Over
the edges a row takes log2(n) / 2 hops on average, in ceil(log2 n) messages a rank; straight, one hop, in n - 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.collectives.transport import like

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport
    from shared.fmi.data import Array

SHORT = 1 << 12
"""Bytes of a row up to which all go over the edges (measured on loopback with all connected: the two are even at 1 KiB
for 8 ranks, 3 KiB for 16, 20 KiB for 32). To connect with one more rank costs about a millisecond besides."""

STRAIGHT = 256
"""Ranks up to which a rank may connect with all others. Our choice: while they pair, each may take two descriptors for
a moment, and AWS Lambda gives a function 1,024 ("Lambda quotas", read 2026-11-30)."""


def is_straight(size: int, blocks: Array) -> bool:
    """Say whether the rows of *blocks* go straight to each of *size* ranks. It is the same on all ranks."""
    return size <= STRAIGHT and blocks.nbytes > SHORT * size


def alltoall(ranks: Transport, blocks: Array) -> Array:
    """Return, by rank, the row that each rank had for this one; *blocks* has shape (n, ...)."""
    return _pairwise(ranks, blocks) if is_straight(ranks.size, blocks) else _index(ranks, blocks)


def _pairwise(ranks: Transport, blocks: Array) -> Array:
    size, rank = ranks.size, ranks.rank
    result = np.empty_like(blocks)
    result[rank] = blocks[rank]
    for step in range(1, size):
        dest, source = (rank + step) % size, (rank - step) % size
        row = result[source, ...]
        ranks.exchange(dest, blocks[dest, ...], source, out=row, expected=like(row))
    return result


def _index(ranks: Transport, blocks: Array) -> Array:
    """Let a row that must go *hops* ranks ahead travel by the powers of two in *hops*, together with all that do."""
    size, rank = ranks.size, ranks.rank
    held = np.roll(blocks, -rank, axis=0)
    hops = np.arange(size)
    distance = 1
    while distance < size:
        moving = np.flatnonzero(hops & distance)
        rows = held[moving]
        ahead, behind = (rank + distance) % size, (rank - distance) % size
        held[moving] = ranks.exchange(ahead, rows, behind, expected=like(rows))
        distance *= 2
    return np.roll(held[::-1], rank + 1, axis=0)
