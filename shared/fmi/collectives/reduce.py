"""Reduce and allreduce: trees and recursive doubling for short arrays, rings for long ones.

An operator that is not both commutative and associative is evaluated strictly left to right by rank. That leaves one
way: gather, fold, and (for allreduce) broadcast.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.collectives.bcast import bcast, children
from shared.fmi.collectives.gather import gather
from shared.fmi.collectives.transport import FEW, is_long, like

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport
    from shared.fmi.data import Array
    from shared.fmi.operators import Op


_PIECE = 1 << 19
"""Bytes a rank sends, receives and adds at a time in a ring (measured: half a second-level cache)."""


def reduce(ranks: Transport, array: Array, op: Op, root: int) -> Array | None:
    """Return the ranks' arrays combined by *op* at *root*; None on other ranks."""
    if not op.free:
        blocks = gather(ranks, array, root)
        return None if blocks is None else fold(blocks, op)
    if _may_split(ranks, array, op) and ranks.size >= FEW:
        return _reduce_long(ranks, array, op, root)
    relative = (ranks.rank - root) % ranks.size
    total = array.copy()
    for child, _ in reversed(children(relative, ranks.size)):
        op.into(total, ranks.receive((child + root) % ranks.size, expected=like(array)))
    if relative == 0:
        return total
    ranks.send((relative - (relative & -relative) + root) % ranks.size, total)
    return None


def allreduce(ranks: Transport, array: Array, op: Op) -> Array:
    """Return the ranks' arrays combined by *op* on every rank: the very same bits everywhere."""
    if ranks.size == 1:
        return array.copy()
    if not op.free:
        total = reduce(ranks, array, op, 0)
        return bcast(ranks, total, 0, plain=False)[0]
    if _may_split(ranks, array, op):
        return _ring(ranks, array, op)
    return _doubling(ranks, array, op)


def fold(blocks: Array, op: Op) -> Array:
    """Return blocks[0] op blocks[1] op ..., strictly from the left."""
    total = np.array(blocks[0, ...])
    for index in range(1, len(blocks)):
        total = op(total, blocks[index, ...])
    return total


def _doubling(ranks: Transport, array: Array, op: Op) -> Array:
    """Double over the largest power of two. Ranks beyond it hand in their array first and get the result last."""
    rank, size = ranks.rank, ranks.size
    power = 1 << (size.bit_length() - 1)
    total, expected = array.copy(), like(array)
    if rank >= power:
        ranks.send(rank - power, total)
        return ranks.receive(rank - power, expected=expected)
    if rank + power < size:
        total = op(total, ranks.receive(rank + power, expected=expected))
    distance = 1
    while distance < power:
        partner = rank ^ distance
        theirs = ranks.exchange(partner, total, partner, expected=expected)
        # The same order of arguments on both sides gives the same bits on both.
        total = op(total, theirs) if rank < partner else op(theirs, total)
        distance *= 2
    if rank + power < size:
        ranks.send(rank + power, total)
    return total


def _may_split(ranks: Transport, array: Array, op: Op) -> bool:
    """Say whether the array is worth cutting, and may be cut: only numpy's own operators surely work elementwise."""
    return op.ufunc is not None and is_long(array.nbytes, ranks.size) and array.size >= ranks.size


def _edges(array: Array, size: int) -> list[int]:
    return [array.size * piece // size for piece in range(size + 1)]


def _blocks(ranks: Transport, array: Array) -> list[slice]:
    """Cut a long array so that a rank adds a piece while it is still in the cache from being received."""
    step = max(ranks.size * _PIECE // array.itemsize, ranks.size)
    edges = [*(step * block for block in range(max(array.size // step, 1))), array.size]
    return [slice(start, end) for start, end in pairwise(edges)]


def _scatter_reduce(ranks: Transport, flat: Array, result: Array, op: Op) -> int:
    """Combine all ranks' *flat* into *result*. Each rank then holds one finished piece of it; return which."""
    rank, size = ranks.rank, ranks.size
    edges = _edges(flat, size)
    ahead, behind = (rank + 1) % size, (rank - 1) % size
    spare = np.empty(-(-flat.size // size), flat.dtype)
    ready = flat
    for step in range(size - 1):
        mine, theirs = (rank - step) % size, (rank - step - 1) % size
        start, end = edges[theirs], edges[theirs + 1]
        got = ranks.exchange(ahead, ready[edges[mine] : edges[mine + 1]], behind, out=spare[: end - start])
        op.to(result[start:end], flat[start:end], got)
        ready = result
    return (rank + 1) % size


def _ring(ranks: Transport, array: Array, op: Op) -> Array:
    flat = array.reshape(-1)
    result = np.empty_like(flat)
    for block in _blocks(ranks, flat):
        _ring_block(ranks, flat[block], result[block], op)
    return result.reshape(array.shape)


def _ring_block(ranks: Transport, flat: Array, result: Array, op: Op) -> None:
    rank, size = ranks.rank, ranks.size
    edges = _edges(flat, size)
    done = _scatter_reduce(ranks, flat, result, op)
    ahead, behind = (rank + 1) % size, (rank - 1) % size
    for step in range(size - 1):
        mine, theirs = (done - step) % size, (done - step - 1) % size
        ranks.exchange(
            ahead, result[edges[mine] : edges[mine + 1]], behind, out=result[edges[theirs] : edges[theirs + 1]]
        )


def _reduce_long(ranks: Transport, array: Array, op: Op, root: int) -> Array | None:
    flat = array.reshape(-1)
    result = np.empty_like(flat)
    _scatter_reduce(ranks, flat, result, op)
    _collect(ranks, result, root)
    return result.reshape(array.shape) if ranks.rank == root else None


def _collect(ranks: Transport, flat: Array, root: int) -> None:
    """Bring the finished pieces of *flat* up the binomial tree to *root*, each straight to its place.

    Rank r holds piece r + 1. So the pieces of a subtree lie side by side, but where they go round the end of the array.
    """
    size, edges = ranks.size, _edges(flat, ranks.size)
    relative = (ranks.rank - root) % size
    below = children(relative, size)

    def held(first: int, span: int) -> list[Array]:
        piece = (first + root + 1) % size
        end = piece + span
        parts = [flat[edges[piece] : edges[min(end, size)]]]
        return parts if end <= size else [*parts, flat[: edges[end - size]]]

    for child, span in reversed(below):
        for part in held(child, span):
            ranks.receive((child + root) % size, out=part)
    if relative:
        for part in held(relative, 1 + sum(span for _, span in below)):
            ranks.send((relative - (relative & -relative) + root) % size, part)
