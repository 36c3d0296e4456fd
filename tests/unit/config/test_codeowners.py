"""CODEOWNERS: whose review a change of a path needs, by the last line that fits it, as GitHub reads the file."""

from fnmatch import fnmatch

import pytest

from shared.config.codeowners import FILE, check_owners, codeowners
from shared.config.load import load_project
from tests.helpers.project import REPOSITORY
from tests.helpers.small_project import SmallProject


def owners(text, path):
    """Return who owns *path*: of patterns, only those that the file may have are read here."""
    found = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        pattern, *names = line.split()
        inside = pattern.endswith("/") and f"/{path}".startswith(pattern)
        if inside or (not pattern.endswith("/") and fnmatch(f"/{path}", pattern)):
            found = names
    return found


@pytest.fixture
def small(tmp_path):
    project = SmallProject(tmp_path)
    project.write("teams/team9/_drafts/README.md", "")
    return project


def test_a_teams_file_and_folder_are_its_own_and_all_else_the_platforms(small):
    text = codeowners(load_project(small.root))
    assert owners(text, "teams/team9.yaml") == owners(text, "teams/team9/words/steps.py") == ["a@example.edu"]
    for path in (
        "shared/settings.yaml",
        "naming.yaml",
        "teams/team99.yaml",
        "teams/team99/x.py",
        FILE,
        "teams/ruff.toml",
    ):
        assert owners(text, path) == ["platform@example.edu"]


def test_members_stand_in_for_the_owner(small):
    file = small.root / "teams/team9.yaml"
    file.write_text(file.read_text() + 'members: ["@ann", "@uva/team9", bob@example.edu]\n')
    assert owners(codeowners(load_project(small.root)), "teams/team9.yaml") == ["@ann", "@uva/team9", "bob@example.edu"]


def test_a_prepaid_team_does_not_approve_its_own_sum(small):
    file = small.root / "teams/team9.yaml"
    file.write_text(file.read_text() + "prepaid: 20\n")
    text = codeowners(load_project(small.root))
    assert owners(text, "teams/team9.yaml") == ["platform@example.edu"]
    assert owners(text, "teams/team9/words/steps.py") == ["a@example.edu"]


def test_whom_github_does_not_know_is_told(small):
    file = small.root / "teams/team9.yaml"
    file.write_text(file.read_text().replace("a@example.edu", "Ann of room 3"))
    settings = small.root / "shared/settings.yaml"
    settings.write_text(settings.read_text().replace("platform: [platform@example.edu]\n", ""))
    project = load_project(small.root)
    assert [(each.file, "add" in (each.fix or "")) for each in check_owners(project)] == [
        ("teams/team9.yaml", True),
        ("shared/settings.yaml", True),
    ]


def test_the_repositorys_own_is_fresh():
    assert (REPOSITORY / FILE).read_text() == codeowners(load_project(REPOSITORY))


def test_the_command_writes_checks_and_refuses(small, lanes_in):
    assert lanes_in(small.root, "codeowners", "--check").code == 1
    assert lanes_in(small.root, "codeowners").code == 0
    assert lanes_in(small.root, "codeowners", "--check").code == 0
    (small.root / "teams/team8.yaml").write_text("team: team8\nowner: x\n")
    told = lanes_in(small.root, "codeowners")
    assert told.code == 1
    assert "owner" in told.err
