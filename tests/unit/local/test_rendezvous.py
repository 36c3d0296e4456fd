"""The cloud's own rendezvous starts when it is asked for, and ends with the cloud."""

import socket
import threading

import pytest

from shared.fmi.rendezvous.health import check
from shared.fmi.rendezvous.keys import Namespace, TeamKeys, team_key
from shared.local.rendezvous import LocalRendezvous


def address(endpoint):
    host, port = endpoint.split(":")
    return host, int(port)


def test_it_pairs_from_the_first_time_it_is_asked_for():
    with LocalRendezvous() as server:
        host, port = address(server.endpoint())
        assert host == "127.0.0.1"
        assert check(host, port, 2, 1).ok
        assert server.endpoint() == f"{host}:{port}"


def test_with_keys_it_lets_in_what_was_signed_alone():
    asked = []
    with LocalRendezvous(keys=lambda: asked.append(1) or TeamKeys(b"m" * 32)) as server:
        assert not asked, "the keys are read when somebody meets here"
        host, port = address(server.endpoint())
        assert check(host, port, 2, 1, namespace=Namespace("team1", key=team_key(b"m" * 32, "team1"))).ok
        assert not check(host, port, 2, 1).ok
        assert not check(host, port, 2, 1, namespace=Namespace("team2", key=team_key(b"m" * 32, "team1"))).ok


def test_it_is_gone_with_its_thread_after_the_block():
    before = set(threading.enumerate())
    with LocalRendezvous() as server:
        at = address(server.endpoint())
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(at, timeout=5)


def test_nobody_asking_starts_nothing():
    before = set(threading.enumerate())
    with LocalRendezvous():
        assert set(threading.enumerate()) == before


def test_many_asking_at_once_meet_at_one_place():
    with LocalRendezvous() as server:
        said = []
        threads = [threading.Thread(target=lambda: said.append(server.endpoint())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(said) == 8
        assert len(set(said)) == 1
