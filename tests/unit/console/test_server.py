"""The server over loopback, on a clock of the test's own: how long and how many connections it bears."""

import errno
import socket
from threading import Event, Thread

import pytest

from shared.console.server import Server
from tests.helpers.clock import Clock
from tests.helpers.eventually import eventually


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def app():
    """An application that answers when ``go`` is set."""

    def answer(environ, start):
        answer.go.wait()
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    answer.go = Event()
    answer.go.set()
    return answer


@pytest.fixture
def server(clock, app):
    made = Server(0, clock)
    thread = Thread(target=made.serve, args=(app,))
    thread.start()
    yield made
    app.go.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def connect(server):
    links = []

    def connect(data=b""):
        links.append(socket.create_connection(("127.0.0.1", server.port)))
        links[-1].sendall(data)
        return links[-1]

    yield connect
    for link in links:
        link.close()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def rest_of(link):
    """Return what comes until the connection ends; nothing if it ends otherwise than well."""
    try:
        return b"".join(iter(lambda: link.recv(65536), b""))
    except ConnectionError:
        return b""


def test_who_asks_is_answered_and_the_connection_ends(connect, server):
    answer = rest_of(connect(REQUEST))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\nok")
    assert b"Connection: close" in answer
    eventually(lambda: not server._connections)


def test_who_does_not_finish_asking_is_cut_off(connect, clock, server):
    link = connect(b"GET / HTTP/1.1\r\nHost:")
    eventually(lambda: len(server._connections) == 1)
    clock.now = 9.9
    assert rest_of(connect(REQUEST)).endswith(b"ok")
    clock.now = 10.1
    assert rest_of(link) == b""
    eventually(lambda: not server._connections)


def test_an_answer_may_take_as_long_as_it_does(connect, clock, server, app):
    app.go.clear()
    link = connect(REQUEST)
    eventually(lambda: any(not each.asks for each in server._connections.values()))
    clock.now = 10_000.0
    server.service_actions()
    app.go.set()
    assert rest_of(link).endswith(b"ok")


def test_who_goes_on_sending_after_the_answer_is_cut_off(connect, clock, server):
    link = connect(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
    answered = link.recv(65536)
    assert answered.startswith(b"HTTP/1.1 200")
    eventually(lambda: any(0 < each.until < float("inf") and not each.asks for each in server._connections.values()))
    clock.now = 61.0
    rest_of(link)
    eventually(lambda: not server._connections)


def test_of_too_many_connections_those_make_room_that_do_not_ask(connect, server):
    silent = [connect() for _ in range(64)]
    eventually(lambda: len(server._connections) == 64)
    assert rest_of(connect(REQUEST)).endswith(b"ok")
    assert rest_of(silent[0]) == b""
    assert len(server._connections) <= 64


def test_those_whose_answers_are_being_made_stay(connect, server, app):
    app.go.clear()
    busy = [connect(REQUEST) for _ in range(64)]
    eventually(lambda: sum(not each.asks for each in server._connections.values()) == 64)
    assert rest_of(connect(REQUEST)) == b""
    app.go.set()
    assert all(rest_of(link).endswith(b"ok") for link in busy)


def test_a_port_that_is_taken_raises_and_ends_no_process(server):
    with pytest.raises(OSError, match="in use"):
        Server(server.port)


@pytest.fixture
def sixth():
    """A socket of IPv6, of another program."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no ::1")
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        yield made


@pytest.mark.parametrize("host", ["::1", "::"])
def test_nobody_else_can_listen_where_a_browser_looks_for_the_name_first(server, sixth, host):
    with pytest.raises(OSError, match="in use"):
        sixth.bind((host, server.port))
    assert sixth.connect_ex(("::1", server.port)) == errno.ECONNREFUSED


def test_where_somebody_listens_already_the_port_is_taken(sixth):
    sixth.bind(("::1", 0))
    sixth.listen()
    with pytest.raises(OSError, match="in use"):
        Server(sixth.getsockname()[1])


def test_both_ports_are_free_again_when_it_is_closed(sixth):
    made = Server(0)
    made.server_close()
    sixth.bind(("::1", made.port))
    with socket.create_server(("127.0.0.1", made.port)):
        pass


def test_it_prints_nothing_even_where_the_application_fails(connect, server, app, capfd):
    def failing(environ, start):
        raise RuntimeError("inner")

    server.app = failing
    answer = rest_of(connect(REQUEST))
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"inner" not in answer
    assert capfd.readouterr() == ("", "")
