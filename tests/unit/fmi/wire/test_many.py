"""Many names on one connection, the client's side."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.wire import v2
from shared.fmi.wire.events import Broken, Endpoint, LocalProtocolError, Paired, Refused, TimedOut, Told
from shared.fmi.wire.many import Answer, ManyClient
from shared.fmi.wire.v2 import MANY_KNOWN, Status

HERE, THERE = Endpoint("192.0.2.1", 1), Endpoint("192.0.2.2", 2)
TOKENS = [f"0a0b0c0d-0000-4000-8000-00000000000{digit}" for digit in range(3)]
UNASKED = "0a0b0c0d-0000-4000-8000-0000000000ff"


def said(status: Status, token: str, *, known: bool = True) -> bytes:
    record = bytearray(v2.encode_response(status, HERE, THERE, token))
    record[0] |= MANY_KNOWN if known else 0
    return bytes(record)


def asked() -> ManyClient:
    """A machine that has asked for three names, the first of which waits."""
    machine = ManyClient()
    machine.ask(b"name0", TOKENS[0])
    machine.receive(said(Status.WAITING, TOKENS[0]))
    machine.ask(b"name1", TOKENS[1])
    machine.ask(b"name2", TOKENS[2])
    return machine


def feed(machine: ManyClient, data: bytes, cuts: Any) -> Any:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [answer for start, end in pairwise(edges) for answer in machine.receive(data[start:end])]


@given(st.permutations(TOKENS), st.lists(st.integers(0, 200)))
def test_answers_in_any_order_and_any_chunks_find_their_names(order: Any, cuts: Any) -> None:
    machine = asked()
    answers = feed(machine, b"".join(said(Status.PAIRED, token) for token in order), cuts)
    assert answers == [Answer(token, Paired(HERE, THERE, token)) for token in order]
    assert (machine.open, machine.end()) == (0, [])


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_bytes_in_any_chunks_give_the_same_answers(data: Any, cuts: Any) -> None:
    whole, pieces = asked(), asked()
    assert feed(pieces, data, cuts) == whole.receive(data)
    assert pieces.end() == whole.end()


def test_a_name_that_timed_out_may_be_asked_for_again() -> None:
    machine = asked()
    assert machine.receive(said(Status.TIMEOUT, TOKENS[1])) == [Answer(TOKENS[1], TimedOut(TOKENS[1]))]
    machine.ask(b"name1", TOKENS[1])
    assert machine.receive(said(Status.WAITING, TOKENS[1])) == [Answer(TOKENS[1], Told(HERE, TOKENS[1]))]


def test_a_refusal_says_which_or_means_all() -> None:
    machine = asked()
    assert machine.receive(said(Status.ERROR, TOKENS[2])) == [Answer(TOKENS[2], Refused(TOKENS[2]))]
    assert machine.receive(said(Status.ERROR, "")) == [Answer("", Refused())]


def test_a_server_without_many_serves_the_first_name_under_its_own_token() -> None:
    machine = ManyClient()
    machine.ask(b"name0", TOKENS[0])
    answers = machine.receive(said(Status.WAITING, TOKENS[1], known=False))
    assert answers == [Answer(TOKENS[0], Told(HERE, TOKENS[1]))]
    assert machine.known is False
    with pytest.raises(LocalProtocolError, match="a second name"):
        machine.ask(b"name1", TOKENS[1])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (said(Status.PAIRED, UNASKED), "the server answered a request that was not made"),
        (said(Status.WAITING, TOKENS[0]), "the server said Told while we were waiting"),
        (said(Status.PAIRED, TOKENS[0], known=False), "the server changed its mind about many names on one connection"),
    ],
)
def test_what_a_server_must_not_say_breaks_the_connection(data: Any, reason: Any) -> None:
    machine = asked()
    assert machine.receive(data + said(Status.PAIRED, TOKENS[0])) == [Answer("", Broken(reason))]


def test_a_second_name_or_the_same_token_too_early_is_our_fault() -> None:
    machine = ManyClient()
    machine.ask(b"name0", TOKENS[0])
    with pytest.raises(LocalProtocolError, match="a second name"):
        machine.ask(b"name1", TOKENS[1])
    with pytest.raises(LocalProtocolError, match="a token of its own"):
        machine.ask(b"name0", TOKENS[0])
