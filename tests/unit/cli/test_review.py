"""``lanes review`` over a small project: what it says of a change, and that it leaves nothing behind."""

import json
import subprocess

import pytest

from tests.helpers.small_project import SmallProject

CARD = """description: Counts to one.
functions:
  count: {handler: count.handler, timeout: 10}
"""
TEMPLATE = '{"StartAt": "Count", "States": {"Count": {"Type": "Task", "Resource": "${count}", "End": true}}}'


def git(root, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.edu"]
    return subprocess.run(["git", "-C", root, *who, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def root(tmp_path):
    small = SmallProject(tmp_path)
    small.write("teams/team9/one/workflow.yaml", CARD)
    small.write("teams/team9/one/workflow.asl.json", TEMPLATE)
    small.write("teams/team9/one/count.py", "def handler(event, context):\n    return 1\n")
    small.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\n")
    small.write(".gitignore", ".lanes\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_a_change_of_one_team_is_proved_planned_and_priced(root, lanes_in):
    card = root / "teams/team9/one/workflow.yaml"
    card.write_text(card.read_text().replace("timeout: 10", "timeout: 20"))
    (root / "README.md").write_text("nobody's lane")
    told = lanes_in(root, "review", "--base", "main")
    assert told.code == 0
    assert "1 team touched" in told.out
    assert "### ✅ team9\ntouched by `teams/team9/one/workflow.yaml`" in told.out
    assert "proved: " in told.out
    assert "timeout_seconds: 10 -> 20" in told.out
    assert "| one | $0.0000" in told.out
    assert "team8" not in told.out
    assert len(git(root, "worktree", "list").splitlines()) == 1


def test_new_and_gone_and_wrong_teams(root, lanes_in):
    (root / "teams/team8.yaml").unlink()
    (root / "teams/team7.yaml").write_text("team: team7\nowner: c@example.edu\n")
    told = lanes_in(root, "review", "--base", "main", "--json")
    data = json.loads(told.out)
    (new,) = data["reviews"]
    assert (told.code, data["gone"], new["team"], new["told"], new["passes"]) == (
        0,
        ["team8"],
        "team7",
        "it is new",
        True,
    )
    assert {step["action"] for step in new["steps"]} == {"create"}

    (root / "teams/team7.yaml").write_text("team: team7\nowner: c@example.edu\nworkflows: {nothing: }\n")
    told = lanes_in(root, "review", "--base", "main")
    assert told.code == 1
    assert "### ❌ team7" in told.out
    assert "teams/team7.yaml:3: unknown workflow 'nothing'" in told.out


def test_only_whom_it_touches(root, lanes_in):
    (root / "naming.yaml").write_text((root / "naming.yaml").read_text() + "# a comment\n")
    assert lanes_in(root, "review", "--base", "main", "--touched").out == "team8\nteam9\n"
    assert json.loads(lanes_in(root, "review", "--base", "main", "--touched", "--json").out) == ["team8", "team9"]


def test_backticks_of_others_close_no_block():
    from shared.cli.review_view import as_markdown
    from shared.measure.reviewing.review import Review

    lines = list(as_markdown([Review("team9", "teams/`x`", ("```\n# I am a heading\x1b[2J",))], ["old"], "0" * 40))
    assert "`old` has no file any more. `lanes destroy old` removes what it owns, before the file goes." in lines
    start = lines.index("\n````")
    assert lines[start + 1 : start + 4] == ["```", "# I am a heading\\x1b[2J", "````"]
    assert "touched by `teams/x`" in lines


def test_names_of_others_are_text_in_one_line():
    from shared.cli.review_view import as_markdown
    from shared.measure.reviewing.review import Review

    name = "x\n\n# all is well @everybody\x1b[2J"
    lines = list(as_markdown([Review("team9", name, told=name)], [name], "0" * 40))
    shown = "`x # all is well @everybody\\x1b[2J`"
    assert f"touched by {shown}" in lines
    assert f"\n{shown}" in lines
    assert any(line.startswith(f"{shown} has no file any more.") for line in lines)


def test_a_change_of_many_teams_fits_into_a_comment():
    from shared.cli.review_view import as_markdown
    from shared.measure.reviewing.review import Review

    reviews = [
        Review(f"team{number}", "shared/x.py", ("a problem of a usual length " * 3,) * 150) for number in range(40)
    ]
    text = "\n".join(as_markdown(reviews, [], "0" * 40))
    assert len(text) < 65_536
    assert text.count("### ❌ team") == 40
    assert text.count("150 more lines: `lanes review --json` has all") > 30
    assert text.count("```") % 2 == 0
    assert text.index("a problem") < text.index("team1\n")
