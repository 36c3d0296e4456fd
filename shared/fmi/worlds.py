"""What it costs that a world of N ranks joins, and how large a world a rendezvous server carries. Pure.

A world pairs along r ± 2^k (mod N), with :func:`shared.fmi.collectives.edges.neighbours`: N ⌈log2 N⌉ pairings at most.
The server is one process with one thread, so it works no faster on several vCPUs than on one. Ranks join in their first
operation, and an operation that takes longer than its timeout has failed. So the largest world is the one whose
pairings take the server :data:`SHARE` of :data:`PATIENCE`, and whose names its memory holds.

All figures of the server and of a rank stand here alone. ``tests/benchmarks/fmi_server.py`` gave, on one core of an AMD
EPYC on 2026-11-30, 31 µs a pairing of many over one connection, 99 over one each, and 630 bytes a name with its share
of a connection. Worlds of real processes, whose requests come one by one, cost the server before it three times what
that benchmark says (0.6 ms against 0.19). So three to five times is planned with here. Fargate has not been measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, log2
from typing import TYPE_CHECKING

from shared.fmi.collectives.edges import neighbours

if TYPE_CHECKING:
    from typing import Self

MOST_RANKS = 4096
"""Ranks of one world at most, by design: 24 links a rank, which a Lambda holds beside 1,000 other descriptors."""
PATIENCE = 30.0
"""Seconds: the shortest time that a run of ours gives its first operation (the default of a communicator)."""
SHARE = 1 / 3
"""The server's part of it. The ranks' own coming takes the rest, or a second world that joins at the same time."""

_PAIRING, _PAIRING_ALONE = 0.15e-3, 0.3e-3
"""CPU seconds that a pairing costs the server: of many over one connection, and over a connection of its own."""
_END = 0.5e-3
"""CPU seconds that a pairing costs each of its two ranks."""
_BASE_MB, _CONNECTION_KB, _NAME_KB = 32.0, 8.0, 1.0
"""Memory of the server that idles, of a connection (its buffers in the kernel counted), and of a name that waits."""
_ROUND_TRIPS = 8
"""Of a pairing: to the server, its answers, to the peer, and the proofs of both."""
_AFTER_YOU = 0.03
"""Seconds after which the higher rank connects, too; only then are two NATs open."""
_UNITS = 1024  # of Fargate's cpu, in a vCPU


@dataclass(frozen=True, slots=True)
class Server:
    """A rendezvous server as it is run: ``cpu`` in units of 1/1024 vCPU, memory in MB.

    With ``many``, all pairings of a rank go over one connection, as our own server takes them in protocol v2. Else each
    goes over one of its own.
    """

    cpu: int
    memory_mb: int
    many: bool = True

    @classmethod
    def of(cls, vcpus: float) -> Self:
        """Return one with so many *vcpus*, and the memory that Fargate gives it at least."""
        return cls(round(vcpus * _UNITS), round(2 * vcpus * _UNITS))

    @property
    def vcpus(self) -> float:
        """What its one thread has to work with."""
        return min(self.cpu / _UNITS, 1.0)

    def seconds(self, pairings: float) -> float:
        """Return how long so many *pairings* take it."""
        return server_cpu(pairings, many=self.many) / self.vcpus


def links(size: int) -> int:
    """Return how many other ranks each rank of *size* is connected with from the beginning."""
    return len(neighbours(0, size))


def pairings(size: int) -> int:
    """Return how many pairs of ranks a world of *size* connects in its first operation."""
    return size * links(size) // 2


def server_cpu(count: float, *, many: bool = True) -> float:
    """Return the CPU seconds that *count* pairings cost a server of ours; *many* as of :class:`Server`."""
    return count * (_PAIRING if many else _PAIRING_ALONE)


def join_seconds(size: int, server: Server | None, latency: float = 0.34e-3) -> float:
    """Return how long the first operation takes to join a world of *size*, all of whose ranks come at once.

    The server and the ranks work at the same time. Then the session goes down a tree.

    Args:
        size: How many ranks.
        server: Where they meet; None where nothing is known of it, and it then counts as one that takes no time.
        latency: Seconds of a message between two ranks.
    """
    if size == 1:
        return 0.0
    met = pair_seconds(links(size), pairings(size), server, latency)
    return met + ceil(log2(size)) * latency


def pair_seconds(each: float, together: float, server: Server | None, latency: float) -> float:
    """Return how long pairing takes: *each* pairings of a rank, *together* all of the world; others as of joining."""
    if not together:
        return 0.0
    work = max(each * _END, server.seconds(together) if server else 0.0)
    return work + _AFTER_YOU + _ROUND_TRIPS * latency


def memory_mb(size: int, *, many: bool = True) -> float:
    """Return the memory of a server at which a world of *size* waits with all of its names."""
    names = _bound(size)
    connections = size if many else names
    return _BASE_MB + (connections * _CONNECTION_KB + names * _NAME_KB) / 1024


@cache
def carried(server: Server | None) -> int:
    """Return the largest world that *server* carries: :data:`MOST_RANKS` where nothing is known of it."""
    if server is None:
        return MOST_RANKS
    sizes = range(2, MOST_RANKS + 1)
    return max((size for size in sizes if _fits(size, server)), default=1)


def _fits(size: int, server: Server) -> bool:
    in_time = server.seconds(_bound(size)) <= PATIENCE * SHARE
    return in_time and memory_mb(size, many=server.many) <= server.memory_mb


def _bound(size: int) -> int:
    """Return the most pairings of any world up to *size*: those of 127 are more than those of 128."""
    return size * ceil(log2(size)) if size > 1 else 0
