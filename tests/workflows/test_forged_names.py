"""Two teams in one cloud, and one that pretends to be the other at the rendezvous: refused, as on AWS."""

import json
import re
import socket

import pytest

from shared.deploy.rendezvous_keys import signed
from shared.fmi.errors import PairingFailed
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.health import check
from shared.fmi.rendezvous.keys import Namespace
from tests.helpers.pairing import pair_all

pytestmark = pytest.mark.workflow

# What a program of team1 may try: it has its own key, and knows team2's name, run and ranks.
FORGER = """
import os
import select
from shared.errors import LanesError
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace
from shared.fmi.rendezvous.pairing import Pairing

meeting = Meeting.parse(os.environ["RENDEZVOUS_ENDPOINT"])
own = bytes.fromhex(os.environ["FMI_TEAM_KEY"])
print("meeting", os.environ["RENDEZVOUS_ENDPOINT"])
for key in (own, b""):
    pairing = Pairing(meeting, Namespace("team2", "run-1", "cosmic", key), 1)
    pairing.want([0])
    select.select([pairing], [], [], 5)
    try:
        pairing.take()
    except LanesError as error:
        print("refused" if "the server refuses" in str(error) else error)
"""


@pytest.fixture
def forged(lanes, tmp_path):
    """Run the forger as team1; return where the cloud's ranks meet and what it was told."""
    script = tmp_path / "forger.py"
    script.write_text(FORGER, encoding="utf-8")
    result = lanes("run", "team1", "fmi-script", "--world-size", "1", "--script", script, "--show-output")
    assert result.code == 0, result.err
    return re.search(r"meeting (\S+)", result.out)[1], re.findall(r"\[rank 0\] (.*)", result.out)


@pytest.fixture
def both_teams(lanes):
    """Run team2's ranks, which sign as themselves and meet, so that both teams are deployed."""
    assert lanes("run", "team2", "cosmic", "--world-size", "2").code == 0


@pytest.mark.usefixtures("both_teams")
def test_a_forged_name_is_refused_and_the_right_one_is_let_in(forged, aws, project):
    endpoint, told = forged
    assert told == [f"meeting {endpoint}", "refused", "refused"]
    meeting = Meeting.parse(endpoint)
    assert check(meeting.host, meeting.port, 5, 1, namespace=signed(project.lane("team2"), aws)).ok
    thief = Namespace("team2", "run-1", "cosmic", signed(project.lane("team1"), aws).key)
    with pytest.raises(PairingFailed, match=r"the server refuses: a missing or wrong team key"):
        pair_all(meeting, thief, 1, [0], 5)


def test_the_check_signs_as_the_team_that_it_is_told(forged, lanes):
    endpoint, _ = forged
    unsigned = lanes("rendezvous", "check", endpoint)
    assert unsigned.code == 3
    assert "turned away a name that is not signed" in unsigned.out
    assert "fix: sign its name with a team's key (lanes rendezvous check --team TEAM)" in unsigned.err
    assert lanes("rendezvous", "check", endpoint, "--team", "team1").code == 0
    other = lanes("rendezvous", "check", endpoint, "--team", "topics", "--json")
    assert "topics has no key in an embedded cloud that runs" in other.err
    assert json.loads(other.out)["status"] == "refused"


def test_a_key_from_the_environment_goes_before_the_clouds(lanes, monkeypatch):
    monkeypatch.setenv("FMI_MASTER_KEY", "6d" * 32)
    key = lanes("rendezvous", "key", "team1").out.strip()
    monkeypatch.setenv("FMI_TEAM_KEY", key)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        result = lanes("rendezvous", "check", at, "--team", "team1", "--timeout", "0.3")
        client, _ = silent.accept()
        with client:
            name = client.recv(100)
    assert result.code == 3
    assert re.fullmatch(rb"team1-[0-9a-f]{32}-[0-9a-f]{32}", name)
    monkeypatch.setenv("FMI_TEAM_KEY", "secret")
    wrong = lanes("rendezvous", "check", at, "--team", "team1")
    assert wrong.code == 2
    assert "FMI_TEAM_KEY does not hold 64 hex digits" in wrong.err
    assert "fix: set it to what lanes rendezvous key team1 prints" in wrong.err
