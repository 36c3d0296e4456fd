"""``lanes plan``, ``deploy``, ``destroy`` and ``render`` as a user types them, on the cloud of ``lanes up``."""

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest

from shared.local import daemon
from shared.local.state import STATE_DIR, State
from tests.helpers.project import hollow


@pytest.fixture(scope="module")
def cloud(project):
    hollow(project.root)
    state = State(project.root / STATE_DIR)
    yield daemon.up(state, daemon.Settings(project.place, 0))
    daemon.down(state)


def test_from_plan_to_destroy(lanes, cloud):
    code, out, _ = lanes("plan", "team2", "team1", "team2")
    assert code == 0
    assert "+ bucket team2-cosmical-7078ea12" in out
    counted = [line.partition(":")[0] for line in out.splitlines() if re.match(r"team\d: .* to create$", line)]
    assert counted == ["team2", "team1"]
    sizes = re.findall(r"^package (\S+): [0-9.]+ KB, unzipped [0-9.]+ KB$", out, re.MULTILINE)
    assert sizes == ["cosmic", "fmi-script"]
    assert "may lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:team2-cosmic-inf" in out
    assert "may secretsmanager:GetSecretValue on arn:aws:secretsmanager:us-east-1:123456789012:secret:team2/ren" in out
    assert "0 unchanged" not in out

    code, out, err = lanes("deploy", "team2", "team1")
    assert code == 0
    rows = out.splitlines()
    assert rows[0].split() == ["team", "steps", "seconds"]
    assert [(row.split()[0], row.split()[-1]) for row in rows[1:]] == [("team2", "created"), ("team1", "created")]
    assert "2 teams: 2 done" in err
    assert "ends with the command" not in err

    code, out, err = lanes("deploy", "team2", "--json")
    assert "team2: nothing to do" in err
    assert {step["action"] for step in json.loads(out)[0]["steps"]} == {"nothing"}

    code, out, _ = lanes("plan", "team2")
    assert "team2: nothing to do (" in out

    code, out, err = lanes("destroy", "team2", "--dry-run")
    assert (code, err) == (0, "")
    assert "- bucket team2-cosmical-7078ea12\n" in out
    assert {step["action"] for step in json.loads(lanes("destroy", "team2", "--dry-run", "--json")[1])["steps"]} == {
        "delete"
    }
    assert "nothing to do" in lanes("plan", "team2")[1]
    code, _, err = lanes("destroy", "team2")
    assert code == 2
    assert "add --yes if you are sure" in err
    code, out, err = lanes("destroy", "team2", answer="team1")
    assert (code, out) == (1, "")  # what is asked is no data
    assert "- bucket team2-cosmical-7078ea12" in err
    assert "not confirmed; nothing was done" in err
    code, _, err = lanes("destroy", "team2", answer="team2")
    assert code == 0
    assert "deleted" in err
    assert "secret platform/rendezvous-master stays: every team's rendezvous key is made from it" in err
    code, _, err = lanes("destroy", "team2", "--yes")
    assert (code, err) == (0, "team2: nothing there\n")
    assert "nothing to do" in lanes("plan", "team1")[1]


def test_a_team_whose_file_is_gone_is_not_taken_for_the_one_with_the_nearest_name(cloud, lanes):
    code, _, err = lanes("destroy", "team3", "--yes")
    assert code == 2
    assert err.startswith("error: there is no teams/team3.yaml, which says what to remove\n  fix: bring the file")
    assert "team2" not in err


def test_ctrl_c_in_the_midst_tells_what_is_done_and_what_is_left(project, cloud, lanes):
    command = [sys.executable, "-m", "shared.cli", "deploy", "team2"]
    with subprocess.Popen(command, cwd=project.root, text=True, stderr=subprocess.PIPE) as process:
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
    assert first.startswith("+ ")
    assert process.returncode == 130
    assert "error: interrupted " in err
    assert f"\n  done: create {first.removeprefix('+ ')}" in err
    assert "\n  left: create state machine team2-COSMIC-AI-7078ea12\n" in err
    assert lanes("deploy", "team2")[0] == 0
    assert "nothing to do" in lanes("plan", "team2")[1]
    assert lanes("destroy", "team2", "--yes")[0] == 0


