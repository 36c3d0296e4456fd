"""The connections of one rank: those that are there, those that are still being paired, and what waits for these."""

from __future__ import annotations

import resource
import select
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.fmi.channels.faults import LinkError
from shared.fmi.channels.link import Link
from shared.fmi.errors import PairingFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shared.fmi.channels.pairs import Pairing

_QUEUED = 1 << 20
"""Bytes of small sends that wait for one rank to be paired: our choice, about what two kernels' buffers hold."""

_SPARE = 32  # descriptors that are left for the program when links are made: our choice


class Peers:
    """Links by rank, and a pairing while one is wanted that is not there.

    Args:
        pair: Makes what pairs this rank with others. It is made anew when ranks are wanted after all others came, so
            that between collectives no thread is left.
    """

    def __init__(self, pair: Callable[[], Pairing]) -> None:
        self.links: dict[int, Link] = {}
        self.closed = False
        self._pair = pair
        self._pairing: Pairing | None = None
        self._wanted: set[int] = set()
        self._queued: dict[int, list[bytes]] = {}

    @property
    def is_pairing(self) -> bool:
        """Whether ranks are wanted that are not there."""
        return self._pairing is not None

    @property
    def queued(self) -> Collection[int]:
        """The ranks that something waits for."""
        return self._queued.keys()

    def want(self, peers: Iterable[int]) -> None:
        """Pair with those of *peers* that are not there, in the background.

        Raises:
            UsageError: The process may not open so many descriptors.
        """
        new = [peer for peer in peers if peer not in self.links and peer not in self._wanted]
        if not new or self.closed:
            return
        _allow(len(new))
        if self._pairing is None:
            self._pairing = self._pair()
        self._wanted.update(new)
        self._pairing.want(new)

    def post(self, peer: int, data: bytes) -> bool:
        """Let *data*, a frame, go out as soon as *peer* is there; return False if too much waits for it already."""
        frames = self._queued.setdefault(peer, [])
        if sum(map(len, frames)) + len(data) > _QUEUED:
            return False
        frames.append(data)
        return True

    def admit(self) -> None:
        """Take over what was paired, and send what waited for it as far as that goes at once.

        Raises:
            PairingFailed: Something is wrong that no waiting mends.
        """
        if self._pairing is None:
            return
        for peer, sock in self._pairing.take().items():
            link = self.links[peer] = Link(sock, peer)
            self._wanted.discard(peer)
            for data in self._queued.pop(peer, ()):
                link.queue(data)
            with suppress(LinkError):  # whoever uses the link hears of it
                link.push(socket.MSG_DONTWAIT)
        if not self._wanted:
            self.stop_pairing()

    def failure(self, peer: int) -> PairingFailed | None:
        """Return why *peer* is not paired yet; None if it is not wanted."""
        return self._pairing.failure(peer) if self._pairing is not None and peer in self._wanted else None

    def can_come(self) -> bool:
        """Say whether ranks that are wanted may still come: the server was not seen to be gone."""
        pairing = self._pairing
        return pairing is not None and any(not pairing.failure(peer).unreachable for peer in self._wanted)

    def poll(self, wanted: Mapping[Link, int], seconds: float) -> list[tuple[Link, int]]:
        """Wait at most *seconds* for events *wanted*, for anything on other links, or for a new link.

        Returns:
            The links at which something is, with the events. A link that is read to its end is looked at only if it is
            wanted; one from which enough was read ahead only for its end.

        Raises:
            PairingFailed: As :meth:`admit`.
        """
        poller = select.poll()
        numbers = {}
        for link in self.links.values():
            mask = wanted.get(link, 0)
            if link.ended is None:
                mask |= select.POLLRDHUP | (0 if link.is_full else select.POLLIN)
                mask |= select.POLLOUT if link.is_behind else 0
            if mask:
                numbers[link.fileno()] = link
                poller.register(link, mask)
        if self._pairing is not None:
            poller.register(self._pairing.fileno(), select.POLLIN)
        found = poller.poll(1000 * max(seconds, 0))
        if len(found) > sum(number in numbers for number, _ in found):
            self.admit()
        return [(numbers[number], event) for number, event in found if number in numbers]

    def push_all(self, seconds: float, *, skip: int | None = None) -> None:
        """Send what is left on all links but that to *skip*, at most for *seconds*. Drops what comes meanwhile."""
        deadline = time.monotonic() + seconds
        while behind := [link for link in self.links.values() if link.is_behind and link.peer != skip]:
            for link in behind:
                push(link)
            left = deadline - time.monotonic()
            if left <= 0 or not any(link.is_behind for link in behind):
                return
            with suppress(PairingFailed):
                for link, _ in self.poll({}, left):
                    for _ in link.words():
                        pass

    def stop_pairing(self) -> None:
        """Give up what is still being paired."""
        if self._pairing is not None:
            self._pairing.close()
            self._pairing = None
        self._wanted.clear()

    def close(self) -> None:
        """Close everything."""
        self.closed = True
        self.stop_pairing()
        for link in self.links.values():
            link.close()
        self.links.clear()

    def drop(self) -> None:
        """In a forked child: close this process's copies, so that the peers notice the parent's end."""
        self.closed = True
        if self._pairing is not None:
            self._pairing.drop()
            self._pairing = None
        for link in self.links.values():
            link.close()
        self.links.clear()


def push(link: Link) -> None:
    """Send on without waiting. A link that cannot send any more is behind no longer."""
    try:
        link.push(socket.MSG_DONTWAIT)
    except LinkError:
        link.forget()


def _allow(count: int) -> None:
    """See that the process may open descriptors for *count* more links."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sum(1 for _ in Path("/proc/self/fd").iterdir()) + 2 * count + _SPARE  # a link, and what pairs it
    if needed > soft:
        if needed > hard != resource.RLIM_INFINITY:
            what = f"{count} more ranks to connect with take {needed} descriptors, and the process may open {hard}"
            raise UsageError(what, fix="raise the limit (ulimit -Hn), or let fewer ranks talk to all others")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
