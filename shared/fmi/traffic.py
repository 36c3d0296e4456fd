"""What an operation sends between peers: its rounds, one after another, and all of its messages. Pure.

It says of each of :mod:`shared.fmi.collectives` what that does, with the same thresholds; a test counts what they send.
A ring cuts pieces of more than 512 KiB again. These count as one message here, for they follow each other at once.
"""

from __future__ import annotations

from functools import cache
from math import ceil, floor, log2
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shared.fmi.collectives.alltoall import SHORT, STRAIGHT
from shared.fmi.collectives.transport import FEW, is_long

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Sent: TypeAlias = tuple[tuple[float, float], ...]
"""(How many, bytes in each)."""


class Traffic(NamedTuple):
    """What an operation sends: the rounds that follow one another, and the messages of all ranks."""

    rounds: Sent
    messages: Sent


def traffic(operation: str, ranks: int, nbytes: float, *, ordered: bool = False) -> Traffic:
    """Return what one operation sends.

    Args:
        operation: Its name: send, bcast, barrier, gather, scatter, reduce, allreduce, scan, allgather or alltoall.
        ranks: How many there are, at least 2.
        nbytes: Bytes of each rank's value; of scatter's and alltoall's, those of all its rows.
        ordered: Whether it must be evaluated strictly left to right.
    """
    if ordered and operation in _ORDERED:
        return _ORDERED[operation](ranks, nbytes)
    kinds = _LONG if _is_long(operation, ranks, nbytes) else _SHORT
    return kinds[operation](ranks, nbytes)


def is_pairwise(operation: str, ranks: int, nbytes: float) -> bool:
    """Whether each rank sends to every other, also to those that are no neighbours."""
    return operation == "alltoall" and ranks <= STRAIGHT and nbytes > SHORT * ranks


def _is_long(operation: str, ranks: int, nbytes: float) -> bool:
    """Whether a collective takes the algorithm that saves bytes, and not the one that saves rounds."""
    match operation:
        case "allgather":
            return is_long(int(nbytes) * ranks, ranks)
        case "allreduce":
            return is_long(int(nbytes), ranks)
        case "bcast" | "reduce":
            return is_long(int(nbytes), ranks) and ranks >= FEW
        case _:
            return is_pairwise(operation, ranks, nbytes)


def _depth(ranks: int) -> int:
    return ceil(log2(ranks))


def _send(_ranks: int, size: float) -> Traffic:
    return Traffic(((1, size),), ((1, size),))


def _down(ranks: int, size: float) -> Traffic:
    """All of it from the root to each rank, or from each to the root, along a binomial tree."""
    return Traffic(((_depth(ranks), size),), ((ranks - 1, size),))


def _blocks_down(ranks: int, block: float) -> Traffic:
    """A block for each rank or from each, along a binomial tree."""
    rounds = tuple((1.0, block * min(2**step, ranks - 2**step)) for step in range(_depth(ranks)))
    return Traffic(rounds, ((ranks - 1, block * _on_a_tree(ranks) / (ranks - 1)),))


def _pieces_up(ranks: int, piece: float) -> Traffic:
    """A piece from each rank to the root. What goes round the array's end goes as two messages, on each hop but one."""
    rounds, ((messages, nbytes),) = _blocks_down(ranks, piece)
    more = messages + (ranks - 1).bit_count() - 1
    return Traffic(rounds, ((more, messages * nbytes / more),))


@cache
def _on_a_tree(ranks: int) -> int:
    """Return over how many edges of a binomial tree all ranks' blocks go together."""
    return sum(rank.bit_count() for rank in range(ranks))


def _ring(ranks: int, block: float) -> Traffic:
    return Traffic(((ranks - 1, block),), ((ranks * (ranks - 1), block),))


def _doubling(ranks: int, size: float) -> Traffic:
    steps = floor(log2(ranks))
    beyond = ranks - 2**steps
    return Traffic(((steps + 2 * bool(beyond), size),), ((2**steps * steps + 2 * beyond, size),))


def _scan(ranks: int, size: float) -> Traffic:
    sent = sum(ranks - 2**step for step in range(_depth(ranks)))
    return Traffic(((_depth(ranks), size),), ((sent, size),))


def _chain(ranks: int, size: float) -> Traffic:
    return Traffic(((ranks - 1, size),), ((ranks - 1, size),))


def _bruck(ranks: int, block: float) -> Traffic:
    rounds = tuple((1.0, block * min(2**step, ranks - 2**step)) for step in range(_depth(ranks)))
    return Traffic(rounds, tuple((ranks, part) for _, part in rounds))


def _index(ranks: int, row: float) -> Traffic:
    """Send each row by the powers of two in the number of ranks that it must go ahead."""
    moving = [sum(bool(hops >> step & 1) for hops in range(ranks)) for step in range(_depth(ranks))]
    return Traffic(tuple((1, row * rows) for rows in moving), tuple((ranks, row * rows) for rows in moving))


def _one_after_another(*parts: Traffic) -> Traffic:
    return Traffic(
        tuple(each for part in parts for each in part.rounds), tuple(each for part in parts for each in part.messages)
    )


_SHORT: Mapping[str, Callable[[int, float], Traffic]] = {
    "send": _send,
    "barrier": lambda ranks, _: Traffic(((_depth(ranks), 0),), ((ranks * _depth(ranks), 0),)),
    "bcast": _down,
    "gather": _blocks_down,
    "scatter": lambda ranks, size: _blocks_down(ranks, size / ranks),
    "reduce": _down,
    "allreduce": _doubling,
    "scan": _scan,
    "allgather": _bruck,
    "alltoall": lambda ranks, size: _index(ranks, size / ranks),
}
_LONG: Mapping[str, Callable[[int, float], Traffic]] = {
    "bcast": lambda ranks, size: _one_after_another(
        _down(ranks, 0), _blocks_down(ranks, size / ranks), _ring(ranks, size / ranks)
    ),
    "reduce": lambda ranks, size: _one_after_another(_ring(ranks, size / ranks), _pieces_up(ranks, size / ranks)),
    "allreduce": lambda ranks, size: _one_after_another(*[_ring(ranks, size / ranks)] * 2),
    "allgather": _ring,
    "alltoall": lambda ranks, size: _ring(ranks, size / ranks),
}
_ORDERED: Mapping[str, Callable[[int, float], Traffic]] = {
    "reduce": _blocks_down,
    "allreduce": lambda ranks, size: _one_after_another(_blocks_down(ranks, size), traffic("bcast", ranks, size)),
    "scan": _chain,
}
