"""``lanes workflow new``: what is written stands every check of the project at once, and nothing is overwritten."""

import json

import pytest

from shared.cli.workflow import Like
from shared.scaffold.patterns import PATTERNS


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_new_workflow_passes_every_check_as_it_is(pattern, root, lanes, tool):
    result = lanes("workflow", "new", "team1", "first", "--like", pattern)
    assert result.code == 0, result.err
    assert "lanes validate, lanes run team1 first, lanes test team1 first" in result.err
    folder = root / "teams/team1/first"
    assert {"workflow.yaml", "workflow.asl.json", "steps.py", "tests/test_steps.py"} < set(files(folder))
    assert not any("__TEAM__" in (folder / name).read_text() for name in files(folder))
    for check in (["validate"], ["render", "--check"], ["schema", "--check"]):
        checked = lanes(*check)
        assert checked.code == 0, checked.err
    tool("ruff", "check", "teams")
    tool("ruff", "format", "--check", "teams")
    assert " passed" in tool("pytest", "-q", "-p", "no:cacheprovider", "teams/team1/first")


@pytest.mark.parametrize("pattern", ["map-reduce", "one-step", "fmi"])
def test_a_prepaid_lane_takes_each_pattern_that_has_an_end(pattern, root, lanes):
    """Not choice, which goes round in a circle of states."""
    path = root / "teams/team1.yaml"
    path.write_text(path.read_text() + "prepaid: 1.00\n")
    result = lanes("workflow", "new", "team1", "first", "--like", pattern)
    assert result.code == 0, result.err
    assert lanes("validate").code == 0


def test_the_command_offers_every_pattern():
    assert [each.value for each in Like] == list(PATTERNS)


def test_it_is_one_step_when_nothing_is_said(root, lanes):
    assert lanes("workflow", "new", "team1", "first").code == 0
    assert '"Describe"' in (root / "teams/team1/first/workflow.asl.json").read_text()


def test_a_dry_run_shows_all_and_writes_nothing(root, lanes):
    before = files(root)
    result = lanes("workflow", "new", "team1", "first", "--like", "map-reduce", "--dry-run")
    assert result.code == 0
    assert "--- teams/team1/first/workflow.yaml\n" in result.out
    assert "def split(event, context):" in result.out
    assert "nothing was written" in result.err
    told = json.loads(lanes("workflow", "new", "team1", "first", "--dry-run", "--json").out)
    assert (told["folder"], told["written"]) == ("teams/team1/first", False)
    assert "def describe" in told["files"]["steps.py"]
    assert files(root) == before


@pytest.mark.parametrize(
    ("words", "code", "what", "fix"),
    [
        (("nobody", "first"), 2, "unknown team 'nobody'", "lanes team new nobody"),
        (("team1", "First"), 2, "the workflow's name 'First' does not match", "write words with hyphens"),
        (("team1", "cosmic"), 1, "statemachines/cosmic.yaml: 'cosmic' is a workflow that all teams share", "choose"),
        (("team1", "first", "--like", "one-step", "--from", "x.json"), 2, "--like and --from", "leave one out"),
    ],
)
def test_what_cannot_be_is_refused(words, code, what, fix, root, lanes):
    before = files(root)
    result = lanes("workflow", "new", *words)
    assert result.code == code
    assert what in result.err
    assert fix in result.err
    assert files(root) == before


def test_a_folder_of_another_team_that_is_broken_stops_nobody(root, lanes):
    theirs = root / "teams/team2/theirs"
    theirs.mkdir(parents=True)
    (theirs / "workflow.asl.json").write_text("{")
    assert lanes("workflow", "new", "team1", "first").code == 0
    assert lanes("team", "new", "team3").code == 0
    assert lanes("workflow", "new", "team2", "mine").code == 1
    assert lanes("down").code == 0


def test_nothing_is_overwritten(root, lanes):
    mine = root / "teams/team1/first/notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    (mine.parent / "workflow.yaml").write_text("description: Mine.\n")
    (mine.parent / "workflow.asl.json").write_text(
        json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    )
    before = files(root)
    result = lanes("workflow", "new", "team1", "first")
    assert result.code == 1
    assert "teams/team1/first: it is there already, and was not changed" in result.err
    assert files(root) == before
    assert mine.read_text() == "mine"


def test_what_would_not_load_leaves_nothing_behind(root, lanes):
    before = files(root)
    long = "a" * 60  # a name that AWS takes for no function
    result = lanes("workflow", "new", "team1", long)
    assert result.code == 1
    assert "AWS" in result.err or "64" in result.err
    assert files(root) == before
