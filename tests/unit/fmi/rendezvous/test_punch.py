"""The sockets of a punch: their ports, and who is at the other end."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from shared.fmi.rendezvous.punch import Greeting, listener, own_port
from shared.fmi.rendezvous.reactor import Reactor
from shared.fmi.wire.events import Broken
from shared.fmi.wire.handshake import Handshake, Verified


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Meeting:
    """Rank 0, which greets on one end of a connection. A test speaks for the other end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.reactor = Reactor(self.clock)
        here, self.peer = socket.socketpair()
        self.peer.settimeout(5)
        here.settimeout(0)
        self.outcomes: list[Any] = []
        handshake = Handshake("run", 0, 1, b"0" * 16)
        Greeting(self.reactor, self.reactor.own(here), handshake, lambda _, outcome: self.outcomes.append(outcome))

    def step(self, seconds: float = 0) -> None:
        """Let *seconds* pass, and rank 0 do what can be done."""
        self.clock.now += seconds
        self.reactor.step(0)


@pytest.fixture
def meeting() -> Any:
    made = Meeting()
    yield made
    made.reactor.close()
    made.peer.close()


def prove(peer: socket.socket) -> None:
    """Say all that rank 1 has to say to rank 0, which has said hello."""
    handshake = Handshake("run", 1, 0, b"1" * 16)
    answer, _ = handshake.receive(peer.recv(handshake.wanted))
    peer.sendall(handshake.hello() + answer)


def test_a_peer_is_verified_however_late_it_speaks(meeting: Any) -> None:
    """A machine so busy that a rank runs only now and then must not make strangers of peers."""
    meeting.step(19)
    prove(meeting.peer)
    meeting.step(19)
    assert meeting.outcomes == [Verified(1)]
    assert len(meeting.peer.recv(64)) == 16


def test_a_connection_that_closes_is_nothing_to_tell(meeting: Any) -> None:
    meeting.peer.close()
    meeting.step()
    assert meeting.outcomes == [None]


def test_a_peer_that_says_nothing_is_told_so(meeting: Any) -> None:
    meeting.step(19)
    assert meeting.outcomes == []
    meeting.step(2)
    assert meeting.outcomes == [Broken("it said nothing after connecting")]


@pytest.mark.parametrize("ends", [lambda meeting: meeting.peer.close(), lambda meeting: meeting.step(21)])
def test_the_first_words_of_a_stranger_are_shown(meeting: Any, ends: Callable[[Any], None]) -> None:
    meeting.peer.sendall(b"hi\x00")
    meeting.step()
    assert meeting.outcomes == []
    ends(meeting)
    meeting.step()
    assert meeting.outcomes == [Broken("it does not speak this protocol: it began with b'hi\\x00'")]


def test_own_ports_are_unique_and_shared_only_on_purpose() -> None:
    with own_port() as one, own_port() as other:
        port = one.getsockname()[1]
        assert port != other.getsockname()[1]
        with listener(port) as second:
            assert second.getsockname()[1] == port
