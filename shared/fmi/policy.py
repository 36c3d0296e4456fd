"""Which channel carries an operation: FMI's model of latency and price, and the user's hint.

The formulas are those of Copik et al., "FMI: Fast and Cheap Message Passing for Serverless Functions", ICS 2023, and
its repository spcl/fmi. The models' default figures are those of its config/fmi.json, measured on AWS Lambda. One thing
is changed: all units are seconds, bytes and dollars. There, overheads in milliseconds are added to transfers in
seconds, and the price of a scan through storage is a latency.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from math import ceil, floor, log2
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEGA, _GIGA = 1e6, 1e9


class Hint(enum.Enum):
    """What to choose channels for."""

    FAST = "fast"
    CHEAP = "cheap"


@dataclass(frozen=True, slots=True)
class Question:
    """An operation to choose a channel for.

    Args:
        operation: Its name: send, bcast, barrier, gather, scatter, reduce, allreduce, scan, allgather or alltoall.
        size: How many ranks.
        nbytes: Bytes of each rank's value.
        ordered: Whether it must be evaluated strictly left to right.
    """

    operation: str
    size: int
    nbytes: int
    ordered: bool = False


class Model(Protocol):
    """What one channel costs."""

    def latency(self, question: Question) -> float:
        """Seconds the operation takes."""
        ...

    def price(self, question: Question) -> float:
        """Dollars that the channel costs for it, without the functions' own time."""
        ...


@dataclass(frozen=True, slots=True)
class DirectModel:
    """Peers connected by TCP. The price is that of the rendezvous server.

    Args:
        bandwidth: MB/s between two ranks.
        overhead: Milliseconds a message takes.
        transfer_price: Dollars a GB.
        vm_price: Dollars an hour of the rendezvous server.
        requests_per_hour: Operations an hour that share it.
        include_infrastructure_costs: Whether to count the server at all.
    """

    bandwidth: float = 400.0
    overhead: float = 0.34
    transfer_price: float = 0.0
    vm_price: float = 0.0134
    requests_per_hour: float = 1000.0
    include_infrastructure_costs: bool = True

    def latency(self, question: Question) -> float:
        """See Model: rounds of a tree, a ring or a chain."""
        return sum(count * self._message(size) for count, size in _rounds(question))

    def price(self, question: Question) -> float:
        """See Model."""
        return sum(count * self._cost(size) for count, size in _messages(question))

    def _message(self, nbytes: float) -> float:
        return self.overhead / 1000 + nbytes / _MEGA / self.bandwidth

    def _cost(self, nbytes: float) -> float:
        server = self.vm_price / self.requests_per_hour if self.include_infrastructure_costs else 0.0
        return 2 * nbytes / _GIGA * self.transfer_price + server


@dataclass(frozen=True, slots=True)
class S3Model:
    """Objects in a bucket, found by polling.

    Args:
        bandwidth: MB/s of one reader.
        overhead: Milliseconds a request takes.
        transfer_price: Dollars a GB.
        download_price: Dollars a GET.
        upload_price: Dollars a PUT.
        poll: Milliseconds between two looks.
        max_timeout: Milliseconds a reader looks at most.
    """

    bandwidth: float = 50.0
    overhead: float = 40.4
    transfer_price: float = 0.0
    download_price: float = 0.00000043
    upload_price: float = 0.0000054
    poll: float = 100.0
    max_timeout: float = 1000.0

    def latency(self, question: Question) -> float:
        """See Model."""
        return sum(self._phase(writers, readers, size) for writers, readers, size in _phases(question))

    def price(self, question: Question) -> float:
        """See Model. Every reader is assumed to look in vain for half of its time."""
        return sum(self._cost(writers, readers, size) for writers, readers, size in _phases(question))

    def _phase(self, writers: int, readers: int, nbytes: float) -> float:
        return log2(writers + readers) * (self.overhead + self.poll / 2) / 1000 + nbytes / _MEGA / self.bandwidth

    def _cost(self, writers: int, readers: int, nbytes: float) -> float:
        polls = max(1.0, self.max_timeout / self.poll / 2)
        moved = (writers + writers * readers) * nbytes / _GIGA * self.transfer_price
        return writers * self.upload_price + writers * readers * polls * self.download_price + moved


