"""Ranks that find each other, and the errors when they cannot."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import pytest

from shared.errors import UsageError
from shared.fmi.errors import PairingFailed
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace, TeamKeys, team_key
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.punch import own_port
from tests.helpers.pairing import pair_all

RUN = Namespace("team1", "run-1")


def meet(meeting: Any, namespaces: Any, timeout: Any = 5.0) -> Any:
    """Pair every rank with every other, each in a thread; return each rank's sockets or its error."""

    def rank_of(rank: Any) -> Any:
        peers = [peer for peer in range(len(namespaces)) if peer != rank]
        try:
            return pair_all(meeting, namespaces[rank], rank, peers, timeout)
        except PairingFailed as error:
            return error

    with ThreadPoolExecutor(len(namespaces)) as pool:
        return list(pool.map(rank_of, range(len(namespaces))))


def assert_connected(outcomes: Any) -> None:
    """Every pair's two sockets are the two ends of one connection."""
    assert all(isinstance(outcome, dict) for outcome in outcomes), outcomes
    for rank, sockets in enumerate(outcomes):
        for peer, sock in sockets.items():
            sock.sendall(struct.pack("!II", rank, peer))
    for rank, sockets in enumerate(outcomes):
        for peer, sock in sockets.items():
            assert struct.unpack("!II", sock.recv(8)) == (peer, rank)
            sock.close()


@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize("ranks", [2, 5])
def test_all_ranks_meet_all(rendezvous: Any, protocol: Any, ranks: Any) -> None:
    meeting = Meeting("127.0.0.1", rendezvous.port, protocol)
    assert_connected(meet(meeting, [RUN] * ranks))
    assert rendezvous.server.metrics.counts["pairings"] == ranks * (ranks - 1) // 2
    rendezvous.until_empty()


def test_two_teams_with_the_same_run_never_meet(start_rendezvous: Any) -> None:
    master = b"m" * 32
    running = start_rendezvous(keys=TeamKeys(master))
    meeting = Meeting("127.0.0.1", running.port)
    team1, team2 = (Namespace(team, "run", "fmi", team_key(master, team)) for team in ("team1", "team2"))
    assert_connected(meet(meeting, [team1, team1]))
    failures = meet(meeting, [team1, team2], timeout=0.3)
    assert [failure.stage for failure in failures] == ["rendezvous", "rendezvous"]


def test_a_rank_that_never_comes_is_named_with_its_stage(rendezvous: Any) -> None:
    with pytest.raises(PairingFailed, match="rank 3 has not come to the rendezvous server") as caught:
        pair_all(Meeting("127.0.0.1", rendezvous.port), RUN, 0, [3], 0.2)
    assert (caught.value.rank, caught.value.stage, caught.value.unreachable) == (3, "rendezvous", False)
    rendezvous.until_empty()


def test_a_server_that_is_down_is_tried_until_the_deadline() -> None:
    with closing(own_port()) as unused:
        meeting = Meeting("127.0.0.1", unused.getsockname()[1])
        with pytest.raises(PairingFailed, match=r"cannot be reached: Connection refused") as caught:
            pair_all(meeting, RUN, 0, [1], 0.2)
    assert caught.value.unreachable


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_more_names_than_may_wait_all_meet_in_the_end(start_rendezvous: Any, protocol: Any) -> None:
    running = start_rendezvous(Limits(waiting=2))
    assert_connected(meet(Meeting("127.0.0.1", running.port, protocol), [RUN] * 5, timeout=20.0))
    assert set(running.server.metrics.refused) <= {"waiting"}
    running.until_empty()


def test_a_name_that_finds_no_room_to_wait_is_told_so_at_the_deadline(start_rendezvous: Any) -> None:
    running = start_rendezvous(Limits(waiting=0))
    with pytest.raises(PairingFailed, match="no room for another name to wait"):
        pair_all(Meeting("127.0.0.1", running.port), RUN, 0, [1], 0.2)
    assert running.server.metrics.refused["waiting"] > 1


def test_a_rank_asks_for_so_many_at_once_where_each_takes_a_connection(rendezvous: Any) -> None:
    """Otherwise N ranks that come one after the other leave N²/4 connections waiting, more than any server takes."""
    meeting = Meeting("127.0.0.1", rendezvous.port, "v1")
    with ThreadPoolExecutor(1) as pool:
        lonely = pool.submit(pair_all, meeting, RUN, 0, range(1, 100), 1.0)
        rendezvous.until("waiting", 32)
        with pytest.raises(PairingFailed, match="rank 1 has not come"):
            lonely.result()
    assert rendezvous.server.metrics.counts["connections"] == 32


def test_more_ranks_than_are_paired_at_once_all_meet(rendezvous: Any) -> None:
    assert_connected(meet(Meeting("127.0.0.1", rendezvous.port), [RUN] * 40, timeout=30.0))


def test_a_refused_key_fails_at_once(start_rendezvous: Any) -> None:
    running = start_rendezvous(keys=TeamKeys(b"m" * 32))
    wrong = Namespace("team1", "run", "fmi", b"0" * 32)
    with pytest.raises(
        PairingFailed, match=r"(?s)the server refuses: a missing or wrong team key.*lanes deploy TEAM renew"
    ):
        pair_all(Meeting("127.0.0.1", running.port), wrong, 0, [1], 60)


