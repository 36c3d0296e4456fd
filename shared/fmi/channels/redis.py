"""The Redis channel: faster than S3, at the price of a server. Needs the ``redis`` package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.fmi.channels.objects import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEEP_SECONDS, _KEEP_CLAIM_SECONDS = 3600, 24 * 3600
"""A claim must outlive all that was written after it."""


class RedisStore(Store):
    """Keys in a Redis database; should a rank die, they expire after an hour, its claim after a day.

    Args:
        client: A ``redis.Redis``.
        first_poll: Seconds to the second look.
        longest_poll: Seconds between two looks at most.
    """

    def __init__(self, client: Any, first_poll: float = 0.0005, longest_poll: float = 0.02) -> None:
        self._client = client
        self.first_poll, self.longest_poll = first_poll, longest_poll

    def put(self, key: str, data: bytes) -> None:
        """See Store."""
        self._client.set(key, data, ex=_KEEP_SECONDS)

    def claim(self, key: str, data: bytes) -> bool:
        """See Store."""
        if self._client.set(key, data, ex=_KEEP_CLAIM_SECONDS, nx=True):
            return True
        return bool(self._client.get(key) == data)  # it is, if the client has asked twice

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
