"""A rank's pairing with its peers, in the background: from the first peer that is wanted until it is closed.

Each pair goes through the stages ``rendezvous`` (ask the server for the peer), ``punch`` (connect to it) and
``handshake`` (is it the right one?), and last ``relay``, if that is allowed. What fails starts again from the first
stage, on a fresh port. There is no deadline here: whoever waits has one, and then asks why a peer is missing.

**Threads.** All of it runs in one thread of its own, on a :class:`~shared.fmi.rendezvous.reactor.Reactor`. The caller's
thread hands peers over by ``Reactor.post`` and takes sockets from a deque, whose two ends may be used at once. What
``failure`` reads is replaced as a whole, never changed in place. So there are no locks but the reactor's.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from shared.fmi.errors import Duplicate, PairingFailed
from shared.fmi.rendezvous.client import NAMES, Kind
from shared.fmi.rendezvous.keys import RENEW
from shared.fmi.rendezvous.probe import PROBE_SECONDS, Probe
from shared.fmi.rendezvous.reactor import Reactor
from shared.fmi.rendezvous.resolve import Lookup
from shared.fmi.rendezvous.rounds import Round, Wanted, no_socket
from shared.fmi.wire.handshake import NONCE_SIZE, PROCESS_SIZE, Handshake

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace
    from shared.fmi.rendezvous.reactor import Timer

_AT_ONCE = 32
"""Connections to a server that reads one name on each. So what N ranks ask of it grows with N, not with N²."""

_TOGETHER = 0.05  # seconds by which a peer may go into its next round too early, to share one: our choice
_END_SECONDS = 1.0  # that close waits for the thread: our choice, since it has nothing to wait for
_CPP = "a rank of FMI's C++ library has come in place of rank {}; it was told so, and its connection closed"
_ONE_LIBRARY = "let all ranks of a world use one library: import fmi from here, or FMI's C++ bindings"
_REFUSED = "the server refuses: a missing or wrong team key, or no further pair to relay; its log says which"


class Pairing:
    """See the module.

    Args:
        meeting: Where the ranks meet.
        namespace: Whose ranks these are.
        rank: This rank.

    Raises:
        PairingFailed: This process has no descriptors left.
    """

    def __init__(self, meeting: Meeting, namespace: Namespace, rank: int) -> None:
        self.meeting = meeting
        self.many = meeting.protocol == "v2"
        self.wanted: dict[int, Wanted] = {}
        self._namespace, self._rank = namespace, rank
        self._process = os.urandom(PROCESS_SIZE)
        self._server = Lookup(meeting.host)
        self._known: dict[int, Wanted] = {}
        self._turns: list[tuple[int, int]] = []
        self._later: list[tuple[float, int]] = []
        self._retrying: Timer | None = None
        self._rounds: list[Round] = []
        self._news: deque[tuple[int, socket.socket]] = deque()
        self._fatal: PairingFailed | None = None
        self._closed = False
        self._ringing = threading.Lock()  # no ring may write to the number of a descriptor that has been closed
        self._thread: threading.Thread | None = None
        self._probed: threading.Event | None = None
        try:
            self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self.reactor = Reactor()
        except OSError as error:
            raise PairingFailed(rank, *no_socket("rendezvous", error)) from None

    # What the caller's thread calls.

    def want(self, peers: Iterable[int]) -> None:
        """Start pairing with those of *peers* that were not wanted before. Each of them must want this rank too."""
        fresh = [peer for peer in peers if peer not in self._known]
        if not fresh or self._closed:
            return
        for peer in fresh:
            name = self._namespace.pair_name(self._rank, peer)
            self._known[peer] = Wanted(peer, name, relay=self.meeting.relay)
        self.reactor.post(partial(self._add, fresh))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="fmi-pairing", daemon=True)
            self._thread.start()

    def fileno(self) -> int:
        """Return a descriptor that can be read whenever :meth:`take` has news."""
        return self._bell

    def take(self) -> dict[int, socket.socket]:
        """Return the sockets of the peers that were paired since the last call. Never waits.

        Returns:
            A connected, verified, blocking TCP socket for each peer. The caller owns it.

        Raises:
            PairingFailed: No waiting mends it: the server refuses. Sockets come first, this in the next call.
            Duplicate: A second process runs as this rank of this run.
        """
        if self._closed:
            return {}
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        taken: dict[int, socket.socket] = {}
        while self._news:
            peer, sock = self._news.popleft()
            taken[peer] = sock
        if self._fatal is not None:
            if not taken:
                raise self._fatal
            os.eventfd_write(self._bell, 1)
        return taken

    def failure(self, peer: int) -> PairingFailed:
        """Return the error for the furthest stage that any attempt to pair with *peer* has reached so far.

        In a world without team, run and key, a peer that has not come may be a rank of FMI's C++ library, which meets
        under another name. The first call for such a peer asks for that name, which may take PROBE_SECONDS.
        """
        wanted = self._known.get(peer) or Wanted(peer, b"", relay=False)
        if wanted.absent and not self._closed and self._probed is None and self._namespace.cpp_name(self._rank, peer):
            self._probed = threading.Event()
            self.reactor.post(self._probe)
            self._probed.wait(2 * PROBE_SECONDS)
        return PairingFailed(peer, *wanted.seen, unreachable=wanted.unreachable)

    def close(self) -> None:
        """Stop. Sockets that were not taken are closed. Closing again does nothing."""
        with self._ringing:
            if self._closed:
                return
            self._closed = True
        if self._thread is not None:
            self.reactor.post(lambda: None)
            self._thread.join(_END_SECONDS)
        else:
            self.reactor.close()
        self._close_news()
        with self._ringing:
            os.close(self._bell)

    def drop(self) -> None:
        """Close this process's copies of all sockets, in a child that was forked. The parent's pairing goes on."""
        if self._closed:
            return
        self._closed = True
        self.reactor.drop()
        self._close_news()
        os.close(self._bell)

    # What runs in the thread.

    def _work(self) -> None:
        try:
            while not self._closed:
                self.reactor.step()
        except Exception as error:
            what = f"the pairing itself broke: {type(error).__name__}: {error}"
            self._end(PairingFailed(self._rank, "rendezvous", what, "report this, with the traceback on stderr"))
            raise
        finally:
            self.reactor.close()
            self._close_news()

    def _add(self, peers: list[int]) -> None:
        if self._fatal is not None:
            return
        for peer in peers:
            self.wanted[peer] = self._known[peer]
            # A pair's turn is the XOR of its ranks, which is the same for both. Every rank works on the least turns it
            # has left. So no ring of ranks can form in which each waits for the next.
            heapq.heappush(self._turns, (self._rank ^ peer, peer))
        self._admit()

    def _admit(self, *, fresh: bool = False) -> None:
        """Start what may start: all that wait for their turn, or, with one connection each, only so many.

        Args:
            fresh: Whether to begin with a round on a port of its own, not with the youngest that is under way.
        """
        while self._turns and (self.many or len(self._rounds) < _AT_ONCE):
            _, peer = heapq.heappop(self._turns)
            if peer in self.wanted:
                self._start(self.wanted[peer], fresh=fresh)
                fresh = False

    def _start(self, wanted: Wanted, *, fresh: bool) -> None:
        youngest = self._rounds[-1] if self._rounds and not fresh else None
        if youngest is not None and youngest.open and len(youngest) < NAMES:
            youngest.add(wanted)
            return
        self._rounds.append(Round(self, Kind.MANY if self.many else Kind.ONE))
        self._rounds[-1].start(wanted)

    def _retry(self) -> None:
        """Start again with those whose pause is over."""
        self._retrying = None
        now = self.reactor.now() + _TOGETHER
        while self._later and self._later[0][0] <= now:
            _, peer = heapq.heappop(self._later)
            heapq.heappush(self._turns, (self._rank ^ peer, peer))
        self._admit(fresh=True)
        self._plan_retry()

    def _plan_retry(self) -> None:
        if self._retrying is not None:
            self._retrying.cancel()
        if self._later:
            self._retrying = self.reactor.later(self._later[0][0] - self.reactor.now(), self._retry)

    def _probe(self) -> None:
        """Ask whether C++ ranks have come in place of those that are missing."""
        missing = [each for each in self.wanted.values() if each.absent][:_AT_ONCE]
        open_ = {each.rank for each in missing}
        for wanted in missing:
            name = self._namespace.cpp_name(self._rank, wanted.rank)
            self._lookup(Probe(self.reactor, self.meeting, name, partial(self._answered, wanted, open_)))
        if not missing:
            self._answer()

    def _answered(self, wanted: Wanted, unanswered: set[int], found: bool) -> None:  # noqa: FBT001  a callback's
        if found:
            wanted.at("rendezvous", _CPP.format(wanted.rank), _ONE_LIBRARY)
        unanswered.discard(wanted.rank)
        if not unanswered:
            self._answer()

    def _answer(self) -> None:
        if self._probed is not None:
            self._probed.set()

    def _lookup(self, asks: Round | Probe) -> None:
        self._server.ask(lambda found: self.reactor.post(partial(asks.connect, found)))

    def _end(self, error: PairingFailed) -> None:
        """Let :meth:`take` raise *error*."""
        self._fatal = self._fatal or error
        self._ring()

    def _ring(self) -> None:
        with self._ringing:
            if not self._closed:
                os.eventfd_write(self._bell, 1)

    def _close_news(self) -> None:
        while True:
            try:
                _, sock = self._news.popleft()
            except IndexError:
                return
            sock.close()

    # What rounds call.

    def lookup(self, round_: Round) -> None:
        """See Host."""
        self._lookup(round_)

    def comes_first(self, peer: int) -> bool:
        """See Host."""
        return self._rank < peer

    def handshake(self, peer: int | None) -> Handshake:
        """See Host."""
        nonce = self._process + os.urandom(NONCE_SIZE - PROCESS_SIZE)
        return Handshake(self._namespace.text, self._rank, peer, nonce, self._namespace.key, self.wanted)

    def paired(self, peer: int, sock: socket.socket) -> None:
        """See Host."""
        wanted = self.wanted.pop(peer, None)
        if wanted is None:
            sock.close()  # it has come twice
            return
        if wanted.round is not None:
            wanted.round.forget(wanted)
        sock.settimeout(None)
        self._news.append((peer, sock))
        self._ring()

    def twin(self, peer: int) -> None:
        """See Host."""
        wanted = self.wanted.pop(peer, None)
        error = Duplicate(self._rank, self._namespace.run)
        if wanted is not None:
            wanted.at("handshake", error.what)
            if wanted.round is not None:
                wanted.round.forget(wanted)
        self._end(error)

    def again(self, wanted: Wanted) -> None:
        """See Host."""
        relayed = wanted.round is not None and wanted.round.kind is Kind.RELAY
        if wanted.round is not None:
            wanted.round.forget(wanted)
        if self.meeting.relay and not relayed and wanted.punched:
            wanted.punched = False
            self._rounds.insert(0, Round(self, Kind.RELAY))
            self._rounds[0].start(wanted)
            return
        heapq.heappush(self._later, (self.reactor.now() + wanted.pause(), wanted.rank))
        self._plan_retry()

    def refused(self, wanted: Wanted, stage: str) -> None:
        """See Host."""
        for other in self.wanted.values():
            other.at(stage, _REFUSED, RENEW)
        self.wanted.clear()
        for round_ in list(self._rounds):
            round_.close()
        self._end(PairingFailed(wanted.rank, stage, _REFUSED, RENEW))

    def ended(self, round_: Round) -> None:
        """See Host."""
        self._rounds.remove(round_)
        if self._turns:
            self.reactor.later(0, self._admit)
