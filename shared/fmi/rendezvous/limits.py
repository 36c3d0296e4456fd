"""What bounds the server: connections, waiters, time, and how fast one source address may come."""

from __future__ import annotations

import resource
from collections import OrderedDict
from dataclasses import dataclass, replace

_SPARE_DESCRIPTORS = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """The server's bounds. Memory is bounded by ``connections``: none holds more than one 141-byte request.

    Args:
        connections: Open sockets at most; more are closed at once.
        waiting: Names waiting for their peer at most; N ranks that all meet have up to 16 N.
        waiting_per_source: Of these, from one source address; all Lambdas behind one NAT gateway have one.
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
    relays: int = 0
    rate: float = 4000.0
    burst: int = 16384
    sources: int = 65536
    request_timeout: float = 5.0
    wait_timeout: float = 60.0
    settle: float = 0.002

    def within_descriptors(self) -> Limits:
        """Return these limits with ``connections`` held to what this process may open; raise the soft limit first."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.connections + _SPARE_DESCRIPTORS
        if soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return replace(self, connections=min(self.connections, soft - _SPARE_DESCRIPTORS))


class RateLimiter:
    """A token bucket for each source address, the least recently seen forgotten first."""

    def __init__(self, rate: float, burst: int, sources: int) -> None:
        self._rate, self._burst, self._sources = rate, burst, sources
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, source: str, now: float) -> bool:
        """Return whether *source* may connect at *now* (seconds of any clock) and count it."""
        level, since = self._buckets.pop(source, (float(self._burst), now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= 1
        self._buckets[source] = (level - allowed, now)
        if len(self._buckets) > self._sources:
            self._buckets.popitem(last=False)
        return allowed