def test_a_server_restarted_in_between_loses_no_pair(start_rendezvous: Any) -> None:
    running = start_rendezvous()
    meeting = Meeting("127.0.0.1", running.port)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(pair_all, meeting, RUN, 0, [1], 5.0)
        running.until("waiting", 1)
        running.advance(61)  # the server sends it away; it comes back with its token
        late = pair_all(meeting, RUN, 1, [0], 5.0)
        assert_connected([early.result(), late])
    assert running.server.metrics.counts["timeouts"] == 1


def test_a_stranger_on_the_peers_port_is_told_from_the_peer(rendezvous: Any) -> None:
    """A peer under the same pairing name belongs to another run: only the handshake can notice."""
    meeting = Meeting("127.0.0.1", rendezvous.port)
    failures = meet(meeting, [RUN, ImpostorNamespace(RUN.team, RUN.run)], timeout=0.6)
    assert all(isinstance(failure, PairingFailed) for failure in failures)
    assert failures[0].stage == "handshake"
    assert "it belongs to another run" in str(failures[0])


class ImpostorNamespace(Namespace):
    """Comes under the same pairing name, from another run."""

    @property
    def text(self) -> Any:
        return "another/run/fmi"

    def pair_name(self, rank: int, peer: int) -> bytes:
        return RUN.pair_name(rank, peer)


@pytest.fixture
def symmetric_nat(start_rendezvous: Any) -> Any:
    """A server behind a forwarder. It tells the forwarder's ports, where nobody listens, as with such NATs."""
    running = start_rendezvous(Limits(relays=4))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    writers = []

    async def pump(reader: Any, writer: Any) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def forward(reader: Any, writer: Any) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", running.port)
        writers.extend([writer, there_writer])
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    async def start() -> Any:
        return await asyncio.start_server(forward, "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    yield server.sockets[0].getsockname()[1]

    async def stop() -> None:
        server.close()
        for writer in writers:
            writer.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def test_ranks_that_cannot_punch_are_relayed_when_allowed(symmetric_nat: Any) -> None:
    assert_connected(meet(Meeting("127.0.0.1", symmetric_nat, relay=True), [RUN, RUN], timeout=20))


def test_ranks_that_cannot_punch_are_told_so(symmetric_nat: Any) -> None:
    failures = meet(Meeting("127.0.0.1", symmetric_nat), [RUN, RUN], timeout=0.4)
    assert [failure.stage for failure in failures] == ["punch", "punch"]
    assert "allow relaying" in str(failures[0])


def test_a_server_that_breaks_the_protocol_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(141)
                    client.sendall(b"\x09" * 50)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PairingFailed, match=r"status 9 is none of v2's; is this a v1 server"):
            pair_all(Meeting("127.0.0.1", server.getsockname()[1]), RUN, 0, [1], 0.3)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_pairing_works_inside_a_running_loop(rendezvous: Any) -> None:
    """As in a notebook, whose cells run in one."""
    meeting = Meeting("127.0.0.1", rendezvous.port)

    async def cell() -> Any:
        return pair_all(meeting, RUN, 0, [1], 5.0)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(pair_all, meeting, RUN, 1, [0], 5.0)
        assert_connected([asyncio.run(cell()), other.result()])


def test_an_interrupted_pairing_closes_what_it_has(rendezvous: Any) -> None:
    """Rank 1 came, rank 2 did not; then somebody presses Ctrl-C."""
    meeting = Meeting("127.0.0.1", rendezvous.port)

    def rank_1() -> Any:
        sock = pair_all(meeting, RUN, 1, [0], 5.0)[0]
        os.kill(os.getpid(), signal.SIGINT)
        return sock

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(rank_1)
        with pytest.raises(KeyboardInterrupt):
            pair_all(meeting, RUN, 0, [1, 2], 5.0)
        with other.result() as sock:
            sock.settimeout(5)
            with suppress(ConnectionResetError):
                assert sock.recv(1) == b""


SHORT_OF_DESCRIPTORS = """
import resource
from shared.fmi.errors import PairingFailed
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace
from tests.helpers.pairing import pair_all

with open("/dev/null") as file:
    lowest = file.fileno()
resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + {spare}, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
try:
    pair_all(Meeting("127.0.0.1", 1), Namespace(), 0, [1], 0.2)
except PairingFailed as error:
    print(error)
"""


@pytest.mark.parametrize("spare", [2, 4], ids=["for the pairing itself", "for a round"])
def test_too_few_descriptors_are_told_so(spare: Any) -> None:
    """A pairing takes three, a round two."""
    program = SHORT_OF_DESCRIPTORS.format(spare=spare)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "this rank cannot open a socket: Too many open files" in done.stdout
    assert "ulimit -n" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:10000", ("localhost", 10000)),
        ("rendezvous.example.edu", ("rendezvous.example.edu", 10000)),
        (" a:1 ", ("a", 1)),
    ],
)
def test_an_endpoint_is_host_and_port(text: Any, expected: Any) -> None:
    meeting = Meeting.parse(text)
    assert (meeting.host, meeting.port) == expected


@pytest.mark.parametrize("text", ["", ":10000", "host:0", "host:70000", "host:ten"])
def test_what_is_no_endpoint_is_refused(text: Any) -> None:
    with pytest.raises(UsageError, match="no rendezvous endpoint"):
        Meeting.parse(text)


def test_nobody_to_meet_is_nothing_to_do() -> None:
    assert pair_all(Meeting("127.0.0.1", 1), RUN, 0, [], 1.0) == {}
