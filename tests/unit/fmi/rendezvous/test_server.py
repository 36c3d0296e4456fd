"""The server on real sockets: both protocols, and every row of the failure table."""

import asyncio
import json
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from shared.fmi.rendezvous.keys import Namespace, TeamKeys, team_key
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.logs import JsonFormatter
from shared.fmi.rendezvous.server import RendezvousServer
from shared.fmi.wire.events import Broken, Endpoint, Paired, Refused, TimedOut, Told
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import V2Client

MASTER = b"m" * 32
KEY = team_key(MASTER, "team1")


class Asker:
    """A client's socket and its machine."""

    def __init__(self, running: Any, name: bytes, kind: Any = V2Client, **ask: Any) -> None:
        self.socket = running.connect()
        self.machine = kind()
        self.socket.sendall(self.machine.ask(name, **ask))
        self.endpoint = Endpoint(*self.socket.getsockname())

    def next(self) -> Any:
        """Return the next event; at the end of the connection, what the machine makes of that."""
        while True:
            data = self.socket.recv(self.machine.record_size)
            events = self.machine.receive(data) if data else self.machine.end()
            if events or not data:
                return events[0] if events else None

    def close(self) -> None:
        self.socket.close()


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize(
    "kinds", [(V1Client, V1Client), (V2Client, V2Client), (V1Client, V2Client), (V2Client, V1Client)]
)
def test_both_versions_meet_on_one_port(rendezvous: Any, kinds: Any) -> None:
    first = Asker(rendezvous, b"fmi_pair0_1", kinds[0])
    told = first.next()
    assert isinstance(told, Told)
    assert told.you == first.endpoint
    second = Asker(rendezvous, b"fmi_pair0_1", kinds[1])
    heard = second.next()
    if kinds[1] is V1Client:
        assert heard == Told(second.endpoint)
        heard = second.next()
    assert isinstance(heard, Paired)
    assert heard.peer == first.endpoint
    paired = first.next()
    assert isinstance(paired, Paired)
    assert paired.peer == second.endpoint
    assert first.next() is None, "the server closes once both know"


def meet(running: Any, name: Any = b"healthy", kind: Any = V2Client) -> None:
    first = Asker(running, name, kind)
    assert isinstance(first.next(), Told)
    second = Asker(running, name, kind)
    heard = second.next()
    heard = second.next() if isinstance(heard, Told) else heard
    assert heard.peer == first.endpoint
    assert first.next().peer == second.endpoint
    first.close()
    second.close()


def test_a_silent_client_stalls_nobody_and_is_dropped(rendezvous: Any) -> None:
    silent = rendezvous.connect()
    meet(rendezvous)
    rendezvous.advance(5.1)
    assert silent.recv(1) == b""
    assert rendezvous.server.metrics.counts["silent"] == 1


def test_half_a_v2_request_is_answered_with_an_error_in_the_end(rendezvous: Any) -> None:
    slow = rendezvous.connect()
    slow.sendall(b"name\0")
    meet(rendezvous)
    rendezvous.advance(5.1)
    assert slow.recv(50)[0] == 3


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_connect_and_close_many_times_harms_nobody(rendezvous: Any, leave: Any) -> None:
    for _ in range(20):
        leave(rendezvous.connect())
    meet(rendezvous)
    rendezvous.until_empty()
    assert rendezvous.call(rendezvous.server.gauges)["waiting"] == 0


@pytest.mark.parametrize("leave", [socket.socket.close, reset, lambda sock: sock.shutdown(socket.SHUT_WR)])
@pytest.mark.parametrize("kind", [V1Client, V2Client])
def test_nobody_is_paired_with_a_client_that_died_waiting(rendezvous: Any, leave: Any, kind: Any) -> None:
    dead = Asker(rendezvous, b"same", kind)
    assert isinstance(dead.next(), Told)
    leave(dead.socket)
    meet(rendezvous, b"same")
    assert rendezvous.server.metrics.counts["pairings"] == 1


def test_names_nobody_joins_are_bounded_and_time_out(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(waiting=50, waiting_per_source=40))
    askers = [Asker(running, b"name%d" % number) for number in range(45)]
    heard = [asker.next() for asker in askers]
    assert sum(isinstance(event, Told) for event in heard) == 40
    assert heard.count(TimedOut("")) == 5
    assert running.server.metrics.refused == {"waiting_per_source": 5}
    running.advance(60.1)
    assert all(
        isinstance(asker.next(), TimedOut) for asker, event in zip(askers, heard, strict=True) if event != TimedOut("")
    )
    meet(running)


def test_a_timed_out_client_comes_back_with_its_token(rendezvous: Any) -> None:
    first = Asker(rendezvous, b"late")
    token = first.next().token
    rendezvous.advance(60.1)
    assert first.next() == TimedOut(token)
    back = Asker(rendezvous, b"late", token=token)
    assert back.next() == Told(back.endpoint, token)
    assert Asker(rendezvous, b"late").next().peer == back.endpoint


def test_a_client_that_lost_its_connection_is_not_paired_with_itself(rendezvous: Any) -> None:
    lost = Asker(rendezvous, b"mine")
    token = lost.next().token
    back = Asker(rendezvous, b"mine", token=token)
    assert back.next() == Told(back.endpoint, token)
    assert Asker(rendezvous, b"mine").next().peer == back.endpoint
    assert rendezvous.server.metrics.counts["resumed"] == 1


