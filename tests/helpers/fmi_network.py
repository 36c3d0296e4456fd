"""A network in memory for the collectives: ranks take turns in one thread, and every message is noted.

A rank that waits for a message is left, and begun again once the message is there. What it sent and received before is
then played back to it. So a world is deterministic, and costs no thread, no socket and no clock.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from shared.fmi.wire.frames import Operation


class Message(NamedTuple):
    """What one rank sent another."""

    array: Any
    plain: bool
    operation: Operation | None


class _Waits(Exception):
    """A rank cannot go on yet."""


class Network:
    """Runs a program on all ranks of a world.

    Args:
        size: How many ranks there are.
        buffered: Whether a message may lie in the network. If not, a send ends only once its receiver asks for it:
            what comes to its end like this does so over buffers of any size.
    """

    def __init__(self, size: int, *, buffered: bool = True) -> None:
        self.size, self.buffered = size, buffered
        self.sent: dict[tuple[int, int], list[Message]] = {}
        self.asked: Counter[tuple[int, int]] = Counter()
        self._waiting: set[int] = set()
        self._ready = deque(range(size))

    def run(self, program: Callable[["Rank"], Any]) -> list[Any]:
        """Return what *program* returned on each rank, by rank."""
        results: dict[int, Any] = {}
        while self._ready:
            rank = self._ready.popleft()
            try:
                results[rank] = program(Rank(self, rank))
            except _Waits:
                self._waiting.add(rank)
        assert not self._waiting, f"ranks {sorted(self._waiting)} wait for ever"
        left = {pair for pair, messages in self.sent.items() if len(messages) != self.asked[pair]}
        assert not left, f"never received: {left}"
        return [results[rank] for rank in range(self.size)]

    def wake(self, rank: int) -> None:
        """Let *rank* try again, if it waits."""
        if rank in self._waiting:
            self._waiting.remove(rank)
            self._ready.append(rank)

    @property
    def edges(self) -> set[tuple[int, int]]:
        """The pairs (from, to) that a message went over."""
        return set(self.sent)

    @property
    def messages(self) -> int:
        """How many messages there were."""
        return sum(map(len, self.sent.values()))

    @property
    def nbytes(self) -> int:
        """How many bytes all messages had."""
        return sum(message.array.nbytes for messages in self.sent.values() for message in messages)


class Rank:
    """One rank's Transport."""

    def __init__(self, network: Network, rank: int) -> None:
        self.rank, self.size = rank, network.size
        self._network = network
        self._sent: Counter[int] = Counter()
        self._received: Counter[int] = Counter()

    def send(self, dest: int, array: Any, *, plain: bool = False, operation: Operation | None = None) -> None:
        self._taken(dest, self._post(dest, Message(array, plain, operation)))

    def receive(self, source: int, *, expected: Any = None, out: Any = None) -> Any:
        self._ask(source)
        return self._get(source, expected, out).array

    def receive_any(self, source: int, operations: Any) -> Any:
        self._ask(source)
        message = self._get(source, None, None)
        assert message.operation in operations
        return message.array, message.plain, message.operation

    def exchange(self, dest: int, array: Any, source: int, *, out: Any = None, expected: Any = None) -> Any:
        self._ask(source)
        index = self._post(dest, Message(array, plain=False, operation=None))
        found = self._get(source, expected, out).array
        self._taken(dest, index)
        return found

    def _post(self, dest: int, message: Message) -> int:
        assert dest != self.rank
        assert 0 <= dest < self.size
        assert message.array.flags.c_contiguous
        index = self._sent[dest]
        self._sent[dest] += 1
        queue = self._network.sent.setdefault((self.rank, dest), [])
        if index == len(queue):
            queue.append(message._replace(array=message.array.copy()))
            self._network.wake(dest)
        return index

    def _taken(self, dest: int, index: int) -> None:
        if not self._network.buffered and self._network.asked[self.rank, dest] <= index:
            raise _Waits

    def _ask(self, source: int) -> None:
        count = self._received[source] + 1
        if count > self._network.asked[source, self.rank]:
            self._network.asked[source, self.rank] = count
            self._network.wake(source)

    def _get(self, source: int, expected: Any, out: Any) -> Message:
        queue = self._network.sent.get((source, self.rank), [])
        index = self._received[source]
        if index >= len(queue):
            raise _Waits
        self._received[source] += 1
        message = queue[index]
        found = message.array
        assert expected is None or (found.dtype, found.shape) == expected[:2]
        if out is None:
            return message._replace(array=found.copy())
        assert (found.dtype, found.nbytes) == (out.dtype, out.nbytes)
        out[...] = found.reshape(out.shape)
        return message._replace(array=out)


def world(size: int, program: Callable[[Rank], Any], *, buffered: bool = True) -> tuple[list[Any], Network]:
    """Run *program* on *size* ranks. Returns what each returned, and the network with what went over it."""
    network = Network(size, buffered=buffered)
    return network.run(program), network


def numbers(size: int, count: int, dtype: Any = "i8") -> Any:
    """Return an array of small numbers for each rank, shape (size, count)."""
    return (np.arange(size * count) % 7 + 1).reshape(size, count).astype(dtype)
