"""Which channel carries an operation: FMI's model of latency and price, and the user's hint.

The formulas are those of Copik et al., "FMI: Fast and Cheap Message Passing for Serverless Functions", ICS 2023, and
its repository spcl/fmi. The models' default figures are those of its config/fmi.json, measured on AWS Lambda. Three
things are changed. All units are seconds, bytes and dollars: there, overheads in milliseconds are added to transfers in
seconds, and the price of a scan through storage is a latency. Rounds and messages between peers are those of our own
collectives (:mod:`shared.fmi.traffic`). And the first operation of a channel is not free: a world must join before its
ranks can talk (:mod:`shared.fmi.worlds`), and that may take a second where an operation takes a millisecond.

Joining is paid once, by whichever operation comes first, and all ranks must choose the same channel without asking each
other. So a choice never depends on whether the world has joined: each operation bears an equal part of it, one of
``requests_per_hour``, the operations that share the server's price too. The same holds for what is paired on demand, by
a send to a rank that is no neighbour, and by an alltoall that is pairwise.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from math import log2
from typing import TYPE_CHECKING, Protocol

from shared.fmi.traffic import is_pairwise, traffic
from shared.fmi.worlds import Server, join_seconds, links, pair_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.fmi.traffic import Traffic

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
        nbytes: Bytes of each rank's value; of scatter's and alltoall's, those of all its rows.
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

    def joining(self, question: Question) -> float:
        """Seconds that it bears of what ranks pay once, before they can use the channel."""
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
        vcpus: The rendezvous server's.
    """

    bandwidth: float = 400.0
    overhead: float = 0.34
    transfer_price: float = 0.0
    vm_price: float = 0.0134
    requests_per_hour: float = 1000.0
    include_infrastructure_costs: bool = True
    vcpus: float = 0.25

    def latency(self, question: Question) -> float:
        """See Model: rounds of a tree, a ring or a chain."""
        return sum(count * self._message(size) for count, size in _traffic(question).rounds)

    def joining(self, question: Question) -> float:
        """See Model. The server's price is in that of the messages, so joining costs time alone."""
        server, latency, ranks = Server.of(self.vcpus), self.overhead / 1000, question.size
        once, strangers = join_seconds(ranks, server, latency), ranks - 1 - links(ranks)
        if question.operation == "send":  # to any of the others
            once += strangers / (ranks - 1) * pair_seconds(1, 1, server, latency)
        elif is_pairwise(question.operation, ranks, question.nbytes):
            once += pair_seconds(strangers, ranks * strangers / 2, server, latency)
        return once / self.requests_per_hour

    def price(self, question: Question) -> float:
        """See Model."""
        return sum(count * self._cost(size) for count, size in _traffic(question).messages)

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

    def joining(self, question: Question) -> float:
        """See Model: there is nothing to join."""
        del question
        return 0.0

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

    def joining(self, question: Question) -> float:
        """See Model: there is nothing to join."""
        del question
        return 0.0

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
        """Return the channel's name: that of the least time, or of the least price (functions' time included).

        An operation's time is its latency, and its part of the joining.
        """

        def cost(name: str) -> float:
            model = self.models[name]
            seconds = model.latency(question) + model.joining(question)
            return seconds if self.hint is Hint.FAST else model.price(question) + seconds * self.faas_price

        return min(sorted(self.models), key=cost)

    def with_hint(self, hint: Hint) -> Policy:
        """Return the same policy for another *hint*."""
        return replace(self, hint=hint)


def _traffic(question: Question) -> Traffic:
    return traffic(question.operation, question.size, question.nbytes, ordered=question.ordered)


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
