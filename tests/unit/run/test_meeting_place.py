"""Where the ranks of a lane meet, and whether that works: against a server of ours, and a port that nobody has."""

from types import SimpleNamespace

import pytest

from shared.local.rendezvous import LocalRendezvous
from shared.local.standing import Standing
from shared.run.meeting_place import read_meeting_place
from tests.helpers.servers import free_port


def lane(endpoint="", key="team2/rendezvous-0a1b2c3d"):
    place = SimpleNamespace(endpoint=endpoint, degraded_after=5.0)
    return SimpleNamespace(team="team2", rendezvous_key=key, rendezvous=place)


class Secrets:
    """A Secrets Manager with a team's key, or an empty one."""

    def __init__(self, key):
        self.key = key

    def get_secret_value(self, **_):
        return {"SecretString": self.key}


AWS = SimpleNamespace(client=lambda _: Secrets("0f" * 32))


def standing(meeting):
    return Standing(8, "memory", "", {}, {"": 8}, {"": 8}, meeting)


def test_a_lane_whose_functions_go_to_none_uses_none():
    assert read_meeting_place(AWS, lane(key=""), None, 1.0).status == "not used"


def test_inside_a_cloud_it_begins_with_the_first_ranks():
    found = read_meeting_place(AWS, lane("elsewhere.example.edu:1"), standing(""), 1.0)
    assert (found.status, found.down) == ("not begun", False)


@pytest.mark.parametrize("inside", [True, False])
def test_one_that_pairs_is_healthy(inside):
    with LocalRendezvous() as server:
        at = server.endpoint()
        told, of = (standing(at), lane("x.example.edu:1")) if inside else (None, lane(at))
        found = read_meeting_place(AWS, of, told, 30.0)
    assert (found.status, found.endpoint) == ("healthy", at)
    assert found.reason == "it has paired two sockets"  # without a time, which would be news at each reading


def test_one_that_is_not_there_says_what_to_do():
    found = read_meeting_place(AWS, lane(f"127.0.0.1:{free_port()}"), None, 5.0)
    assert found.down
    assert "lanes rendezvous serve" in found.fix


def test_without_a_key_nothing_is_taken_for_wrong():
    keyless = SimpleNamespace(client=lambda _: Secrets(""))
    found = read_meeting_place(keyless, lane("x.example.edu:1"), None, 1.0)
    assert (found.status, found.down) == ("no key yet", False)
    assert "lanes deploy" in found.reason
