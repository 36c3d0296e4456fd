"""The server's side of both protocols: the bytes mean the same in whatever pieces they come."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.wire.events import Broken
from shared.fmi.wire.request import Request, RequestReader
from shared.fmi.wire.v2 import MANY, RELAY, REQUEST, V2Client

NAMES = st.binary(min_size=1, max_size=99).filter(lambda name: min(name) >= 0x20)
RECORDS = st.builds(
    lambda name, token, flags: REQUEST.pack(name, token.encode(), flags),
    NAMES,
    st.uuids().map(str),
    st.sampled_from([MANY, MANY, MANY, 0, RELAY, MANY | RELAY]),
)
TOKENS = st.one_of(st.just(""), st.uuids().map(str))


def chunked(data: bytes, cuts: list[int]) -> Any:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def read(chunks: Any, *, quiet: bool) -> Any:
    reader = RequestReader()
    events = [event for chunk in chunks for event in reader.receive(chunk)]
    return events + (reader.quiet() if quiet else [])


@given(NAMES, TOKENS, st.booleans(), st.lists(st.integers(0, 200)))
def test_a_v2_request_in_any_chunks_is_one_request(name: Any, token: Any, relay: Any, cuts: Any) -> None:
    data = V2Client().ask(name, token, relay=relay)
    assert read(chunked(data, cuts), quiet=True) == [Request(2, name, token, relay)]


@given(NAMES, st.lists(st.integers(0, 200)))
def test_a_v1_request_is_the_name_once_the_client_falls_silent(name: Any, cuts: Any) -> None:
    assert read(chunked(name, cuts), quiet=False) == []
    assert read(chunked(name, cuts), quiet=True) == [Request(1, name)]


@given(st.binary(max_size=400), st.lists(st.integers(0, 500)))
def test_any_bytes_in_any_chunks_give_the_same_events(data: Any, cuts: Any) -> None:
    assert read(chunked(data, cuts), quiet=True) == read([data], quiet=True)


@given(NAMES, TOKENS, st.binary(min_size=1, max_size=50), st.lists(st.integers(0, 200)))
def test_a_request_with_bytes_after_it_is_broken_in_any_chunks(name: Any, token: Any, surplus: Any, cuts: Any) -> None:
    data = V2Client().ask(name, token) + surplus
    assert read(chunked(data, cuts), quiet=True) == [Request(2, name, token), Broken("bytes after the request")]


@given(st.lists(st.tuples(NAMES, st.uuids().map(str)), min_size=1, max_size=8), st.lists(st.integers(0, 1200)))
def test_many_requests_in_any_chunks_are_as_many_requests(asked: Any, cuts: Any) -> None:
    data = b"".join(REQUEST.pack(name, token.encode(), MANY) for name, token in asked)
    assert read(chunked(data, cuts), quiet=True) == [Request(2, name, token, many=True) for name, token in asked]


@given(st.lists(st.one_of(RECORDS, st.binary(max_size=150)), max_size=6), st.lists(st.integers(0, 1200)))
def test_any_mix_of_requests_and_bytes_in_any_chunks_gives_the_same_events(pieces: Any, cuts: Any) -> None:
    data = b"".join(pieces)
    events = read([data], quiet=True)
    assert read(chunked(data, cuts), quiet=True) == events
    assert read([data[at : at + 1] for at in range(len(data))], quiet=True) == events
    assert sum(isinstance(event, Broken) for event in events) <= 1, "after it nothing is read"


@given(st.binary(min_size=1, max_size=2000))
def test_a_reader_keeps_less_than_one_record(data: Any) -> None:
    reader = RequestReader()
    reader.receive(REQUEST.pack(b"n", b"0" * 8 + b"-0000" * 3 + b"-" + b"0" * 12, MANY) + data)
    assert len(reader._buffer) < REQUEST.size


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x" * 100, "a name longer than 99 bytes"),
        (b"x" * 100 + b"\0" * 41, "a name longer than 99 bytes"),
        (b"\0" * 141, "an empty name"),
        (b"GET / HTTP/1.1\r\n\r\n", "a name with control characters"),
        (REQUEST.pack(b"name", b"no-uuid", 0), "a reconnect token that is no UUID"),
        (REQUEST.pack(b"name", b"", MANY), "one of many requests without a token"),
        (REQUEST.pack(b"name", b"", MANY | RELAY), "many names and a relay on one connection"),
    ],
)
def test_what_is_no_request_is_broken_with_its_reason(data: Any, reason: Any) -> None:
    assert read([data], quiet=True) == [Broken(reason)]
