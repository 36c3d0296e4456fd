"""Two ranks make sure of each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.wire.events import Broken
from shared.fmi.wire.handshake import Handshake, Twin, Verified

FRESH = st.binary(min_size=8, max_size=8)
MINE, YOURS = b"process1", b"process2"


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


def rank3(fresh: bytes = bytes(8), key: bytes = b"") -> Handshake:
    """Rank 3, which has connected with rank 5."""
    return Handshake("t/run/fmi", 3, 5, MINE + fresh, key)


def of(rank: int, peer: int | None, wanted: Any = (), run: str = "t/run/fmi", key: bytes = b"") -> Handshake:
    """The other side: a process that runs as *rank*."""
    return Handshake(run, rank, peer, YOURS + bytes(8), key, wanted)


@given(FRESH, FRESH, st.integers(1, 80), st.binary(max_size=40), st.booleans())
def test_both_verify_in_any_chunks(mine: Any, yours: Any, size: Any, key: Any, accepted: Any) -> None:
    other = Handshake("t/run/fmi", 5, None if accepted else 3, YOURS + yours, key, {2, 3} if accepted else ())
    assert talk(rank3(mine, key), other, size) == ([Verified(5)], [Verified(3)])


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (of(5, 3, run="t/other/fmi"), "it belongs to another run"),
        (of(4, 3), "it is rank 4 and wants rank 3"),
        (of(5, 2), "it is rank 5 and wants rank 2"),
        (of(3, 2), "it is rank 3 and wants rank 2"),
    ],
)
def test_the_wrong_peer_is_named(other: Any, reason: Any) -> None:
    assert talk(rank3(), other)[0] == [Broken(reason)]


def test_only_a_wanted_rank_may_have_connected() -> None:
    assert talk(rank3(), of(5, None, {2, 4})) == ([], [Broken("it is rank 3 and wants rank 5")])


def test_whoever_was_connected_to_says_nothing_before_it_knows_to_whom() -> None:
    other = of(5, None, {3})
    assert other.hello() == b""
    other.receive(rank3().hello())
    assert (other.peer, other.met) == (3, True)


@pytest.mark.parametrize("accepted", [False, True])
@given(st.integers(1, 80))
def test_a_second_process_of_this_rank_is_told_on_both_sides(accepted: Any, size: Any) -> None:
    other = of(3, None if accepted else 5, {2, 5} if accepted else (), key=b"key")
    assert talk(rank3(key=b"key"), other, size) == ([Twin()], [Twin()])


def test_a_second_process_without_the_key_is_a_stranger() -> None:
    assert talk(rank3(key=b"key"), of(3, 5, key=b"another"))[0] == [Broken("its proof is wrong: another team key")]


def test_this_process_is_not_its_own_second() -> None:
    """Whoever carries the words of two of its connections crosswise proves nothing."""
    assert talk(rank3(b"fresh--1"), rank3(b"fresh--2"))[0] == [Broken("it is this process itself")]


def test_another_key_gives_a_wrong_proof() -> None:
    assert talk(rank3(key=b"key1"), of(5, 3, key=b"key2"))[0] == [Broken("its proof is wrong: another team key")]


@given(st.binary(min_size=64, max_size=200))
def test_a_stranger_is_never_verified(data: Any) -> None:
    _, events = rank3().receive(data)
    assert not any(isinstance(event, (Verified, Twin)) for event in events)


@given(st.binary(min_size=16, max_size=60), st.integers(1, 20))
def test_a_stranger_is_told_the_same_in_any_chunks(data: Any, size: Any) -> None:
    whole, pieces = rank3(), rank3()
    events = [each for start in range(0, len(data), size) for each in pieces.receive(data[start : start + size])[1]]
    assert events == whole.receive(data)[1]


def test_a_strangers_first_words_are_shown() -> None:
    _, events = rank3().receive(b"GET / HTTP/1.1\r\nHost: example.edu\r\n")
    assert events == [Broken("it does not speak this protocol: it began with b'GET / HTTP/1.1\\r\\n'")]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "it said nothing after connecting"),
        (b"\x01", "it does not speak this protocol: it began with b'\\x01'"),
        (of(5, 3).hello(), "it gave no proof"),
    ],
)
def test_what_ends_early_says_how_far_it_came(said: Any, reason: Any) -> None:
    handshake = rank3()
    handshake.receive(said)
    assert handshake.end() == Broken(reason)


def test_the_next_bytes_are_kept_for_the_channel() -> None:
    one, other = rank3(), of(5, 3)
    proof, _ = other.receive(one.hello())
    _, events = one.receive(other.hello() + proof + b"first frame")
    assert events == [Verified(5)]
    assert one.surplus == b"first frame"
    assert one.wanted == 0