def test_one_that_is_broken_loses_no_other(lanes, cloud, project):
    folder = project.root / "teams" / "wssr" / "own"
    folder.mkdir(parents=True)
    (folder / "workflow.yaml").write_text("functions: {}\nnonsense: 1\n")
    try:
        code, out, err = lanes("deploy", "team1", "wssr", "topics", "--json")
    finally:
        shutil.rmtree(folder.parent)
    assert code == 1
    told = {row["team"]: row for row in json.loads(out)}
    assert list(told) == ["team1", "wssr", "topics"]
    assert "teams/wssr/own" in told["wssr"]["error"]["what"]
    assert all("error" not in told[team] for team in ("team1", "topics"))
    assert "3 teams: 2 done, 1 failed" in err
    assert "nothing to do" in lanes("plan", "topics")[1]


def test_teams_and_all_together_and_neither_are_refused(lanes, cloud):
    for command in ("deploy", "destroy"):
        code, _, err = lanes(command, "team1", "--all")
        assert (code, "fix: leave one of them out" in err) == (2, True)
        code, _, err = lanes(command)
        assert (code, f"{command} --all for every team that has a file" in err) == (2, True)


def test_all_are_destroyed_when_their_count_is_typed(lanes, cloud, project):
    assert lanes("deploy", "team1", "topics")[0] == 0
    code, out, _ = lanes("destroy", "--all", "--dry-run")
    assert code == 0
    rows = {row.split()[0]: row for row in out.splitlines() if row.strip() != "team"}
    assert list(rows) == list(project.teams)
    assert "; with data: " in rows["team1"]
    assert rows["team2"].endswith("nothing there")
    code, _, err = lanes("destroy", "--all", answer="destroy 2 teams")
    assert code == 1
    assert "This removes all data of team1, topics for good" in err
    assert "not confirmed; nothing was done" in err
    code, out, _ = lanes("destroy", "--all", answer="destroy all 2 teams")
    assert code == 0
    assert all(" deleted" in row or "nothing there" in row for row in out.splitlines()[1:])
    assert lanes("destroy", "--all", "--yes")[0] == 0


def test_a_plan_as_data_holds_the_calls(lanes, cloud):
    code, out, _ = lanes("plan", "team1", "team2", "--json")
    assert code == 0
    plans = json.loads(out)
    assert [(plan["team"], plan["stage"]) for plan in plans] == [("team1", "dev"), ("team2", "dev")]
    calls = [call for step in plans[1]["steps"] for call in step["calls"]]
    create = next(call for call in calls if call.get("method") == "create_bucket")
    assert create["service"] == "s3"
    assert create["params"]["Bucket"] == "team2-cosmical-7078ea12"
    assert {"name": "chalice deploy", "params": {"function": "cosmic-inference"}} in calls


@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_an_unknown_team_is_told_the_known_ones(lanes, command):
    code, out, err = lanes(command, "team1", "team3")
    assert out == ""
    assert code == 2
    assert "unknown team 'team3'" in err


def test_stages_are_rendered_and_checked(lanes, project):
    assert lanes("render")[0] == 0
    path = project.root / "chalice_app/.chalice/config.json"
    fresh = path.read_text()
    assert lanes("render", "--check") == (0, "", "chalice_app/.chalice/config.json is fresh\n")
    path.write_text("{}")
    code, _, err = lanes("render", "--check")
    assert code == 1
    assert "fix: lanes render" in err
    assert path.read_text() == "{}"
    assert lanes("render")[0] == 0
    assert path.read_text() == fresh
