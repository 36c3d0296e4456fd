"""The server's bounds: connections, waiters, time, and how often one source address may connect."""

from __future__ import annotations

import resource
from collections import OrderedDict
from dataclasses import dataclass, replace

_SPARE_DESCRIPTORS = 64  # for listeners, logs, 32 HTTP connections and what a process has open anyway: our choice


@dataclass(frozen=True, slots=True)
class Limits:
    """The server's bounds. ``connections`` bounds its memory: no connection keeps more than one 141-byte request.

    The defaults are our choice: two worlds of 512 ranks meet at once, each rank with 32 pairings under way, of which a
    half waits.

    Args:
        connections: Open sockets at most. Further ones are closed at once.
        waiting: Names waiting for their peer at most. N ranks that all meet have up to 16 N.
        waiting_per_source: The same for one source address. All Lambdas behind one NAT gateway share one.
        relays: Pairs whose bytes the server carries at once; 0 turns relaying off.
        rate: Connections a second from one source address, on average.
        burst: Connections from one source address at once, above the rate.
        sources: Source addresses whose rate is remembered.
        request_timeout: Seconds a client may take to send its request.
        wait_timeout: Seconds a client may wait for its peer.
        settle: Seconds of silence that end a v1 name, which has no end mark.
    """

    connections: int = 20480
    waiting: int = 16384
    waiting_per_source: int = 8192
    waiting_per_connection: int = 256
    relays: int = 0
    rate: float = 4000.0
    burst: int = 16384
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
