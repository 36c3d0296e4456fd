"""Many pairings over one connection, on real sockets: whose answer is whose, what is bounded, what a token opens."""

import contextlib
import logging
import socket
import struct
import urllib.request
import uuid
from typing import Any, NamedTuple

import pytest

from shared.fmi.rendezvous.keys import Namespace, TeamKeys, team_key
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.wire.events import Endpoint, Paired, Told
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import MANY, MANY_KNOWN, RELAY, REQUEST, Status, V2Client

MASTER = b"m" * 32
_RESPONSE = struct.Struct("!B4sH4sH37s")


class Answer(NamedTuple):
    """A response's status without the bit of MANY, the peer and the token."""

    status: int
    peer: Endpoint
    token: str


class Many:
    """A connection that asks for many names."""

    def __init__(self, running: Any) -> None:
        self.socket = running.connect()
        self.endpoint = Endpoint(*self.socket.getsockname())

    def ask(self, *names: bytes, token: str = "", flags: int = MANY) -> list[str]:
        """Ask for *names* in one piece; return their tokens."""
        tokens = [token or str(uuid.uuid4()) for _ in names]
        pairs = zip(names, tokens, strict=True)
        self.socket.sendall(b"".join(REQUEST.pack(name, text.encode(), flags) for name, text in pairs))
        return tokens

    def next(self) -> Answer | None:
        """Return the next answer, None when the server has closed."""
        data = b""
        while len(data) < 50:
            piece = self.socket.recv(50 - len(data))
            if not piece:
                assert not data, "half an answer"
                return None
            data += piece
        status, you, port, peer, peer_port, token = _RESPONSE.unpack(data)
        assert status & MANY_KNOWN
        status &= ~MANY_KNOWN
        assert Endpoint.unpack(you, port) == (self.endpoint if status != Status.ERROR else Endpoint("0.0.0.0", 0))
        return Answer(status, Endpoint.unpack(peer, peer_port), token.rstrip(b"\0").decode())

    def waits(self, *names: bytes) -> list[str]:
        """Ask for *names*, of which none has come yet; return their tokens."""
        tokens = self.ask(*names)
        for token in tokens:
            assert self.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), token)
        return tokens


def plain(running: Any, name: bytes, kind: Any = V2Client, **ask: Any) -> tuple[socket.socket, Any]:
    """Ask for *name* over a connection of its own; return it and the last event heard at once."""
    sock, machine = running.connect(), kind()
    sock.sendall(machine.ask(name, **ask))
    event = machine.receive(sock.recv(machine.record_size))[0]
    if isinstance(event, Told) and kind is V1Client:
        event = (machine.receive(sock.recv(machine.record_size)) or [event])[0]
    return sock, event


def counts(running: Any) -> Any:
    return running.server.metrics.counts


def test_two_ranks_meet_for_many_names_over_one_connection_each(rendezvous: Any) -> None:
    first, second = Many(rendezvous), Many(rendezvous)
    names = [b"name%d" % number for number in range(24)]
    mine = first.waits(*names)
    theirs = second.ask(*reversed(names))
    for token in theirs:
        assert second.next() == Answer(Status.PAIRED, first.endpoint, token)
    assert {first.next() for _ in names} == {Answer(Status.PAIRED, second.endpoint, token) for token in mine}
    first.waits(b"another, later")
    assert (counts(rendezvous)["pairings"], counts(rendezvous)["many_pairings"]) == (24, 24)


@pytest.mark.parametrize("kind", [V1Client, V2Client])
def test_who_asks_for_many_meets_who_asks_for_one(rendezvous: Any, kind: Any) -> None:
    many = Many(rendezvous)
    (token,) = many.waits(b"one")
    sock, event = plain(rendezvous, b"one", kind)
    assert isinstance(event, Paired)
    assert event.peer == many.endpoint
    assert many.next() == Answer(Status.PAIRED, Endpoint(*sock.getsockname()), token)


def test_it_stays_while_names_wait_and_is_closed_without_fault_when_none_does(rendezvous: Any) -> None:
    many = Many(rendezvous)
    (token,) = many.waits(b"one")
    rendezvous.advance(50)
    sock, _ = plain(rendezvous, b"one")
    assert many.next() == Answer(Status.PAIRED, Endpoint(*sock.getsockname()), token)
    rendezvous.advance(4)
    many.waits(b"two")
    plain(rendezvous, b"two")
    many.next()
    rendezvous.advance(5.1)
    assert many.next() is None
    rendezvous.until_empty()
    assert counts(rendezvous)["silent"] == 0
    assert rendezvous.call(rendezvous.server.gauges)["open_many_connections"] == 0


