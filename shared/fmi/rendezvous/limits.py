"""The server's bounds: connections, waiters, time, and how often one source address may connect."""

from __future__ import annotations

import resource
from collections import OrderedDict
from dataclasses import dataclass, replace

_SPARE_DESCRIPTORS = (
    128  # for listeners, HTTP (32 that sit idle, 64 that come at once) and what a process has open anyway
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The server's bounds. ``connections`` and ``waiting`` bound its memory.

    A connection keeps less than one request of 141 bytes, and is not read while its client leaves answers untaken.
    The defaults are our choice. Two worlds of 4,096 ranks meet at once, each rank over one connection for its 24
    neighbours; each pair has one name, so a world has 49,152. Clients with a connection a pair have 10,240 pairs under
    way. Were all bounds reached, the server would hold some 150 MB.

    Args:
        connections: Open sockets at most. Further ones are closed at once.
        waiting: Names waiting for their peer at most. A world of N ranks has up to N log2 N.
        waiting_per_source: The same for one source address. All Lambdas behind one NAT gateway share one.
        waiting_per_connection: The same for one connection that asks for many.
        relays: Pairs whose bytes the server carries at once; 0 turns relaying off.
        rate: Connections, and further requests on them, a second from one source address, on average.
        burst: The same from one source address at once, above the rate. A world of 4,096 ranks has 98,304.
        sources: Source addresses whose rate is remembered.
        request_timeout: Seconds a client may take to send its request, or leave a connection for many without one.
        wait_timeout: Seconds a client may wait for its peer.
        settle: Seconds of silence that end a v1 name, which has no end mark.
    """

    connections: int = 20480
    waiting: int = 131072
    waiting_per_source: int = 65536
    waiting_per_connection: int = 256
    relays: int = 0
    rate: float = 4000.0
    burst: int = 131072
    sources: int = 65536
    request_timeout: float = 5.0
    wait_timeout: float = 60.0
    settle: float = 0.002

    def within_descriptors(self) -> Limits:
        """Return these limits with ``connections`` cut to what this process may open. Raises its soft limit first."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.connections + _SPARE_DESCRIPTORS
        if soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return replace(self, connections=min(self.connections, soft - _SPARE_DESCRIPTORS))


class RateLimiter:
    """A token bucket for each source address. The address seen longest ago is forgotten first."""

    def __init__(self, rate: float, burst: int, sources: int) -> None:
        self._rate, self._burst, self._sources = rate, burst, sources
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, source: str, now: float) -> bool:
        """Return whether *source* may connect at *now* (seconds of any clock), and count it."""
        level, since = self._buckets.pop(source, (float(self._burst), now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= 1
        self._buckets[source] = (level - allowed, now)
        if len(self._buckets) > self._sources:
            self._buckets.popitem(last=False)
        return allowed
