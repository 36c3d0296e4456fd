"""The first state of a workflow with FMI, against real sockets."""

import socket

import boto3
import pytest

from shared.fmi.errors import RendezvousUnavailable
from shared.fmi.rendezvous.keys import team_key
from shared.handlers.env import MissingEnvironment
from shared.handlers.fmi.check import handler
from shared.handlers.fmi.meeting import BadEndpoint, meeting
from shared.local.rendezvous import LocalRendezvous


@pytest.fixture
def rendezvous(keys):
    with LocalRendezvous(keys=lambda: keys) as server:
        yield server.endpoint()


@pytest.fixture
def deployed(monkeypatch, rendezvous):
    """The environment that a card's `rendezvous: true` makes."""
    monkeypatch.setenv("RENDEZVOUS_ENDPOINT", rendezvous)
    monkeypatch.setenv("RENDEZVOUS_TIMEOUT", "2")
    monkeypatch.setenv("RENDEZVOUS_DEGRADED_AFTER", "1")
    return rendezvous


@pytest.fixture
def silent():
    """A server that accepts and never answers, as the field's does behind a silent client."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("payload", [{}, {"rendezvous_endpoint": ""}, {"rendezvous_endpoint": None}, [1]])
def test_the_lanes_own_is_checked_when_none_is_named(deployed, capsys, payload):
    verdict = handler({"payload": payload}, None)
    assert (verdict["status"], verdict["endpoint"]) == ("healthy", deployed)
    assert f"rendezvous {deployed} is healthy: paired two sockets" in capsys.readouterr().out


def test_a_key_that_the_server_does_not_know_ends_the_run_and_says_what_renews_it(deployed, keys):
    older = team_key(b"another master".ljust(32), "team2").hex()
    boto3.client("secretsmanager").put_secret_value(SecretId="team2/rendezvous-7078ea12", SecretString=older)
    with pytest.raises(
        RendezvousUnavailable, match=r"(?s)refused: it answers .* key of team2.*\n  fix: lanes deploy TEAM"
    ):
        handler({"payload": {}}, None)


def test_one_that_nobody_runs_ends_the_run_and_says_so(deployed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(RendezvousUnavailable, match=rf"(?s){endpoint}: refused: .*\n  fix: start the server"):
        handler({"payload": {"rendezvous_endpoint": endpoint}}, None)


def test_one_that_hangs_is_told_from_one_that_is_gone(deployed, silent, monkeypatch):
    monkeypatch.setenv("RENDEZVOUS_TIMEOUT", "0.2")
    monkeypatch.setenv("RENDEZVOUS_DEGRADED_AFTER", "0.1")
    with pytest.raises(RendezvousUnavailable, match=r"hung: .*answers nothing within 0\.2 s"):
        handler({"payload": {"rendezvous_endpoint": silent}}, None)


@pytest.mark.parametrize("named", ["host", "host:", ":1", "host:0", "host:65536", "host:abc", 7])
def test_what_is_no_endpoint(deployed, named):
    with pytest.raises(BadEndpoint, match="not host:port"):
        meeting(named)


def test_a_function_whose_card_does_not_ask_for_it_is_not_told():
    with pytest.raises(MissingEnvironment, match="RENDEZVOUS_ENDPOINT, RENDEZVOUS_TIMEOUT"):
        meeting()
