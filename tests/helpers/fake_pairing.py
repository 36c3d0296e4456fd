"""A pairing without a rendezvous: ranks of one process get connected loopback sockets as soon as both want it."""

import os
import socket
import threading
from collections.abc import Callable, Iterable

from shared.fmi.errors import PairingFailed


class Pairings:
    """Where the ranks of a test meet. *meet* says which two ends meet under the name that an end asks for."""

    def __init__(self, name: Callable[[int, int, str], object] | None = None) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[object, tuple[FakePairing, int]] = {}
        self.name = name or (lambda rank, peer, _: frozenset((rank, peer)))

    def pairing(self, rank: int, whose: str = "") -> "FakePairing":
        """Return the pairing of *rank* in the world *whose*."""
        return FakePairing(self, rank, whose)


class FakePairing:
    """See ``shared.fmi.channels.pairs.Pairing``."""

    def __init__(self, place: Pairings, rank: int, whose: str) -> None:
        self._place, self._rank, self._whose = place, rank, whose
        self._news: dict[int, socket.socket] = {}
        self._read, self._write = os.pipe()
        self._closed = False

    def want(self, peers: Iterable[int]) -> None:
        for peer in peers:
            name = self._place.name(self._rank, peer, self._whose)
            with self._place.lock:
                found = self._place.waiting.pop(name, None)
                if found is None:
                    self._place.waiting[name] = (self, peer)
                    continue
                with socket.create_server(("127.0.0.1", 0)) as server:
                    mine = socket.create_connection(server.getsockname())
                    theirs = server.accept()[0]
                self._give(peer, mine)
                found[0]._give(found[1], theirs)

    def _give(self, peer: int, sock: socket.socket) -> None:
        if self._closed:
            sock.close()
            return
        self._news[peer] = sock
        os.write(self._write, b"x")

    def fileno(self) -> int:
        return self._read

    def take(self) -> dict[int, socket.socket]:
        with self._place.lock:
            if self._news:
                os.read(self._read, 1 << 10)
            taken, self._news = self._news, {}
        return taken

    def failure(self, peer: int) -> PairingFailed:
        return PairingFailed(peer, "rendezvous", f"rank {peer} has not come", "start it")

    def close(self) -> None:
        with self._place.lock:
            if self._closed:
                return
            self._closed = True
            for name in [name for name, (one, _) in self._place.waiting.items() if one is self]:
                del self._place.waiting[name]
            for sock in self._news.values():
                sock.close()
            os.close(self._read)
            os.close(self._write)

    def drop(self) -> None:
        self.close()
