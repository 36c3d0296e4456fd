"""What a part of the cloud has taken on and not done yet, so that a kept cloud goes on with it."""

from __future__ import annotations

from typing import Any, Protocol


class Ledger(Protocol):
    """Notes, by keys. Whoever waits for a request's answer waits until they are written. Thread-safe."""

    def put(self, key: str, value: object) -> None:
        """Keep *value*, which can be pickled, under *key*."""

    def drop(self, key: str) -> None:
        """Keep what is under *key* no more."""

    def all(self) -> dict[str, Any]:
        """Return what an earlier cloud kept, the oldest first."""


class NoLedger:
    """The ledger of a cloud that is not kept."""

    def put(self, key: str, value: object) -> None:
        """Do nothing."""

    def drop(self, key: str) -> None:
        """Do nothing."""

    def all(self) -> dict[str, Any]:
        """Return nothing."""
        return {}
