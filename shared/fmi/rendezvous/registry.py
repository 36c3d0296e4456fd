"""Who waits under which name, and who is paired with whom. It has no sockets and no clock: the server brings both."""

from __future__ import annotations

import uuid
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Party(Protocol):
    """A client as the registry sees it."""

    @property
    def source(self) -> str:
        """Its address, without the port."""
        ...

    def alive(self) -> bool:
        """Say whether its connection is still up, as far as the kernel knows."""
        ...


C = TypeVar("C", bound=Party)


@dataclass(frozen=True, slots=True)
class Waits(Generic[C]):
    """The client waits under its name. ``replaced`` is its own earlier connection, or a dead one: drop it."""

    token: str
    replaced: C | None = None


@dataclass(frozen=True, slots=True)
class Matched(Generic[C]):
    """The client met *other*, and both leave the registry. ``other_token`` is the token that *other* was given."""

    token: str
    other: C
    other_token: str


@dataclass(frozen=True, slots=True)
class Full:
    """The client cannot wait. ``reason`` names the bound that is reached."""

    reason: str


@dataclass(slots=True)
class _Waiter(Generic[C]):
    client: C
    token: str
    until: float


class Registry(Generic[C]):
    """The waiting clients, oldest first.

    Args:
        waiting: How many may wait.
        per_source: How many of them may come from one address.
        patience: Seconds each may wait.
    """

    def __init__(self, waiting: int, per_source: int, patience: float) -> None:
        self._bound, self._per_source, self._patience = waiting, per_source, patience
        self._waiters: OrderedDict[tuple[bytes, bool], _Waiter[C]] = OrderedDict()
        self._sources: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiters)

    def join(
        self, name: bytes, client: C, now: float, *, token: str = "", relay: bool = False
    ) -> Waits[C] | Matched[C] | Full:
        """Pair *client* with the client that waits under *name*, or let it wait.

        A waiter whose connection has died is never matched. A client that brings the waiter's own *token* is that
        waiter, back over a new connection: it takes over the place.
        """
        key = (name, relay)
        waiter = self._waiters.get(key)
        if waiter is None:
            return self._wait(key, client, now, token or _new_token())
        if token == waiter.token or not waiter.client.alive():
            self._remove(key)
            outcome = self._wait(key, client, now, token or _new_token())
            return outcome if isinstance(outcome, Full) else Waits(outcome.token, waiter.client)
        self._remove(key)
        return Matched(token or _new_token(), waiter.client, waiter.token)

    def leave(self, name: bytes, client: C, *, relay: bool = False) -> bool:
        """Forget *client*; return whether it was waiting under *name*."""
        waiter = self._waiters.get((name, relay))
        if waiter is None or waiter.client is not client:
            return False
        self._remove((name, relay))
        return True

    def expire(self, now: float) -> list[tuple[C, str]]:
        """Forget all who have waited too long at *now*; return them with their tokens, oldest first."""
        gone: list[tuple[C, str]] = []
        while self._waiters:
            key, waiter = next(iter(self._waiters.items()))
            if waiter.until > now:
                break
            self._remove(key)
            gone.append((waiter.client, waiter.token))
        return gone

    def drain(self) -> list[tuple[C, str]]:
        """Forget everybody; return them with their tokens."""
        return self.expire(float("inf"))

    def _wait(self, key: tuple[bytes, bool], client: C, now: float, token: str) -> Waits[C] | Full:
        if len(self._waiters) >= self._bound:
            return Full("waiting")
        if self._sources[client.source] >= self._per_source:
            return Full("waiting_per_source")
        self._waiters[key] = _Waiter(client, token, now + self._patience)
        self._sources[client.source] += 1
        return Waits(token)

    def _remove(self, key: tuple[bytes, bool]) -> None:
        source = self._waiters.pop(key).client.source
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]


def _new_token() -> str:
    return str(uuid.uuid4())