def test_a_v1_client_that_waits_too_long_is_closed(rendezvous: Any) -> None:
    first = Asker(rendezvous, b"late", V1Client)
    assert isinstance(first.next(), Told)
    rendezvous.advance(60.1)
    assert first.next() == Broken("the server closed the connection after no peer")


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01" + bytes(300), b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000) + b"\0", b"x" * 4096]
)
def test_garbage_is_dropped(rendezvous: Any, garbage: Any) -> None:
    client = rendezvous.connect()
    client.sendall(garbage)
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass
    assert rendezvous.server.metrics.counts["broken"] == 1
    meet(rendezvous)


def test_more_connections_than_allowed_are_closed_at_once(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(connections=3))
    kept = [running.connect() for _ in range(3)]
    assert running.connect().recv(1) == b""
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"http://127.0.0.1:{running.http_port}/readyz", timeout=5)
    for sock in kept:
        sock.close()
    running.until_empty()
    meet(running)


@pytest.mark.parametrize("host", ["::", "::1"])
def test_it_listens_to_ipv4_alone_whose_endpoints_it_can_tell(host: Any) -> None:
    with pytest.raises(OSError, match="Address family"):
        asyncio.run(RendezvousServer().start(host, 0, 0))


def test_a_taken_http_port_leaves_the_other_free() -> None:
    async def start(port: Any, taken: Any) -> None:
        with pytest.raises(OSError, match="in use"):
            await RendezvousServer().start("127.0.0.1", port, taken)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        asyncio.run(start(port, taken.getsockname()[1]))


def test_a_source_that_comes_too_fast_is_turned_away(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(rate=1, burst=4))
    meet(running, b"one")
    meet(running, b"two")
    assert running.connect().recv(1) == b""
    assert running.server.metrics.refused == {"rate": 1}
    running.advance(2)
    meet(running, b"three")


def test_with_keys_only_the_teams_own_names_meet(start_rendezvous: Any) -> None:
    running = start_rendezvous(keys=TeamKeys(MASTER))
    meet(running, Namespace("team1", "run", "fmi", KEY).pair_name(0, 1))
    assert Asker(running, Namespace("team1", "run", "fmi", b"wrong" * 8).pair_name(0, 1)).next() == Refused()
    assert Asker(running, b"team1-run-fmi0_1").next() == Refused()
    assert Asker(running, b"fmi_pair0_1").next() == Refused()
    assert Asker(running, b"fmi_pair0_1", V1Client).next() == Broken("the server closed the connection after no answer")
    assert running.server.metrics.refused == {"forged": 1, "unsigned": 3}


def test_logs_are_json_and_never_hold_a_name(start_rendezvous: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG, "shared.fmi.rendezvous")
    running = start_rendezvous(keys=TeamKeys(MASTER))
    name = Namespace("team1", "run", "fmi", KEY).pair_name(0, 1)
    meet(running, name)
    Asker(running, b"team1-secret-name").next()
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert {"listening", "paired", "refused"} <= {line["event"] for line in lines}
    written = json.dumps(lines)
    assert all(part not in written for part in (*name.decode().split("-")[1:], "secret"))


def test_a_pair_that_cannot_punch_is_relayed(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(relays=1))
    first, second = Asker(running, b"pair", relay=True), Asker(running, b"pair", relay=True)
    assert isinstance(first.next(), Told)
    assert isinstance(second.next(), Paired)
    assert isinstance(first.next(), Paired)
    payload = os.urandom(1 << 20)
    first.socket.sendall(b"ping")
    assert second.socket.recv(4) == b"ping"
    third = Asker(running, b"other", relay=True)
    assert third.next() == Refused(), "relays are bounded"
    second.socket.sendall(payload)
    second.close()
    received = bytearray()
    while piece := first.socket.recv(1 << 16):
        received += piece
    assert bytes(received) == payload
    running.until_empty()
    assert running.call(running.server.gauges)["relays"] == 0


def test_five_hundred_waiters_are_all_paired(rendezvous: Any) -> None:
    waiting = [Asker(rendezvous, b"pair%d" % number) for number in range(500)]
    assert all(isinstance(asker.next(), Told) for asker in waiting)
    assert rendezvous.call(rendezvous.server.gauges)["waiting"] == 500
    arriving = [Asker(rendezvous, b"pair%d" % number) for number in range(500)]
    for first, second in zip(waiting, arriving, strict=True):
        assert second.next().peer == first.endpoint
        assert first.next().peer == second.endpoint
        first.close()
        second.close()
    rendezvous.until_empty()


def test_sigterm_sends_the_waiting_back_and_exits_cleanly(tmp_path: Any) -> None:
    script = (
        "import asyncio, sys\n"
        "from shared.fmi.rendezvous.server import RendezvousServer, serve\n"
        "async def main():\n"
        "    server = RendezvousServer()\n"
        "    await serve(server, '127.0.0.1', 0, None, lambda: print(server.port, flush=True))\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            machine = V2Client()
            client.sendall(machine.ask(b"name"))
            assert isinstance(machine.receive(client.recv(50))[0], Told)
            process.send_signal(signal.SIGTERM)
            assert isinstance(machine.receive(client.recv(50))[0], TimedOut)
        assert process.wait(120) == 0


def test_a_waiting_clients_host_that_vanishes_is_found_out(rendezvous: Any) -> None:
    """A host that lost its power sends no FIN. So the kernel must probe, on the sockets that it accepts."""
    asker = Asker(rendezvous, b"name")
    asker.next()
    listening = Path("/proc/self/net/tcp").read_text(encoding="utf-8").splitlines()
    port = f":{rendezvous.port:04X}"
    accepted = [line.split() for line in listening if line.split()[1].endswith(port) and line.split()[3] == "01"]
    assert accepted
    assert all(fields[5].startswith("02:") for fields in accepted), "timer 2 is the keep-alive timer"
