"""How a rank gets its connections, as the mesh sees it: ``shared.fmi.rendezvous.pairing``, or a test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from shared.fmi.errors import PairingFailed


class Pairing(Protocol):
    """Pairs with peers in the background. It has no deadline of its own: it tries until it is closed."""

    def want(self, peers: Iterable[int]) -> None:
        """Start pairing with *peers* that were not wanted before. Returns at once, never raises."""
        ...

    def fileno(self) -> int:
        """Return what is readable whenever :meth:`take` has news."""
        ...

    def take(self) -> dict[int, socket.socket]:
        """Return newly paired, verified, blocking sockets, each once. Never blocks.

        Raises:
            PairingFailed: Something is wrong that no waiting mends.
        """
        ...

    def failure(self, peer: int) -> PairingFailed:
        """Return why *peer* is not paired yet."""
        ...

    def close(self) -> None:
        """Stop. Sockets that were not taken are closed."""
        ...

    def drop(self) -> None:
        """In a forked child: close this process's copies of all sockets, and touch nothing else."""
        ...
