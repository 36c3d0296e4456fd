"""A team2 that was clicked together on MiniStack is taken into its lane, sleeps and wakes; its objects stay."""

import json

import pytest

from tests.helpers import by_hand

pytestmark = [pytest.mark.workflow, pytest.mark.emulator]


def test_a_team_made_by_hand_is_taken_in_and_its_objects_stay(lanes, project, clients):
    lane = project.lane("team2")
    by_hand.make_all(clients, lane)
    before = by_hand.checksums(clients, lane.bucket)
    assert "lanes adopt team2" in lanes("deploy", "team2", "--yes", code=1).stderr
    shown = json.loads(lanes("adopt", "team2", "--dry-run", "--json").stdout)
    names = {each["name"] for each in shown["adopted"]}
    assert {lane.bucket, lane.functions["cosmic-init"].name, lane.workflows["cosmic"].name} <= names
    assert "hunter2" not in json.dumps(shown)
    lanes("adopt", "team2", "--yes")
    assert by_hand.checksums(clients, lane.bucket) == before
    assert "team2: nothing to do (" in lanes("deploy", "team2", "--yes").stderr
    lanes("sleep", "team2", "--yes")
    assert "sleeps since" in lanes("run", "team2", "cosmic", code=1).stderr
    lanes("wake", "team2", "--yes")
    assert "team2: nothing to do (" in lanes("deploy", "team2", "--yes").stderr
    lanes("destroy", "team2", "--yes")
