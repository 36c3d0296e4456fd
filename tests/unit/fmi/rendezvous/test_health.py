"""Verdicts, against our server and against one that behaves like the C++ server in the field."""

import socket
import struct
import threading
from typing import Any

import pytest

from shared.errors import LanesError
from shared.fmi.errors import RendezvousUnavailable
from shared.fmi.rendezvous.health import check
from shared.fmi.rendezvous.keys import Namespace, TeamKeys, team_key
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.punch import own_port
from shared.fmi.rendezvous.verdict import Status, Trend, Verdict


class FieldServer:
    """A v1 server as in the field: one thread, a blocking recv, entries that are kept for ever."""

    def __init__(self) -> None:
        self.waiting = {}
        self.names = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, address = self._listener.accept()
                name = client.recv(100)
            except OSError:
                return
            self.names.append(name)
            endpoint = struct.pack("!4sH2x", socket.inet_aton(address[0]), address[1])
            client.sendall(endpoint)
            if name in self.waiting:
                other, theirs = self.waiting.pop(name)
                other.sendall(endpoint)
                client.sendall(theirs)
                other.close()
                client.close()
            else:
                self.waiting[name] = (client, endpoint)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for client, _ in self.waiting.values():
            client.close()


@pytest.fixture
def field_server() -> Any:
    server = FieldServer()
    yield server
    server.stop()


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_our_server_is_healthy_in_well_under_fifty_milliseconds(rendezvous: Any, protocol: Any) -> None:
    best = min(
        (check("127.0.0.1", rendezvous.port, 5, 1, protocol=protocol) for _ in range(3)), key=lambda v: v.seconds
    )
    assert best.status is Status.HEALTHY
    assert list(best.stages) == ["resolve", "connect", "register", "pair", "echo"]
    assert best.seconds < 0.05
    assert best.exit_code == 0
    rendezvous.until_empty()
    assert rendezvous.call(rendezvous.server.gauges)["waiting"] == 0


def test_a_field_server_is_healthy_and_left_as_it_was(field_server: Any) -> None:
    for _ in range(3):
        assert check("127.0.0.1", field_server.port, 5, 1).status is Status.HEALTHY
    assert field_server.waiting == {}
    assert len(set(field_server.names)) == 3
    assert b"" not in field_server.names


def test_a_field_server_blocked_by_a_silent_client_is_hung(field_server: Any) -> None:
    with socket.create_connection(("127.0.0.1", field_server.port)):
        verdict = check("127.0.0.1", field_server.port, 0.3, 0.1)
    assert verdict.status is Status.HUNG
    assert verdict.reason == "accepts connections but answers nothing within 0.3 s (stage register)"
    assert "restart the server" in verdict.fix
    assert verdict.exit_code == 3


def test_a_server_that_answers_the_first_and_never_the_second_is_hung() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        clients = []

        def answer() -> None:
            clients.append(server.accept()[0])
            clients[0].recv(100)
            clients[0].sendall(bytes(8))

        thread = threading.Thread(target=answer)
        thread.start()
        verdict = check("127.0.0.1", server.getsockname()[1], 0.3, 0.1)
        thread.join()
        clients[0].close()
    assert verdict.status is Status.HUNG
    assert "stage pair" in verdict.reason


def test_a_full_server_is_named_so(start_rendezvous: Any) -> None:
    verdict = check("127.0.0.1", start_rendezvous(Limits(waiting=0)).port, 2.0, 1.0, protocol="v2")
    assert (verdict.status, verdict.reason) == (Status.REFUSED, "it is full: no further name may wait for its peer")
    assert "--waiting" in verdict.advice


def test_a_closed_port_is_refused() -> None:
    with own_port() as unused:
        verdict = check("127.0.0.1", unused.getsockname()[1], 1, 0.5)
    assert verdict.status is Status.REFUSED
    assert "Connection refused" in verdict.reason
    with pytest.raises(RendezvousUnavailable, match=r"refused: .*Connection refused") as caught:
        verdict.raise_if_down()
    assert isinstance(caught.value, LanesError)


def test_a_name_that_does_not_resolve_is_unresolvable() -> None:
    verdict = check("no-such-host.invalid", 10000, 2, 1)
    assert verdict.status is Status.UNRESOLVABLE
    assert verdict.exit_code == 3


def test_a_slow_server_is_degraded(rendezvous: Any) -> None:
    verdict = check("127.0.0.1", rendezvous.port, 5, 0.0000001)
    assert verdict.status is Status.DEGRADED
    assert verdict.exit_code == 1
    verdict.raise_if_down()


def test_a_server_that_pairs_wrongly_is_degraded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            clients = []
            for _ in range(2):
                clients.append(server.accept()[0])
                clients[-1].recv(100)
                clients[-1].sendall(struct.pack("!4sH2x", socket.inet_aton("127.0.0.1"), 4242))
            for number, client in enumerate(clients):
                client.sendall(struct.pack("!4sH2x", socket.inet_aton("10.0.0.1"), number))
                client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        verdict = check("127.0.0.1", server.getsockname()[1], 2, 1)
        thread.join()
    assert verdict.status is Status.DEGRADED
    assert "not each other" in verdict.reason


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_a_keyed_server_lets_only_the_teams_check_in(start_rendezvous: Any, protocol: Any) -> None:
    master = b"m" * 32
    running = start_rendezvous(keys=TeamKeys(master))
    own = Namespace("team1", key=team_key(master, "team1"))
    assert check("127.0.0.1", running.port, 1, 0.5, protocol=protocol, namespace=own).status is Status.HEALTHY
    unsigned = check("127.0.0.1", running.port, 1, 0.5, protocol=protocol)
    assert unsigned.status is Status.REFUSED
    assert "it answers connections and turned away a name that is not signed" in unsigned.reason
    assert "--team TEAM" in unsigned.fix
    other = Namespace("team1", key=team_key(master, "team2"))
    forged = check("127.0.0.1", running.port, 1, 0.5, protocol=protocol, namespace=other)
    assert forged.status is Status.REFUSED
    assert "turned away a name signed with the key of team1" in forged.reason
    assert "lanes deploy TEAM renews" in forged.fix


def test_a_web_server_is_no_rendezvous(rendezvous: Any) -> None:
    assert not check("127.0.0.1", rendezvous.http_port, 0.3, 0.1).ok


def verdict_of(*, ok: Any) -> Any:
    return Verdict(Status.HEALTHY if ok else Status.HUNG, "h", 1, "", {}, "")


def test_a_trend_changes_only_after_its_thresholds() -> None:
    trend = Trend(failure_threshold=3, success_threshold=2)
    seen = [
        trend.add(verdict_of(ok=ok)) for ok in (True, False, False, True, False, False, False, True, False, True, True)
    ]
    assert seen == [None] * 6 + [False] + [None] * 3 + [True]
