"""An exchange with an API that sends a byte now and then, and never ends."""

import contextlib
import socket
import threading

import pytest

from shared.local.asl.errors import StateFailure
from shared.local.asl.integrations.http_exchange import exchange
from shared.local.asl.integrations.http_request import Request

HEADERS = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"


@pytest.fixture
def drips():
    """Return a function that makes an API that answers with *first* and then goes on with single bytes."""
    over, threads, listeners = threading.Event(), [], []

    def serve(listener, first):
        with listener.accept()[0] as connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(first)
            while not over.wait(0.02):
                connection.sendall(b"x")

    def make(first):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threads.append(threading.Thread(target=serve, args=(listener, first), daemon=True))
        threads[-1].start()
        return Request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, None)

    yield make
    over.set()
    for each in threads:
        each.join()
    for each in listeners:
        each.close()


@pytest.mark.parametrize("first", [HEADERS, HEADERS[:20]])
def test_all_of_it_has_one_limit(drips, first):
    with pytest.raises(StateFailure, match=r"timed out after 0\.3 seconds"):
        exchange(drips(first), lambda: False, 0.3)


@pytest.mark.parametrize("first", [HEADERS, HEADERS[:20]])
def test_it_ends_when_nobody_waits_any_more(drips, first):
    with pytest.raises(StateFailure):
        exchange(drips(first), lambda: True, 3600.0)


def test_an_answer_is_read_whole():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener.accept()[0] as connection:
            connection.recv(65_536)
            connection.sendall(HEADERS + b"all of it")

    thread = threading.Thread(target=serve)
    thread.start()
    answer = exchange(Request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/a?b=c", {}, None), lambda: False)
    thread.join()
    listener.close()
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"all of it")
