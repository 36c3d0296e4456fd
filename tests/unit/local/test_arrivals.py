"""Connections that come: who says nothing or never asks, and more than there are threads for."""

import contextlib
import socket
import threading

import pytest

from shared.local.arrivals import Arrivals

HELLO = b"GET / HTTP/1.1\r\n"


class Server:
    """Takes connections, and lets each one that said something wait for a test."""

    def __init__(self, **settings):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.begun = []
        self.came = threading.Semaphore(0)
        self.arrivals = Arrivals(self.listener, self.begin, socket.socket.close, **settings)
        self.thread = threading.Thread(target=self.arrivals.serve)
        self.thread.start()

    def begin(self, connection, address):
        self.begun.append((connection, address))
        self.came.release()

    def connect(self, said=b""):
        client = socket.create_connection(self.listener.getsockname(), timeout=60)
        client.sendall(said)
        return client

    def close(self):
        self.arrivals.stop()
        self.thread.join()
        self.arrivals.close()
        self.listener.close()
        for connection, _ in self.begun:
            connection.close()


@pytest.fixture
def serve():
    with contextlib.ExitStack() as open_ones:

        def start(**settings):
            return open_ones.enter_context(contextlib.closing(Server(**settings)))

        yield start


def test_who_says_something_gets_a_thread_and_who_does_not_has_none(serve):
    server = serve()
    with server.connect(), server.connect(HELLO) as asks:
        server.came.acquire()
        ((connection, address),) = server.begun
        assert address == asks.getsockname()
        assert connection.recv(100) == HELLO


def test_who_says_nothing_is_cut_off_in_the_end(serve):
    with serve(patience=0.01).connect() as silent:
        assert silent.recv(1) == b""


def test_who_says_only_the_beginning_is_cut_off_and_who_asked_is_not(serve):
    server = serve(patience=0.5)
    with server.connect(HELLO) as asks:
        server.came.acquire()
        asked = server.begun[0][0]
        server.arrivals.asked(asked)
        with server.connect(HELLO) as slow:
            assert slow.recv(1) == b""
            asked.sendall(b"answer")
            assert asks.recv(6) == b"answer"


def test_of_too_many_who_say_nothing_the_oldest_goes(serve):
    server = serve(most_silent=3)
    with contextlib.ExitStack() as clients:
        first, *others = [clients.enter_context(server.connect()) for _ in range(4)]
        assert first.recv(1) == b""
        for each in others:
            each.sendall(HELLO)
            server.came.acquire()
    assert len(server.begun) == 3


def test_more_requests_than_threads_are_refused_and_told_of_once(serve, caplog):
    server = serve(most_requests=1)
    with server.connect(HELLO):
        server.came.acquire()
        for _ in range(3):
            with server.connect(HELLO) as refused:
                assert refused.recv(12) == b"HTTP/1.1 503"
        assert len(caplog.records) == 1
        server.arrivals.over(server.begun[0][0])
        with server.connect(HELLO):
            server.came.acquire()
    assert len(server.begun) == 2


def test_without_a_thread_of_the_system_a_request_is_refused_and_the_next_one_served(serve):
    server, begin = serve(), None

    def fail(connection, address):
        server.arrivals._begin = begin
        raise RuntimeError("can't start new thread")

    begin, server.arrivals._begin = server.arrivals._begin, fail
    with server.connect(HELLO) as refused:
        assert refused.recv(12) == b"HTTP/1.1 503"
    with server.connect(HELLO):
        server.came.acquire()


def test_the_end_does_not_wait_for_anybody(serve):
    server = serve()
    with server.connect() as silent, server.connect(HELLO):
        server.came.acquire()
        server.arrivals.stop()
        server.thread.join()
        server.arrivals.close()
        assert silent.recv(1) == b""
        server.arrivals = type("Closed", (), {"stop": staticmethod(lambda: None), "close": staticmethod(lambda: None)})
