"""The Redis channel: faster than S3, at the price of a server. The client comes from the package ``redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.fmi.channels.objects import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEEP_SECONDS, _KEEP_CLAIM_SECONDS = 3600, 24 * 3600
"""Our choice: long for a run, short for a server's memory. A claim must outlive all that was written after it."""


class Redis(Protocol):
    """What is called of ``redis.Redis``: its own types are unions with those of its asynchronous client."""

    def set(self, name: str, value: bytes, *, ex: int, nx: bool = False) -> object:
        """Write a key that expires after *ex* seconds. With *nx* only a new one: else the answer is None."""

    def get(self, name: str) -> bytes | None:
        """Return a key's value."""

    def mget(self, keys: list[str]) -> list[bytes | None]:
        """Return the values of *keys*, in their order."""

    def delete(self, *names: str) -> object:
        """Delete keys."""

    def scan_iter(self, *, match: str, count: int) -> Iterable[bytes]:
        """Yield the keys that match a pattern, asking for about *count* at a time."""


class RedisStore(Store):
    """Keys in a Redis database. If a rank dies, they expire after an hour, and its claim after a day.

    Args:
        client: A ``redis.Redis``.
        first_poll: Seconds from the first look to the second: our choice, about a round trip.
        longest_poll: Seconds between two looks at most.
    """

    def __init__(self, client: Redis, first_poll: float = 0.0005, longest_poll: float = 0.02) -> None:
        self._client = client
        self.first_poll, self.longest_poll = first_poll, longest_poll

    def put(self, key: str, data: bytes) -> None:
        """See Store."""
        self._client.set(key, data, ex=_KEEP_SECONDS)

    def claim(self, key: str, data: bytes) -> bool:
        """See Store."""
        if self._client.set(key, data, ex=_KEEP_CLAIM_SECONDS, nx=True):
            return True
        return self._client.get(key) == data  # it is equal where the client has sent its request twice

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """See Store."""
        wanted = list(keys)
        objects = self._client.mget(wanted) if wanted else []
        return {key: data for key, data in zip(wanted, objects, strict=True) if data is not None}

    def delete(self, keys: Iterable[str]) -> None:
        """See Store."""
        doomed = list(keys)
        if doomed:
            self._client.delete(*doomed)

    def names(self, prefix: str) -> list[str]:
        """See Store."""
        escaped = "".join(f"[{char}]" if char in "*?[]\\" else char for char in prefix)
        return [key.decode() for key in self._client.scan_iter(match=f"{escaped}*", count=1000)]
