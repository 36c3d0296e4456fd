"""The server's HTTP pages, on real sockets."""

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


def test_http_connections_are_bounded_and_harm_no_pairing(rendezvous: Any) -> None:
    held = [socket.create_connection(("127.0.0.1", rendezvous.http_port), timeout=5) for _ in range(40)]
    refused = 0
    for client in held[32:]:
        try:
            refused += client.recv(1) == b""
        except ConnectionResetError:
            refused += 1
    assert refused == 8
    pair(rendezvous)
    for client in held:
        client.close()
    with urllib.request.urlopen(f"http://127.0.0.1:{rendezvous.http_port}/livez", timeout=5) as response:
        assert response.status == 200
