"""Who waits under which name, and who is paired with whom. It has no sockets and no clock: the server brings both.

A client may wait under several names, each with a token of its own. A token says one thing only: that whoever asks for
a name is the very client that waits under it. It is compared under that name alone, so a token of another name, or of
another client's, opens nothing.
"""

from __future__ import annotations

import uuid
from collections import Counter, OrderedDict
from typing import Generic, NamedTuple, Protocol, TypeVar


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


class Waits(NamedTuple, Generic[C]):
    """The client waits under its name. ``replaced`` is its own earlier connection, or a dead one: drop it."""

    token: str
    replaced: C | None = None


class Matched(NamedTuple, Generic[C]):
    """The client met *other*, and the name is free again. ``other_token`` is the token that *other* was given."""

    token: str
    other: C
    other_token: str


class Full(NamedTuple):
    """The client cannot wait. ``reason`` names the bound that is reached."""

    reason: str


class Twice(NamedTuple):
    """The client waits under this name already, with another token: it would meet itself."""


class Waiter(NamedTuple, Generic[C]):
    """A *client* that waits under *name*, with its *token*, *until* a time."""

    name: bytes
    client: C
    token: str
    until: float


class Registry(Generic[C]):
    """The waiting clients, oldest first.

    Args:
        waiting: How many names may wait.
        per_source: How many of them may come from one address.
        patience: Seconds each may wait.
        per_client: How many of them one client may wait under.
    """

    def __init__(self, waiting: int, per_source: int, patience: float, per_client: int = 1) -> None:
        self._bound, self._per_source, self._per_client, self._patience = waiting, per_source, per_client, patience
        self._waiters: OrderedDict[tuple[bytes, bool], Waiter[C]] = OrderedDict()
        self._sources: Counter[str] = Counter()
        self._keys: dict[C, set[tuple[bytes, bool]]] = {}

    def __len__(self) -> int:
        return len(self._waiters)

    def holds(self, name: bytes, *, relay: bool = False) -> bool:
        """Say whether a client waits under *name*."""
        return (name, relay) in self._waiters

    def names(self, client: C) -> int:
        """Return how many names *client* waits under."""
        return len(self._keys.get(client, ()))

    def join(
        self, name: bytes, client: C, now: float, *, token: str = "", relay: bool = False
    ) -> Waits[C] | Matched[C] | Full | Twice:
        """Pair *client* with the client that waits under *name*, or let it wait.

        A waiter whose connection has died is never matched. A client that brings the waiter's own *token* is that
        waiter, back over a new connection or asking again over the same: it takes over the place.
        """
        key = (name, relay)
        waiter = self._waiters.get(key)
        if waiter is None:
            return self._wait(key, client, now, token or _new_token())
        if token == waiter.token or not waiter.client.alive():
            self._remove(key)
            outcome = self._wait(key, client, now, token or _new_token())
            replaced = waiter.client if waiter.client is not client else None
            return outcome if isinstance(outcome, Full) else Waits(outcome.token, replaced)
        if waiter.client is client:
            return Twice()
        self._remove(key)
        return Matched(token or _new_token(), waiter.client, waiter.token)

    def leave(self, client: C) -> list[bytes]:
        """Forget *client*; return the names under which it was waiting."""
        keys = list(self._keys.get(client, ()))
        for key in keys:
            self._remove(key)
        return [name for name, _ in keys]

    def expire(self, now: float) -> list[Waiter[C]]:
        """Forget all who have waited too long at *now*; return them, oldest first."""
        gone: list[Waiter[C]] = []
        while self._waiters:
            key, waiter = next(iter(self._waiters.items()))
            if waiter.until > now:
                break
            self._remove(key)
            gone.append(waiter)
        return gone

    def drain(self) -> list[Waiter[C]]:
        """Forget everybody; return them."""
        return self.expire(float("inf"))

    def _wait(self, key: tuple[bytes, bool], client: C, now: float, token: str) -> Waits[C] | Full:
        if len(self._waiters) >= self._bound:
            return Full("waiting")
        if self._sources[client.source] >= self._per_source:
            return Full("waiting_per_source")
        keys = self._keys.setdefault(client, set())
        if len(keys) >= self._per_client:
            return Full("waiting_per_connection")
        self._waiters[key] = Waiter(key[0], client, token, now + self._patience)
        self._sources[client.source] += 1
        keys.add(key)
        return Waits(token)

    def _remove(self, key: tuple[bytes, bool]) -> None:
        client = self._waiters.pop(key).client
        self._sources[client.source] -= 1
        if not self._sources[client.source]:
            del self._sources[client.source]
        keys = self._keys[client]
        keys.remove(key)
        if not keys:
            del self._keys[client]


def _new_token() -> str:
    return str(uuid.uuid4())