def test_one_that_goes_silent_within_a_request_is_dropped_once_no_name_waits(rendezvous: Any) -> None:
    many = Many(rendezvous)
    many.waits(b"one")
    many.socket.sendall(b"half")
    rendezvous.advance(50)
    plain(rendezvous, b"one")
    many.next()
    rendezvous.until("waiting", 0)
    rendezvous.advance(5.1)
    assert many.next() == Answer(Status.ERROR, Endpoint("0.0.0.0", 0), "")
    assert many.next() is None
    assert counts(rendezvous)["silent"] == 1


def test_each_name_times_out_for_itself_and_may_be_asked_for_again(rendezvous: Any) -> None:
    many = Many(rendezvous)
    (early,) = many.waits(b"early")
    rendezvous.advance(30)
    (late,) = many.waits(b"late")
    rendezvous.advance(30.1)
    assert many.next() == Answer(Status.TIMEOUT, Endpoint("0.0.0.0", 0), early)
    many.ask(b"early", token=early)
    assert many.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), early)
    peer = Many(rendezvous)
    peer.ask(b"early", b"late")
    assert [many.next(), many.next()] == [Answer(Status.PAIRED, peer.endpoint, token) for token in (early, late)]


def test_who_is_refused_hears_which_name_and_leaves_with_all(start_rendezvous: Any) -> None:
    running = start_rendezvous(keys=TeamKeys(MASTER))
    run = Namespace("team1", "run", "fmi", team_key(MASTER, "team1"))
    many = Many(running)
    many.waits(run.pair_name(0, 1))
    (forged,) = many.ask(Namespace("team1", "run", "fmi", b"wrong" * 8).pair_name(0, 2))
    assert many.next() == Answer(Status.ERROR, Endpoint("0.0.0.0", 0), forged)
    assert many.next() is None
    running.until("waiting", 0)
    assert running.server.metrics.refused == {"forged": 1}


def test_a_name_like_one_that_waits_needs_its_own_signature_all_the_same(start_rendezvous: Any) -> None:
    running = start_rendezvous(keys=TeamKeys(MASTER))
    name = Namespace("team1", "run", "fmi", team_key(MASTER, "team1")).pair_name(0, 1)
    Many(running).waits(name)
    other = Many(running)
    (token,) = other.ask(name[:6] + bytes(reversed(name[6:38])) + name[38:])
    assert other.next() == Answer(Status.ERROR, Endpoint("0.0.0.0", 0), token)


@pytest.mark.parametrize("linger", [None, struct.pack("ii", 1, 0)])
def test_nobody_is_paired_with_any_name_of_a_lost_connection(rendezvous: Any, linger: Any) -> None:
    names = [b"name%d" % number for number in range(10)]
    lost = Many(rendezvous)
    lost.waits(*names)
    if linger:
        lost.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    lost.socket.close()
    Many(rendezvous).waits(*names)
    rendezvous.until("open_connections", 1)
    assert counts(rendezvous)["pairings"] == 0


def test_the_names_of_one_connection_are_bounded(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(waiting_per_connection=3))
    many = Many(running)
    many.waits(b"1", b"2", b"3")
    (token,) = many.ask(b"4")
    assert many.next() == Answer(Status.TIMEOUT, Endpoint("0.0.0.0", 0), token)
    assert running.server.metrics.refused == {"waiting_per_connection": 1}
    Many(running).ask(b"2")
    many.next()
    many.ask(b"4", token=token)
    assert many.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), token)


def test_each_request_counts_for_the_rate(start_rendezvous: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "shared.fmi.rendezvous")
    running = start_rendezvous(Limits(rate=1, burst=3))
    many = Many(running)
    many.waits(b"1", b"2", b"3")
    tokens = many.ask(b"4", b"5")
    for token in tokens:
        assert many.next() == Answer(Status.TIMEOUT, Endpoint("0.0.0.0", 0), token)
    assert running.server.metrics.refused == {"rate": 2}
    assert [record.getMessage() for record in caplog.records].count("refused") == 1
    running.advance(1)
    many.waits(b"4")


