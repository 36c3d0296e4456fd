"""``lanes isolation`` as a user types it: what it prints, and its exit codes."""

import json
from functools import partial

import pytest

from tests.helpers.project import REPOSITORY


@pytest.fixture
def lanes(lanes_in):
    """Run a command on the sample teams."""
    return partial(lanes_in, REPOSITORY, "isolation")


def test_prove_says_what_was_shown_and_what_was_not(lanes):
    code, out, _ = lanes("prove")
    assert code == 0
    assert out.startswith("proved for ")
    for expected in ("prefix code", "granted for the whole account, after review:", "not covered:"):
        assert expected in out


def test_prove_one_team_as_json(lanes):
    code, out, _ = lanes("prove", "--team", "team2", "--json")
    told = json.loads(out)
    assert (code, told["proved"], told["teams"], told["findings"]) == (0, True, ["team2"], [])
    assert told["statements"] > told["documents"] > 5


def test_prove_several_teams_or_all(lanes):
    told = json.loads(lanes("prove", "--team", "team2", "--team", "team1", "--json")[1])
    assert (told["proved"], sorted(told["teams"])) == (True, ["team1", "team2"])
    assert lanes("prove", "--all")[1] == lanes("prove")[1]
    code, _, err = lanes("prove", "--all", "--team", "team2")
    assert (code, "leave one of them out" in err) == (2, True)


def test_an_unknown_team_is_asked_wrongly(lanes):
    code, out, err = lanes("prove", "--team", "team22")
    assert (code, out) == (2, "")
    assert "did you mean 'team2'" in err


def test_a_leak_is_named_and_the_exit_code_is_1(lanes_in, copy_project, tmp_path):
    root = copy_project(tmp_path / "project")
    naming = root / "naming.yaml"
    text = naming.read_text(encoding="utf-8")
    assert 'template: "/{team}/{component}-{hash}"' in text
    naming.write_text(text.replace('template: "/{team}/{component}', 'template: "/shared/{team}/{component}'), "utf-8")
    code, out, _ = lanes_in(root, "isolation", "prove")
    assert code == 1
    assert "the template of parameter makes names that are not the team's own" in out
    assert "NOT proved for 4 teams and the rendezvous: 1 finding in" in out
    code, out, _ = lanes_in(root, "isolation", "prove", "--json")
    assert (code, json.loads(out)["findings"][0]["rule"]) == (1, "slug")


def test_the_matrix_is_empty_off_the_diagonal(lanes):
    code, out, err = lanes("matrix", "--json")
    told = json.loads(out)
    assert (code, told["crossings"]) == (0, [])
    assert set(told["reach"]) == set(told["teams"]) >= {"team1", "team2"}
    code, out, err = lanes("matrix")
    assert code == 0
    assert [line.split().count("own") for line in out.splitlines()[1:]] == [1] * len(told["teams"])
    assert "0 of " in err


def test_policies_are_printed_as_iam_reads_them(lanes):
    code, out, _ = lanes("policies", "team2")
    bodies = {(document["kind"], document["name"]): document["body"] for document in json.loads(out)}
    assert code == 0
    assert ("permissions boundary", "team2-boundary-7078ea12") in bodies
    assert ("deployer policy", "team2-deployer-7078ea12") in bodies
    assert all(body["Version"] == "2012-10-17" for body in bodies.values())
    code, out, _ = lanes("platform")
    assert json.loads(out)["Statement"][0]["Sid"] == "RolesUnderBoundary"


def test_quotas_add_up(lanes):
    code, out, err = lanes("quotas", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["total"] == sum(told["teams"].values())
    assert told["free"] == told["limit"] - told["unreserved"] - told["total"]
    code, out, err = lanes("quotas")
    assert (code, out.split()[:2]) == (0, ["team", "reserved"])
    assert " kept unreserved" in err


def test_nothing_deployed_is_nothing_proved(lanes_in, copy_project, tmp_path):
    code, out, err = lanes_in(copy_project(tmp_path / "project"), "isolation", "prove", "--deployed")
    assert (code, out) == (1, "")
    assert "nothing is deployed" in err
