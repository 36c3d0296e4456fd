"""The model's rounds and messages are those that the collectives really send, counted as they run."""

from __future__ import annotations

import threading
from collections import Counter
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.fmi import SUM, custom
from shared.fmi.collectives import alltoall, barrier, bcast, gather, reduce, scan
from shared.fmi.traffic import traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.data import Array

ORDERED = custom(lambda left, right: left + right, commutative=False, associative=True)
SHORT, LONG = 96, 96 << 9  # doubles, which divide by all sizes below
SIZES = [2, 3, 4, 6, 8]


class Counted:
    """A transport of one rank over queues. It counts its messages and their bytes."""

    def __init__(self, rank: int, size: int, ways: dict[tuple[int, int], SimpleQueue[Any]], sent: list[int]) -> None:
        self.rank, self.size = rank, size
        self._ways, self._sent = ways, sent

    def send(self, dest: int, array: Array, *, plain: bool = False, operation: Any = None) -> None:
        self._sent.append(array.nbytes if operation is None or "LONG" not in operation.name else 0)
        self._ways[self.rank, dest].put((array.copy(), plain, operation))

    def receive(self, source: int, *, expected: Any = None, out: Array | None = None) -> Array:
        array: Array = self._ways[source, self.rank].get(timeout=120)[0]
        if out is not None:
            out[...] = array.reshape(out.shape)
        return array if out is None else out

    def receive_any(self, source: int, operations: Any) -> tuple[Array, bool, Any]:
        array, plain, operation = self._ways[source, self.rank].get(timeout=120)
        return array, plain, operation

    def exchange(
        self, dest: int, array: Array, source: int, *, out: Array | None = None, expected: Any = None
    ) -> Array:
        self.send(dest, array)
        return self.receive(source, out=out)


def counted(size: int, work: Callable[[Any], object]) -> list[int]:
    """Run *work* on every rank of a world, and return the bytes of each message."""
    ways: dict[tuple[int, int], SimpleQueue[Any]] = {
        (a, b): SimpleQueue() for a in range(size) for b in range(size) if a != b
    }
    sent: list[int] = []
    ranks = [threading.Thread(target=work, args=(Counted(rank, size, ways, sent),)) for rank in range(size)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
    return sent


def rows(ranks: Any, count: int) -> Array:
    return np.zeros((ranks.size, count // ranks.size))


WORK: dict[str, Callable[[Any, int], object]] = {
    "barrier": lambda ranks, _: barrier.barrier(ranks),
    "bcast": lambda ranks, n: bcast.bcast(ranks, None if ranks.rank else np.zeros(n), 0, plain=False),
    "gather": lambda ranks, n: gather.gather(ranks, np.zeros(n), 0),
    "scatter": lambda ranks, n: gather.scatter(ranks, None if ranks.rank else rows(ranks, n), 0),
    "reduce": lambda ranks, n: reduce.reduce(ranks, np.zeros(n), SUM, 0),
    "allreduce": lambda ranks, n: reduce.allreduce(ranks, np.zeros(n), SUM),
    "scan": lambda ranks, n: scan.scan(ranks, np.zeros(n), SUM),
    "allgather": lambda ranks, n: gather.allgather(ranks, np.zeros(n)),
    "alltoall": lambda ranks, n: alltoall.alltoall(ranks, rows(ranks, n)),
    "reduce ordered": lambda ranks, n: reduce.reduce(ranks, np.zeros(n), ORDERED, 0),
    "allreduce ordered": lambda ranks, n: reduce.allreduce(ranks, np.zeros(n), ORDERED),
    "scan ordered": lambda ranks, n: scan.scan(ranks, np.zeros(n), ORDERED),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", WORK)
def test_the_model_counts_the_messages_that_are_sent(name: str, count: int, size: int) -> None:
    operation, _, ordered = name.partition(" ")
    sent = counted(size, lambda ranks: WORK[name](ranks, count))
    if name in {"reduce", "allreduce"}:
        sent = [nbytes for nbytes in sent if nbytes]  # what only tells a shape is no part of the model
    told = traffic(operation, size, 8 * count, ordered=bool(ordered)).messages
    assert len(sent) == sum(messages for messages, _ in told), Counter(sent)
    assert sum(sent) == pytest.approx(sum(messages * nbytes for messages, nbytes in told))