def test_a_token_opens_its_own_name_alone(rendezvous: Any) -> None:
    """Who brings the token of a waiter is that waiter, back over another connection; its other names stay."""
    lost, back = Many(rendezvous), Many(rendezvous)
    mine, other = lost.waits(b"mine", b"other")
    back.ask(b"mine", token=mine)
    assert back.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), mine)
    assert counts(rendezvous)["resumed"] == 1
    stranger = Many(rendezvous)
    stranger.ask(b"other", token=mine)
    assert stranger.next() == Answer(Status.PAIRED, lost.endpoint, mine), "a token of another name is just a token"
    assert lost.next() == Answer(Status.PAIRED, stranger.endpoint, other)
    _, event = plain(rendezvous, b"mine")
    assert event.peer == back.endpoint


def test_a_connection_whose_last_name_was_taken_over_is_closed_in_time(rendezvous: Any) -> None:
    lost, back = Many(rendezvous), Many(rendezvous)
    (token,) = lost.waits(b"mine")
    back.ask(b"mine", token=token)
    back.next()
    rendezvous.advance(5.1)
    assert lost.next() is None


def test_the_same_name_may_be_asked_for_again_with_its_token_but_with_no_other(rendezvous: Any) -> None:
    many = Many(rendezvous)
    (token,) = many.waits(b"mine")
    many.ask(b"mine", token=token)
    assert many.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), token)
    (twice,) = many.ask(b"mine")
    assert many.next() == Answer(Status.ERROR, Endpoint("0.0.0.0", 0), twice)
    assert many.next() is None


@pytest.mark.parametrize(
    ("first", "further"),
    [
        (REQUEST.pack(b"n", str(uuid.UUID(int=1)).encode(), MANY | RELAY), b""),
        (REQUEST.pack(b"n", b"", MANY), b""),
        (REQUEST.pack(b"n", str(uuid.UUID(int=1)).encode(), MANY), REQUEST.pack(b"m", b"", MANY)),
        (
            REQUEST.pack(b"n", str(uuid.UUID(int=1)).encode(), MANY),
            REQUEST.pack(b"m", str(uuid.UUID(int=2)).encode(), RELAY),
        ),
    ],
)
def test_what_is_no_request_for_many_ends_the_connection(rendezvous: Any, first: Any, further: Any) -> None:
    sock = rendezvous.connect()
    sock.sendall(first + further)
    heard = b""
    while piece := sock.recv(4096):
        heard += piece
    assert list(heard[::50]) == ([MANY_KNOWN | Status.WAITING, MANY_KNOWN | Status.ERROR] if further else [])
    rendezvous.until_empty()
    assert counts(rendezvous)["broken"] == 1
    assert rendezvous.call(rendezvous.server.gauges)["waiting"] == 0


def test_the_pages_tell_of_connections_for_many(rendezvous: Any) -> None:
    many = Many(rendezvous)
    many.waits(b"one", b"two")
    plain(rendezvous, b"one")
    pages = {}
    for path in ("health", "metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{rendezvous.http_port}/{path}", timeout=5) as response:
            pages[path] = response.read().decode()
    assert '"open_many_connections": 1' in pages["health"]
    assert '"many_connections": 1' in pages["health"]
    assert "fmi_rendezvous_many_pairings_total 1\n" in pages["metrics"]


def test_a_server_that_ends_sends_every_name_back(start_rendezvous: Any) -> None:
    running = start_rendezvous()
    many = Many(running)
    tokens = many.waits(b"1", b"2")
    running.wait(running.server.close())
    assert [many.next(), many.next()] == [Answer(Status.TIMEOUT, Endpoint("0.0.0.0", 0), token) for token in tokens]
    assert many.next() is None


def test_a_client_that_takes_no_answers_is_read_no_further_and_stalls_nobody(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(rate=1e9, burst=1 << 30))
    deaf = Many(running)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    (token,) = deaf.waits(b"mine")
    flood = REQUEST.pack(b"mine", token.encode(), MANY) * 1000
    deaf.socket.settimeout(0.3)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < 1 << 28:
            sent += deaf.socket.send(flood[sent % REQUEST.size :])
    assert sent < 1 << 28, "the kernel's buffers are full, and the server reads no further"
    first, second = Many(running), Many(running)
    first.waits(b"theirs")
    (theirs,) = second.ask(b"theirs")
    assert second.next() == Answer(Status.PAIRED, first.endpoint, theirs)
    deaf.socket.settimeout(5)
    for _ in range(sent // REQUEST.size):
        assert deaf.next() == Answer(Status.WAITING, Endpoint("0.0.0.0", 0), token)
