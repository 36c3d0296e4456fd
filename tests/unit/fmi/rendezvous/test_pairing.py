"""Pairing in the background: what is handed out, who else may come, and how it ends."""

import os
import select
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from shared.fmi.errors import Duplicate, PairingFailed
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace, TeamKeys
from shared.fmi.rendezvous.pairing import Pairing
from shared.fmi.rendezvous.punch import listener, own_port
from shared.fmi.wire import v2
from shared.fmi.wire.events import Endpoint, Paired
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import Status

RUN = Namespace("team1", "run-1")


@pytest.fixture
def pair(rendezvous: Any) -> Any:
    """Return a function that makes a pairing at an open server; all are closed at the end."""
    made: list[Pairing] = []

    def one(rank: int, namespace: Any = RUN, port: Any = None, protocol: str = "v2") -> Pairing:
        made.append(Pairing(Meeting("127.0.0.1", port or rendezvous.port, protocol), namespace, rank))
        return made[-1]

    yield one
    for pairing in made:
        pairing.close()


def ready(pairing: Pairing, seconds: float = 10) -> bool:
    poll = select.poll()
    poll.register(pairing, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def taken(pairing: Pairing) -> Any:
    assert ready(pairing)
    return pairing.take()


def closed(socks: Any) -> None:
    for sock in socks.values():
        sock.close()


def test_a_socket_is_handed_out_once_and_a_further_peer_later(pair: Any) -> None:
    zero, one, two = pair(0), pair(1), pair(2)
    zero.want([1])
    one.want([0])
    first = taken(zero)
    assert list(first) == [1]
    assert zero.take() == {}
    assert not ready(zero, 0)
    zero.want([1, 2])
    two.want([0])
    later = taken(zero)
    assert list(later) == [2]
    closed(first)
    closed(later)


def test_sockets_block_and_are_each_others_ends(pair: Any) -> None:
    zero, one = pair(0), pair(1)
    one.want([0])
    zero.want([1])
    (here,), (there,) = taken(zero).values(), taken(one).values()
    with here, there:
        assert here.getblocking()
        here.sendall(b"x")
        assert there.recv(1) == b"x"


def test_two_processes_of_one_rank_are_both_told(pair: Any) -> None:
    one, twin = pair(0), pair(0)
    one.want([1])
    twin.want([1])
    for pairing in (one, twin):
        with pytest.raises(Duplicate, match=r"another process is rank 0 of run run-1: two runs share one RUN_ID"):
            taken(pairing)
        assert pairing.failure(1).stage == "handshake"


def test_a_refusal_is_raised_at_every_call(start_rendezvous: Any, pair: Any) -> None:
    running = start_rendezvous(keys=TeamKeys(b"m" * 32))
    pairing = pair(0, port=running.port)
    pairing.want([1, 2])
    assert ready(pairing)
    for _ in range(2):
        with pytest.raises(PairingFailed, match="the server refuses"):
            pairing.take()
    assert not ready(pairing, 0), "it rings once, so that whoever polls goes on"
    assert "the server refuses" in str(pairing.failure(2))


def test_closing_closes_what_was_not_taken_and_more_than_once_is_the_same(pair: Any) -> None:
    zero, one = pair(0), pair(1)
    zero.want([1])
    one.want([0])
    assert ready(zero)
    (there,) = taken(one).values()
    zero.close()
    zero.close()
    there.settimeout(5)
    with there, suppress(ConnectionResetError):
        assert there.recv(1) == b""
    zero.want([2])
    assert zero.take() == {}


def test_closing_before_anybody_is_wanted_is_nothing(pair: Any) -> None:
    zero = pair(0)
    zero.close()
    assert zero.take() == {}


def test_a_forked_child_drops_its_copies_and_the_parent_goes_on(pair: Any, rendezvous: Any) -> None:
    zero, one = pair(0), pair(1)
    zero.want([1])
    rendezvous.until("waiting", 1)
    child = os.fork()
    if not child:  # pragma: no cover  another process
        before = len(os.listdir("/proc/self/fd"))
        zero.drop()
        os._exit(before - len(os.listdir("/proc/self/fd")))
    # The bell, the reactor's two, the round's two.
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    one.want([0])
    closed(taken(zero))
    closed(taken(one))


class ManyServer:
    """A server of v2 that says what a test tells it to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.client: Any = None

    def accept(self) -> None:
        self.client, _ = self.listening.accept()
        self.client.settimeout(10)

    def asked(self, count: int) -> Any:
        records = self.client.recv(141 * count, socket.MSG_WAITALL)
        return [v2.REQUEST.unpack(records[start : start + 141]) for start in range(0, len(records), 141)]

    def say(self, status: int, token: bytes, peer: Any = None) -> None:
        text = token.rstrip(b"\0").decode()
        said = bytearray(v2.encode_response(Status(status & 0x7F), Endpoint("127.0.0.1", 1), peer, text))
        said[0] |= status & 0x80
        self.client.sendall(said)


@pytest.fixture
def server() -> Any:
    made = ManyServer()
    yield made
    made.listening.close()
    if made.client:
        made.client.close()


def test_all_names_go_over_one_connection_once_the_server_says_that_it_reads_them(server: Any, pair: Any) -> None:
    pairing = pair(0, port=server.port)
    pairing.want([1, 2, 3])
    server.accept()
    ((_, token, flags),) = server.asked(1)
    assert flags == v2.MANY
    server.say(v2.MANY_KNOWN | Status.WAITING, token)
    more = server.asked(2)
    assert {flags for _, _, flags in more} == {v2.MANY}
    assert len({token, *(each for _, each, _ in more)}) == 3
    server.say(v2.MANY_KNOWN | Status.TIMEOUT, token)  # it asks again, over the same connection
    assert server.asked(1)[0][1] == token


def test_a_server_that_reads_one_name_gets_one_connection_each(server: Any, pair: Any) -> None:
    pairing = pair(0, port=server.port)
    pairing.want([1, 2])
    server.accept()
    ((first, token, _),) = server.asked(1)
    server.say(Status.WAITING, token)
    with server.client:
        server.accept()
        ((second, _, flags),) = server.asked(1)
    assert flags == 0
    assert first != second


def test_a_server_that_dislikes_the_token_is_asked_without(server: Any, pair: Any) -> None:
    pairing = pair(0, port=server.port)
    pairing.want([1])
    server.accept()
    ((_, token, _),) = server.asked(1)
    server.say(Status.ERROR, token)
    server.client.close()
    server.accept()
    ((_, token, flags),) = server.asked(1)
    assert (token.strip(b"\0"), flags) == (b"", 0)
    server.say(Status.ERROR, token)
    with pytest.raises(PairingFailed, match="the server refuses"):
        taken(pairing)


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_a_cpp_rank_in_place_of_ours_is_told_and_named(pair: Any, rendezvous: Any, protocol: str) -> None:
    """It asks under FMI's own name, and connects as TCPunch does. What it hears is the end of its connection."""
    heard: list[bytes] = []

    def cpp_rank() -> None:
        machine = V1Client()
        with own_port() as asking, listener(asking.getsockname()[1]) as listening:
            asking.settimeout(10)
            listening.settimeout(10)
            asking.connect(("127.0.0.1", rendezvous.port))
            asking.sendall(machine.ask(b"mix0_1"))
            events: list[Any] = []
            while not events or not isinstance(events[-1], Paired):
                events += machine.receive(asking.recv(machine.wanted))
            sock, _ = listening.accept()
            with sock, suppress(ConnectionResetError):
                heard.append(sock.recv(16))

    thread = threading.Thread(target=cpp_rank)
    thread.start()
    rendezvous.until("waiting", 1)
    pairing = pair(0, Namespace(comm="mix"), protocol=protocol)
    pairing.want([1])
    rendezvous.until("waiting", 2)
    deadline = time.monotonic() + 120
    while not pairing._known[1].waits:
        assert time.monotonic() < deadline
    error = pairing.failure(1)
    thread.join(10)
    assert heard == [b""]
    assert "a rank of FMI's C++ library has come in place of rank 1" in str(error)
    assert "use one library" in str(error)


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_a_probe_leaves_nothing_at_the_server(pair: Any, rendezvous: Any, protocol: str) -> None:
    pairing = pair(0, Namespace(comm="mix"), protocol=protocol)
    pairing.want([1])
    rendezvous.until("waiting", 1)
    deadline = time.monotonic() + 120
    while not pairing._known[1].waits:
        assert time.monotonic() < deadline
    assert "rank 1 has not come" in str(pairing.failure(1))
    rendezvous.until("waiting", 1)
    rendezvous.until("open_connections", 1)
