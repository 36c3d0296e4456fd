"""A round: peers that are asked for at the server over one connection, and connected with from that connection's port.

Every peer is told the round's one port. So connections from all of them are accepted there, and told apart by what they
say first. A peer that this round cannot pair is handed back, for another round on a fresh port.
"""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.fmi.rendezvous.client import Asking, Kind, plain
from shared.fmi.rendezvous.punch import Greeting, Punch, jittered, listener, own_port
from shared.fmi.rendezvous.reactor import READ
from shared.fmi.wire.events import Broken, Paired, Refused, TimedOut, Told
from shared.fmi.wire.handshake import Handshake, Twin, Verified
from shared.fmi.wire.many import new_token

if TYPE_CHECKING:
    import socket
    from collections.abc import Container

    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.reactor import Reactor, Timer
    from shared.fmi.wire.events import Endpoint, Event

_STAGES = ("rendezvous", "punch", "relay", "handshake")
_FIXES = {
    "rendezvous": "check the server with `lanes rendezvous check`, and that the peer's function was started at all",
    "punch": "the peers' NATs refuse to be punched: allow relaying (relay=True, and relays on the server)",
    "relay": "start the server with relays allowed, or let the ranks run in one network",
    "handshake": "give both ranks the same team, run, communicator name and key",
}
_NO_TURN = "its turn did not come: the pairings before it took all the time"
_FULL = "the server has no room for another name to wait; its log says which limit is reached"
_OPEN_FILES = "allow this process more open files (ulimit -n), or use fewer ranks"
_NO_SOCKET = {
    errno.EMFILE: _OPEN_FILES,
    errno.ENFILE: _OPEN_FILES,
    errno.EADDRINUSE: "free some of this machine's ports: all that it may give out are taken",
}

_HIGHER_WAITS = 0.03
"""Seconds after which the higher rank connects too, if the lower one's connection has not come. NATs need both. Our
choice: longer than the lower one takes without NATs, shorter than anybody notices."""

_FIRST_PUNCH, _LONGEST_PUNCH = 5.0, 30.0
_FIRST_BEFORE_RELAY = 2.0
"""Seconds that a punch may take, each twice the one before; the first where a relay follows. Our choice: a punch that
works takes a few round trips."""

_HANDSHAKE_MORE = 1.0  # seconds that a punch is given when its handshake has come half way: our choice
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two rounds, each twice the one before: our choice
_NO_ACCEPT = 0.1  # seconds without accepting when this process has no descriptor left: our choice


class Seen(NamedTuple):
    """The furthest stage that any attempt has reached, what was seen there, and what to do about it."""

    stage: str
    reason: str
    fix: str


def no_socket(stage: str, error: OSError) -> Seen:
    """Return that this process could not open a socket at *stage*."""
    reason = f"this rank cannot open a socket: {plain(error)}"
    return Seen(stage, reason, _NO_SOCKET.get(error.errno or 0, _FIXES[stage]))


class Wanted:
    """A peer that is not paired yet: what has been tried, and how far it came.

    Attributes:
        rank: The peer.
        name: The name under which the server knows the pair.
        token: What the server knows this side of the pair by; empty if it has given none yet.
        round: The round that pairs it now, if any.
        waits: Whether the server says that it waits, and nothing since.
        unreachable: Whether the server itself could not be reached when it was last asked for.
        punched: Whether its last punch took too long, so that a relay may follow.
        patience: Seconds that the next punch may take.
        seen: The furthest that any attempt has come.
    """

    def __init__(self, rank: int, name: bytes, *, relay: bool) -> None:
        self.rank, self.name = rank, name
        self.token = ""
        self.round: Round | None = None
        self.patience = _FIRST_BEFORE_RELAY if relay else _FIRST_PUNCH
        self.punched = False
        self.waits = False
        self.unreachable = False
        self.seen = Seen("rendezvous", _NO_TURN, _FIXES["rendezvous"])
        self._pause = _FIRST_PAUSE

    @property
    def absent(self) -> bool:
        """Whether the peer has not come, as far as the server knows."""
        return self.waits and self.seen.stage == "rendezvous"

    def at(self, stage: str, reason: str, fix: str = "") -> None:
        """Note what was seen at *stage*, unless an attempt has come further before."""
        if _STAGES.index(stage) >= _STAGES.index(self.seen.stage):
            self.seen = Seen(stage, reason, fix or _FIXES[stage])

    def no_socket(self, error: OSError) -> None:
        """Note that this process could not open a socket."""
        self.seen = no_socket(self.seen.stage, error)

    def pause(self) -> float:
        """Return the seconds until the next attempt."""
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return jittered(pause)

    def rested(self) -> None:
        """Make the next pause short again: the server has let this name wait as long as it lets any."""
        self._pause = _FIRST_PAUSE

    def punch_failed(self) -> None:
        """Give the next punch longer."""
        self.punched = True
        self.patience = min(self.patience * 2, _LONGEST_PUNCH)


