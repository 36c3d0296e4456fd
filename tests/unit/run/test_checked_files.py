"""Problems of files are told by the team they are of, and what is right is still read."""

import pytest

from shared.run.checked_files import check_files
from tests.helpers.small_project import SmallProject


@pytest.fixture
def small(tmp_path):
    return SmallProject(tmp_path)


def test_right_files_have_no_problem(small):
    found = check_files(small.root)
    assert (found.teams, found.problems, found.shared) == (("team9",), {}, ())
    assert found.project is not None


def test_a_problem_is_its_teams_and_the_other_is_still_read(small):
    small.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\nnonsense: 1\n")
    found = check_files(small.root)
    assert found.teams == ("team8", "team9")
    assert [each.line for each in found.problems["team8"]] == [3]
    assert found.project is not None
    assert "team9" in found.project.teams


def test_what_all_share_is_nobodys(small):
    small.write("naming.yaml", "nonsense: 1\n")
    found = check_files(small.root)
    assert found.shared
    assert found.project is None
    assert found.teams == ("team9",)