@dataclass(frozen=True, slots=True)
class RedisModel:
    """Keys in one Redis server.

    Args:
        bandwidth_single: MB/s of one reader.
        bandwidth_multiple: MB/s of all readers together.
        overhead: Milliseconds a request takes.
        transfer_price: Dollars a GB.
        instance_price: Dollars an hour of the server.
        requests_per_hour: Operations an hour that share it.
        include_infrastructure_costs: Whether to count the server at all.
    """

    bandwidth_single: float = 100.0
    bandwidth_multiple: float = 400.0
    overhead: float = 5.2
    transfer_price: float = 0.0
    instance_price: float = 0.0038
    requests_per_hour: float = 1000.0
    include_infrastructure_costs: bool = True

    def latency(self, question: Question) -> float:
        """See Model."""
        return sum(self._phase(writers, readers, size) for writers, readers, size in _phases(question))

    def price(self, question: Question) -> float:
        """See Model."""
        server = self.instance_price / self.requests_per_hour if self.include_infrastructure_costs else 0.0
        return sum(
            (1 + readers) * writers * size / _GIGA * self.transfer_price + server
            for writers, readers, size in _phases(question)
        )

    def _phase(self, writers: int, readers: int, nbytes: float) -> float:
        together = min(writers * readers * self.bandwidth_single, self.bandwidth_multiple)
        return log2(writers + readers) * self.overhead / 1000 + writers * readers * nbytes / _MEGA / together


@dataclass(frozen=True)
class Policy:
    """Chooses a channel.

    Args:
        models: The models of the open channels by name.
        faas_price: Dollars a second of one function: its GiB times the price of a GiB-second.
        hint: What to choose for: speed or price.
    """

    models: Mapping[str, Model] = field(default_factory=dict)
    faas_price: float = 0.125 * 0.0000166667
    hint: Hint = Hint.FAST

    def choose(self, question: Question) -> str:
        """Return the channel's name: that of the least latency, or of the least price (functions' time included)."""

        def cost(name: str) -> float:
            model = self.models[name]
            seconds = model.latency(question)
            return seconds if self.hint is Hint.FAST else model.price(question) + seconds * self.faas_price

        return min(sorted(self.models), key=cost)

    def with_hint(self, hint: Hint) -> Policy:
        """Return the same policy for another *hint*."""
        return replace(self, hint=hint)


def _rounds(question: Question) -> list[tuple[float, float]]:
    """Return (rounds one after another, bytes in each) of an operation between peers."""
    ranks, size = question.size, float(question.nbytes)
    depth = ceil(log2(ranks))
    growing = [(1.0, size * min(2**step, ranks)) for step in range(depth)]
    both_ways = 2.0 * floor(log2(ranks)) + (2.0 if ranks & (ranks - 1) else 0.0)
    known: dict[str, list[tuple[float, float]]] = {
        "send": [(1.0, size)],
        "bcast": [(float(depth), size)],
        "barrier": [(float(depth), 1.0)],
        "gather": growing,
        "scatter": [(rounds, part / ranks) for rounds, part in growing],
        "reduce": growing if question.ordered else [(float(depth), size)],
        "allreduce": [*growing, (float(depth), size)] if question.ordered else [(both_ways, size)],
        "scan": [(float(ranks - 1) if question.ordered else float(depth), size)],
        "allgather": growing,
        "alltoall": [(float(ranks - 1), size / ranks)],
    }
    return known[question.operation]


def _messages(question: Question) -> list[tuple[float, float]]:
    """Return (messages, bytes in each) of all messages of an operation between peers."""
    ranks, size = question.size, float(question.nbytes)
    others = float(ranks - 1)
    known: dict[str, list[tuple[float, float]]] = {
        "send": [(1.0, size)],
        "barrier": [(ranks * float(ceil(log2(ranks))), 1.0)],
        "allreduce": [(2 * others, size)],
        "scan": [(others if question.ordered else 2.0 * ranks, size)],
        "scatter": [(others, size / ranks)],
        "allgather": [(ranks * others, size)],
        "alltoall": [(ranks * others, size / ranks)],
    }
    return known.get(question.operation, [(others, size)])


def _phases(question: Question) -> list[tuple[int, int, float]]:
    """Return (writers, readers, bytes of each object) of an operation through storage."""
    others, size = max(question.size - 1, 1), float(question.nbytes)
    known: dict[str, list[tuple[int, int, float]]] = {
        "send": [(1, 1, size)],
        "bcast": [(1, others, size)],
        "barrier": [(question.size, 1, 1.0), (1, question.size, 1.0)],
        "scatter": [(1, others, size / question.size)],
        "allreduce": [(others, 1, size), (1, others, size)],
        "allgather": [(others, others, size)],
        "alltoall": [(others, others, size / question.size)],
    }
    return known.get(question.operation, [(others, 1, size)])
