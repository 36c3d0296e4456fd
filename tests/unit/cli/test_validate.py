"""``lanes validate`` tells all that is wrong, and nothing is planned, made or run from what is."""

import json

import pytest

TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "${count}"}}
FOLDER = "teams/team1/word-count"
TOLD = (
    f"{FOLDER}/workflow.asl.json:10: States.Pieces.Next: \"Merg\" is no state of this machine (did you mean 'Merge'?)"
)


@pytest.fixture(scope="module")
def project(copy_project, tmp_path_factory):
    """A project in which one team's own workflow goes to a state that is not there."""
    root = copy_project(tmp_path_factory.mktemp("project"))
    folder = root / FOLDER
    folder.mkdir(parents=True)
    card = "description: Counts words.\nfunctions: {count: {handler: count.handler}}\n"
    (folder / "workflow.yaml").write_text(card, encoding="utf-8")
    (folder / "count.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
    states = {"Pieces": {**TASK, "Next": "Merg"}, "Merge": {"Type": "Succeed"}}
    text = json.dumps({"StartAt": "Pieces", "States": states}, indent=1)
    (folder / "workflow.asl.json").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def here(project):
    return project


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["validate", "team1"],
        ["plan", "team1"],
        ["deploy", "team1"],
        ["run", "team1", "word-count"],
        ["sweep", "team1", "word-count", "--n", "1,2"],
        ["render"],
    ],
    ids=" ".join,
)
def test_nothing_is_begun_with_what_would_fail(lanes, here, words):
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    code, out, err = lanes(*words)
    assert (code, out) == (1, "")
    assert "2 problems in the project's files" in err
    assert TOLD in err
    assert 'State "Merge" is not reachable.' in err
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before  # nor was a cloud begun


def test_one_teams_folder_does_not_stop_another_team(lanes):
    code, out, _ = lanes("validate", "team2")
    assert (code, out) == (0, "valid: 1 team, 1 workflow, 21 names\n")


def test_an_unknown_team_is_told_with_the_known(lanes):
    code, _, err = lanes("validate", "tema2")
    assert code == 2
    assert "did you mean 'team2'" in err


def test_json_tells_each_problem_in_its_parts(lanes):
    code, out, _ = lanes("validate", "team1", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["valid"] is False
    assert told["problems"][0] == {
        "file": f"{FOLDER}/workflow.asl.json",
        "line": 10,
        "path": "States.Pieces.Next",
        "what": 'States.Pieces.Next: "Merg" is no state of this machine',
        "fix": "did you mean 'Merge'?",
    }


def test_every_team_gets_a_row_and_what_is_wrong_with_one_is_in_its_own(lanes):
    code, out, err = lanes("validate", "--all")
    rows = {row.split()[0]: row for row in out.splitlines()}
    assert code == 1
    assert rows.pop("team").split() == ["team", "workflows", "names"]
    assert "  not valid: 2 problems in the project's files" in rows.pop("team1")
    assert rows
    assert all(row.endswith("  valid") for row in rows.values())
    assert TOLD in err
    assert f"{len(rows) + 1} teams: {len(rows)} done, 1 failed" in err
    told = json.loads(lanes("validate", "team1", "team2", "--json")[1])
    assert [(row["team"], row["valid"], len(row["problems"])) for row in told] == [
        ("team1", False, 2),
        ("team2", True, 0),
    ]


def test_several_that_are_valid_are_not_held_up_by_another(lanes):
    code, out, _ = lanes("validate", "team2", "topics")
    assert (code, [row.split()[0] for row in out.splitlines()]) == (0, ["team", "team2", "topics"])
