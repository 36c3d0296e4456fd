"""Two ranks make sure of each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.wire.events import Broken
from shared.fmi.wire.handshake import Handshake, Verified

NONCES = st.binary(min_size=16, max_size=16)


def talk(one: Handshake, other: Handshake, size: int = 1 << 16) -> Any:
    """Carry the bytes of both in pieces of *size*, until neither has any left; return the events of each."""
    inbox = {0: other.hello(), 1: one.hello()}
    events = {0: [], 1: []}
    sides = {0: one, 1: other}
    while inbox[0] or inbox[1]:
        for side in (0, 1):
            piece, inbox[side] = inbox[side][:size], inbox[side][size:]
            if piece:
                answer, heard = sides[side].receive(piece)
                events[side] += heard
                inbox[1 - side] += answer
    return events[0], events[1]


@given(NONCES, NONCES, st.integers(1, 80), st.binary(max_size=40))
def test_both_verify_in_any_chunks(mine: Any, yours: Any, size: Any, key: Any) -> None:
    one, other = Handshake("t/run/fmi", 3, 5, mine, key), Handshake("t/run/fmi", 5, 3, yours, key)
    assert talk(one, other, size) == ([Verified()], [Verified()])


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Handshake("t/other/fmi", 5, 3, bytes(16)), "it belongs to another run"),
        (Handshake("t/run/fmi", 4, 3, bytes(16)), "it is rank 4 and wants rank 3"),
        (Handshake("t/run/fmi", 5, 2, bytes(16)), "it is rank 5 and wants rank 2"),
    ],
)
def test_the_wrong_peer_is_named(other: Any, reason: Any) -> None:
    assert talk(Handshake("t/run/fmi", 3, 5, bytes(16)), other)[0] == [Broken(reason)]


def test_another_key_gives_a_wrong_proof() -> None:
    one, other = Handshake("r", 0, 1, b"a" * 16, b"key1"), Handshake("r", 1, 0, b"b" * 16, b"key2")
    assert talk(one, other)[0] == [Broken("its proof is wrong: another team key")]


@given(st.binary(min_size=64, max_size=200))
def test_a_stranger_is_never_verified(data: Any) -> None:
    _, events = Handshake("r", 0, 1, bytes(16)).receive(data)
    assert Verified() not in events


def test_the_next_bytes_are_kept_for_the_channel() -> None:
    one, other = Handshake("r", 0, 1, b"a" * 16), Handshake("r", 1, 0, b"b" * 16)
    proof, _ = other.receive(one.hello())
    _, events = one.receive(other.hello() + proof + b"first frame")
    assert events == [Verified()]
    assert one.surplus == b"first frame"
    assert one.wanted == 0
