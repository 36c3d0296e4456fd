"""Inclusive scan: rank r gets the values of ranks 0..r combined, by doubling distances or, if ordered, by a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.fmi.collectives.transport import like

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport
    from shared.fmi.data import Array
    from shared.fmi.operators import Op


def scan(ranks: Transport, array: Array, op: Op) -> Array:
    """Return array[0] op ... op array[rank]."""
    rank, size, expected = ranks.rank, ranks.size, like(array)
    total = array.copy()
    if not op.free:
        if rank:
            total = op(ranks.receive(rank - 1, expected=expected), total)
        if rank + 1 < size:
            ranks.send(rank + 1, total)
        return total
    distance = 1
    while distance < size:
        sends, receives = rank + distance < size, rank >= distance
        if sends and receives:
            lower = ranks.exchange(rank + distance, total, rank - distance, expected=expected)
        elif sends:
            ranks.send(rank + distance, total)
        elif receives:
            lower = ranks.receive(rank - distance, expected=expected)
        if receives:
            total = op(lower, total)
        distance *= 2
    return total