class Host(Protocol):
    """The pairing, as a round sees it."""

    reactor: Reactor
    meeting: Meeting
    many: bool

    @property
    def wanted(self) -> Container[int]:
        """The ranks that may connect."""
        ...

    def comes_first(self, peer: int) -> bool:
        """Say whether this rank connects at once, and *peer* a little later."""
        ...

    def lookup(self, round_: Round) -> None:
        """Call the round's ``connect`` with the server's address, or why there is none."""

    def handshake(self, peer: int | None) -> Handshake:
        """Return a fresh handshake with *peer*, or with whoever of the wanted it is."""
        ...

    def paired(self, peer: int, sock: socket.socket) -> None:
        """*peer* is at the other end of *sock*."""

    def twin(self, peer: int) -> None:
        """What came instead of *peer* is a second process of this rank."""

    def again(self, wanted: Wanted) -> None:
        """*wanted* needs another round."""

    def refused(self, wanted: Wanted, stage: str) -> None:
        """The server refuses."""

    def ended(self, round_: Round) -> None:
        """The round has no peers left."""


class Round:
    """See the module.

    Args:
        host: The pairing.
        kind: What its connection to the server is for.
    """

    def __init__(self, host: Host, kind: Kind) -> None:
        self.kind = kind
        self._host, self._reactor = host, host.reactor
        self._peers: dict[int, Wanted] = {}
        self._names: dict[bytes, Wanted] = {}
        self._punches: dict[int, Punch] = {}
        self._timers: dict[int, Timer] = {}
        self._greetings: set[Greeting] = set()
        self._sock: socket.socket | None = None
        self._listening: socket.socket | None = None
        self._asking: Asking | None = None

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def open(self) -> bool:
        """Whether further peers may be added."""
        return self.kind is Kind.MANY and self._asking is not None and self._asking.open and self._host.many

    @property
    def _stage(self) -> str:
        return "relay" if self.kind is Kind.RELAY else "rendezvous"

    def start(self, first: Wanted) -> None:
        """Open the round's port for *first*, and connect to the server."""
        self._adopt(first)
        try:
            self._sock = self._reactor.own(own_port())
            self._port = self._sock.getsockname()[1]
            if self.kind is not Kind.RELAY:
                self._listening = self._reactor.own(listener(self._port))
                self._reactor.watch(self._listening, READ, self._accept)
        except OSError as error:
            first.no_socket(error)
            self._host.again(first)
            return
        self._asking = Asking(self._reactor, self._host.meeting, self._sock, self.kind, self._told, self._lost)
        self._ask(first)
        self._host.lookup(self)

    def add(self, wanted: Wanted) -> None:
        """Pair *wanted* in this round too, which is open."""
        self._adopt(wanted)
        self._ask(wanted)

    def connect(self, address: str | OSError) -> None:
        """Connect to the server at *address*."""
        if self._asking is None or not self._asking.open:
            return
        if isinstance(address, OSError):
            self._asking.close()
            self._lost(address)
        else:
            self._asking.connect(address)

    def forget(self, wanted: Wanted) -> None:
        """Let go of *wanted*: it is paired, or goes elsewhere. A round without peers ends."""
        wanted.round = None
        del self._peers[wanted.rank]
        self._names.pop(wanted.name, None)
        if wanted.rank in self._timers:
            self._timers.pop(wanted.rank).cancel()
        if wanted.rank in self._punches:
            self._punches.pop(wanted.rank).stop()
        for greeting in [each for each in self._greetings if each.handshake.peer == wanted.rank]:
            self._drop(greeting)
        if not self._peers:
            self.close()

    def close(self) -> None:
        """Close all sockets of the round."""
        if self._asking is not None:
            self._asking.close()
        for greeting in list(self._greetings):
            self._drop(greeting)
        for timer in self._timers.values():
            timer.cancel()
        for punch in self._punches.values():
            punch.stop()
        for sock in (self._listening, self._sock):
            if sock is not None:
                self._reactor.close_socket(sock)
        self._host.ended(self)

    def _adopt(self, wanted: Wanted) -> None:
        wanted.round = self
        self._peers[wanted.rank] = wanted
        self._names[wanted.name] = wanted

    def _ask(self, wanted: Wanted) -> None:
        wanted.waits = False
        wanted.at(self._stage, f"the server at {self._host.meeting} does not answer")
        if self.kind is Kind.MANY:
            wanted.token = wanted.token or new_token()
        if self._asking is not None:
            self._asking.ask(wanted.name, wanted.token)

    # What the server says.

    def _told(self, name: bytes, event: Event) -> None:
        wanted = self._names.get(name)
        if isinstance(event, Refused):
            self._refused(wanted or next(iter(self._peers.values())))
            return
        if self._asking is not None and self.kind is Kind.MANY and not self._asking.many:
            self._one_each(wanted)
        if wanted is None:
            return  # it was paired before the server said so: the peer was quicker
        wanted.unreachable = False
        if isinstance(event, (Told, TimedOut)):
            # With it, a rank that comes back takes over its own place, and is never paired with its lost connection.
            wanted.token = event.token or wanted.token
        if isinstance(event, Paired):
            self._introduce(wanted, event.peer)
        elif isinstance(event, TimedOut):
            if wanted.waits:
                wanted.rested()
            else:  # the server gave it no place to wait
                wanted.at(self._stage, _FULL)
            self._ask_again(wanted)
        else:
            wanted.waits = True
            wanted.at(self._stage, f"rank {wanted.rank} has not come to the rendezvous server")

    def _one_each(self, first: Wanted | None) -> None:
        """Send all but *first* elsewhere: this server reads only one name on a connection."""
        self.kind, self._host.many = Kind.ONE, False
        for wanted in list(self._peers.values()):
            if wanted is not first:
                wanted.token = ""
                self._host.again(wanted)

    def _ask_again(self, wanted: Wanted) -> None:
        if self.kind is not Kind.MANY:
            self._host.again(wanted)
            return
        self._timers[wanted.rank] = self._reactor.later(wanted.pause(), partial(self._ask, wanted))

    def _refused(self, wanted: Wanted) -> None:
        if self._asking is not None and self.kind is Kind.MANY and not self._asking.many:
            # A server that does not know MANY may not like the token either, which it did not choose.
            self._one_each(None)
        else:
            self._host.refused(wanted, self._stage)

    def _lost(self, why: OSError | str) -> None:
        unreachable = isinstance(why, OSError)
        if isinstance(why, OSError):
            why = f"the server at {self._host.meeting} cannot be reached: {plain(why)}"
        for wanted in [each for each in self._peers.values() if each.rank not in self._punches]:
            wanted.unreachable = unreachable
            wanted.at(self._stage, why)
            self._host.again(wanted)

    # From the peer's endpoint to a connection.

    def _introduce(self, wanted: Wanted, peer: Endpoint) -> None:
        if self.kind is Kind.RELAY:
            if self._sock is not None:
                self._greet(self._sock, wanted.rank)
            return
        wanted.at("punch", f"no connection to {peer} in either direction")
        rank = wanted.rank
        self._timers[rank] = self._reactor.later(wanted.patience, partial(self._give_up, wanted))
        self._punches[rank] = Punch(
            self._reactor, self._port, peer, lambda sock: self._greet(sock, rank), wanted.no_socket
        )
        self._punches[rank].start(0 if self._host.comes_first(rank) else _HIGHER_WAITS)

    def _give_up(self, wanted: Wanted) -> None:
        """End a punch that takes too long, unless the peer has said its name and only its proof is missing."""
        if any(greeting.handshake.met for greeting in self._greetings if greeting.handshake.peer == wanted.rank):
            self._timers[wanted.rank] = self._reactor.later(_HANDSHAKE_MORE, partial(self._give_up, wanted))
            return
        wanted.punch_failed()
        self._host.again(wanted)

    def _accept(self) -> None:
        if self._listening is None:
            return
        try:
            sock, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError as error:
            for wanted in self._peers.values():
                wanted.no_socket(error)
            self._reactor.unwatch(self._listening)
            self._reactor.later(_NO_ACCEPT, self._accept_again)
            return
        sock.settimeout(0)
        self._greet(self._reactor.own(sock), None)

    def _accept_again(self) -> None:
        if self._listening is not None and self._peers:
            self._reactor.watch(self._listening, READ, self._accept)

    def _greet(self, sock: socket.socket, peer: int | None) -> None:
        self._greetings.add(Greeting(self._reactor, sock, self._host.handshake(peer), self._greeted))

    def _greeted(self, greeting: Greeting, outcome: Verified | Twin | Broken | None) -> None:
        self._greetings.discard(greeting)
        if isinstance(outcome, Verified):
            self._reactor.release(greeting.sock)
            self._host.paired(outcome.peer, greeting.sock)
            return
        greeting.close()
        peer = greeting.handshake.peer
        if isinstance(outcome, Twin) and peer is not None:
            self._host.twin(peer)
        elif peer is None:
            # Nobody knows whose connection it was. So all hear of it that are told to connect now.
            self._met(list(self._punches), outcome)
        elif peer in self._peers:
            self._met([peer], outcome)
            self._go_on(self._peers[peer])

    def _met(self, peers: list[int], outcome: Twin | Broken | None) -> None:
        """Note for *peers* what a stranger said."""
        if isinstance(outcome, Broken):
            for peer in peers:
                self._peers[peer].at("handshake", f"what answers at its endpoint is not the peer: {outcome.reason}")

    def _go_on(self, wanted: Wanted) -> None:
        """Try again to reach *wanted*, after a connection that did not lead to it."""
        if self.kind is Kind.RELAY:
            wanted.at("relay", "the relayed connection failed: it closed during the handshake")
            self._host.again(wanted)
        elif wanted.rank in self._punches:
            self._punches[wanted.rank].resume()

    def _drop(self, greeting: Greeting) -> None:
        self._greetings.discard(greeting)
        greeting.close()
