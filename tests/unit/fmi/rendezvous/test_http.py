"""The server's HTTP pages, on real sockets."""

import contextlib
import socket
import urllib.request
from typing import Any

import pytest

from shared.fmi import check


def pair(running: Any) -> None:
    assert check("127.0.0.1", running.port, 5, 5).ok


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/livez", "alive"),
        ("/readyz", "ready"),
        ("/health", '"pairings": 1'),
        ("/metrics", "fmi_rendezvous_pairings_total 1\n"),
    ],
)
def test_http_tells_the_servers_state(rendezvous: Any, path: Any, expected: Any) -> None:
    pair(rendezvous)
    with urllib.request.urlopen(f"http://127.0.0.1:{rendezvous.http_port}{path}", timeout=5) as response:
        assert expected in response.read().decode()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"GET /nothing HTTP/1.1", b"404"), (b"POST /livez HTTP/1.1", b"405"), (b"nonsense", b"405")],
)
def test_http_refuses_the_rest(rendezvous: Any, request_line: Any, status: Any) -> None:
    with socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) as client:
        client.sendall(request_line + b"\r\n\r\n")
        assert client.recv(4096).split()[1] == status


def test_the_oldest_idle_http_connection_gives_way_and_no_pairing_is_harmed(rendezvous: Any) -> None:
    held = [socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) for _ in range(40)]
    refused = 0
    for client in held[:8]:
        try:
            refused += client.recv(1) == b""
        except ConnectionResetError:
            refused += 1
    assert refused == 8
    held[8].sendall(b"GET /livez HTTP/1.1\r\n\r\n")
    assert held[8].recv(4096).split()[1] == b"200"
    pair(rendezvous)
    for client in held:
        client.close()
    with urllib.request.urlopen(f"http://127.0.0.1:{rendezvous.http_port}/livez", timeout=5) as response:
        assert response.status == 200


def test_readyz_answers_while_a_hundred_sit_idle(rendezvous: Any) -> None:
    held = [socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) for _ in range(100)]
    with urllib.request.urlopen(f"http://127.0.0.1:{rendezvous.http_port}/readyz", timeout=5) as response:
        assert response.read() == b"ready\n"
    for client in held:
        client.close()


@pytest.mark.parametrize("empty", [[b"\r\n"], [b"\r\n\r\n"], [b"\n"], [b"\r", b"\n", b"\r\n"]])
def test_empty_lines_before_a_request_line_are_skipped(rendezvous: Any, empty: Any) -> None:
    """RFC 9112, 2.2: a server should ignore at least one empty line (CRLF) received prior to the request-line."""
    with socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [*empty, b"GET /livez HTTP/1.1\r\n\r\n"]:
            client.sendall(piece)
        assert client.recv(4096).split()[1] == b"200"


def test_empty_lines_without_end_are_cut_off(rendezvous: Any) -> None:
    with socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) as client:
        client.sendall(b"\r\n" * 5000)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
