"""The sockets of a punch: their ports, and who is at the other end when the machine is too busy to listen."""

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

from shared.fmi.rendezvous.punch import WrongPeer, listener, own_port, verify
from shared.fmi.wire.handshake import Handshake

PROOF_SIZE = 16


def prove(peer: socket.socket) -> None:
    """Say all that rank 1 has to say to rank 0, which has said hello."""
    handshake = Handshake("run", 1, 0, b"1" * 16)
    answer, _ = handshake.receive(peer.recv(handshake.wanted))
    peer.sendall(handshake.hello() + answer)


def prove_and_leave(peer: socket.socket) -> None:
    prove(peer)
    peer.shutdown(socket.SHUT_WR)


def meet(says: Callable[[socket.socket], None]) -> bytes:
    """Verify rank 1, which speaks while rank 0's loop is busy until its time is up. Return rank 0's own proof."""

    async def rank0(sock: socket.socket, peer: socket.socket) -> None:
        verifying = asyncio.create_task(verify(sock, Handshake("run", 0, 1, b"0" * 16), 0.02))
        await asyncio.sleep(0)
        says(peer)
        time.sleep(0.05)  # noqa: ASYNC251  the loop is busy with something else
        await verifying

    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0)
        asyncio.run(rank0(here, there))
        return there.recv(64)


def test_a_peer_that_spoke_in_time_is_heard_in_overtime() -> None:
    """Otherwise one side takes the pair for made, and the other asks for it until the deadline."""
    assert len(meet(prove)) == PROOF_SIZE


def test_a_peer_that_gave_up_meanwhile_is_no_peer() -> None:
    with pytest.raises(ConnectionResetError, match="closed during the handshake"):
        meet(prove_and_leave)


def test_a_peer_that_says_nothing_is_told_so() -> None:
    with pytest.raises(WrongPeer, match="said nothing"):
        meet(lambda _: None)


def test_own_ports_are_unique_and_shared_only_on_purpose() -> None:
    with own_port() as one, own_port() as other:
        port = one.getsockname()[1]
        assert port != other.getsockname()[1]
        with listener(port) as second:
            assert second.getsockname()[1] == port
