"""The client's side of v1 and v2."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.wire import v1, v2
from shared.fmi.wire.events import Broken, Endpoint, LocalProtocolError, Paired, Refused, State, TimedOut, Told
from shared.fmi.wire.v2 import Status

ENDPOINTS = st.builds(Endpoint, st.ip_addresses(v=4).map(str), st.integers(1, 65535))
TOKEN = "0a0b0c0d-0000-4000-8000-000000000001"


def feed(machine: Any, data: Any, cuts: Any) -> Any:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    return [event for piece in pieces for event in machine.receive(piece)]


@given(ENDPOINTS, ENDPOINTS, st.lists(st.integers(0, 20)))
def test_v1_tells_us_and_then_our_peer(you: Any, peer: Any, cuts: Any) -> None:
    machine = v1.V1Client()
    assert machine.ask(b"pair0_1") == b"pair0_1"
    events = feed(machine, v1.encode_endpoint(you) + v1.encode_endpoint(peer), cuts)
    assert events == [Told(you), Paired(you, peer)]
    assert machine.end() == []


@given(ENDPOINTS, ENDPOINTS, st.lists(st.integers(0, 120)))
def test_v2_waits_and_is_paired(you: Any, peer: Any, cuts: Any) -> None:
    machine = v2.V2Client()
    machine.ask(b"pair0_1")
    answers = v2.encode_response(Status.WAITING, you, token=TOKEN) + v2.encode_response(Status.PAIRED, you, peer, TOKEN)
    assert feed(machine, answers, cuts) == [Told(you, TOKEN), Paired(you, peer, TOKEN)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)), st.sampled_from([v1.V1Client, v2.V2Client]))
def test_any_answer_in_any_chunks_gives_the_same_events(data: Any, cuts: Any, kind: Any) -> None:
    whole, pieces = kind(), kind()
    whole.ask(b"name")
    pieces.ask(b"name")
    assert feed(pieces, data, cuts) == whole.receive(data)
    assert pieces.state == whole.state
    assert pieces.end() == whole.end()


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        (v2.encode_response(Status.TIMEOUT, Endpoint("127.0.0.1", 1), token=TOKEN), TimedOut(TOKEN)),
        (v2.encode_response(Status.ERROR, Endpoint("127.0.0.1", 1)), Refused()),
    ],
)
def test_v2_ends_a_wait(answer: Any, event: Any) -> None:
    machine = v2.V2Client()
    machine.ask(b"name")
    assert machine.receive(answer) == [event]
    assert machine.state is State.DONE


def test_an_unknown_status_is_the_servers_fault() -> None:
    machine = v2.V2Client()
    machine.ask(b"name")
    assert machine.receive(b"\x09" + bytes(49)) == [Broken("status 9 is none of v2's; is this a v1 server?")]
    assert machine.receive(bytes(50)) == []


def test_a_second_wait_is_the_servers_fault() -> None:
    machine = v2.V2Client()
    machine.ask(b"name")
    waiting = v2.encode_response(Status.WAITING, Endpoint("127.0.0.1", 1), token=TOKEN)
    assert isinstance(machine.receive(waiting + waiting)[-1], Broken)


@pytest.mark.parametrize("kind", [v1.V1Client, v2.V2Client])
def test_a_server_that_closes_early_is_broken_with_what_was_missing(kind: Any) -> None:
    machine = kind()
    machine.ask(b"name")
    assert machine.end() == [Broken("the server closed the connection after no answer")]


@pytest.mark.parametrize("name", [b"", b"x" * 100, b"a\0b"])
def test_a_name_that_cannot_go_over_the_wire_is_our_fault(name: Any) -> None:
    with pytest.raises(LocalProtocolError, match="1 to 99 bytes"):
        v2.V2Client().ask(name)


def test_a_machine_asks_once() -> None:
    machine = v1.V1Client()
    machine.ask(b"name")
    with pytest.raises(LocalProtocolError, match="asks once"):
        machine.ask(b"name")


def test_a_v2_request_has_141_bytes_and_a_response_50() -> None:
    assert len(v2.V2Client().ask(b"name")) == 141
    assert len(v2.encode_response(Status.PAIRED, Endpoint("1.2.3.4", 5), Endpoint("6.7.8.9", 10), TOKEN)) == 50
