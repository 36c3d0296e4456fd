import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.lambda_runtime import runtime_api
from shared.local.lambda_runtime.runtime_api import ProtocolError, RequestReader

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def post(path, body):
    head = f"POST /2018-06-01/runtime/{path} HTTP/1.1\r\nContent-Length: {len(body)}\r\nX-Y: Z\r\n\r\n"
    return head.encode() + body


def read_all(reader):
    return list(iter(reader.next_request, None))


@given(st.lists(st.binary(max_size=300), max_size=5), st.data())
def test_requests_survive_any_cutting_of_the_stream(bodies, data):
    stream = b"".join(post("invocation/1/response", body) + NEXT for body in bodies)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=10)) | {0, len(stream)})
    reader = RequestReader()
    requests = []
    for start, end in itertools.pairwise(cuts):
        reader.feed(stream[start:end])
        requests += read_all(reader)
    assert [request.body for request in requests if request.method == "POST"] == bodies
    assert sum(request.asks_next for request in requests) == len(bodies)


def test_a_request_tells_which_invocation_it_ends():
    reader = RequestReader()
    reader.feed(post("invocation/abc/error", b"{}") + post("init/error", b"{}"))
    ended, init = read_all(reader)
    assert (ended.outcome_of("abc"), ended.outcome_of("other")) == ("error", None)
    assert init.is_init_error
    assert init.headers["x-y"] == "Z"


def test_a_peer_that_expects_to_be_told_to_continue_is_told_once():
    reader = RequestReader()
    reader.feed(b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.next_request() is None
    assert [reader.take_expectation(), reader.take_expectation()] == [True, False]
    reader.feed(b"{}")
    assert reader.next_request().body == b"{}"


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / SPDY/3\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(raw):
    reader = RequestReader()
    reader.feed(raw)
    with pytest.raises(ProtocolError):
        reader.next_request()


def test_an_event_goes_out_with_the_headers_of_the_api():
    raw = runtime_api.Event(b'{"a":1}', "r", 7, "arn:x", "Root=1", '{"c":1}').response()
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert "Lambda-Runtime-Aws-Request-Id: r" in lines
    assert "Lambda-Runtime-Deadline-Ms: 7" in lines
    assert 'Lambda-Runtime-Client-Context: {"c":1}' in lines
    assert "Content-Length: 7" in lines
    assert json.loads(body) == {"a": 1}


def test_a_trace_id_has_the_form_of_x_ray():
    root, parent, sampled = runtime_api.new_trace_id(1_700_000_000).split(";")
    assert root.startswith("Root=1-6553f100-")
    assert len(parent) == len("Parent=") + 16
    assert sampled == "Sampled=0"
