"""``lanes plan`` of many teams by their records, ``--drift`` and ``lanes history``, on the cloud of ``lanes up``."""

import json

import pytest

from shared.aws.client import connect_endpoint
from shared.local import daemon
from shared.local.state import STATE_DIR, State
from tests.helpers.project import hollow


@pytest.fixture(scope="module")
def cloud(project):
    hollow(project.root)
    state = State(project.root / STATE_DIR)
    yield daemon.up(state, daemon.Settings(project.place, 0))
    daemon.down(state)


def test_what_was_deployed_is_believed_by_its_record_and_held_to_the_cloud_on_request(lanes, cloud, project):
    assert lanes("history", "team2") == (0, "", "team2: no deploy is recorded here (lanes deploy team2 writes one)\n")
    assert lanes("deploy", "team2")[0] == 0
    code, out, err = lanes("plan", "--all")
    assert code == 0
    assert "\nteam2   as deployed\n" in out
    assert "4 teams: 4 done" in err

    name = "team2-cosmic-init-7078ea12"
    owner = connect_endpoint(project.place, cloud.endpoint, cloud.key)
    owner.lambda_.update_function_configuration(FunctionName=name, Timeout=77)
    assert json.loads(lanes("plan", "team2", "topics", "--json")[1])[0]["asDeployed"] is True
    code, out, _ = lanes("plan", "team2", "--drift")
    assert f"  changed by hand: function {name}: lambda:UpdateFunctionConfiguration by arn:aws:iam::" in out
    (told,) = json.loads(lanes("plan", "team2", "--drift", "--json")[1])
    assert [(each["name"], each["cause"]) for each in told["drift"]] == [(name, "by hand")]
    _, out, err = lanes("plan", "team2", "--drift", "--as", "deployer")
    assert f"  changed by hand: function {name}\n" in out
    assert "which AWS refused to the caller" in err

    assert lanes("deploy", "team2", "--as", "deployer")[0] == 0
    data = json.loads(lanes("history", "team2", "--changes", "--json", "--as", "platform")[1])
    assert [(each["as"], each["complete"]) for each in data["deploys"]] == [("deployer", True), ("platform", True)]
    changed = [each["who"] for each in data["changes"] if name in each["names"] and "Configuration" in each["what"]]
    assert len(changed) >= 2
    code, _, err = lanes("history", "team2", "--changes", "--as", "deployer")
    assert code == 1
    assert "AWS refused cloudtrail:LookupEvents" in err

    assert lanes("destroy", "team2", "--yes")[0] == 0
    assert json.loads(lanes("history", "team2", "--json")[1])["deploys"] == []


def test_teams_and_all_are_refused_together_and_neither_too(lanes):
    assert lanes("plan", "team1", "--all")[0] == 2
    code, _, err = lanes("plan")
    assert (code, "which teams?" in err) == (2, True)
